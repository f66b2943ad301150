"""What a person says of a mention, and files of it: CSV or JSON Lines, one wish a row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from molva.cli.common import CommandError

_ID_COLUMNS = ("mention", "mention_id", "id", "url")
NO_CAUSES = "none"
"""What a file writes for "no cause applies"; an empty field leaves them to the model."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody says of a mention: None leaves a part to the model.

    `added` and `dropped` change the causes it has now instead of naming all of them.
    """

    mention: str
    brand: str | None
    sentiment: str | None
    causes: tuple[str, ...] | None
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def changes_causes(self) -> bool:
        """Whether it changes the causes there are."""
        return bool(self.added or self.dropped)

    @property
    def says_something(self) -> bool:
        """Whether it takes any part from the model."""
        return self.sentiment is not None or self.causes is not None or self.changes_causes


def read_rows(name: str, stream: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a CSV or JSON Lines file with their line numbers; told apart by the first line.

    Raises:
        CommandError: the header or a JSON line cannot be read.
    """
    lines = iter(stream)
    first = next(lines, "")
    if first.lstrip().startswith("{"):
        for number, line in enumerate((first, *lines), start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise CommandError(f"{name}:{number}: not JSON: {error}; nothing kept") from error
            if not isinstance(value, dict):
                raise CommandError(f"{name}:{number}: not a JSON object; nothing kept")
            yield number, value
        return
    header = next(csv.reader([first]), [])
    names = [column.strip().casefold() for column in header]
    if not set(names) & set(_ID_COLUMNS) or not {"sentiment", "causes"} & set(names):
        raise CommandError(
            f"{name}:1: the header must name mention (or mention_id, id, url), and sentiment or "
            "causes; brand, too, where a mention has several"
        )
    table = csv.DictReader(lines, fieldnames=names)
    for row in table:
        yield table.line_num + 1, row


def wish_of(row: Mapping[str, Any], brand: str | None) -> Wish:
    """What a row says, of `brand` where it names none.

    Raises:
        CommandError: it names no mention, or says nothing of it.
    """
    place = next((row[name] for name in _ID_COLUMNS if row.get(name) not in {None, ""}), None)
    if place is None:
        raise CommandError("it names no mention")
    sentiment = str(row.get("sentiment") or "").strip().casefold() or None
    causes = _causes(row.get("causes"))
    if sentiment is None and causes is None:
        raise CommandError("it says neither sentiment nor causes")
    return Wish(str(place).strip(), str(row.get("brand") or "").strip() or brand, sentiment, causes)


def _causes(value: object) -> tuple[str, ...] | None:
    """Causes as a list, as an export writes them, or separated by commas, bars or semicolons."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise CommandError(f"its causes are not JSON: {error}") from error
    if isinstance(value, list):
        named = [item.get("cause_id") if isinstance(item, dict) else item for item in value]
        return tuple(str(item) for item in named)
    written = str(value or "").replace(";", ",").replace("|", ",").split(",")
    parts = tuple(part.strip() for part in written if part.strip())
    if not parts:
        return None
    return () if parts == (NO_CAUSES,) else parts


def in_words(wish: Wish) -> str:
    """A wish in words."""
    if not wish.says_something:
        return "left to the model again"
    sentiment = wish.sentiment or "sentiment as the model sees it"
    if wish.changes_causes:
        signs = [*(f"+{own}" for own in wish.added), *(f"-{own}" for own in wish.dropped)]
        return f"{sentiment}, causes {' '.join(signs)}"
    if wish.causes is None:
        return f"{sentiment}, causes as the model sees them"
    return f"{sentiment}, {', '.join(wish.causes) or 'no causes'}"
