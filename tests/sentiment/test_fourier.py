"""Columns that let a linear classifier bend."""

import numpy as np
import pytest

from sentiment.classifier import fit, unit
from sentiment.fourier import REACH, WEIGHT, fourier_columns


def test_products_are_a_kernel_of_the_distance() -> None:
    rows = unit(np.random.default_rng(5).normal(size=(40, 64)))
    columns = fourier_columns(rows)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    kernel = WEIGHT**2 * np.exp(-((REACH * distances) ** 2) / 2)
    assert columns @ columns.T == pytest.approx(kernel, abs=0.25)


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    rows = unit(np.random.default_rng(5).normal(size=(33, 384)))
    together = fourier_columns(rows)
    for at, row in enumerate(rows):
        assert (fourier_columns(row[None])[0] == together[at]).all()


def test_with_them_a_classifier_tells_the_middle_from_both_ends() -> None:
    # A plane parts only one end from the rest.
    angles = np.random.default_rng(5).uniform(-1.5, 1.5, 300)
    rows = unit(np.column_stack([np.cos(angles), np.sin(angles)]))
    classes = (np.abs(angles) < 0.6).astype(int)
    others = np.column_stack([rows[:, 1], np.ones(len(rows))])
    weights = np.ones(len(rows))

    flat = fit(others, classes.tolist(), weights)
    bent = fit(np.hstack([others, fourier_columns(rows)]), classes.tolist(), weights)

    assert bent.loss < flat.loss / 3
