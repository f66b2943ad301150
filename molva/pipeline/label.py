"""Label: every revision that the current model and taxonomy have not read yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from molva.rooms import Rooms
from sentiment.interface import Label, Text
from store.engine import reading, writing
from store.interface import CauseRow, NewLabel, TextToLabel
from store.labels import save_labels, unlabelled, use_version

LABEL_BATCH = 256
"""Mentions labelled and stored at a time: what a kill can make us label again."""


@dataclass(frozen=True)
class LabelReport:
    """How many mentions were labelled, and how many causes and drivers they named."""

    labels: int = 0
    causes: int = 0


def label_pending(rooms: Rooms) -> LabelReport:
    """Label every revision the current model and taxonomy have not labelled yet."""
    labels = causes = 0
    version = _version(rooms)
    while batch := _next_unlabelled(rooms, version):
        found = list(rooms.labeller.label(_texts(batch)))
        rows = [_new_label(item, label) for item, label in zip(batch, found, strict=True)]
        with writing(rooms.engine) as conn:
            save_labels(conn, version, rows, rooms.clock())
        labels += len(found)
        causes += sum(len(label.causes) for label in found)
    return LabelReport(labels, causes)


def _version(rooms: Rooms) -> int:
    """The stored id of the model and taxonomy in use; they do not change while Molva runs."""
    if rooms.label_version is None:
        labeller = rooms.labeller
        with writing(rooms.engine) as conn:
            rooms.label_version = use_version(
                conn, labeller.model_version, labeller.taxonomy_version, rooms.clock()
            )
    return rooms.label_version


def _next_unlabelled(rooms: Rooms, version: int) -> list[TextToLabel]:
    with reading(rooms.engine) as conn:
        return unlabelled(conn, version, LABEL_BATCH)


def _texts(batch: Sequence[TextToLabel]) -> Iterator[Text]:
    for number, item in enumerate(batch):
        yield Text(
            id=str(number),
            text=item.text,
            lang=item.lang or None,
            target=item.brand_name,
            aliases=item.terms,
        )


def _new_label(item: TextToLabel, label: Label) -> NewLabel:
    return NewLabel(
        mention_id=item.mention_id,
        revision=item.revision,
        brand_id=item.brand_id,
        lang=label.lang,
        lang_confidence=label.lang_confidence,
        sentiment=label.sentiment,
        p_negative=label.p_negative,
        p_neutral=label.p_neutral,
        p_positive=label.p_positive,
        low_confidence=label.low_confidence,
        causes=tuple(
            CauseRow(
                cause.cause,
                cause.polarity,
                cause.probability,
                cause.evidence,
                cause.start,
                cause.end,
            )
            for cause in label.causes
        ),
    )
