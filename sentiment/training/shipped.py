"""The weights of a shipped model, read back from its `model.onnx` to train on from there.

The body comes back from 8 bits, the embedding table from 4 (without loss). A start from here
costs minutes where a start from the base costs an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from sentiment.training.bundle import MAX_LENGTH
from sentiment.training.convert import POSITIONS
from sentiment.training.outliers import APART, layer_name

_BLOCK = 32


def read_shipped(folder: Path) -> dict[str, Tensor]:
    """The state of `BranchedNet` in `folder`/model.onnx, float32; without a branch in older ones.

    Raises:
        ValueError: the graph is not one that `sentiment.training.export` wrote.
    """
    graphs = list(_graphs(onnx.load(folder / "model.onnx").graph))
    known = {item.name: numpy_helper.to_array(item) for own in graphs for item in own.initializer}
    state = {name: array for name, array in known.items() if _is_plain(name)}
    apart: dict[str, str] = {}
    for node in (node for own in graphs for node in own.node):
        weight = f"{layer_name(node.name)}.weight"
        if node.op_type == "MatMul" and APART in node.name:
            apart[weight] = node.name.removesuffix("/MatMul")
        elif node.op_type == "MatMulInteger":
            state[weight] = _dequantised(known, node.input[1]).T
        elif node.op_type == "MatMul" and node.input[1] in known:
            state[weight] = known[node.input[1]].T
        elif node.op_type == "GatherBlockQuantized":
            state["encoder.embeddings.word_embeddings.weight"] = _table(known)
    for weight, name in apart.items():
        state[weight][:, known[f"{name}/channels"]] = known[f"{name}/weight"].T
    if "encoder.embeddings.word_embeddings.weight" not in state:
        raise ValueError(f"{folder}/model.onnx has no 4-bit embedding table")
    # Older models have places for texts longer than any that is read.
    positions = f"encoder.{POSITIONS}"
    state[positions] = state[positions][:MAX_LENGTH]
    return {name: torch.from_numpy(np.array(array)) for name, array in state.items()}


def read_trunk(folder: Path) -> dict[str, Tensor]:
    """The state of the `SentimentNet` in `folder`/model.onnx.

    Raises:
        ValueError: as `read_shipped`.
    """
    state = read_shipped(folder)
    return {name: own for name, own in state.items() if not name.startswith("towards.")}


def read_branch(folder: Path) -> dict[str, Tensor]:
    """The state of the branch in `folder`/model.onnx, named as in `BranchedNet`.

    Raises:
        ValueError: as `read_shipped`.
    """
    state = read_shipped(folder)
    return {name: own for name, own in state.items() if name.startswith("towards.")}


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and those its nodes choose between."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _is_plain(name: str) -> bool:
    return name.startswith(("encoder.", "sentiment.", "projection.", "towards.")) and name.endswith(
        (".weight", ".bias")
    )


def _dequantised(known: dict[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    scale = known[name.replace("_quantized", "_scale")]
    return (known[name].astype(np.float32) * scale).astype(np.float32)  # type: ignore[no-any-return]


def _table(known: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    packed, scales = known["table_codes"], known["table_scales"]
    codes = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1)
    blocks = codes.reshape(len(packed), -1, _BLOCK).astype(np.float32) - 8
    dense: NDArray[np.float32] = (blocks * scales[:, :, None].astype(np.float32)).reshape(
        len(packed), -1
    )
    return dense
