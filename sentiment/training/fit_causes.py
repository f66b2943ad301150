"""Fit the shipped taxonomy and signals on the shipped model.

To be run after a change of any of them, as `python -m sentiment.training.fit_causes`; a test fails
until it is. Without the files it writes, every start of the program would encode all examples anew.
"""

from __future__ import annotations

import sys

import numpy as np

from sentiment import signals
from sentiment.encoder import Encoder
from sentiment.learn import SHIPPED_FIT, Floats, fit_key, learn, whitening_of
from sentiment.taxonomy import Taxonomy


def main() -> None:
    """Write `sentiment/taxonomy.npz` and `sentiment/signals.npz`."""
    encoder, taxonomy = Encoder.load(), Taxonomy.load()
    known: dict[str, Floats] = {}
    fitted = learn(encoder, taxonomy, known)
    np.savez_compressed(
        SHIPPED_FIT,
        key=np.array(fit_key(encoder, taxonomy)),
        weights=fitted.classifier.weights.astype(np.float32),
        bias=fitted.classifier.bias.astype(np.float32),
        loss=np.array(fitted.classifier.loss),
        centre_en=fitted.centres["en"].astype(np.float32),
        centre_ru=fitted.centres["ru"].astype(np.float32),
        whitening=whitening_of(encoder, taxonomy, known).astype(np.float16),
    )
    sys.stdout.write(f"{SHIPPED_FIT}: leave-one-out loss {fitted.classifier.loss:.3f}\n")
    own = signals.learnt(encoder)
    signals.save(own, encoder)
    losses = ", ".join(f"{group} {head.loss:.3f}" for group, head in own.heads.items())
    sys.stdout.write(f"{signals.SHIPPED_FIT}: leave-one-out losses {losses}\n")


if __name__ == "__main__":
    main()
