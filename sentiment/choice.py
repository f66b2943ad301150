"""Which models label: the shipped one, one made by Molva's recipe, or one from elsewhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.foreign import (
    ForeignJudge,
    ForeignOptions,
    HubUnreachableError,
    TargetUse,
    is_hub_id,
)
from sentiment.interface import ModelError
from sentiment.judge import Judge, ShippedJudge
from sentiment.label_names import SentimentClass
from sentiment.labeller import Labeller
from sentiment.model_files import SUMS
from sentiment.taxonomy import Taxonomy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a user chose; with nothing said, the shipped model.

    Attributes:
        model: a folder or a hub id (`owner/name`).
        start: what a relative folder starts from.
        fallback: `shipped` labels with the shipped model while the hub cannot be reached.

    The other attributes are those of `ForeignOptions`; languages default to the shipped model's.
    """

    model: str | None = None
    start: Path = Path()
    revision: str | None = None
    languages: frozenset[str] = frozenset()
    labels: Mapping[str, SentimentClass] = field(default_factory=dict)
    target: TargetUse = "ignore"
    fallback: Literal["shipped"] | None = None

    @property
    def folder(self) -> Path | None:
        """The folder the model is in, or `None` for a hub id or the shipped model.

        Raises:
            ModelError: it is neither a folder nor of the form of a hub id.
        """
        if self.model is None:
            return None
        path = self.start / Path(self.model).expanduser()
        if path.is_dir():
            return path
        if is_hub_id(self.model):
            return None
        raise ModelError(
            f"there is no folder {path}, and {self.model!r} is not a hub id (owner/name): correct "
            "[sentiment] model"
        )


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models: the encoder finds causes, the judge says the sentiment.

    Attributes:
        note: why the judge is not the one that was asked for, else empty.
    """

    encoder: Encoder
    judge: Judge
    note: str = ""

    def labeller(self, taxonomy: Taxonomy) -> Labeller:
        """A labeller with these models and a taxonomy."""
        return Labeller(self.encoder, CauseFinder(self.encoder, taxonomy), self.judge)


def load_models(choice: ModelChoice) -> Models:
    """Load what was chosen.

    Raises:
        ModelError: it cannot be used; the message says why and what to do.
    """
    folder = choice.folder
    if choice.model is None or (folder is not None and _is_molvas_own(folder)):
        if choice.labels or choice.languages:
            raise ModelError(
                f"{choice.model}: a model of Molva's own knows its labels and languages; take "
                "labels and languages out of [sentiment]"
            )
        encoder = Encoder.load(folder)
        return Models(encoder, ShippedJudge(encoder))
    encoder = Encoder.load()
    options = ForeignOptions(
        choice.revision, choice.languages or encoder.languages, choice.labels, choice.target
    )
    try:
        judge = ForeignJudge.load(choice.model, folder, options)
    except HubUnreachableError as error:
        if choice.fallback != "shipped":
            raise
        note = f"labelling with the shipped model {encoder.version} instead: {error}"
        log.warning(note)
        return Models(encoder, ShippedJudge(encoder), note)
    # The causes are the shipped model's, so a label's version names both.
    judge.version += "+" + encoder.version.rpartition("+")[2]
    return Models(encoder, judge)


def _is_molvas_own(folder: Path) -> bool:
    """Whether the recipe made the folder: it has sums, or its configuration a `molva` section."""
    if (folder / SUMS).is_file():
        return True
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "molva" in config
