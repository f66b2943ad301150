"""Keeping a collector's page: mentions, their revisions and sightings, and the source's cursor.

    page ─▶ rounds ─┬▶ unknown ─▶ mention, sighting, cluster, brand_mention, facets, index, change
                    └▶ known ───▶ sighting, engagement; if it is news: revision, index, change
         ─▶ tombstones ─▶ skipped items ─▶ counters and cursor

Everything happens in the caller's one transaction, and every part can be repeated: a page that is
kept twice changes nothing the second time but the counters of its poll.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from store import clusters, facets, near, search
from store.decide import (
    KnownMention,
    content_hash,
    is_news,
    published,
    rounds,
    storable,
    storable_id,
    story_keys,
)
from store.engine import insert_new, upsert
from store.interface import BrandMatch, KeptPage, NewMention, PageToKeep, StoreError
from store.rereads import plan_rereads
from store.rows import (
    AUTHOR_FACTS,
    COUNTS,
    WHERE_IT_STANDS,
    KeptSource,
    brand_row,
    match_row,
    mention_row,
)
from store.sources import advance_poll
from store.suppression import allowed
from store.tables import (
    BRAND_MENTION,
    CHANGE,
    MENTION,
    REVISION,
    SIGHTING,
    SKIPPED_ITEM,
    SOURCE,
)
from store.tombstones import bury

AnyRow = Row[*tuple[Any, ...]]

MAX_REASON = 300
_FOLLOWED = (*COUNTS, *AUTHOR_FACTS)
_STORED = (
    select(
        MENTION.c.id,
        MENTION.c.native_id,
        MENTION.c.revision,
        MENTION.c.content_hash,
        MENTION.c.edited_at,
        MENTION.c.deleted_at,
        MENTION.c.first_seen_at,
        MENTION.c.revised_at,
        MENTION.c.published_at_claimed,
        MENTION.c.cluster_id,
        *(MENTION.c[name] for name in _FOLLOWED),
        SIGHTING.c.id.label("sighting"),
    )
    .join_from(
        MENTION,
        SIGHTING,
        and_(SIGHTING.c.mention_id == MENTION.c.id, SIGHTING.c.source_id == bindparam("source")),
        isouter=True,
    )
    .where(
        MENTION.c.scope == bindparam("scope"),
        MENTION.c.native_id.in_(bindparam("ids", expanding=True)),
    )
)
_NEW = insert(MENTION).returning(MENTION.c.id, MENTION.c.native_id)
_SOURCE = select(
    SOURCE.c.id, SOURCE.c.type, SOURCE.c.scope, SOURCE.c.terms, SOURCE.c.rereads
).where(SOURCE.c.id == bindparam("source"))


@dataclass(slots=True)
class _Tally:
    """What became of a page so far; ids as the collector gave them."""

    stored: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    known: int = 0
    given: dict[str, str] = field(default_factory=dict)
    """Stored native ids to those the collector gave, where they differ."""


def keep_page(
    conn: Connection, source_id: int, poll_id: int, page: PageToKeep, now: datetime
) -> KeptPage:
    """Keep a page with its cursor; to be called once, inside one `writing` transaction.

    A mention without matches is not stored; if it is known, its text is revised and the brands
    that no longer match leave it. Ids in `unmatched` carry no text, so they change nothing.

    Raises:
        StoreError: there is no such source.
    """
    source = _source(conn, source_id)
    kept = _keep(conn, source, page, now)
    advance_poll(conn, source_id, poll_id, page, kept, now)
    return kept


def keep_reread(
    conn: Connection, source_id: int, page: PageToKeep, asked: Collection[str], now: datetime
) -> KeptPage:
    """Keep what a source says now of mentions it was asked for by id; its walk stands where it was.

    Args:
        conn: of a `writing` transaction.
        source_id: the source that was asked.
        page: its answer; the cursor is not looked at.
        asked: native ids; their next time to be asked for is planned, answered or not.
        now: when the answer came.

    Raises:
        StoreError: there is no such source.
    """
    source = replace(_source(conn, source_id), shows=False)
    kept = _keep(conn, source, page, now)
    plan_rereads(conn, source.scope, source.terms, asked, now)
    return kept


def _keep(conn: Connection, source: KeptSource, page: PageToKeep, now: datetime) -> KeptPage:
    tally = _Tally()
    clean = [storable(mention) for mention in page.mentions]
    for mention, original in zip(clean, page.mentions, strict=True):
        if mention.native_id != original.native_id:
            tally.given[mention.native_id] = original.native_id
    # Whoever asked to be forgotten is not even counted: a count would tell of them again.
    for part in rounds(allowed(conn, source.scope, clean)):
        _keep_part(conn, source, part, now, tally)
    deleted = _bury(conn, source.scope, page.deleted, now)
    _keep_skipped(conn, source.id, page.skipped, now)
    return KeptPage(
        stored=_given(tally, tally.stored),
        changed=_given(tally, tally.changed),
        deleted=deleted,
        known=tally.known,
        skipped=len(page.skipped),
    )


def _keep_part(
    conn: Connection, source: KeptSource, part: Sequence[NewMention], now: datetime, tally: _Tally
) -> None:
    """Keep copies of different mentions."""
    stored = _stored(conn, source, [mention.native_id for mention in part])
    unknown = [m for m in part if m.matches and m.native_id not in stored]
    pairs = [(stored[m.native_id], m) for m in part if m.native_id in stored]
    if unknown:
        _add(conn, source, unknown, now)
        tally.stored += [mention.native_id for mention in unknown]
    if pairs:
        revised = _meet(conn, source, pairs, now)
        tally.changed += revised
        tally.known += len(pairs) - len(revised)


def _source(conn: Connection, source_id: int) -> KeptSource:
    row = conn.execute(_SOURCE, {"source": source_id}).one_or_none()
    if row is None:
        raise StoreError(f"there is no source {source_id} in the store; run sync_sources first")
    return KeptSource(*row)


def _stored(conn: Connection, source: KeptSource, native_ids: Sequence[str]) -> dict[str, AnyRow]:
    """What is stored of these ids, and whether this source has shown it before (`sighting`)."""
    values = {"source": source.id, "scope": source.scope, "ids": native_ids}
    return {row.native_id: row for row in conn.execute(_STORED, values)}


def _add(
    conn: Connection, source: KeptSource, mentions: Sequence[NewMention], now: datetime
) -> None:
    """Store mentions that are not in the store."""
    linked = near.link(conn, mentions, [story_keys(source.scope, m) for m in mentions], now)
    homes = clusters.assign(conn, linked.keys, now)
    rows = [mention_row(source, m, home, now) for m, home in zip(mentions, homes, strict=True)]
    returned = conn.execute(_NEW, rows)
    ids = {native_id: int(id_) for id_, native_id in returned}
    brand_rows, documents = [], []
    for mention, row in zip(mentions, rows, strict=True):
        id_ = ids[mention.native_id]
        documents.append((id_, mention.title, mention.text))
        common = brand_row(source, mention, id_, row)
        brand_rows += [common | match_row(match) for match in mention.matches]
    _see(conn, source, ids.values(), now)
    conn.execute(insert_new(conn, BRAND_MENTION), brand_rows)
    facets.link(conn, [(ids[mention.native_id], mention.matches) for mention in mentions])
    search.add(conn, documents)
    signatures = {ids[mentions[place].native_id]: found for place, found in linked.bands.items()}
    near.remember(conn, signatures, now)
    _note(conn, ids.values(), "stored", now)


def _meet(
    conn: Connection,
    source: KeptSource,
    pairs: Sequence[tuple[AnyRow, NewMention]],
    now: datetime,
) -> list[str]:
    """Look at copies of known mentions; return the native ids of those that were revised."""
    hashes = {m.native_id: content_hash(m.title, m.text) for _, m in pairs}
    differing = [row.id for row, m in pairs if hashes[m.native_id] != row.content_hash]
    earlier = _earlier_hashes(conn, differing)
    news, others = [], []
    for row, mention in pairs:
        known = KnownMention(
            id=row.id,
            revision=row.revision,
            content_hash=row.content_hash,
            edited_at=row.edited_at,
            deleted_at=row.deleted_at,
            earlier_hashes=earlier.get(row.id, frozenset()),
        )
        if is_news(known, mention, hashes[mention.native_id]):
            if row.deleted_at is None or mention.matches:
                news.append((row, mention))
        elif row.deleted_at is None:
            others.append((row, mention))
    if source.shows:
        _see(conn, source, [row.id for row, _ in (*news, *others) if row.sighting is None], now)
    _touch(conn, source, others, now)
    same = [pair for pair in others if hashes[pair[1].native_id] == pair[0].content_hash]
    _add_brands(conn, source, same, now)
    if news:
        _revise(conn, source, news, now)
    return [mention.native_id for _, mention in news]


def _earlier_hashes(conn: Connection, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    if not ids:
        return {}
    found: dict[int, frozenset[str]] = {}
    rows = select(REVISION.c.mention_id, REVISION.c.content_hash)
    for id_, content in conn.execute(rows.where(REVISION.c.mention_id.in_(ids))):
        found[id_] = found.get(id_, frozenset()) | {content}
    return found


def _touch(
    conn: Connection,
    source: KeptSource,
    pairs: Sequence[tuple[AnyRow, NewMention]],
    now: datetime,
) -> None:
    """Update what changes without an edit: engagement, facts of the author, a time claimed now."""
    counted, claimed = [], []
    for row, mention in pairs:
        values = {f"new_{name}": _newer(row, mention, name) for name in _FOLLOWED}
        if any(values[f"new_{name}"] != getattr(row, name) for name in _FOLLOWED):
            counted.append({"mention": row.id, **values})
        at, is_claim = published(mention.published_at, now)
        if is_claim and not row.published_at_claimed:
            claimed.append({"mention": row.id, "at": at})
    if counted:
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _FOLLOWED}
        conn.execute(
            update(MENTION).where(MENTION.c.id == bindparam("mention")).values(new), counted
        )
        _repeat(conn, {"followers": func.coalesce(new["author_followers"], 0)}, counted)
    if claimed:
        at_claim: dict[str, Any] = {"published_at": bindparam("at")}
        conn.execute(
            update(MENTION)
            .where(MENTION.c.id == bindparam("mention"))
            .values(**at_claim, published_at_claimed=True),
            claimed,
        )
        _repeat(conn, at_claim, claimed)


def _repeat(conn: Connection, values: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    """Repeat a mention's new values in its brand rows."""
    mine = BRAND_MENTION.c.mention_id == bindparam("mention")
    conn.execute(update(BRAND_MENTION).where(mine).values(values), rows)


def _newer(row: AnyRow, mention: NewMention, name: str) -> Any:
    value = getattr(mention, name)
    return getattr(row, name) if value is None or value == "" else value


def _add_brands(
    conn: Connection,
    source: KeptSource,
    pairs: Sequence[tuple[AnyRow, NewMention]],
    now: datetime,
) -> None:
    """Add the brands that match an unchanged text only now: a new brand or a new query."""
    rows = _new_matches(conn, pairs)
    if not rows:
        return
    touched = {row.id for row, _, _ in rows}
    times = select(MENTION.c.id, MENTION.c.published_at).where(MENTION.c.id.in_(touched))
    published_at = {row.id: row.published_at for row in conn.execute(times)}
    conn.execute(
        insert_new(conn, BRAND_MENTION),
        [
            brand_row(
                source,
                mention,
                row.id,
                {
                    "cluster_id": row.cluster_id,
                    "published_at": published_at[row.id],
                    "revision": row.revision,
                    "author_followers": _newer(row, mention, "author_followers"),
                },
            )
            | match_row(match)
            for row, mention, match in rows
        ],
    )
    facets.link(conn, [(row.id, (match,)) for row, _, match in rows])
    _note(conn, sorted(touched), "stored", now)


def _new_matches(
    conn: Connection, pairs: Sequence[tuple[AnyRow, NewMention]]
) -> list[tuple[AnyRow, NewMention, BrandMatch]]:
    ids = [row.id for row, mention in pairs if mention.matches]
    if not ids:
        return []
    found = select(BRAND_MENTION.c.mention_id, BRAND_MENTION.c.brand_id)
    have = {tuple(row) for row in conn.execute(found.where(BRAND_MENTION.c.mention_id.in_(ids)))}
    return [
        (row, mention, match)
        for row, mention in pairs
        for match in mention.matches
        if (row.id, match.brand_id) not in have
    ]


def _revise(
    conn: Connection,
    source: KeptSource,
    pairs: Sequence[tuple[AnyRow, NewMention]],
    now: datetime,
) -> None:
    """Make these copies the current revisions of their mentions."""
    ids = [row.id for row, _ in pairs]
    old = select(
        *(MENTION.c[name] for name in ("id", "title", "text", "published_at", *WHERE_IT_STANDS))
    )
    before = {row.id: row for row in conn.execute(old.where(MENTION.c.id.in_(ids)))}
    _archive(conn, [(row, before[row.id]) for row, _ in pairs])
    near.forget(conn, ids)
    living = [row.id for row, _ in pairs if row.deleted_at is None]
    search.remove(conn, [(i, before[i].title, before[i].text) for i in living])
    new_rows = [_revised_row(source, row, before[row.id], mention, now) for row, mention in pairs]
    kept = ("scope", "native_id", "source_type", "terms", "cluster_id", "first_seen_at")
    names = [name for name in new_rows[0] if name not in (*kept, "mention", "reread_at")]
    revised = update(MENTION).where(MENTION.c.id == bindparam("mention"))
    conn.execute(
        revised.values({name: bindparam(f"new_{name}") for name in names}),
        [{"mention": v["mention"], **{f"new_{n}": v[n] for n in names}} for v in new_rows],
    )
    _follow(conn, source, list(zip(pairs, new_rows, strict=True)))
    search.add(conn, [(row.id, mention.title, mention.text) for row, mention in pairs])
    _note(conn, ids, "edited", now)


def _revised_row(
    source: KeptSource, row: AnyRow, before: AnyRow, mention: NewMention, now: datetime
) -> dict[str, Any]:
    """A mention's row at its next revision: what the new copy does not tell stays."""
    values = mention_row(source, mention, row.cluster_id, now)
    values |= {name: _newer(row, mention, name) for name in _FOLLOWED}
    values |= {name: values[name] or getattr(before, name) for name in WHERE_IT_STANDS}
    values |= {
        "mention": row.id,
        "revision": row.revision + 1,
        "first_seen_at": row.first_seen_at,
    }
    if row.published_at_claimed or not values["published_at_claimed"]:
        values["published_at"] = before.published_at
        values["published_at_claimed"] = row.published_at_claimed
    return values


def _archive(conn: Connection, pairs: Sequence[tuple[AnyRow, AnyRow]]) -> None:
    rows = [
        {
            "mention_id": row.id,
            "number": row.revision,
            "content_hash": row.content_hash,
            "title": text.title,
            "text": text.text,
            "seen_at": row.revised_at,
        }
        for row, text in pairs
    ]
    conn.execute(insert_new(conn, REVISION), rows)


def _follow(
    conn: Connection,
    source: KeptSource,
    revised: Sequence[tuple[tuple[AnyRow, NewMention], dict[str, Any]]],
) -> None:
    """Make the brands of revised mentions those that match the new text."""
    rows = []
    for (row, mention), values in revised:
        gone = delete(BRAND_MENTION).where(BRAND_MENTION.c.mention_id == row.id)
        staying = [match.brand_id for match in mention.matches]
        conn.execute(gone.where(BRAND_MENTION.c.brand_id.not_in(staying)))
        common = brand_row(source, mention, row.id, values)
        rows += [common | match_row(match) for match in mention.matches]
    if not rows:
        return
    statement = upsert(conn, BRAND_MENTION)
    changed = {name: statement.excluded[name] for name in rows[0]}
    conn.execute(
        statement.on_conflict_do_update(index_elements=["mention_id", "brand_id"], set_=changed),
        rows,
    )
    facets.relink(conn, [(row.id, mention.matches) for (row, mention), _ in revised])


def _bury(
    conn: Connection, scope: str, native_ids: Iterable[str], now: datetime
) -> tuple[str, ...]:
    given = {storable_id(native_id): native_id for native_id in native_ids}
    return tuple(given[native_id] for native_id in bury(conn, scope, list(given), now))


def _keep_skipped(
    conn: Connection, source_id: int, skipped: Sequence[tuple[str, str]], now: datetime
) -> None:
    if not skipped:
        return
    rows = [
        {
            "source_id": source_id,
            "native_id": storable_id(native_id),
            "reason": storable_id(reason)[:MAX_REASON],
            "times": 1,
            "last_at": now,
        }
        for native_id, reason in skipped
    ]
    again = upsert(conn, SKIPPED_ITEM).on_conflict_do_update(
        index_elements=["source_id", "native_id", "reason"],
        set_={"times": SKIPPED_ITEM.c.times + 1, "last_at": now},
    )
    conn.execute(again, rows)


def _given(tally: _Tally, native_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tally.given.get(native_id, native_id) for native_id in native_ids))


def _see(conn: Connection, source: KeptSource, ids: Iterable[int], now: datetime) -> None:
    rows = [{"mention_id": i, "source_id": source.id, "first_seen_at": now} for i in ids]
    if rows:
        conn.execute(insert_new(conn, SIGHTING), rows)


def _note(conn: Connection, ids: Iterable[int], action: str, now: datetime) -> None:
    conn.execute(insert(CHANGE), [{"mention_id": i, "action": action, "at": now} for i in ids])
