"""What the tables of the causes report are made of: the table itself, and cells in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from reports.words import Words


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """A table; `notes` stand under the row of the same place, columns of `left` hold words.

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


def mostly(causes: Sequence[tuple[str, int]], words: Words, name: Callable[[str], str]) -> str:
    """Causes with their stories."""
    return ", ".join(f"{name(cause)} {words.number(count)}" for cause, count in causes)


def times_usual(words: Words, estimate: tuple[float, float, float]) -> str:
    """A ratio with the ends of its interval."""
    value, low, high = (words.ratio(own) if isfinite(own) else "∞" for own in estimate)
    return f"{value} ({words.span(low, high)})"
