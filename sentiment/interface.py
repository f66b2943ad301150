"""The values that enter and leave the sentiment room.

`Text` goes in, `Label` comes out; nothing here knows where a text came from or where its label
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sentiment = Literal["negative", "neutral", "positive", "unscored"]
Polarity = Literal["negative", "positive"]

Stage = Literal[
    "choosing", "paying", "delivery", "first_contact", "use", "support", "renewing", "leaving"
]
"""Where in a customer's journey something happened."""

Expectation = Literal["broken_promise", "unmet_default", "wow"]
"""A promise not kept, less than anybody may expect, or more than was expected."""

Intent = Literal[
    "leaving", "switched", "warns", "recommends", "asks_help", "threatens", "requests_feature"
]
"""What the writer does or is about to do."""


class ModelError(Exception):
    """A model or taxonomy cannot be used; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to label.

    Attributes:
        lang: the language its author declared (ISO 639-1), if known.
        target: the brand to judge the text towards; `None` judges the message.
        aliases: how else the text names the target: the words a query matched, say.
        others: how it names other brands that are watched, whose causes are not the target's.
    """

    id: str
    text: str
    lang: str | None = None
    target: str | None = None
    aliases: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

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
        stage: where in the journey the evidence happened; None if that is not clear.
        expectation: what the evidence says of what was expected; mostly nothing.
        severity: of a complaint, 1 (mild annoyance) to 4 (danger); None for praise.
    """

    cause: str
    polarity: Polarity
    probability: float
    evidence: str
    start: int
    end: int
    stage: Stage | None = None
    expectation: Expectation | None = None
    severity: int | None = None


@dataclass(frozen=True, slots=True)
class IntentLink:
    """What the writer is about to do, with the passage that says it.

    Attributes:
        probability: calibrated, 0 to 1.
        evidence: exactly `text[start:end]` of the original text.
        rival: to whom the writer has switched, as the text spells it; None if it does not say.
    """

    intent: Intent
    probability: float
    evidence: str
    start: int
    end: int
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the clauses of a text say: causes and drivers, and intents; most probable first."""

    causes: tuple[CauseLink, ...] = ()
    intents: tuple[IntentLink, ...] = ()


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
    intents: tuple[IntentLink, ...] = ()
