"""How texts of one cause differ anyway, taken out: what a handful of examples cannot tell.

Six examples do not show in which directions texts of one cause differ (length, tone, the thing
complained of); the hundreds of other trades do. Within-class covariance normalisation (Hatch,
Kajarekar & Stolcke 2006, "Within-class covariance normalization for SVM-based speaker
recognition") divides each direction by how much it varies there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import products, unit

Floats = NDArray[np.float64]

SHRINK = 0.2
"""What is added to the variance in each direction, as a share of the mean one."""


def whitening_by(apart: Floats) -> Floats:
    """The inverse root [H, H] of the covariance of rows' distances [n, H] from their class."""
    variances, axes = np.linalg.eigh(apart.T @ apart / len(apart))
    matrix: Floats = (axes * (variances + SHRINK * variances.mean()) ** -0.5) @ axes.T
    return matrix


def beside_whitened(rows: Floats, whitening: Floats) -> Floats:
    """Rows [n, 2 H]: unit rows [n, H], and beside them the same whitened, at unit length again."""
    return np.hstack([rows, unit(products(rows, whitening))])
