"""The files beside `model.onnx` that make the shipped folder a Hugging Face one."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from sentiment.training.rows import LABELS

MAX_LENGTH = 256
"""Longest pass in tokens, specials and target included."""

LANGUAGES = ("en", "ru")
CONFIDENCE_FLOOR = 0.5


def identity_calibration() -> dict[str, dict[str, Any]]:
    """A calibration that changes nothing, for a model that has none yet."""
    return {lang: {"temperature": 1.0, "offsets": [0.0, 0.0, 0.0]} for lang in LANGUAGES}


def write_bundle(
    base: Path, out: Path, name: str, calibration: dict[str, Any], towards: dict[str, Any]
) -> None:
    """Write `config.json`, tokenizer files and `SHA256SUMS` beside `out`/model.onnx."""
    shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "mask_token": "<mask>",
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
    }
    _write_json(out / "tokenizer_config.json", tokenizer)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config["architectures"] = ["BertForSequenceClassification"]
    config["id2label"] = {str(index): label for index, label in enumerate(LABELS)}
    config["label2id"] = {label: index for index, label in enumerate(LABELS)}
    config["molva"] = {
        "name": name,
        "languages": list(LANGUAGES),
        "calibration": calibration,
        "target_calibration": towards,
        "max_length": MAX_LENGTH,
        "confidence_floor": CONFIDENCE_FLOOR,
    }
    _write_json(out / "config.json", config)
    write_sums(out)


def write_sums(folder: Path) -> None:
    """Write `SHA256SUMS` over the files the program loads (not the card, which is prose)."""
    lines = []
    for name in ("config.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        lines.append(f"{digest}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
