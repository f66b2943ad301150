"""Label: every revision that the current model and taxonomy have not read yet."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from molva.config import Config
from molva.rooms import Rooms
from sentiment.adapter import AdaptedJudge, Adapter
from sentiment.choice import Models, load_models
from sentiment.interface import Label, ModelError, Text
from sentiment.labeller import Labeller
from store.engine import open_store, reading, store_exists, writing
from store.heads import head_in_use, head_weights
from store.interface import CauseRow, IntentRow, NewLabel, TextToLabel
from store.labels import save_labels, unlabelled, use_version
from store.model_rows import FittedHeadRow

log = logging.getLogger(__name__)

LABEL_BATCH = 256
"""Mentions labelled and stored at a time: what a kill can make us label again."""


@dataclass(frozen=True)
class LabelReport:
    """How many mentions were labelled, and how many causes and drivers they named."""

    labels: int = 0
    causes: int = 0


def prepare(rooms: Rooms) -> None:
    """Load the model, head and taxonomy in use, and let their labels count from now on.

    Raises:
        ModelError: they cannot be used.
    """
    _version(rooms)


def label_pending(rooms: Rooms) -> LabelReport:
    """Label every revision the model, head and taxonomy in use have not labelled yet.

    A head put into use meanwhile, here or by another process, labels from the next batch on.
    """
    labels = causes = 0
    version = _version(rooms)
    while batch := _next_unlabelled(rooms, version):
        found = add_labels(rooms.engine, rooms.labeller, batch, version, rooms.clock())
        labels += len(found)
        causes += sum(len(label.causes) for label in found)
        version = _version(rooms)
    return LabelReport(labels, causes)


def add_labels(
    engine: Engine, labeller: Labeller, batch: Sequence[TextToLabel], version: int, now: datetime
) -> list[Label]:
    """Label some texts and keep the labels as a version's, in use or not.

    Args:
        engine: the store.
        labeller: makes the labels of that version.
        batch: the texts.
        version: its stored id.
        now: when.
    """
    found = list(labeller.label(texts_of(batch)))
    rows = [_new_label(item, label) for item, label in zip(batch, found, strict=True)]
    with writing(engine) as conn:
        save_labels(conn, version, rows, now)
    return found


def _version(rooms: Rooms) -> int:
    """The stored id of the model, head and taxonomy in use; follows a switch of the head."""
    while True:
        with reading(rooms.engine) as conn:
            head = head_in_use(conn)
        wanted = head.version if head else None
        if rooms.label_version is not None and wanted == rooms.head:
            return rooms.label_version
        if wanted != rooms.head:
            rooms.labeller = _labeller(rooms, head)
            rooms.head = wanted
        with writing(rooms.engine) as conn:
            head = head_in_use(conn)
            # Another process may have switched while the model was loaded: then look again.
            if (head.version if head else None) == wanted:
                rooms.label_version = use_version(
                    conn,
                    rooms.labeller.model_version,
                    rooms.labeller.taxonomy_version,
                    rooms.clock(),
                )


def _labeller(rooms: Rooms, head: FittedHeadRow | None) -> Labeller:
    with reading(rooms.engine) as conn:
        models = _in_use(conn, rooms.models, head)
    log.info("labelling with %s from now on", models.judge.version)
    return models.labeller(rooms.taxonomy)


def _in_use(conn: Connection, models: Models, head: FittedHeadRow | None) -> Models:
    """The models with the head in use, or alone if it was fitted on another version of them."""
    if head is None:
        return models
    try:
        return with_head(conn, models, head)
    except ModelError as error:
        log.warning("labelling without what was learnt from corrections: %s", error)
        return models


def with_head(conn: Connection, models: Models, head: FittedHeadRow) -> Models:
    """The models with a stored head on the judge.

    Raises:
        ModelError: the head is damaged or was fitted on another version of the model.
    """
    adapter = Adapter.from_bytes(head_weights(conn, head.name))
    return replace(models, judge=AdaptedJudge(models.judge, adapter, head.name))


def models_in_use(config: Config) -> Models:
    """The configured models, with the head in use if there is a store and it has one.

    Raises:
        ModelError: the models cannot be used.
        StoreError: the store cannot be opened.
    """
    models = load_models(config.sentiment.choice(config.folder))
    if not store_exists(config.store_url):
        return models
    engine = open_store(config.store_url)
    try:
        with reading(engine) as conn:
            return _in_use(conn, models, head_in_use(conn))
    finally:
        engine.dispose()


def _next_unlabelled(rooms: Rooms, version: int) -> list[TextToLabel]:
    with reading(rooms.engine) as conn:
        return unlabelled(conn, version, LABEL_BATCH)


def texts_of(batch: Sequence[TextToLabel]) -> Iterator[Text]:
    """Stored texts as the models read them."""
    for number, item in enumerate(batch):
        yield Text(
            id=str(number),
            text=item.text,
            lang=item.lang or None,
            target=item.brand_name,
            aliases=item.terms,
            others=item.others,
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
        causes=tuple(CauseRow(*astuple(cause)) for cause in label.causes),
        intents=tuple(IntentRow(*astuple(intent)) for intent in label.intents),
        others=item.others,
    )
