"""Fit the shipped taxonomy and signals on the shipped model.

To be run after a change of any of them, as `python -m sentiment.training.fit_causes`; a test fails
until it is. Without the files it writes, every start of the program would encode all examples anew.
"""

from __future__ import annotations

import sys

import numpy as np

from sentiment import signals
from sentiment.encoder import Encoder
from sentiment.learn import (
    SHIPPED_FIT,
    Floats,
    fit_key,
    fitted,
)
from sentiment.taxonomy import Taxonomy
from sentiment.training.fit_likeness import fitted_measure


def main() -> None:
    """Write `sentiment/taxonomy.npz` and `sentiment/signals.npz`."""
    encoder, taxonomy = Encoder.load(), Taxonomy.load()
    known: dict[str, Floats] = {}
    own = fitted(encoder, taxonomy, known)
    measure = fitted_measure(encoder, known)
    background = measure.background
    assert background is not None  # noqa: S101 - it was measured
    scales = {"plain": measure.plain, "worded": measure.worded}
    np.savez_compressed(
        SHIPPED_FIT,
        key=np.array(fit_key(encoder, taxonomy)),
        weights=own.classifier.weights.astype(np.float32),
        bias=own.classifier.bias.astype(np.float32),
        loss=np.array(own.classifier.loss),
        centre_en=own.centres["en"].astype(np.float32),
        centre_ru=own.centres["ru"].astype(np.float32),
        general_en=measure.centres["en"].astype(np.float32),
        general_ru=measure.centres["ru"].astype(np.float32),
        whitening=measure.whitening.astype(np.float16),
        background=background[:, : len(measure.whitening)].astype(np.float16),
        likeness=np.array([[own.alone, *own.by_both.values()] for own in scales.values()]),
        allow_pickle=False,
        **{f"rarity_{of}": own for of, own in measure.rarity.items()},
    )
    sys.stdout.write(f"{SHIPPED_FIT}: leave-one-out loss {own.classifier.loss:.3f}; ")
    for way, own_scale in scales.items():
        for name, odds in (("alone", own_scale.alone), *own_scale.by_both.items()):
            sys.stdout.write(
                f"likeness, {way}, {name}: {odds.scale:.2f}, none {odds.none:.2f}, "
                f"background {odds.background:.2f}; "
            )
    sys.stdout.write("\n")
    heads = signals.learnt(encoder)
    signals.save(heads, encoder)
    losses = ", ".join(f"{group} {head.loss:.3f}" for group, head in heads.heads.items())
    sys.stdout.write(f"{signals.SHIPPED_FIT}: leave-one-out losses {losses}\n")


if __name__ == "__main__":
    main()
