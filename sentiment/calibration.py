"""From logits to probabilities that mean what they say: a temperature and an offset a class.

p = softmax(logits / temperature + offsets), one pair per language (temperature scaling of Guo et
al. 2017 with the class offsets of vector scaling). Fitted on validation texts by Newton's method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`temperature` > 0 divides the logits, `offsets` [3] are added after."""

    temperature: float = 1.0
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def probabilities(self, logits: NDArray[np.floating]) -> Floats:
        """Probabilities [n, 3] of logits [n, 3]."""
        scaled = np.asarray(logits, dtype=np.float64) / self.temperature + np.array(self.offsets)
        return softmax(scaled)

    def as_dict(self) -> dict[str, float | list[float]]:
        """The form kept in the model's `config.json`."""
        return {"temperature": self.temperature, "offsets": list(self.offsets)}


def softmax(values: Floats) -> Floats:
    """Softmax over the last axis."""
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def read_calibrations(section: Mapping[str, object]) -> dict[str, Calibration]:
    """Calibrations by language from the `molva.calibration` section of a `config.json`.

    Raises:
        TypeError: an entry is not a table.
        ValueError: a temperature that is not positive or offsets that are not three numbers.
    """
    found: dict[str, Calibration] = {}
    for lang, entry in section.items():
        if not isinstance(entry, Mapping):
            raise TypeError(f"calibration of {lang} is not a table")
        offsets = [float(value) for value in entry.get("offsets", ())]
        temperature = float(entry.get("temperature", 0.0))
        if temperature <= 0 or len(offsets) != 3:
            raise ValueError(f"calibration of {lang} needs a temperature > 0 and three offsets")
        found[lang] = Calibration(temperature, (offsets[0], offsets[1], offsets[2]))
    return found


def fit(logits: Floats, labels: Sequence[int], weights: Floats | None = None) -> Calibration:
    """The calibration that minimises the (weighted) negative log-likelihood.

    `logits` is [n, 3], `labels` [n] class numbers, `weights` [n] how much each text counts. The
    model is linear in (1 / temperature, offsets), so the loss is convex and Newton's method finds
    its minimum. The last offset is fixed at zero, then all are centred.
    """
    count, classes = logits.shape
    share = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share / share.sum()
    wanted = np.eye(classes)[np.asarray(labels)]
    # Derivative of the scaled logits by each of (1 / temperature, first offset, second offset).
    slopes = np.zeros((classes, count, classes))
    slopes[0] = logits
    slopes[1, :, 0] = 1.0
    slopes[2, :, 1] = 1.0
    parameters = np.array([1.0, 0.0, 0.0])
    for _ in range(100):
        chance = softmax(np.einsum("k,knc->nc", parameters, slopes))
        gradient = np.einsum("knc,nc,n->k", slopes, chance - wanted, share)
        mean = np.einsum("knc,nc->kn", slopes, chance)
        curve = np.einsum("knc,nc,jnc,n->kj", slopes, chance, slopes, share)
        curve -= np.einsum("kn,jn,n->kj", mean, mean, share)
        step = np.linalg.solve(curve + 1e-9 * np.eye(classes), gradient)
        parameters = parameters - step
        parameters[0] = max(parameters[0], 0.05)
        if np.abs(step).max() < 1e-9:
            break
    offsets = np.append(parameters[1:], 0.0)
    offsets -= offsets.mean()
    first, second, third = (round(float(value), 6) for value in offsets)
    return Calibration(round(float(1 / parameters[0]), 6), (first, second, third))
