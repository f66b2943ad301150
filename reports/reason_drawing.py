"""What the tables of the causes report are made of: the table itself, and cells in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, isfinite, log10

from babel.dates import format_datetime

from reports.reason_stories import CauseStories
from reports.words import Words

_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """A table; `notes` are evidence for the row of the same place, columns of `left` hold words.

    Attributes:
        foot: lines below it.
        tight: it has many narrow columns, with little room between.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, ...], ...] = ()
    left: tuple[int, ...] = (0, 3)
    foot: tuple[str, ...] = ()
    tight: bool = False


def columns_of(words: Words, *keys: str) -> tuple[str, ...]:
    """Headings of columns."""
    return tuple(words.say(f"c_{key}") for key in keys)


def dated(at: datetime, words: Words) -> str:
    """Day, year, hour and minute in the reader's zone: a report may be of any year."""
    return format_datetime(at, format="d MMM y, HH:mm", tzinfo=words.zone, locale=words.lang)


def mostly(causes: Sequence[CauseStories], words: Words) -> str:
    """Causes with their stories."""
    return ", ".join(f"{own.name} {words.number(own.mentions)}" for own in causes)


def times_usual(words: Words, estimate: tuple[float, float, float]) -> str:
    """A ratio with the ends of its interval, of which none is rounded to the 1 that it is not."""
    value, low, high = estimate
    apart = low > 1 or high < 1
    ends = (_ratio(own, words, _MOST_DIGITS if apart else 2) for own in (low, high))
    return f"{_ratio(value, words, _MOST_DIGITS if apart else 1)} ({words.span(*ends)})"


def _ratio(ratio: float, words: Words, most: int) -> str:
    """A ratio; where it would be rounded to 1, with as many digits as show that it is not."""
    if not isfinite(ratio):
        return "∞"
    told = words.ratio(ratio)
    if told != words.ratio(1) or ratio == 1:
        return told
    return words.number(ratio, min(most, max(2, ceil(-log10(abs(ratio - 1))))))
