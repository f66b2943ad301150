"""The customer's journey as a matrix: each cause and driver by the stage it was met at. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reports.posts import Story
from reports.reason_stories import counted, story_ids

STAGES = (
    *("choosing", "paying", "delivery", "first_contact", "use", "support", "renewing", "leaving"),
)
"""The stages as a customer goes through them."""

_Cells = Mapping[str | None, Sequence[Story]]


@dataclass(frozen=True, slots=True)
class CellFact:
    """Stories that name a cause at a stage; None: none of their evidence tells the stage."""

    stage: str | None
    mentions: int
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowFact:
    """A cause or driver by stage, in the order of the journey; empty cells are left out.

    Attributes:
        cause: None for all of a polarity, each story once a cell.
        mentions: stories; fewer than the cells' sum where one is told of several stages.
    """

    polarity: str
    cause: str | None
    name: str
    mentions: int
    mention_ids: tuple[int, ...]
    cells: tuple[CellFact, ...]


def stage_order(stage: str | None) -> tuple[int, str]:
    """Sorts stages as a customer goes through them; what is at no stage comes last."""
    if stage is None:
        return len(STAGES) + 1, ""
    return (STAGES.index(stage) if stage in STAGES else len(STAGES)), stage


def journey_matrix(
    stories: Sequence[Story], polarity: str, named: Callable[[str], str]
) -> tuple[RowFact, ...]:
    """All stories of a polarity that name a cause of it, then each cause, the most stories first.

    Args:
        stories: all of the period.
        polarity: `negative` for causes, `positive` for drivers.
        named: cause id -> what it is called.
    """
    cells: dict[str, dict[str | None, list[Story]]] = defaultdict(lambda: defaultdict(list))
    everything: dict[str | None, list[Story]] = defaultdict(list)
    for story in stories:
        told = _stages(story, polarity)
        for cause, stages in told.items():
            for stage in stages:
                cells[cause][stage].append(story)
        for stage in set[str | None]().union(*told.values()):
            everything[stage].append(story)
    if not cells:
        return ()
    rows = [_row(polarity, cause, named(cause), own) for cause, own in cells.items()]
    rows.sort(key=lambda row: (-row.mentions, row.name))
    return (_row(polarity, None, "", everything), *rows)


def _stages(story: Story, polarity: str) -> dict[str, set[str | None]]:
    """The stages of each cause in a story; None only where no evidence of it tells one."""
    found: dict[str, set[str | None]] = defaultdict(set)
    for own in counted(story, polarity):
        found[own.cause].add(own.stage or None)
    return {cause: stages - {None} or {None} for cause, stages in found.items()}


def _row(polarity: str, cause: str | None, name: str, cells: _Cells) -> RowFact:
    ids = dict.fromkeys(i for own in cells.values() for i in story_ids(own))
    return RowFact(
        polarity=polarity,
        cause=cause,
        name=name,
        mentions=len(ids),
        mention_ids=tuple(ids),
        cells=tuple(
            CellFact(stage, len(cells[stage]), story_ids(cells[stage]))
            for stage in sorted(cells, key=stage_order)
        ),
    )
