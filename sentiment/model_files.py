"""Finding the files of a model, proving that they are whole, and reading its settings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.calibration import Calibration, read_calibrations
from sentiment.interface import ModelError

SHIPPED = Path(__file__).parent / "models" / "molva-1"
"""The model that comes with the package."""

SUMS = "SHA256SUMS"
_REINSTALL = "reinstall molva (or `git checkout` the file) to get it back"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The `molva` section of a model's `config.json`.

    Attributes:
        calibrations: by language.
        target_calibrations: those of logits towards a target, in a model that has them.
    """

    name: str
    languages: frozenset[str]
    calibrations: dict[str, Calibration]
    target_calibrations: dict[str, Calibration]
    max_length: int
    confidence_floor: float
    pad_id: int


def verify(folder: Path) -> str:
    """Check every file of `folder` against its `SHA256SUMS`; return the model's content hash.

    The hash (hex) covers the sums, and so all files named in them.

    Raises:
        ModelError: a file is missing or differs; the message names it, both sums and the fix.
    """
    sums = folder / SUMS
    if not sums.is_file():
        raise ModelError(f"{sums} is missing: {folder} is not a model folder; {_REINSTALL}")
    content = sums.read_bytes()
    for line in content.decode("utf-8", "replace").splitlines():
        expected, _, name = line.partition("  ")
        path = folder / name
        if not name or not path.is_file():
            raise ModelError(f"{path} is missing (named in {sums}); {_REINSTALL}")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise ModelError(
                f"{path} is damaged: its SHA-256 is {found}, expected {expected}; {_REINSTALL}"
            )
    return hashlib.sha256(content).hexdigest()


def read_settings(folder: Path) -> ModelSettings:
    """The settings of the model in `folder`.

    Raises:
        ModelError: `config.json` cannot be read or lacks what is needed.
    """
    path = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        section = config["molva"]
        return ModelSettings(
            name=str(section["name"]),
            languages=frozenset(section["languages"]),
            calibrations=read_calibrations(section["calibration"]),
            target_calibrations=read_calibrations(
                section.get("target_calibration", section["calibration"])
            ),
            max_length=int(section["max_length"]),
            confidence_floor=float(section["confidence_floor"]),
            pad_id=int(config["pad_token_id"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be used: {error!r}; {_REINSTALL}") from error
