"""From a trained network to the shipped `model.onnx`: 4-bit table, per-channel int8 body.

The table never moved in training, so it is still on the Q4_0 grid and 4 bits lose nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from sentiment.training.network import BranchedNet
from sentiment.training.outliers import APART, Channels, set_apart
from sentiment.training.train import EOS

log = logging.getLogger(__name__)

INPUTS = ("input_ids", "attention_mask")
TARGET = "target_logits"
OUTPUTS = ("logits", "token_logits", "token_embeddings", TARGET)
_BLOCK = 32


def export_fp32(network: BranchedNet, path: Path) -> None:
    """Write the plain fp32 graph with dynamic batch and length."""
    network.eval()
    network.encoder.config._attn_implementation = "eager"
    write_graph(network, path, OUTPUTS, of_texts=("logits", TARGET))


def write_graph(
    network: nn.Module, path: Path, outputs: Sequence[str], of_texts: Sequence[str] = ()
) -> None:
    """Write a network's fp32 graph; `of_texts` are outputs with a row a text, others a token."""
    example = torch.ones((2, 16), dtype=torch.int64)
    axes = {name: {0: "batch", 1: "length"} for name in (*INPUTS, *outputs)}
    axes |= {name: {0: "batch"} for name in of_texts}
    with torch.no_grad():
        torch.onnx.export(
            network,
            (example, example),
            str(path),
            input_names=list(INPUTS),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def quantise(source: Path, table: Path, channels: Channels, out: Path) -> None:
    """Write the shipped graph: int8 body from `source`, embedding table from `table` (npz).

    Some `channels` are computed apart, in fp32 (`sentiment.training.outliers`).
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    body = out.with_suffix(".int8.onnx")
    split = onnx.load(source)
    set_apart(split, channels)
    kept = [node.name for node in split.graph.node if _stays_fp32(node)]
    quantize_dynamic(
        split,
        body,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        # 7 bits: with 8, processors without VNNI clip sums of two products at 16 bits, and the
        # same file gives other labels there (measured: 1,048,544 for 2,072,640).
        reduce_range=True,
        nodes_to_exclude=kept,
    )
    model = onnx.load(body)
    packed = np.load(table)
    replace_table(model, packed["codes"], packed["scales"])
    only_with_target(model)
    onnx.save(model, out)
    body.unlink()
    log.info("wrote %s, %.1f MB", out.name, out.stat().st_size / 1e6)


def only_with_target(model: Any) -> None:
    """Put what only `target_logits` needs under a condition: that a row has a target.

    A row has one if it holds more ends of text than two (`<s> text </s> </s> target </s>`). Without
    any, `target_logits` are the `logits`. ONNX Runtime's own option to run no more than what the
    outputs asked for need (`only_execute_path_to_fetches`) did nothing: 19 ms either way.
    """
    graph = model.graph
    inside = _needed_only_for(graph, TARGET)
    nodes = [node for node in graph.node if node.output[0] in inside]
    rest = [node for node in graph.node if node.output[0] not in inside]
    outside = {name for node in rest for name in node.input}
    weights = [item for item in graph.initializer if item.name not in outside]
    for node in nodes:
        node.output[:] = [f"{name}_of_branch" if name == TARGET else name for name in node.output]
    then = helper.make_graph(nodes, "towards", [], [_floats(f"{TARGET}_of_branch")], weights)
    plain = helper.make_node("Identity", ["logits"], [f"{TARGET}_of_trunk"])
    otherwise = helper.make_graph([plain], "message", [], [_floats(f"{TARGET}_of_trunk")])
    del graph.node[:]
    for item in weights:
        graph.initializer.remove(item)
    graph.initializer.extend(
        numpy_helper.from_array(np.array(value, dtype=np.int64), name)
        for name, value in (("end_of_text", EOS), ("along_a_row", [1]), ("ends_without", 2))
    )
    choice = helper.make_node(
        "If", ["targeted"], [TARGET], name="target", then_branch=then, else_branch=otherwise
    )
    graph.node.extend([*rest, *_targeted(), choice])


def _needed_only_for(graph: Any, output: str) -> set[str]:
    """Values that one output of a graph needs and no other."""
    makers = {name: node for node in graph.node for name in node.output}

    def needed(wanted: list[str]) -> set[str]:
        found: set[str] = set()
        while wanted:
            name = wanted.pop()
            if name in makers and name not in found:
                found.update(makers[name].output)
                wanted += makers[name].input
        return found

    return needed([output]) - needed([own.name for own in graph.output if own.name != output])


def _targeted() -> list[Any]:
    """Nodes that tell whether any row of `input_ids` has a target."""
    return [
        helper.make_node("Equal", ["input_ids", "end_of_text"], ["ends"]),
        helper.make_node("Cast", ["ends"], ["ends_as_numbers"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["ends_as_numbers", "along_a_row"], ["by_row"], keepdims=0),
        helper.make_node("ReduceMax", ["by_row"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "ends_without"], ["targeted"]),
    ]


def _floats(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def _stays_fp32(node: Any) -> bool:
    parts = ("/sentiment/", "/projection/", "/verdict/", f"{APART}/")
    return node.op_type == "MatMul" and any(part in node.name for part in parts)


def replace_table(model: Any, codes: NDArray[np.uint8], scales: NDArray[np.float16]) -> None:
    """Put `GatherBlockQuantized` (4 bits, blocks of 32) in place of the fp32 `Gather`."""
    rows, columns = codes.shape
    graph = model.graph
    names = [i.name for i in graph.initializer if tuple(i.dims) == (rows, columns)]
    gather = next(n for n in graph.node if n.op_type == "Gather" and n.input[0] in names)
    old = next(i for i in graph.initializer if i.name == gather.input[0])
    grid = (codes.reshape(rows, -1, _BLOCK).astype(np.float32) - 8) * scales[:, :, None]
    if not np.array_equal(grid.reshape(rows, columns), numpy_helper.to_array(old)):
        raise ValueError("the embedding table left its 4-bit grid; was it trained?")
    packed = (codes[:, 0::2] | (codes[:, 1::2] << 4)).astype(np.uint8)
    graph.initializer.remove(old)
    graph.initializer.append(numpy_helper.from_array(packed, "table_codes"))
    graph.initializer.append(numpy_helper.from_array(scales, "table_scales"))
    half = f"{gather.output[0]}_half"
    block = helper.make_node(
        "GatherBlockQuantized",
        ["table_codes", gather.input[1], "table_scales"],
        [half],
        name="table",
        domain="com.microsoft",
        gather_axis=0,
        quantize_axis=1,
        block_size=_BLOCK,
        bits=4,
    )
    cast = helper.make_node("Cast", [half], [gather.output[0]], to=TensorProto.FLOAT)
    position = list(graph.node).index(gather)
    graph.node.remove(gather)
    graph.node.insert(position, cast)
    graph.node.insert(position, block)
    if not any(o.domain == "com.microsoft" for o in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
