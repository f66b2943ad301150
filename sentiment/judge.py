"""Who says whether a text is unhappy: the shipped model, or another one in its place.

Causes always come from the shipped encoder; sentiment comes from a `Judge`, so that a head fitted
on a user's corrections or a model from elsewhere can take that part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import Text


class Judge(Protocol):
    """What the labeller asks of a sentiment model.

    Attributes:
        version: name and content hash, kept with every label.
        languages: ISO 639-1 codes it may be asked about.
        confidence_floor: a highest probability below it marks a label as unsure.
    """

    version: str
    languages: frozenset[str]
    confidence_floor: float

    def chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> NDArray[np.float64]:
        """Calibrated probabilities [n, 3]: negative, neutral, positive.

        `encoded` is what the shipped encoder made of the same texts, in the same order.
        """


class ShippedJudge:
    """The sentiment heads of the shipped model, calibrated by language."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.version = encoder.version
        self.languages = encoder.languages
        self.confidence_floor = encoder.settings.confidence_floor

    def chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> NDArray[np.float64]:
        """Calibrated probabilities [n, 3] from the logits the encoder has made already."""
        del items
        result = np.empty((len(encoded), 3), dtype=np.float64)
        kinds = [(lang, own.targeted) for lang, own in zip(langs, encoded, strict=True)]
        for lang, targeted in set(kinds):
            rows = [row for row, kind in enumerate(kinds) if kind == (lang, targeted)]
            logits = np.stack([encoded[row].logits for row in rows])
            calibration = self._encoder.calibration(lang, targeted=targeted)
            result[rows] = calibration.probabilities(logits)
        return result
