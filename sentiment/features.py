"""What the classifiers see of clauses: what they mean, the curves of that, and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import centred, products
from sentiment.fourier import fourier_columns
from sentiment.words import WordRows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Features:
    """Rows of three parts side by side: of H, `fourier.WIDTH` and `words.WIDTH` numbers.

    Attributes:
        meaning: embeddings without what their language adds to every text [n, H].
        curves: random Fourier features of the meaning.
        words: the words, mostly zeros.
    """

    meaning: Floats
    curves: NDArray[np.float32]
    words: WordRows

    @classmethod
    def of(
        cls,
        embeddings: NDArray[np.floating],
        langs: Sequence[str],
        centres: Mapping[str, Floats],
        words: WordRows,
    ) -> Features:
        """Features of embeddings [n, H] in languages [n] with a centre [H] each."""
        meaning = centred(embeddings, np.stack([centres[lang] for lang in langs]))
        return cls(meaning, fourier_columns(meaning), words)

    def times(self, matrix: Floats) -> Floats:
        """Products [n, K] with a matrix [width, K], exact as `classifier.products` are."""
        ends = np.cumsum([self.meaning.shape[1], self.curves.shape[1]])
        of_meaning, of_curves, of_words = np.split(matrix, ends)
        found = products(self.meaning, of_meaning)
        found += products(self.curves, of_curves)
        found += self.words.times(of_words)
        return found

    def without_words(self) -> Floats:
        """The rows' first two parts."""
        return np.hstack([self.meaning, self.curves])

    def dense(self) -> Floats:
        """The whole rows."""
        return np.hstack([self.meaning, self.curves, self.words.dense()])
