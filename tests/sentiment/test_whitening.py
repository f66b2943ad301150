from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import unit
from sentiment.whitening import beside_whitened, whitening_by


def test_whitening_takes_out_how_texts_of_one_cause_differ() -> None:
    rng = np.random.default_rng(17)
    causes = np.repeat(np.arange(4), 50)
    meant = np.pad(rng.normal(size=(4, 3)) * 1.5, ((0, 0), (0, 5)))[causes]
    noise = np.pad(rng.normal(size=(200, 5)), ((0, 0), (3, 0))) * 3
    rows = meant + noise + rng.normal(size=(200, 8)) * 0.1
    apart = rows - np.stack([rows[causes == cause].mean(axis=0) for cause in range(4)])[causes]

    whitened = beside_whitened(unit(rows), whitening_by(apart))[:, 8:]

    def right(seen: NDArray[np.float64]) -> float:
        """How often the nearest other row is of the same cause."""
        near = seen @ seen.T - 9 * np.eye(len(seen))
        return float(np.mean(causes[near.argmax(axis=1)] == causes))

    assert right(unit(rows)) < 0.7
    assert right(whitened) > 0.8
