"""A head fitted on corrections: what it learns, what it leaves alone, how it is kept."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.adapter import AdaptedJudge, Adapter, Anchors, Readings, fit, folds
from sentiment.encoder import Encoder
from sentiment.gain import FEWEST, TooFewCorrectionsError, compare, learn
from sentiment.interface import ModelError, Text
from sentiment.judge import ShippedJudge

SIZE = 48
NEUTRAL = np.array([0.15, 0.7, 0.15])
NOTHING = Anchors.of()


def texts(theme: int, count: int, seed: int, chances: NDArray[np.float64] = NEUTRAL) -> Readings:
    """Texts of a theme: embeddings around a direction of its own, as the model finds neutral."""
    noise = np.random.default_rng(seed).normal(0, 0.06, (count, SIZE))
    middle = np.random.default_rng(999).normal(0, 1, SIZE) / np.sqrt(SIZE)
    direction = np.random.default_rng(theme).normal(0, 0.5, SIZE) / np.sqrt(SIZE)
    return Readings(middle + direction + noise, np.tile(chances, (count, 1)))


def labels(sentiment: int, count: int) -> NDArray[np.int64]:
    return np.full(count, sentiment)


@pytest.fixture(scope="module")
def anchors() -> Anchors:
    """Texts of other themes that nobody corrected."""
    return Anchors.of((Readings.joined(texts(theme, 40, theme) for theme in range(10, 18)), 5.0))


def test_what_people_said_of_one_theme_holds_for_new_texts_of_it_and_no_others(
    anchors: Anchors,
) -> None:
    corrected = Readings.joined([texts(1, 40, 1), texts(2, 40, 2)])
    said = np.concatenate([labels(0, 40), labels(1, 40)])
    head = fit("m+1", corrected, said, anchors)
    assert (head.apply(texts(1, 100, 50)).argmax(axis=1) == 0).mean() > 0.9
    assert (head.apply(texts(2, 100, 50)).argmax(axis=1) == 1).mean() > 0.98
    for theme in range(10, 18):
        unseen = texts(theme, 100, 70 + theme)
        assert (head.apply(unseen).argmax(axis=1) == 1).mean() > 0.94
        assert np.abs(head.apply(unseen) - unseen.chances).mean() < 0.08


def test_corrections_of_errors_alone_do_not_turn_everything(anchors: Anchors) -> None:
    """Nothing but "negative" was said: without anchors, every text would become negative."""
    corrected, said = texts(1, 40, 1), labels(0, 40)
    elsewhere = Readings.joined(texts(theme, 50, theme + 90) for theme in range(10, 18))
    free = fit("m+1", corrected, said, NOTHING).apply(elsewhere).argmax(axis=1)
    held = fit("m+1", corrected, said, anchors).apply(elsewhere).argmax(axis=1)
    assert (free != 1).mean() > 0.3
    assert (held != 1).mean() < 0.02


def test_one_corrected_text_moves_no_unrelated_one(anchors: Anchors) -> None:
    head = fit("m+1", texts(1, 1, 1), labels(2, 1), anchors)
    elsewhere = texts(12, 100, 90)
    assert (head.apply(elsewhere).argmax(axis=1) == 1).all()


def test_noise_teaches_nothing(anchors: Anchors) -> None:
    corrected = texts(1, 60, 1)
    said = np.random.default_rng(0).choice(3, 60, p=NEUTRAL)
    head, gain = learn("m+1", corrected, said, anchors, range(60))
    assert not gain.gained
    assert np.abs(head.apply(corrected) - corrected.chances).max() < 0.2


def test_a_head_that_learnt_nothing_is_the_model_exactly(anchors: Anchors) -> None:
    corrected = texts(1, 30, 1, np.array([0.0, 1.0, 0.0]))
    head = fit("m+1", corrected, labels(1, 30), anchors)
    assert head.is_neutral
    told = texts(3, 5, 3).chances
    assert (head.apply(texts(3, 5, 3)) == told).all()


def test_a_gain_is_measured_on_texts_the_head_has_not_seen(anchors: Anchors) -> None:
    corrected = Readings.joined([texts(1, 30, 1), texts(2, 30, 2)])
    said = np.concatenate([labels(0, 30), labels(1, 30)])
    _, gain = learn("m+1", corrected, said, anchors, range(60))
    assert gain.gained
    assert (gain.texts, gain.classes) == (60, (30, 30, 0))
    assert gain.accuracy.before == 0.5
    assert gain.accuracy.after > 0.9
    assert 0 < gain.accuracy.low <= gain.accuracy.after - 0.5 <= gain.accuracy.high
    assert (gain.mended, gain.broken) == (round(30 * 2 * gain.accuracy.after) - 30, 0)


def test_copies_of_one_story_are_no_evidence(anchors: Anchors) -> None:
    """A text and its copy are on the same side of every split, and count as one story."""
    corrected = texts(1, 40, 1)
    stories = [n // 4 for n in range(40)]
    with pytest.raises(TooFewCorrectionsError, match="there are 10: correct 10 more"):
        learn("m+1", corrected, labels(0, 40), anchors, stories)
    fold = folds(labels(0, 40), stories)
    assert all(len(set(fold[at : at + 4])) == 1 for at in range(0, 40, 4))
    assert set(fold) == set(range(5))


def test_too_few_corrections_say_how_many_more(anchors: Anchors) -> None:
    with pytest.raises(TooFewCorrectionsError, match=f"{FEWEST} corrected texts .* 13 more"):
        learn("m+1", texts(1, 7, 1), labels(0, 7), anchors, range(7))
    with pytest.raises(TooFewCorrectionsError, match="20 more"):
        learn("m+1", Readings.of([], np.empty((0, 3))), labels(0, 0), anchors, [])


def test_an_interval_across_zero_is_no_gain() -> None:
    truth = np.array([0, 1] * 15)
    before, after = truth.copy(), truth.copy()
    before[:2] = 2
    gain = compare(before, after, truth, range(30))
    assert (gain.mended, gain.broken) == (2, 0)
    assert gain.accuracy.low == 0
    assert not gain.gained
    assert compare(after, before, truth, range(30)).accuracy.high <= 0


def test_macro_recall_counts_each_class_the_same() -> None:
    truth = np.array([0] * 27 + [2] * 3)
    gain = compare(np.zeros(30, dtype=np.int64), truth, truth, range(30))
    assert (gain.accuracy.before, gain.macro_recall.before) == (0.9, 0.5)
    assert gain.macro_recall.after == 1.0


def test_a_head_is_kept_byte_for_byte_and_named_by_its_content(anchors: Anchors) -> None:
    head = fit("m+1", texts(1, 40, 1), labels(0, 40), anchors)
    content = head.to_bytes()
    again = Adapter.from_bytes(content)
    assert again.to_bytes() == content
    assert (again.apply(texts(1, 9, 5)) == head.apply(texts(1, 9, 5))).all()
    assert fit("m+1", texts(1, 40, 1), labels(0, 40), anchors).digest == head.digest
    other_base = Adapter("m+2", head.centre, head.weights, head.bias)
    assert len({head.version("a"), other_base.version("a"), head.version("b")}) == 3
    assert head.version("a").startswith("a+")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-8],
        lambda content: b"\xff" * 8 + content[8:],
        lambda content: content.replace(b"molva-head-1", b"molva-head-9"),
        lambda content: content[:-8] + b"\xff" * 8,
        lambda content: content.replace(b"[3]", b"[9]"),
    ],
)
def test_a_damaged_head_is_refused_with_what_to_do(damage) -> None:  # type: ignore[no-untyped-def]
    head = Adapter("m+1", np.ones(SIZE), np.ones((SIZE, 3)), np.ones(3))
    with pytest.raises(ModelError, match="train it again"):
        Adapter.from_bytes(damage(head.to_bytes()))


def test_a_judge_with_a_head_names_both_and_a_neutral_one_changes_nothing(encoder: Encoder) -> None:
    base = ShippedJudge(encoder)
    items = [Text("1", "The queue was long"), Text("2", "Обожаю этот кофе")]
    encoded = encoder.encode_chunk([(item.text, ()) for item in items])
    size = len(encoded[0].embedding)
    plain = base.chances(items, encoded, ["en", "ru"])
    neutral = Adapter(base.version, np.zeros(size), np.zeros((size, 3)), np.zeros(3))
    judge = AdaptedJudge(base, neutral, "mine")
    assert (judge.chances(items, encoded, ["en", "ru"]) == plain).all()
    assert judge.version == f"mine+{neutral.digest[:12]}"
    assert judge.languages == base.languages
    bias = Adapter(base.version, np.zeros(size), np.zeros((size, 3)), np.array([0.0, 50.0, 0.0]))
    moved = AdaptedJudge(base, bias, "mine").chances(items, encoded, ["en", "ru"])
    assert (moved.argmax(axis=1) == 1).all()


def test_a_head_of_another_model_is_refused(encoder: Encoder) -> None:
    head = Adapter("older+123", np.zeros(384), np.zeros((384, 3)), np.zeros(3))
    with pytest.raises(ModelError, match=r"mine was fitted on older\+123, and the model is molva"):
        AdaptedJudge(ShippedJudge(encoder), head, "mine")
