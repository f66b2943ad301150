"""What the tables of the causes report are made of: the table itself, and cells in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from babel.dates import format_datetime

from reports.words import Words


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


def mostly(causes: Sequence[tuple[str, int]], words: Words, name: Callable[[str], str]) -> str:
    """Causes with their stories."""
    return ", ".join(f"{name(cause)} {words.number(count)}" for cause, count in causes)


def times_usual(words: Words, estimate: tuple[float, float, float]) -> str:
    """A ratio with the ends of its interval."""
    value, low, high = (words.ratio(own) if isfinite(own) else "∞" for own in estimate)
    return f"{value} ({words.span(low, high)})"
