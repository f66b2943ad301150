"""The training recipe in small, end to end: convert, train, export, calibrate, load, label."""

import csv
import gzip
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession
from tokenizers import Tokenizer

from sentiment.encoder import Encoder
from sentiment.interface import ModelError, Text
from sentiment.labeller import Labeller
from sentiment.training import bundle, compose, finish, mix, recipe, rows
from sentiment.training.__main__ import run_step
from sentiment.training.branch import BranchTrainer
from sentiment.training.shipped import read_shipped
from sentiment.training.train import Settings, Trainer
from tests.torch.tiny_base import OLD_EXPORTER, write_wheels

pytestmark = OLD_EXPORTER

SETTINGS = Settings(epochs=3, learning_rate=1e-3, warmup=10, threads=2, max_length=48)
TABLE = "encoder.embeddings.word_embeddings.weight"

ENGLISH = (
    "My {thing} from the {place} {verb} {mood} {when}",
    ["order", "parcel", "invoice", "meal", "ticket", "laptop", "coat", "table", "refund", "dinner"],
    ["shop", "station", "office", "bank", "café"],
    ("came", "was", "felt"),
    ("today", "again", "this week", "for me"),
    ("awful and broken", "terrible", "dreadful"),
    ("as listed", "in a box", "at noon"),
    ("wonderful", "lovely and fast", "excellent"),
)
RUSSIAN = (
    "Мой {thing} из {place} {verb} {mood} {when}",
    ["заказ", "чек", "билет", "ужин", "телефон", "шкаф", "стол", "обед", "кофе", "ответ"],
    ["магазина", "банка", "офиса", "кафе", "отдела"],
    ("приехал", "оказался", "был"),
    ("сегодня", "опять", "на неделе", "для меня"),
    ("ужасно плохим", "отвратительным", "сломанным"),
    ("в коробке", "в полдень", "по списку"),
    ("прекрасным", "отличным", "чудесным"),
)


def sentences(form: tuple[Any, ...]) -> Iterator[tuple[str, int]]:
    """Sentences of one language, each with its class: the mood decides."""
    pattern, things, places, verbs, whens, *moods = form
    rng = random.Random(5)
    every = list(itertools.product(things, places, verbs, whens, range(3)))
    for thing, place, verb, when, label in rng.sample(every, 700):
        mood = rng.choice(moods[label])
        text = pattern.format(thing=thing, place=place, verb=verb, when=when, mood=mood)
        yield text, label


def write_data(folder: Path) -> None:
    """Two of the sets the recipe reads, filled with the sentences above."""
    tweets = folder / "tweeteval_sentiment"
    tweets.mkdir(parents=True)
    lines = ["text\tlabel", *(f"{text}\t{label}" for text, label in sentences(ENGLISH))]
    (tweets / "train.tsv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    for name in ("val.tsv", "extra_2016devtest.tsv"):
        (tweets / name).write_text("text\tlabel\n")
    russian = folder / "rusentitweet"
    russian.mkdir()
    with gzip.open(russian / "train.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, rows.LABELS[label]) for text, label in sentences(RUSSIAN))


def few_clauses(lang: str, every=compose.read_clauses) -> dict[str, list[str]]:
    return {kind: clauses[::20] for kind, clauses in every(lang).items()}


@pytest.fixture(scope="module", autouse=True)
def less_of_our_own() -> Iterator[None]:
    """Some of our own examples, in the last epoch alone: seconds count here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "OWN_EPOCHS", 1)
        patch.setattr(mix, "OWN_REPEAT", 2)
        patch.setattr(mix, "COMPOSED", 10)
        patch.setattr(mix, "read_templates", lambda every=mix.read_templates: every()[::8])
        patch.setattr(mix, "read_pairs", lambda every=mix.read_pairs: every()[::40])
        patch.setattr(compose, "read_clauses", few_clauses)
        yield


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> recipe.Paths:
    """Data and base, split and converted."""
    folder = tmp_path_factory.mktemp("recipe")
    write_data(folder / "data")
    own = [row.text for row in rows.read_rows(rows.OWN_EXAMPLES)]
    own += [text for form in (ENGLISH, RUSSIAN) for text, _ in sentences(form)]
    write_wheels(folder / "wheels", own)
    paths = recipe.Paths(folder / "data", folder / "work", folder / "wheels")
    paths.work.mkdir()
    for step in ("split", "convert"):
        run_step(step, paths, SETTINGS)
    return paths


@pytest.fixture(scope="module")
def trained(start: recipe.Paths) -> recipe.Paths:
    """All steps run without a break."""
    for step in ("train", "branch", "export", "calibrate"):
        run_step(step, start, SETTINGS)
    return start


@pytest.fixture(scope="module")
def model(trained: recipe.Paths) -> Path:
    return trained.work / finish.MODEL_NAME


def test_it_learns_what_is_easy_in_both_languages(trained: recipe.Paths, model: Path) -> None:
    encoder = Encoder.load(model)
    texts = finish.examples(trained, "test")
    right = finish.raw_logits(encoder, texts).argmax(axis=1) == [text.label for text in texts]
    for lang in ("en", "ru"):
        own = np.array([text.lang == lang for text in texts])
        assert own.sum() > 20
        assert right[own].mean() > 0.9


def test_a_killed_training_goes_on_to_the_same_weights(
    trained: recipe.Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replace(trained, work=tmp_path)
    for step in ("split", "convert"):
        run_step(step, again, SETTINGS)
    often = replace(SETTINGS, checkpoint_minutes=0.0)
    step, save = Trainer._step, Trainer.save

    def killed(self: Trainer, *args: Any) -> None:
        if self.progress.step == 75:
            raise KeyboardInterrupt
        step(self, *args)

    def seldom(self: Trainer) -> None:
        if self.progress.step % 30 == 0:
            save(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", killed)
        patch.setattr(Trainer, "save", seldom)
        with pytest.raises(KeyboardInterrupt):
            run_step("train", again, often)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 60
    (tmp_path / "checkpoint.pt.part").write_bytes(b"half of a checkpoint")
    run_step("train", again, SETTINGS)
    one, other = (
        torch.load(paths.work / "weights.pt", weights_only=True) for paths in (trained, again)
    )
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(other[name], tensor, rtol=1e-4, atol=1e-5)


def test_a_killed_branch_goes_on_to_the_same_weights(
    trained: recipe.Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replace(trained, work=tmp_path)
    for name in ("base", "train.jsonl", "weights.pt"):
        (tmp_path / name).symlink_to(trained.work / name)
    train = BranchTrainer._train

    def killed(self: BranchTrainer, *args: Any) -> float:
        if self.step == 40:
            raise KeyboardInterrupt
        return train(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(BranchTrainer, "_train", killed)
        with pytest.raises(KeyboardInterrupt):
            run_step("branch", again, replace(SETTINGS, checkpoint_minutes=0.0))
    assert torch.load(tmp_path / "branch-checkpoint.pt", weights_only=True)["step"] == 40
    run_step("branch", again, SETTINGS)
    one, other = (
        torch.load(paths.work / "branch.pt", weights_only=True) for paths in (trained, again)
    )
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(other[name], tensor, rtol=1e-4, atol=1e-5)


def test_the_branch_leaves_the_trunk_as_it_was(trained: recipe.Paths) -> None:
    trunk = torch.load(trained.work / "weights.pt", weights_only=True)
    whole = recipe.load_network(trained).state_dict()
    assert all(torch.equal(whole[name], tensor) for name, tensor in trunk.items())
    assert not torch.equal(whole["towards.verdict.weight"], whole["sentiment.weight"]), (
        "the branch was trained"
    )


def test_a_text_with_a_target_is_judged_by_the_branch(trained: recipe.Paths, model: Path) -> None:
    encoder, network = Encoder.load(model), recipe.load_network(trained)
    tokenizer = Tokenizer.from_file(str(trained.base / "tokenizer.json"))
    texts = [replace(own, target="Zorvex") for own in finish.examples(trained, "test")]
    wanted = finish.network_logits(network, tokenizer, texts)
    found = finish.raw_logits(encoder, texts)
    assert np.abs(wanted - found).mean() < 0.05 * wanted.std()
    network.grow()
    by_trunk = finish.network_logits(network, tokenizer, texts)
    assert np.abs(by_trunk - found).mean() > np.abs(wanted - found).mean()


def test_a_text_without_a_target_does_not_run_the_branch(model: Path) -> None:
    graph = onnx.load(model / "model.onnx").graph
    (choice,) = [node for node in graph.node if node.op_type == "If"]
    (then,) = [own.g for own in choice.attribute if own.name == "then_branch"]
    assert sum("/towards/" in node.name for node in then.node) > 20
    assert not [node.name for node in graph.node if "/towards/" in node.name]
    session = InferenceSession(model / "model.onnx", providers=["CPUExecutionProvider"])
    text, target = [0, 7, 8, 9, 2], [2, 6, 2]
    plain = by_name(session, [text])
    assert np.array_equal(plain["target_logits"], plain["logits"])
    told = by_name(session, [text + target])
    assert not np.allclose(told["target_logits"], told["logits"], atol=0.01)


def by_name(session: InferenceSession, ids: list[list[int]]) -> dict[str, Any]:
    given = np.array(ids, dtype=np.int64)
    names = [own.name for own in session.get_outputs()]
    feed = {"input_ids": given, "attention_mask": np.ones_like(given)}
    return dict(zip(names, session.run(names, feed), strict=True))


def test_a_finished_step_is_not_done_again(trained: recipe.Paths) -> None:
    watched = ("test.jsonl", "base/model.safetensors", "weights.pt", "branch.pt")
    before = [(trained.work / name).stat().st_mtime_ns for name in watched]
    for step in ("split", "convert", "train", "branch"):
        run_step(step, trained, SETTINGS)
    assert [(trained.work / name).stat().st_mtime_ns for name in watched] == before


def test_the_shipped_table_is_the_trained_one_to_the_bit(
    trained: recipe.Paths, model: Path
) -> None:
    base = np.load(trained.base / "table.npz")
    dense = recipe.convert.Quantised(base["codes"], base["scales"]).dense()
    assert np.array_equal(recipe.load_network(trained).state_dict()[TABLE].numpy(), dense)
    assert np.array_equal(read_shipped(model)[TABLE].numpy(), dense)
    plain = (trained.work / "model.fp32.onnx").stat().st_size
    assert (model / "model.onnx").stat().st_size < 0.5 * plain


def test_eight_bits_say_what_fp32_says(trained: recipe.Paths, model: Path) -> None:
    texts = finish.examples(trained, "test")
    tokenizer = Tokenizer.from_file(str(trained.base / "tokenizer.json"))
    plain = finish.network_logits(recipe.load_network(trained), tokenizer, texts)
    small = finish.raw_logits(Encoder.load(model), texts)
    assert np.abs(plain - small).mean() < 0.05 * plain.std()
    assert (plain.argmax(axis=1) == small.argmax(axis=1)).mean() > 0.97


def test_the_folder_labels_texts(model: Path) -> None:
    labeller = Labeller.load(model)
    texts = [
        Text("1", "My order from the bank was terrible today"),
        Text("2", "My parcel from the shop came in a box this week"),
        Text("3", "Мой ужин из кафе был прекрасным опять", target="кафе"),
        Text("4", ""),
    ]
    found = list(labeller.label(texts))
    assert [label.sentiment for label in found] == ["negative", "neutral", "positive", "unscored"]
    assert found[0].p_negative + found[0].p_neutral + found[0].p_positive == pytest.approx(1)
    assert found[0].model_version.startswith(f"{finish.MODEL_NAME}+")


def test_the_sums_prove_the_folder(model: Path, tmp_path: Path) -> None:
    finish.ship(model, tmp_path / "shipped")
    assert Encoder.load(tmp_path / "shipped").version == Encoder.load(model).version
    file = tmp_path / "shipped" / "model.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.onnx is damaged: its SHA-256"):
        Encoder.load(tmp_path / "shipped")


def test_the_shipped_weights_are_read_back_whole(trained: recipe.Paths, model: Path) -> None:
    own, back = recipe.load_network(trained).state_dict(), read_shipped(model)
    assert own.keys() == back.keys()
    assert len(back["encoder.embeddings.position_embeddings.weight"]) == bundle.MAX_LENGTH
    for name, tensor in own.items():
        # A weight is off by half a step at most, 64 of which reach a row's largest.
        assert (back[name] - tensor).abs().max() <= tensor.abs().max() / 100


def test_a_shipped_model_can_be_trained_on(trained: recipe.Paths, tmp_path: Path) -> None:
    more = replace(trained, work=tmp_path)
    start = replace(SETTINGS, start=trained.work / finish.MODEL_NAME, learning_rate=1e-5)
    for step in ("split", "convert", "train", "branch", "export"):
        run_step(step, more, start)
    texts = finish.examples(more, "test")
    logits = finish.raw_logits(Encoder.load(tmp_path / finish.MODEL_NAME), texts)
    assert (logits.argmax(axis=1) == [text.label for text in texts]).mean() > 0.9


def test_the_upper_layers_and_the_branch_are_trained_on_alone(
    trained: recipe.Paths, model: Path, tmp_path: Path
) -> None:
    more = replace(trained, work=tmp_path)
    start = replace(SETTINGS, start=model, upper=True, teachers=(model, model))
    for step in ("split", "convert", "train", "branch"):
        run_step(step, more, start)
    before, after = read_shipped(model), recipe.load_network(more).state_dict()
    changed = {name for name, own in after.items() if not torch.equal(own, before[name])}
    assert {name.partition("layer.")[2][:2] for name in changed if "layer." in name} == {"1."}
    assert {"sentiment.weight", "projection.weight", "towards.verdict.weight"} < changed
    assert not [name for name in changed if name.startswith("encoder.embeddings.")]
    moved = {name: float((own - before[name]).abs().max()) for name, own in after.items()}
    grown = (before["towards.verdict.weight"] - before["sentiment.weight"]).abs().max()
    assert 0 < moved["towards.verdict.weight"] < grown, "it goes on from the shipped branch"
