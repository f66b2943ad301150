"""The journey as a table: causes and drivers down, stages across, narrow enough for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.reason_drawing import ReasonTable
from reports.reason_matrix import RowFact, stage_order
from reports.words import Words

SHOWN = 12
"""Causes, and drivers; the others are summed up in a row."""
_INDENT = "  "

_Ids = Mapping[str | None, frozenset[int]]


def matrix_table(matrix: Sequence[RowFact], words: Words) -> ReasonTable:
    """Rows of both polarities under their totals; stages that nobody speaks of are left out."""
    stages = sorted({cell.stage for row in matrix for cell in row.cells}, key=stage_order)
    rows = []
    for polarity in ("negative", "positive"):
        own = [row for row in matrix if row.polarity == polarity]
        rows += [_row(_called(row, words), _ids(row), stages, words) for row in own[: SHOWN + 1]]
        if rest := own[SHOWN + 1 :]:
            called = _INDENT + words.say("r_rest", n=len(rest))
            rows.append(_row(called, _together(rest), stages, words))
    heads = [words.say("c_unclear") if own is None else _brief(own, words) for own in stages]
    columns = (words.say("c_cause"), *heads, words.say("c_all"))
    return ReasonTable(words.say("r_journey"), columns, tuple(rows), left=(0,), tight=True)


def _brief(stage: str, words: Words) -> str:
    called = words.named("brief", stage)
    return called if called != stage else words.named("stage", stage)


def _called(row: RowFact, words: Words) -> str:
    return words.say(f"r_{row.polarity}_all") if row.cause is None else _INDENT + row.name


def _ids(row: RowFact) -> _Ids:
    return {cell.stage: frozenset(cell.mention_ids) for cell in row.cells}


def _together(rows: Sequence[RowFact]) -> _Ids:
    """Cells of several causes as one; a story that names two of them counts once."""
    found: dict[str | None, frozenset[int]] = {}
    for row in rows:
        for stage, ids in _ids(row).items():
            found[stage] = found.get(stage, frozenset()) | ids
    return found


def _row(called: str, cells: _Ids, stages: Sequence[str | None], words: Words) -> tuple[str, ...]:
    counts = [words.number(len(cells[own])) if own in cells else "·" for own in stages]
    whole = frozenset[int]().union(*cells.values())
    return (called, *counts, words.number(len(whole)))
