"""Fit the shipped taxonomy on the shipped model: `python -m sentiment.training.fit_causes`.

To be run after a change of either; a test fails until it is. Without the file it writes, every
start of the program would encode all examples anew.
"""

from __future__ import annotations

import sys

import numpy as np

from sentiment.causes import SHIPPED_FIT, fit_key, learn
from sentiment.encoder import Encoder
from sentiment.taxonomy import Taxonomy


def main() -> None:
    """Write `sentiment/taxonomy.npz`."""
    encoder, taxonomy = Encoder.load(), Taxonomy.load()
    fitted = learn(encoder, taxonomy)
    np.savez_compressed(
        SHIPPED_FIT,
        key=np.array(fit_key(encoder, taxonomy)),
        weights=fitted.classifier.weights.astype(np.float32),
        bias=fitted.classifier.bias.astype(np.float32),
        loss=np.array(fitted.classifier.loss),
        centre_en=fitted.centres["en"].astype(np.float32),
        centre_ru=fitted.centres["ru"].astype(np.float32),
    )
    sys.stdout.write(f"{SHIPPED_FIT}: leave-one-out loss {fitted.classifier.loss:.3f}\n")


if __name__ == "__main__":
    main()
