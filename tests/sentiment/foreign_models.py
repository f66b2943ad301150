"""Folders as somebody else's sentiment classifier comes: tokenizer, configuration, ONNX weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "bad", "okay", "good", "schlecht", "acme")
NAMES = ("NEG", "NEU", "POS")


def save_tokenizer(folder: Path) -> None:
    """A word-level tokenizer that knows `WORDS`."""
    own = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, "[UNK]"))
    own.normalizer = normalizers.Lowercase()
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    specials = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]"}
    PreTrainedTokenizerFast(tokenizer_object=own, **specials).save_pretrained(folder)


def weights(labels: Sequence[str], width: int | None = None) -> np.ndarray:
    """What each word says of each label: its own of `bad`, `okay`, `good` by its place."""
    width = width or len(labels)
    table = np.zeros((len(WORDS), width), np.float32)
    for word, place in (("bad", 0), ("schlecht", 0), ("good", width - 1), ("acme", width - 1)):
        table[WORDS.index(word), place] = 20.0
    table[WORDS.index("okay"), width // 2] = 20.0
    return table


def classifier(table: np.ndarray, inputs: Sequence[str], kind: int) -> bytes:
    """An ONNX graph: the mean of the rows of `table` over the tokens."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["logits"], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info(name, kind, ["b", "t"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def save_model(
    folder: Path,
    names: Sequence[str] = NAMES,
    *,
    file: str = "model.onnx",
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    kind: int = TensorProto.INT64,
    width: int | None = None,
    **config: Any,
) -> Path:
    """A whole model folder; `names` are its labels, the first for `bad`, the last for `good`."""
    folder.mkdir(parents=True)
    save_tokenizer(folder)
    settings = {
        "model_type": "bert",
        "architectures": ["BertForSequenceClassification"],
        "id2label": {str(at): name for at, name in enumerate(names)},
        "label2id": {name: at for at, name in enumerate(names)},
        "max_position_embeddings": 64,
        "vocab_size": len(WORDS),
        **config,
    }
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(classifier(weights(names, width), inputs, kind))
    return folder
