import numpy as np
import pytest

from sentiment.classifier import Classifier, centred, fit, products, softmax, unit


def logits(model: Classifier, rows: np.ndarray) -> np.ndarray:
    return rows @ model.weights + model.bias


def blobs(count: int, spread: float, seed: int = 3) -> tuple[np.ndarray, list[int]]:
    """Three classes around three directions of a cone, as embeddings of one encoder lie."""
    rng = np.random.default_rng(seed)
    common = np.full(40, 1.0)
    middles = common + rng.normal(size=(3, 40)) * 0.3
    classes = [number % 3 for number in range(count)]
    rows = middles[classes] + rng.normal(size=(count, 40)) * spread
    return centred(rows, unit(middles).mean(axis=0)), classes


def test_a_handful_of_examples_is_enough_for_apart_classes() -> None:
    rows, classes = blobs(18, 0.1)
    new, wanted = blobs(300, 0.1)
    found = logits(fit(rows, classes, np.ones(18)), new).argmax(axis=1)
    assert (found == wanted).mean() > 0.97


def test_leave_one_out_loss_is_that_of_fits_without_the_example() -> None:
    rows, classes = blobs(12, 0.3)
    close, far = (fit(blobs(12, s)[0], classes, np.ones(12)).loss for s in (0.05, 0.8))
    assert close < fit(rows, classes, np.ones(12)).loss < far


def test_probabilities_mean_what_they_say_on_unseen_rows() -> None:
    rows, classes = blobs(90, 0.45)
    new, wanted = blobs(3000, 0.45)
    chances = softmax(logits(fit(rows, classes, np.ones(90)), new))
    sure = chances.max(axis=1)
    right = chances.argmax(axis=1) == wanted
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 1.01)):
        part = (sure >= low) & (sure < high)
        if part.sum() > 100:
            assert right[part].mean() == pytest.approx(sure[part].mean(), abs=0.1)


def test_a_class_with_more_examples_does_not_swallow_the_others() -> None:
    rows, classes = blobs(60, 0.1)
    few = [at for at, own in enumerate(classes) if own != 2 or at < 9]
    kept = [classes[at] for at in few]
    new, wanted = blobs(300, 0.1)
    model = fit(rows[few], kept, np.ones(len(few)))
    assert (logits(model, new).argmax(axis=1) == wanted).mean() > 0.95


def test_length_of_an_embedding_says_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(4, 40))
    centre = np.full(40, 0.1)
    assert centred(rows * 7, centre) == pytest.approx(centred(rows, centre))
    assert np.isfinite(centred(np.zeros((1, 40)), np.zeros(40))).all()


def test_it_is_never_worse_than_what_the_shares_of_the_classes_tell() -> None:
    for seed in range(178, 190):
        dice = np.random.default_rng(seed)
        count, classes, width = (int(dice.integers(*s)) for s in ((20, 300), (2, 5), (2, 400)))
        numbers = dice.integers(0, classes, count)
        numbers[:classes] = range(classes)
        rows = unit(
            dice.normal(size=(count, width)) + 3 * (seed % 2) * np.eye(classes, width)[numbers]
        )
        weights = np.where(numbers == classes - 1, dice.uniform(0.01, 1), 1.0)
        shares = np.bincount(numbers, weights) / weights.sum()
        least = -float(shares @ np.log(shares))
        assert fit(rows, numbers.tolist(), weights).loss < 1.3 * least, seed


def test_columns_that_hold_nothing_change_nothing() -> None:
    # With more columns than rows the smaller of both products is taken apart.
    rows, classes = blobs(30, 0.4)
    narrow, wide = rows[:, :20], np.hstack([rows[:, :20], np.zeros((30, 30))])
    fitted, padded = (fit(own, classes, np.ones(30)) for own in (narrow, wide))
    assert logits(padded, wide) == pytest.approx(logits(fitted, narrow), abs=1e-6)
    assert padded.loss == pytest.approx(fitted.loss)


def test_a_product_does_not_depend_on_the_other_rows() -> None:
    rng = np.random.default_rng(17)
    rows, matrix = rng.normal(size=(70, 400)), rng.normal(size=(400, 30))
    together = products(rows, matrix)
    assert np.array_equal(together, np.vstack([products(row[None], matrix) for row in rows]))
    assert np.abs(together - rows @ matrix).max() < 1e-3
    assert products(rows[:0], matrix).shape == (0, 30)
    assert not products(np.zeros((2, 400)), matrix).any()
