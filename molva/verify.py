"""Checking an export: its files against their sums, its labels against the model that made them.

A text is labelled alone whatever is labelled beside it, so the same model and taxonomy must say
the same again, to `TOLERANCE` (other processors round the last digits otherwise).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from reports.export_read import ReadableExport, Row
from sentiment.interface import Label, Text
from sentiment.labeller import Labeller

TOLERANCE = 1e-4
"""How far a probability may be from the exported one."""

MOST_EXAMPLES = 20
_BATCH = 256
_CHANCES = ("p_negative", "p_neutral", "p_positive")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an export and the model disagree."""

    mention_id: int
    brand: str
    what: str
    exported: object
    found: object


@dataclass(slots=True)
class Verdict:
    """What a check found.

    Attributes:
        checked: labels made anew.
        unlabelled: mentions that had no label, or no text any more.
        other_versions: how many labels were made by versions that are not installed.
    """

    damaged: Sequence[str] = ()
    checked: int = 0
    differing: int = 0
    unlabelled: int = 0
    other_versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything that could be checked is as exported."""
        return not self.damaged and not self.differing


def verify(
    export: ReadableExport,
    labellers: Mapping[tuple[str, str], Labeller],
    sample: int | None = None,
) -> Verdict:
    """Check an export's files, and its labels by those that made them.

    Args:
        export: what to check.
        labellers: what is installed, by model and taxonomy version.
        sample: check only so many labels, spread evenly; None checks all.
    """
    verdict = Verdict(damaged=export.damaged())
    if verdict.damaged:
        return verdict
    step = 1 if sample is None else max(1, _count(export) // max(1, sample))
    rows = islice(_labelled(export, labellers, verdict, step), sample)
    while batch := list(islice(rows, _BATCH)):
        by_version: dict[tuple[str, str], list[Row]] = {}
        for row in batch:
            by_version.setdefault(_version(row), []).append(row)
        for version, own in by_version.items():
            found = labellers[version].label(_text(row) for row in own)
            for row, label in zip(own, found, strict=True):
                _compare(row, label, verdict)
    return verdict


def _count(export: ReadableExport) -> int:
    return sum(1 for _ in export.mentions())


def _labelled(
    export: ReadableExport,
    labellers: Mapping[tuple[str, str], Labeller],
    verdict: Verdict,
    step: int,
) -> Iterator[Row]:
    """Every `step`th row with a label that an installed version made."""
    for number, row in enumerate(export.mentions()):
        if number % step:
            continue
        if row["model_sentiment"] == "unlabelled" or row["deleted_at"]:
            verdict.unlabelled += 1
        elif _version(row) not in labellers:
            verdict.other_versions[_version(row)] += 1
        else:
            yield row


def _version(row: Row) -> tuple[str, str]:
    return row["model_version"], row["taxonomy_version"]


def _text(row: Row) -> Text:
    """The text as it was given to the model: with the words that name the brand in it."""
    where = row["title"] if row["match_in_title"] else row["text"]
    spoken = dict.fromkeys(where[start:end] for start, end in row["match_spans"] or ())
    names = tuple(word for word in spoken if word) or (row["matched_term"],)
    return Text(
        id=str(row["mention_id"]),
        text=row["text"],
        lang=row["lang_declared"] or None,
        target=row["brand_name"],
        aliases=names,
        others=tuple(row.get("other_brands") or ()),
    )


def _compare(row: Row, label: Label, verdict: Verdict) -> None:
    verdict.checked += 1
    found = list(_differences(row, label))
    verdict.differing += bool(found)
    room = MOST_EXAMPLES - len(verdict.differences)
    verdict.differences += [
        Difference(row["mention_id"], row["brand"], *one) for one in found[:room]
    ]


def _differences(row: Row, label: Label) -> Iterator[tuple[str, object, object]]:
    if row["model_sentiment"] != label.sentiment:
        yield "sentiment", row["model_sentiment"], label.sentiment
    for name in _CHANCES:
        if not _near(row[name], getattr(label, name)):
            yield name, row[name], getattr(label, name)
    if row["label_source"] == "person":
        return  # the causes may be a person's, too
    exported = sorted(_reasons(row["causes"]))
    found = sorted((c.cause, c.polarity, c.start, c.end, c.evidence) for c in label.causes)
    if exported != found:
        yield "causes", exported, found
        return
    chances = {(c["cause_id"], c["evidence_start"]): c["probability"] for c in row["causes"]}
    for cause in label.causes:
        if not _near(chances[cause.cause, cause.start], cause.probability):
            yield cause.cause, chances[cause.cause, cause.start], cause.probability


def _reasons(causes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for cause in causes:
        yield (
            cause["cause_id"],
            cause["polarity"],
            cause["evidence_start"],
            cause["evidence_end"],
            cause["evidence_text"],
        )


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE
