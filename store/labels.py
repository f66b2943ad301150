"""Labels, the queue of texts that need one, and people's corrections.

`effective` says once what counts as a mention's label: a person's word if there is one, else what
the current model said of the current revision. Counts and exports are built on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from store.among import among
from store.engine import insert_new, upsert
from store.interface import CauseChanges, CauseRow, IntentRow, NewLabel, TextToLabel
from store.tables import (
    BRAND,
    BRAND_MENTION,
    CAUSE_LINK,
    CHANGE,
    CORRECTION,
    CORRECTION_CAUSE,
    INTENT_LINK,
    LABEL,
    MENTION,
    MODEL_VERSION,
)

UNLABELLED = "unlabelled"

TEXT_COLUMNS: tuple[ColumnElement[Any], ...] = (
    BRAND_MENTION.c.mention_id,
    BRAND_MENTION.c.revision,
    BRAND_MENTION.c.brand_id,
    BRAND.c.name,
    MENTION.c.title,
    MENTION.c.text,
    MENTION.c.lang,
    BRAND_MENTION.c.matched_term,
    BRAND_MENTION.c.spans,
    BRAND_MENTION.c.in_title,
)
"""What `text_row` needs, of brand mentions joined with their mention and brand."""

SENTIMENT: ColumnElement[Any] = func.coalesce(CORRECTION.c.sentiment, LABEL.c.sentiment, UNLABELLED)
"""The sentiment that counts; for use with `effective`."""

LOW_CONFIDENCE: ColumnElement[bool] = and_(
    CORRECTION.c.sentiment.is_(None), func.coalesce(LABEL.c.low_confidence, literal(False))
)
"""Whether that sentiment is an unsure guess of the model; a person is never unsure."""

SAYS_CAUSES: ColumnElement[bool] = and_(
    CORRECTION.c.id.is_not(None),
    or_(
        CORRECTION.c.has_causes,
        exists().where(CORRECTION_CAUSE.c.correction_id == CORRECTION.c.id),
    ),
)
"""Whether a person said anything of the causes; for use with `effective`."""


def spoken_of(
    correction_id: ColumnElement[int], cause: ColumnElement[str] | str
) -> ColumnElement[bool]:
    """Whether a person said of a cause that it applies, or that it does not."""
    return exists().where(
        CORRECTION_CAUSE.c.correction_id == correction_id, CORRECTION_CAUSE.c.cause == cause
    )


def heard(brand_id: int, interval: tuple[datetime, datetime]) -> tuple[ColumnElement[bool], ...]:
    """Conditions: a brand's living mentions by others, published in `[start, end)`."""
    return (
        BRAND_MENTION.c.brand_id == brand_id,
        BRAND_MENTION.c.published_at >= interval[0],
        BRAND_MENTION.c.published_at < interval[1],
        BRAND_MENTION.c.deleted.is_(False),
        BRAND_MENTION.c.own.is_(False),
    )


def effective(*columns: ColumnElement[Any]) -> Select[Any]:
    """A SELECT over brand mentions with the label that counts for each.

    It offers `brand_mention`, and `label` and `correction` (NULL where there is none); deleted
    mentions are included.
    """
    current = select(MODEL_VERSION.c.id).where(MODEL_VERSION.c.current).scalar_subquery()
    return (
        select(*columns)
        .select_from(BRAND_MENTION)
        .outerjoin(
            LABEL,
            and_(
                LABEL.c.version_id == current,
                LABEL.c.brand_id == BRAND_MENTION.c.brand_id,
                LABEL.c.mention_id == BRAND_MENTION.c.mention_id,
                # Adding 0 keeps SQLite from the unique index, which covers nothing, and leads it
                # to the covering one: half the time of a long series.
                LABEL.c.revision + 0 == BRAND_MENTION.c.revision,
            ),
        )
        .outerjoin(
            CORRECTION,
            and_(
                CORRECTION.c.mention_id == BRAND_MENTION.c.mention_id,
                CORRECTION.c.brand_id == BRAND_MENTION.c.brand_id,
            ),
        )
    )


def use_version(conn: Connection, model: str, taxonomy: str, now: datetime) -> int:
    """Make this pair of model and taxonomy the one whose labels count; returns its id.

    Labels of other versions stay; going back to one of them needs no labelling again, and the
    mentions whose label it brings back count as changed.
    """
    version = add_version(conn, model, taxonomy, now)
    current = select(MODEL_VERSION.c.id).where(MODEL_VERSION.c.current)
    if conn.execute(current).scalar_one_or_none() != version:
        conn.execute(update(MODEL_VERSION).values(current=MODEL_VERSION.c.id == version))
        _mark_labelled(conn, version)
        _note_all(conn, version, now)
    return version


def add_version(conn: Connection, model: str, taxonomy: str, now: datetime) -> int:
    """The id of a pair of model and taxonomy, known from now on; what counts stays as it is."""
    new = insert_new(conn, MODEL_VERSION)
    conn.execute(new.values(model=model, taxonomy=taxonomy, current=False, created_at=now))
    found = select(MODEL_VERSION.c.id).where(
        MODEL_VERSION.c.model == model, MODEL_VERSION.c.taxonomy == taxonomy
    )
    return int(conn.execute(found).scalar_one())


def unlabelled(conn: Connection, version_id: int, limit: int) -> list[TextToLabel]:
    """Revisions that a version has not labelled, newest first: at most `limit` of them.

    Revisions that no version labelled come before those another version did. Deleted mentions
    are left out.
    """
    found: list[TextToLabel] = []
    queue = BRAND_MENTION.c.labelled_by
    for place in (queue == 0, queue.between(1, version_id - 1), queue > version_id):
        if len(found) < limit:
            rows = conn.execute(_waiting(version_id).where(place).limit(limit - len(found)))
            found += [text_row(row) for row in rows]
    return with_others(conn, found)


def missing(
    conn: Connection,
    version_id: int,
    limit: int,
    *,
    brand_id: int | None = None,
    since: datetime | None = None,
) -> list[TextToLabel]:
    """The newest texts that a version, in use or not, has not labelled: at most `limit`."""
    order = (BRAND_MENTION.c.published_at.desc(), BRAND_MENTION.c.id.desc())
    statement = _waiting(version_id).order_by(None).order_by(*order).limit(limit)
    if brand_id is not None:
        statement = statement.where(BRAND_MENTION.c.brand_id == brand_id)
    if since is not None:
        statement = statement.where(BRAND_MENTION.c.published_at >= since)
    return with_others(conn, [text_row(row) for row in conn.execute(statement)])


def count_unlabelled(conn: Connection, version_id: int) -> int:
    """How many texts wait for a label of a version."""
    waiting = _waiting(version_id).order_by(None).subquery("waiting")
    return int(conn.execute(select(func.count()).select_from(waiting)).scalar_one())


def save_labels(
    conn: Connection, version_id: int, labels: Sequence[NewLabel], now: datetime
) -> int:
    """Keep labels with their causes; a label that is there already is left as it is.

    Labels of mentions deleted meanwhile are dropped, and those of an edited text are kept for
    its old revision. Labels of a version that is not in use change nothing that people see.

    Returns:
        How many were new.
    """
    wanted = {(label.mention_id, label.revision, label.brand_id): label for label in labels}
    living = _living(conn, {label.mention_id for label in labels})
    rows = [_row(label, version_id, now) for label in wanted.values() if label.mention_id in living]
    if not rows:
        return 0
    keys = (LABEL.c.id, LABEL.c.mention_id, LABEL.c.revision, LABEL.c.brand_id)
    added = conn.execute(insert_new(conn, LABEL).returning(*keys), rows).all()
    made = [(int(id_), wanted[key[0], key[1], key[2]]) for id_, *key in added]
    causes = [_link(id_, cause) for id_, label in made for cause in label.causes]
    if causes:
        conn.execute(insert(CAUSE_LINK), causes)
    intents = [_intent(id_, intent) for id_, label in made for intent in label.intents]
    if intents:
        conn.execute(insert(INTENT_LINK), intents)
    conn.execute(
        update(BRAND_MENTION)
        .where(
            BRAND_MENTION.c.brand_id == bindparam("brand"),
            BRAND_MENTION.c.mention_id == bindparam("mention"),
            BRAND_MENTION.c.revision == bindparam("number"),
        )
        .values(labelled_by=version_id),
        [{"mention": m, "number": r, "brand": b} for m, r, b in wanted if m in living],
    )
    current = select(MODEL_VERSION.c.current).where(MODEL_VERSION.c.id == version_id)
    if conn.execute(current).scalar_one():
        _note(conn, {row.mention_id for row in added}, "labelled", now)
    return len(added)


def correct(
    conn: Connection,
    mention_id: int,
    brand_id: int,
    *,
    sentiment: str | None,
    causes: Sequence[tuple[str, str]] | CauseChanges | None,
    author: str,
    now: datetime,
) -> None:
    """Keep a person's word on a mention towards a brand, in place of an earlier one.

    What changes causes is kept as changes, for nobody vouches for what a model said beside them;
    changes of an earlier word on causes are added to it.

    Args:
        conn: a writing connection.
        mention_id: the mention.
        brand_id: the brand it speaks of.
        sentiment: what it should be; None leaves it to the model.
        causes: `(cause, polarity)` of all that apply, perhaps none, or changes of what counts now;
            None leaves them to the model.
        author: who says so.
        now: when.
    """
    whole, said = _said(conn, mention_id, brand_id, causes)
    values = {
        "sentiment": sentiment,
        "has_causes": whole,
        "author": author,
        "corrected_at": now,
    }
    id_ = conn.execute(
        upsert(conn, CORRECTION)
        .values(mention_id=mention_id, brand_id=brand_id, **values)
        .on_conflict_do_update(index_elements=["mention_id", "brand_id"], set_=values)
        .returning(CORRECTION.c.id)
    ).scalar_one()
    _keep_said(conn, id_, said)
    _note(conn, [mention_id], "corrected", now)


def _keep_said(conn: Connection, correction_id: int, said: Mapping[str, tuple[str, bool]]) -> None:
    """Keep the polarity of each cause a person spoke of, and whether it applies, and no others."""
    conn.execute(delete(CORRECTION_CAUSE).where(CORRECTION_CAUSE.c.correction_id == correction_id))
    rows = [
        {"correction_id": correction_id, "cause": cause, "polarity": polarity, "applies": applies}
        for cause, (polarity, applies) in said.items()
    ]
    if rows:
        conn.execute(insert(CORRECTION_CAUSE), rows)


def _said(
    conn: Connection,
    mention_id: int,
    brand_id: int,
    causes: Sequence[tuple[str, str]] | CauseChanges | None,
) -> tuple[bool, dict[str, tuple[str, bool]]]:
    """Whether a person names all causes, and the polarity of each and whether it applies."""
    if not isinstance(causes, CauseChanges):
        return causes is not None, {cause: (polarity, True) for cause, polarity in causes or ()}
    cause = CORRECTION_CAUSE.c
    before = conn.execute(
        select(CORRECTION.c.has_causes, cause.cause, cause.polarity, cause.applies)
        .outerjoin_from(CORRECTION, CORRECTION_CAUSE, cause.correction_id == CORRECTION.c.id)
        .where(CORRECTION.c.mention_id == mention_id, CORRECTION.c.brand_id == brand_id)
        .order_by(cause.id)
    ).all()
    whole = any(row.has_causes for row in before)
    said = {row.cause: (row.polarity, row.applies) for row in before if row.cause is not None}
    said |= {own: (polarity, False) for own, polarity in causes.struck}
    said |= {own: (polarity, True) for own, polarity in causes.added}
    return whole, {own: kept for own, kept in said.items() if kept[1] or not whole}


def _labelled(version: int) -> ColumnElement[bool]:
    return exists().where(
        LABEL.c.version_id == version,
        LABEL.c.brand_id == BRAND_MENTION.c.brand_id,
        LABEL.c.mention_id == BRAND_MENTION.c.mention_id,
        LABEL.c.revision == BRAND_MENTION.c.revision,
    )


def _mark_labelled(conn: Connection, version: int) -> None:
    """Take out of the queue what a version labelled before it was put aside."""
    conn.execute(
        update(BRAND_MENTION)
        .where(BRAND_MENTION.c.labelled_by >= 0, _labelled(version))
        .values(labelled_by=version)
    )


def _waiting(version: int) -> Select[Any]:
    queue = BRAND_MENTION.c
    return (
        select(*TEXT_COLUMNS)
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == queue.mention_id)
        .join(BRAND, BRAND.c.id == queue.brand_id)
        .where(queue.deleted.is_(False), ~_labelled(version))
        .order_by(queue.labelled_by.desc(), queue.published_at.desc(), queue.id.desc())
    )


def text_row(row: Any) -> TextToLabel:
    """A text with the words in it that the brand's query matched."""
    return TextToLabel(
        mention_id=row.mention_id,
        revision=row.revision,
        brand_id=row.brand_id,
        brand_name=row.name,
        title=row.title,
        text=row.text,
        lang=row.lang,
        terms=tuple(_spoken(row)) or (row.matched_term,),
    )


def _spoken(row: Any) -> list[str]:
    """The words that the query matched, as the text or title spells them."""
    where = row.title if row.in_title else row.text
    return [word for word in dict.fromkeys(where[start:end] for start, end in row.spans) if word]


def _is_name(word: str, brand: str) -> bool:
    """Whether a matched word is written as a name is: a query may ask for "delivery" as well."""
    named, folded = brand.casefold(), word.casefold()
    return not word.islower() or word[:1] in "@#" or folded in named or named in folded


def with_others(conn: Connection, texts: list[TextToLabel]) -> list[TextToLabel]:
    """The texts with the names by which other brands' queries matched in each."""
    statement = (
        select(
            *(BRAND_MENTION.c[name] for name in ("mention_id", "brand_id", "spans", "in_title")),
            *(MENTION.c.title, MENTION.c.text, BRAND.c.name),
        )
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .where(among(conn, BRAND_MENTION.c.mention_id, [text.mention_id for text in texts]))
        .order_by(BRAND_MENTION.c.brand_id)
    )
    words: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in conn.execute(statement):
        names = [word for word in _spoken(row) if _is_name(word, row.name)]
        words[row.mention_id] += [(row.brand_id, word) for word in names]

    def others(text: TextToLabel) -> Iterable[str]:
        return (word for brand, word in words[text.mention_id] if brand != text.brand_id)

    return [replace(text, others=tuple(dict.fromkeys(others(text)))) for text in texts]


def _living(conn: Connection, ids: Iterable[int]) -> set[int]:
    found = select(MENTION.c.id).where(MENTION.c.id.in_(list(ids)), MENTION.c.deleted_at.is_(None))
    return set(conn.execute(found).scalars())


def _row(label: NewLabel, version: int, now: datetime) -> dict[str, Any]:
    return {
        "mention_id": label.mention_id,
        "revision": label.revision,
        "brand_id": label.brand_id,
        "version_id": version,
        "lang": label.lang,
        "lang_confidence": label.lang_confidence,
        "sentiment": label.sentiment,
        "p_negative": label.p_negative,
        "p_neutral": label.p_neutral,
        "p_positive": label.p_positive,
        "low_confidence": label.low_confidence,
        "labelled_at": now,
        "others": list(label.others),
    }


def _link(label_id: int, cause: CauseRow) -> dict[str, Any]:
    return {
        "label_id": label_id,
        "cause": cause.cause,
        "polarity": cause.polarity,
        "probability": cause.probability,
        "evidence": cause.evidence,
        "evidence_start": cause.start,
        "evidence_end": cause.end,
        "stage": cause.stage,
        "expectation": cause.expectation,
        "severity": cause.severity,
    }


def _intent(label_id: int, intent: IntentRow) -> dict[str, Any]:
    return {
        "label_id": label_id,
        "intent": intent.intent,
        "probability": intent.probability,
        "evidence": intent.evidence,
        "evidence_start": intent.start,
        "evidence_end": intent.end,
        "rival": intent.rival,
    }


def _note_all(conn: Connection, version: int, now: datetime) -> None:
    """Note what a version labelled before as labelled: its labels count again."""
    came_back = (
        select(BRAND_MENTION.c.mention_id, literal("labelled"), literal(now, CHANGE.c.at.type))
        .where(BRAND_MENTION.c.deleted.is_(False), _labelled(version))
        .distinct()
        .order_by(BRAND_MENTION.c.mention_id)
    )
    conn.execute(insert(CHANGE).from_select(["mention_id", "action", "at"], came_back))


def _note(conn: Connection, ids: Iterable[int], action: str, now: datetime) -> None:
    rows = [{"mention_id": i, "action": action, "at": now} for i in sorted(ids)]
    if rows:
        conn.execute(insert(CHANGE), rows)


__all__ = [
    "LOW_CONFIDENCE",
    "SAYS_CAUSES",
    "SENTIMENT",
    "TEXT_COLUMNS",
    "UNLABELLED",
    "add_version",
    "correct",
    "count_unlabelled",
    "effective",
    "missing",
    "save_labels",
    "spoken_of",
    "text_row",
    "unlabelled",
    "use_version",
    "with_others",
]
