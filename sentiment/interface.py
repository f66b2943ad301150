"""The values that enter and leave the sentiment room.

`Text` goes in, `Label` comes out; nothing here knows where a text came from or where its label
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sentiment = Literal["negative", "neutral", "positive", "unscored"]
Polarity = Literal["negative", "positive"]


class ModelError(Exception):
    """A model or taxonomy cannot be used; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to label.

    Attributes:
        lang: the language its author declared (ISO 639-1), if known.
        target: the brand to judge the text towards; `None` judges the message.
        aliases: how else the text names the target: the words a query matched, say.
    """

    id: str
    text: str
    lang: str | None = None
    target: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The target and its aliases; none without a target."""
        return (self.target, *self.aliases) if self.target else ()


@dataclass(frozen=True, slots=True)
class CauseLink:
    """A cause or driver found in a text, with the passage that shows it.

    Attributes:
        probability: calibrated, 0 to 1.
        evidence: exactly `text[start:end]` of the original text.
        start: offset in characters of the original text, inclusive.
        end: offset in characters, exclusive.
    """

    cause: str
    polarity: Polarity
    probability: float
    evidence: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label:
    """What the model says of one text; probabilities are calibrated and sum to one.

    A text outside the model's languages is `unscored`: no probabilities, no causes. A label below
    the confidence floor keeps its class and is marked `low_confidence`.
    """

    id: str
    lang: str
    lang_confidence: float
    sentiment: Sentiment
    p_negative: float | None
    p_neutral: float | None
    p_positive: float | None
    low_confidence: bool
    causes: tuple[CauseLink, ...]
    model_version: str
    taxonomy_version: str
