"""The labelling benchmark: what it measures is the same work, and what it cannot is not made up."""

import importlib.util
import itertools
from pathlib import Path
from typing import Any

import pytest

from benchmarks import labelling, peers
from benchmarks.measure import Missing, Ratio, ratio, table
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import Text
from sentiment.labeller import Labeller
from sentiment.model_files import SHIPPED
from sentiment.taxonomy import Taxonomy


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(threads=2)


@pytest.fixture(scope="module")
def labeller(encoder: Encoder) -> Labeller:
    taxonomy = Taxonomy.load()
    return Labeller(encoder, CauseFinder(encoder, taxonomy))


def test_what_cannot_be_measured_is_said_and_has_no_figure(
    labeller: Labeller, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(peers, "torch_missing", lambda: "torch is not installed")
    weights = labelling.Weights(SHIPPED, torch=Path("somewhere"))
    found = labelling.against(labeller, encoder, weights, 1, 8)
    assert all(isinstance(row, Missing) for row in found)
    printed = table(found)
    assert printed.count("not measured: torch is not installed") == 2
    assert "not measured: no --onnx-model was given" in printed
    assert all(row.as_json()["ratio"] is None for row in found)


def test_a_graph_from_elsewhere_takes_turns_with_ours(labeller: Labeller, encoder: Encoder):
    # The shipped graph stands in for the fp32 one: the same inputs and outputs.
    weights = labelling.Weights(SHIPPED, onnx=SHIPPED / "model.onnx")
    *_, found = labelling.against(labeller, encoder, weights, 2, 8)
    assert isinstance(found, Ratio)
    assert found.runs == 2
    assert found.peer.startswith("ONNX fp32")
    assert "texts a second" in found.note


def test_padded_batches_hold_every_token_once(encoder: Encoder):
    items = list(itertools.islice(labelling.texts(seed=9), 40))
    feeds = [feed for _, feed in encoder.passes([(item.text, item.names) for item in items])]
    batches = list(peers.padded(feeds, encoder.settings.pad_id))
    assert sum(len(batch["input_ids"]) for batch in batches) == len(feeds)
    given = sum(int(feed["input_ids"].sum()) for feed in feeds)
    assert sum(int((b["input_ids"] * b["attention_mask"]).sum()) for b in batches) == given
    lengths = [batch["input_ids"].shape[1] for batch in batches]
    assert lengths == sorted(lengths)


def test_texts_of_one_pass_are_read_whole_by_everyone(encoder: Encoder):
    items = itertools.islice(labelling.texts(seed=4, longest=labelling.ONE_PASS), 200)
    pairs = [(item.text, item.names) for item in items]
    assert len(list(encoder.passes(pairs))) == len(pairs)


def test_towards_a_brand_the_layers_for_it_are_run(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    infer = encoder.infer

    def watched(passes: Any) -> Any:
        return infer(asked.append(outputs[0]) or (outputs, feed) for outputs, feed in passes)

    monkeypatch.setattr(encoder, "infer", watched)
    found = labelling.towards(encoder, chunks=2, size=8)
    assert found.runs == 2
    assert asked == [*["target_logits"] * 8, *["logits"] * 8] * 2


def test_a_text_that_comes_often_goes_through_the_model_once(
    encoder: Encoder, labeller: Labeller, monkeypatch: pytest.MonkeyPatch
):
    passes = []
    infer = encoder.infer

    def counted(feeds: Any) -> Any:
        return infer(passes.append(1) or feed for feed in feeds)

    monkeypatch.setattr(encoder, "infer", counted)
    texts = [Text(str(n), "The queue was awful and the staff rude", "en") for n in range(50)]
    found = list(labeller.label([*texts, Text("other", "Lovely coffee, thank you", "en")]))
    assert len(passes) == 2
    assert len({(label.p_negative, label.causes) for label in found[:50]}) == 1


def test_the_first_label_and_the_memory_are_of_a_new_process():
    found = labelling._fresh("molva", SHIPPED)
    assert 0 < found["first"] < 60
    assert 50 < found["megabytes"] < 2000
    with pytest.raises(RuntimeError, match="failed"):
        labelling._fresh("molva", Path("nowhere"))


def test_ratios_are_of_neighbours_not_of_sums():
    found = ratio("a", "b", [1.0, 10.0], [2.0, 5.0], target=1)
    assert (found.lowest, found.ratio, found.highest) == (0.5, 1.25, 2.0)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_plain_transformers_judges_the_same_texts(tmp_path: Path):
    from transformers import BertConfig, BertForSequenceClassification  # noqa: PLC0415

    config = BertConfig(
        vocab_size=60_100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    judge = peers.torch_fp32(tmp_path, SHIPPED, by_length=True)
    judge(list(itertools.islice(labelling.texts(seed=1), 40)))
    with pytest.raises(OSError, match="nowhere"):
        peers.torch_fp32(tmp_path / "nowhere", SHIPPED, by_length=True)
