"""Channels that would cost an int8 pass its precision, computed apart.

ONNX Runtime scales the activations of a pass by the largest of them. In a few channels of this
encoder one token of each text is ten to thirty times what all others are (massive activations, Sun
et al. 2024), so the others have eight levels for 256. Such a channel is taken out of the int8
product and multiplied in fp32 (as LLM.int8 does, Dettmers et al. 2022); the sum is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

APART = "/apart"
"""Part of the names of nodes and weights of what is computed apart."""

TIMES = 2.0
"""A channel is an outlier if it reaches so many times what 99 of a hundred channels do at most."""

MOST = 2
"""Channels of one layer that are computed apart; a third one is never far above the rest."""

Channels = Mapping[str, list[int]]
"""By the name of a linear layer in the network."""


def find_outliers(network: nn.Module, texts: Iterable[tuple[Tensor, Tensor]]) -> Channels:
    """The outlying input channels of the feed-forward layers, by what they reach in the texts.

    `texts` are ids and mask [1, T] each: without padding, as each text is labelled.
    """
    reached: dict[str, Tensor] = {}

    def watch(name: str) -> Any:
        def look(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            most = inputs[0].abs().amax(dim=(0, 1))
            reached[name] = torch.maximum(reached.get(name, most), most)

        return look

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and _feeds_forward(name)
    ]
    with torch.no_grad():
        for ids, mask in texts:
            network(ids, mask)
    for hook in hooks:
        hook.remove()
    found = {name: _outlying(most) for name, most in reached.items()}
    return {name: channels for name, channels in found.items() if channels}


def _feeds_forward(name: str) -> bool:
    return name.endswith((".intermediate.dense", ".output.dense")) and ".attention." not in name


def _outlying(most: Tensor) -> list[int]:
    """Channels whose greatest activation [H] is far above that of the others."""
    usual = most.quantile(0.99)
    greatest = most.topk(min(MOST, len(most))).indices
    return sorted(int(at) for at in greatest if most[at] > TIMES * usual)


def set_apart(model: Any, channels: Channels) -> None:
    """Split the products of an fp32 graph: outlying channels by themselves, the rest without them.

    Each keeps the name and the output of the whole, so what is quantised is the rest.
    """
    weights = {item.name: item for item in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        own = channels.get(layer_name(node.name)) if node.op_type == "MatMul" else None
        nodes += _split(model.graph, weights, node, own) if own else [node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def layer_name(node: str) -> str:
    """The linear layer of the network that a node of the graph computes."""
    path = node.removesuffix("_quant").removesuffix("/MatMul").removesuffix(APART).strip("/")
    name = path.replace("/", ".")
    # The layers of the trunk are called one by one, so the graph names them without their owner.
    return f"encoder.encoder.{name}" if name.startswith("layer.") else name


def _split(graph: Any, weights: Mapping[str, Any], node: Any, channels: list[int]) -> list[Any]:
    states, weight = node.input
    name = node.name.removesuffix("/MatMul") + APART
    whole = numpy_helper.to_array(weights[weight])
    rest, others = whole.copy(), np.ones(len(whole), dtype=np.float32)
    rest[channels] = others[channels] = 0
    weights[weight].CopyFrom(numpy_helper.from_array(rest, weight))
    graph.initializer.extend(
        numpy_helper.from_array(array, f"{name}/{part}")
        for part, array in (
            ("others", others),
            ("channels", np.array(channels, dtype=np.int64)),
            ("weight", whole[channels]),
        )
    )
    out = node.output[0]
    node.input[0], node.output[0] = f"{name}/without", f"{name}/rest"
    make = helper.make_node
    return [
        make("Mul", [states, f"{name}/others"], [f"{name}/without"], f"{name}/Mul"),
        node,
        make("Gather", [states, f"{name}/channels"], [f"{name}/taken"], f"{name}/Gather", axis=2),
        make("MatMul", [f"{name}/taken", f"{name}/weight"], [f"{name}/product"], f"{name}/MatMul"),
        make("Add", [f"{name}/rest", f"{name}/product"], [out], f"{name}/Add"),
    ]
