"""What an alert's thread has told so far, and which series would be news in it. Pure.

An open thread must not hide the next crisis, nor tell one crisis once for each series it lifts. So
a series is news if no message named it and what was named does not explain it: a wave of negative
posts lifts the number of all posts, and each of its causes by the part that is usual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from reports.explain import ABOUT_ALL, CAUSES_TOLD
from reports.series import PARTS, Habits, calm, series_of
from reports.signals import Signal
from reports.usual import SIZE, Board
from store.alert_rows import AlertEventRow

Series = tuple[str, str]
"""Kind and subject, as in `Signal`."""

CLEAR_LEAD: Final = 1.5
"""A cause is the new main one if so many times more stories name it than any told before."""
MORE_THAN_USUAL: Final = 1.25
"""A part stands out by itself if its share of the negative stories is so many times the usual one,
and that of any message that listed it."""
_LISTS: Final = {"cause": "causes", "product": "products", "place": "places"}
_IDS: Final = {"cause": "cause", "product": "facet", "place": "facet"}
_NEGATIVE: Final = frozenset({"negative_count", "negative_share"})


@dataclass(frozen=True)
class Thread:
    """An alert's messages so far.

    Attributes:
        kind: of the series that opened it; `subject` is the id of its cause, product or place.
        events: the messages, in order.
    """

    kind: str
    subject: str
    events: Sequence[AlertEventRow]

    @cached_property
    def named(self) -> frozenset[Series]:
        """The series that some message named as standing out."""
        told = {series for event in self.events for series in _others(event.facts)}
        return frozenset({(self.kind, self.subject), *told})

    @cached_property
    def joined(self) -> dict[Series, datetime]:
        """The series that joined after the opening, and when they were told."""
        return {
            series: event.at
            for before, event in zip(self.events, self.events[1:], strict=False)
            if event.facts.get("why") == "joined"
            for series in _others(event.facts)
            if series not in _others(before.facts)
        }

    @property
    def joined_at(self) -> datetime | None:
        """When a series last joined."""
        return max(self.joined.values(), default=None)

    def is_calm(
        self,
        board: Board,
        started_at: datetime,
        back: Callable[[datetime], int],
        widths: tuple[int, ...] = (),
    ) -> bool:
        """Whether the series that opened it, and all that joined it, are as usual again.

        A silence is over with the first mention, whatever joined it.

        Args:
            back: how many buckets ago a moment was; `widths` are those of `reports.series.calm`.
        """
        joined = {} if self.kind == "silence" else self.joined
        since = {(self.kind, self.subject): started_at, **joined}
        return all(
            calm(
                board,
                *series,
                min(SIZE, back(at if series[0] == "silence" else started_at)),
                widths,
            )
            for series, at in since.items()
        )

    @cached_property
    def causes(self) -> frozenset[str]:
        """The causes that were told as the main one, or as standing out."""
        led = {
            str(event.facts["causes"][0]["cause"])
            for event in self.events
            if event.facts.get("causes") and event.facts["causes"][0]["mentions"] >= 2
        }
        return frozenset({*led, *(subject for kind, subject in self.named if kind == "cause")})

    def new_leader(self, counts: Mapping[str, int], minimum: int) -> str:
        """The cause that has come to lead and was never told; empty if there is none.

        Args:
            counts: stories since the alert began by the cause they name.
            minimum: fewer of them make no news.
        """
        leader = max(counts, key=lambda cause: (counts[cause], cause), default="")
        told = max((counts.get(cause, 0) for cause in self.causes), default=0)
        clear = leader and counts[leader] >= max(minimum, CLEAR_LEAD * told)
        return leader if clear and leader not in self.causes else ""

    def is_news(self, signal: Signal, board: Board, usual: Habits, minimum: int) -> bool:
        """Whether a series that stands out is another thing than what was told."""
        if (signal.kind, signal.subject) in self.named:
            return False
        if signal.kind in PARTS.values():
            return self._is_new_part(signal, board, usual, minimum)
        if signal.kind == "author":
            return signal.observed > self._widest_told
        if signal.kind == "volume":
            return not _explained(signal, board, "negative")
        return signal.kind not in _NEGATIVE or self._is_first_negative(signal, board)

    def _is_first_negative(self, signal: Signal, board: Board) -> bool:
        """Whether more negative stories than usual are another thing than what was told."""
        if any(kind in _NEGATIVE for kind, _ in self.named) or any(
            2 * int(event.facts.get("negative") or 0) > int(event.facts.get("stories") or 0)
            for event in self.events
        ):
            return False
        parts = [series_of(*series) for series in self.named if series[0] in PARTS.values()]
        opened_by_part = self.kind in PARTS.values()
        return not (opened_by_part and any(_explained(signal, board, part) for part in parts))

    def _is_new_part(self, signal: Signal, board: Board, usual: Habits, minimum: int) -> bool:
        """Whether a cause, product or place has more than was told, and more than its share."""
        if signal.kind == "cause" and signal.subject in self.causes:
            return False
        listed = [(_listed(event.facts, signal), event.facts) for event in self.events]
        told = max((number for number, _ in listed), default=0)
        if told and signal.observed < max(2 * told, told + minimum):
            return False
        all_usual = usual.counts.expected(signal.width)[usual.counts.names.index("negative")]
        shares = [number / max(int(facts.get("negative") or 0), 1) for number, facts in listed]
        share = max(signal.expected / float(all_usual), *shares)
        negative = float(board.row("negative")[-signal.width :].sum())
        return signal.observed > MORE_THAN_USUAL * share * negative

    @property
    def _widest_told(self) -> int:
        """The widest reach of a negative author that some message told."""
        told = [
            int(detail or 0)
            for event in self.events
            for why, detail in _reasons(event.facts)
            if why == "big_author"
        ]
        if self.kind not in ABOUT_ALL:
            told += [int(event.facts.get("widest_reach") or 0) for event in self.events]
        return max(told, default=0)


def told_of(board: Board, began: int) -> dict[str, Any]:
    """What a message counts of the newest `began` buckets, as a thread reads it from its facts."""
    counts = {name: int(row[-began:].sum()) for name, row in board.counts.items()}
    listed = {
        _LISTS[kind]: [
            {_IDS[kind]: name.removeprefix(prefix), "mentions": counts[name]}
            for name in sorted(counts, key=lambda name: (-counts[name], name))
            if name.startswith(prefix) and counts[name]
        ]
        for prefix, kind in PARTS.items()
    }
    return {
        **listed,
        "causes": listed["causes"][:CAUSES_TOLD],
        "negative": counts.get("negative", 0),
        "stories": counts.get("volume", 0),
        "widest_reach": int(board.row("author")[-began:].max(initial=0)),
    }


def _others(facts: Mapping[str, Any]) -> set[Series]:
    """The series that a message named besides the one that opened the thread."""
    return {(str(other["kind"]), str(other["subject"])) for other in facts.get("others") or ()}


def _reasons(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Why a message was sent, with its details."""
    first = (str(facts.get("why") or ""), str(facts.get("detail") or ""))
    return [first, *((str(why), str(detail)) for why, detail in facts.get("also") or ())]


def _listed(facts: Mapping[str, Any], signal: Signal) -> int:
    """How many stories a message counted for a cause, product or place; 0 if it is not in it."""
    rows = facts.get(_LISTS[signal.kind]) or ()
    id_ = _IDS[signal.kind]
    return next((int(row["mentions"]) for row in rows if row[id_] == signal.subject), 0)


def _explained(signal: Signal, board: Board, part: str) -> bool:
    """Whether at least half of what is more than usual belongs to a part of the series."""
    seen = float(board.row(part)[-signal.width :].sum())
    return seen >= (signal.observed - signal.expected) / 2
