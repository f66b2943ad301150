"""What was learnt from a taxonomy file, kept beside it: the next start need not fit it again.

Thousands of examples take a minute and gigabytes. The file is read only if it was made by this very
model, taxonomy and way of reading; else it is written anew. Whoever deletes it loses nothing.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sentiment import signals
from sentiment.classifier import Classifier
from sentiment.encoder import Encoder
from sentiment.learn import Fitted, fit_key, learn, shipped_fit
from sentiment.likeness import Likeness
from sentiment.taxonomy import LANGUAGES, Taxonomy

log = logging.getLogger(__name__)


def learnt(encoder: Encoder, taxonomy: Taxonomy) -> Fitted | Likeness:
    """What a taxonomy teaches: shipped, kept from an earlier start, or learnt now and kept."""
    if shipped := shipped_fit(encoder, taxonomy):
        return shipped
    place = None if taxonomy.few else kept_at(taxonomy)
    if place is None:
        return learn(encoder, taxonomy)
    key = f"{fit_key(encoder, taxonomy)} {signals.version()}"
    if (kept := _read(place, key)) is not None:
        return kept
    log.info(f"fitting the examples of {taxonomy.source}: a minute or two, once")
    fitted = learn(encoder, taxonomy)
    assert isinstance(fitted, Fitted)  # noqa: S101 - it has more than few examples
    _write(place, key, fitted)
    # What is kept is rounded: the first start must label as all later ones do.
    return _read(place, key) or fitted


def kept_at(taxonomy: Taxonomy) -> Path | None:
    """Where a fit is kept: `causes.fit.npz` beside `causes.toml`."""
    return taxonomy.source.with_suffix(".fit.npz") if taxonomy.source else None


def _read(place: Path, key: str) -> Fitted | None:
    if not place.is_file():
        return None
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return None
            classifier = Classifier(kept["weights"], kept["bias"], float(kept["loss"]))
            return Fitted(classifier, {lang: kept[f"centre_{lang}"] for lang in LANGUAGES})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        log.warning(f"{place} is damaged and will be made again: {error}")
        return None


def _write(place: Path, key: str, fitted: Fitted) -> None:
    """Write the file whole or not at all; where nothing may be written the next start fits anew."""
    partial = place.with_name(f"{place.stem}.{os.getpid()}.part.npz")
    classifier = fitted.classifier
    centres = {f"centre_{lang}": own for lang, own in fitted.centres.items()}
    arrays = {"weights": classifier.weights, "bias": classifier.bias, **centres}
    try:
        np.savez_compressed(
            partial,
            allow_pickle=False,
            key=np.array(key),
            loss=np.array(classifier.loss),
            **{name: array.astype(np.float32) for name, array in arrays.items()},
        )
        partial.replace(place)
    except OSError as error:
        partial.unlink(missing_ok=True)
        log.warning(f"{place} cannot be written, so each start fits the examples anew: {error}")
