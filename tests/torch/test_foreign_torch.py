"""Sentiment models with torch weights: the same answers as transformers gives, and its failures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from sentiment.encoder import Encoder
from sentiment.foreign import ForeignJudge, ForeignOptions
from sentiment.interface import ModelError, Text
from sentiment.labeller import Labeller, NoCauses
from tests.sentiment.foreign_models import WORDS, save_tokenizer

LABELS = {
    "vocab_size": len(WORDS),
    "id2label": {0: "negative", 1: "neutral", 2: "positive"},
    "label2id": {"negative": 0, "neutral": 1, "positive": 2},
    "pad_token_id": 0,
}
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
TEXTS = ["bad bad okay", "good", "", "acme okay good bad", "so good " * 5, "\ud800 bad", "okay"]


def bert(**more: Any) -> PreTrainedModel:
    return BertForSequenceClassification(BertConfig(**SIZES, **LABELS, **more))


def distilbert() -> PreTrainedModel:
    """Of those that take no token types."""
    config = DistilBertConfig(
        dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=40, **LABELS
    )
    return DistilBertForSequenceClassification(config)


def roberta() -> PreTrainedModel:
    """Of those that count positions from beyond the padding."""
    return RobertaForSequenceClassification(
        RobertaConfig(**SIZES, **{**LABELS, "pad_token_id": 1}, type_vocab_size=1)
    )


def gpt2() -> PreTrainedModel:
    """Of those that read the last token, so padding must not be it."""
    config = GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=40, **LABELS)
    return GPT2ForSequenceClassification(config)


def saved(folder: Path, model: PreTrainedModel, **options: Any) -> Path:
    torch.manual_seed(1)
    for parameter in model.parameters():
        # Far from zero, so that a wrong mask, order or mapping shows in the answers.
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder, **options)
    save_tokenizer(folder)
    if isinstance(model, GPT2ForSequenceClassification):
        path = folder / "tokenizer_config.json"
        names = {"model_input_names": ["input_ids", "attention_mask"]}
        path.write_text(json.dumps({**json.loads(path.read_text()), **names}))
    return folder


def judge(folder: Path) -> ForeignJudge:
    return ForeignJudge.load(str(folder), folder, ForeignOptions(languages=frozenset({"en"})))


def chances(own: ForeignJudge, texts: list[str]) -> np.ndarray:
    items = [Text(str(at), text) for at, text in enumerate(texts)]
    return own.chances(items, [], ["en"] * len(items))


def plain(folder: Path, text: str) -> np.ndarray:
    """What transformers itself says of one text."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    if isinstance(model, DistilBertForSequenceClassification):
        tokens.pop("token_type_ids", None)
    with torch.no_grad():
        return model(**tokens).logits.softmax(-1).numpy()[0]


@pytest.mark.parametrize("make", [bert, distilbert, roberta, gpt2])
def test_batches_say_what_transformers_says_of_each_text(
    tmp_path: Path, make: Callable[[], PreTrainedModel]
) -> None:
    folder = saved(tmp_path / "mood", make())
    found = chances(judge(folder), TEXTS)
    for text, row in zip(TEXTS, found, strict=True):
        assert row == pytest.approx(plain(folder, text.replace("\ud800", "\ufffd")), abs=1e-4)
    assert np.ptp(found, axis=0).max() > 0.01


@pytest.mark.parametrize("make", [bert, roberta])
def test_a_megabyte_is_cut_to_what_the_model_reads(
    tmp_path: Path, make: Callable[[], PreTrainedModel]
) -> None:
    own = judge(saved(tmp_path / "mood", make()))
    assert chances(own, ["good " * 200_000, "bad"]).sum(axis=1) == pytest.approx(1)


def test_a_sharded_model_is_read_whole(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole", bert())
    shards = saved(tmp_path / "shards", bert(), max_shard_size="20KB")
    assert len(list(shards.glob("model-*.safetensors"))) > 1
    assert chances(judge(shards), TEXTS) == pytest.approx(chances(judge(whole), TEXTS), abs=1e-6)


def test_weights_of_the_older_format(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert())
    before = chances(judge(folder), TEXTS)
    state = AutoModelForSequenceClassification.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    assert chances(judge(folder), TEXTS) == pytest.approx(before, abs=1e-6)


def test_half_precision_weights_are_read_in_full(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert().half())
    assert chances(judge(folder), TEXTS).sum(axis=1) == pytest.approx(1, abs=1e-6)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning", "ignore:Exporting aten"
)
def test_an_export_to_onnx_says_the_same(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert())
    before = chances(judge(folder), TEXTS)
    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones((2, 8), dtype=torch.int64)
    (folder / "onnx").mkdir()
    torch.onnx.export(
        model.eval(),
        (example, example, example),
        str(folder / "onnx" / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in names},
        dynamo=False,
    )
    (folder / "model.safetensors").unlink()
    assert chances(judge(folder), TEXTS) == pytest.approx(before, abs=1e-4)


def test_it_labels(tmp_path: Path) -> None:
    own = judge(saved(tmp_path / "mood", bert()))
    labeller = Labeller(Encoder.load(), NoCauses(), own)
    texts = [Text("1", "The train was late and nobody cared"), Text("2", "Поезд опоздал")]
    english, russian = labeller.label(texts)
    assert english.model_version == own.version
    assert english.p_negative is not None
    assert russian.sentiment == "unscored"


def test_a_model_that_was_never_taught_to_classify_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "base", BertModel(BertConfig(**SIZES, **LABELS)))
    with pytest.raises(ModelError, match="BertModel, not a sequence-classification"):
        judge(folder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace("BertModel", "BertForSequenceClassification"))
    with pytest.raises(ModelError, match=r"no weights for classifier\.bias.*not trained"):
        judge(folder)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert())
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"the weights in .*mood cannot be loaded"):
        judge(folder)


def test_weights_that_would_run_code_are_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert())
    (folder / "model.safetensors").unlink()
    torch.save({"x": Path("evil")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        judge(folder)


def test_a_multi_label_model_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mood", bert(problem_type="multi_label_classification"))
    with pytest.raises(ModelError, match="multi-label"):
        judge(folder)
