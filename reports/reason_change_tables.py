"""What changed and where, as tables: only what stands beyond chance, and out of how many."""

from __future__ import annotations

from reports.reason_changes import ChangeFact
from reports.reason_drawing import ReasonTable, columns_of, mostly, times_usual
from reports.reason_parts import By, PartFact
from reports.reasons import ReasonsFacts
from reports.statistics import Estimate
from reports.words import DASH, Words

SHOWN = 15
"""Changes of causes; the others are told of by their number."""


def change_table(facts: ReasonsFacts, words: Words) -> ReasonTable:
    """The causes and drivers that changed in a source, product or place."""
    found = [own for own in facts.changes if own.notable]
    rows = [
        (
            f"{own.name} {_arrow(own.ratio)}",
            words.say(f"dim_{own.by}", name=own.part),
            words.number(own.mentions),
            DASH if own.usual is None else words.number(own.usual, 1),
            _times(own, words),
        )
        for own in found[:SHOWN]
    ]
    foot = []
    if facts.baseline_periods and facts.changes:
        tested = sum(own.ratio is not None for own in facts.changes)
        foot.append(words.say("r_changes_tested", n=tested, found=len(found)))
    if len(found) > SHOWN:
        foot.append(words.say("r_changes_more", n=len(found) - SHOWN))
    columns = columns_of(words, "cause", "where", "count", "usual", "lift")
    title = words.say("r_changes")
    return ReasonTable(title, columns, tuple(rows), left=(0, 1), foot=tuple(foot))


def _times(own: ChangeFact, words: Words) -> str:
    if own.ratio is None:
        return DASH
    return times_usual(words, (own.ratio.value, own.ratio.low, own.ratio.high))


def _arrow(ratio: Estimate | None) -> str:
    return "" if ratio is None else "▲" if ratio.low > 1 else "▼"


def part_table(facts: ReasonsFacts, words: Words, by: By) -> ReasonTable:
    """The negative stories by source, stage, day, product or place.

    One that had some before and has none now is shown where that is beyond chance, or is a day.
    """
    parts = facts.parts
    compared = ["before", "change"] if any(own.previous is not None for own in parts) else []
    rows = []
    for part in parts:
        if part.negative or part.notable or by == "day":
            called = words.named("stage", part.key) if by == "stage" else part.name
            told = mostly(part.causes, words)
            against = _against(part, words) if compared else ()
            rows.append((called, words.number(part.negative), *against, told))
    columns = columns_of(words, "part", "negative", *compared, "mostly")
    left = (0, len(columns) - 1)
    foot = _below(facts, words)
    return ReasonTable(words.say(f"r_by_{by}"), columns, tuple(rows), left=left, foot=foot)


def _below(facts: ReasonsFacts, words: Words) -> tuple[str, ...]:
    """How many negative stories are in no row, and how many rows were tested."""
    lines = []
    apart = set(facts.negative_ids).difference(*(own.mention_ids for own in facts.parts))
    if apart:
        lines.append(words.say("r_parts_none", n=len(apart)))
    tested = [own for own in facts.parts if own.ratio]
    if tested:
        notable = sum(own.notable for own in facts.parts)
        lines.append(words.say("r_parts_tested", n=len(tested), found=notable))
    return tuple(lines)


def _against(part: PartFact, words: Words) -> tuple[str, str]:
    before = DASH if part.previous is None else words.number(part.previous)
    return before, _change(part, words)


def _change(part: PartFact, words: Words) -> str:
    """How many times as many as before, with its interval; nothing is claimed of a handful."""
    if part.ratio is None:
        return DASH
    told = times_usual(words, (part.ratio.value, part.ratio.low, part.ratio.high))
    return f"×{told} {_arrow(part.ratio)}" if part.notable else f"×{told}"
