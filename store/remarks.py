"""Kept mentions to look through again: their brand's products, places or own accounts changed.

How far it has come stands in a mark, so whoever is killed goes on from there. What is collected
meanwhile was matched by the new rules already and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from store.among import among
from store.facet_rows import KeptText, Remarked
from store.facet_tables import FACET_LINK
from store.marks import get_mark, set_mark
from store.tables import BRAND_MENTION, CHANGE, MENTION

BATCH: Final = 500
_READ = (
    BRAND_MENTION.c.id,
    BRAND_MENTION.c.revision,
    *(MENTION.c[name] for name in ("text", "lang", "source_type", "author_id", "author_handle")),
    *(MENTION.c[name] for name in ("author_name", "author_location", "site", "url", "thread_id")),
)


def ask_again(conn: Connection, brand_id: int, rules: str) -> None:
    """Have a brand's kept mentions looked through again if its rules are not those of last time."""
    mark = get_mark(conn, _name(brand_id))
    if rules == (mark or {}).get("rules", ""):
        return
    last = select(func.max(BRAND_MENTION.c.id)).where(BRAND_MENTION.c.brand_id == brand_id)
    until = int(conn.execute(last).scalar_one() or 0)
    set_mark(conn, _name(brand_id), {"rules": rules, "after": 0, "until": until})


def to_remark(conn: Connection, brand_id: int, rules: str, limit: int = BATCH) -> list[KeptText]:
    """The next living mentions of a brand that wait, in the order they were matched.

    None for who goes by other rules than those of the last start.
    """
    mark = get_mark(conn, _name(brand_id)) or {}
    if mark.get("rules") != rules or mark["after"] >= mark["until"]:
        return []
    rows = (
        select(*_READ)
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(
            BRAND_MENTION.c.brand_id == brand_id,
            BRAND_MENTION.c.id > mark["after"],
            BRAND_MENTION.c.id <= mark["until"],
            BRAND_MENTION.c.deleted.is_(False),
        )
        .order_by(BRAND_MENTION.c.id)
        .limit(limit)
    )
    return [KeptText(*row) for row in conn.execute(rows)]


def remark(
    conn: Connection, brand_id: int, found: Sequence[Remarked], rules: str, now: datetime
) -> int:
    """Keep what mentions were found to name, in place of what was kept of it before.

    Args:
        conn: of a `writing` transaction.
        brand_id: the brand.
        found: of every mention that `to_remark` gave, in its order.
        rules: those it was found by; if they have changed meanwhile, nothing is kept.
        now: when.

    Returns:
        How many mentions name other facets than before, or have another writer.
    """
    mark = dict(get_mark(conn, _name(brand_id)) or {})
    if mark.get("rules") != rules or not found:
        return 0
    mark["after"] = found[-1].row_id
    set_mark(conn, _name(brand_id), mark)
    ids = [one.row_id for one in found]
    stand = [BRAND_MENTION.c[name] for name in ("id", "mention_id", "own", "revision")]
    living = BRAND_MENTION.c.deleted.is_(False)
    rows = conn.execute(select(*stand).where(among(conn, BRAND_MENTION.c.id, ids), living))
    # What was edited since these were read was matched by the new rules then.
    there = {(row.id, row.revision): row for row in rows}
    before = _links(conn, ids)
    changed = [
        (row, one)
        for one in found
        if (row := there.get((one.row_id, one.revision))) is not None
        and (_named_in(one) != before.get(one.row_id, set()) or row.own != one.own)
    ]
    if changed:
        _write(conn, changed, now)
    return len(changed)


def _links(conn: Connection, ids: Sequence[int]) -> dict[int, set[tuple[int, bool, str]]]:
    found: dict[int, set[tuple[int, bool, str]]] = {}
    kept = select(FACET_LINK).where(among(conn, FACET_LINK.c.brand_mention_id, ids))
    for row in conn.execute(kept):
        found.setdefault(row.brand_mention_id, set()).add((row.facet_id, row.about, row.term))
    return found


def _named_in(one: Remarked) -> set[tuple[int, bool, str]]:
    return {(match.facet_id, match.about, match.term) for match in one.facets}


def _write(conn: Connection, changed: Sequence[tuple[Row[Any], Remarked]], now: datetime) -> None:
    ids = [one.row_id for _, one in changed]
    conn.execute(delete(FACET_LINK).where(among(conn, FACET_LINK.c.brand_mention_id, ids)))
    names = ("brand_mention_id", "facet_id", "about", "term")
    links = [
        dict(zip(names, (one.row_id, *link), strict=True))
        for _, one in changed
        for link in sorted(_named_in(one))
    ]
    if links:
        conn.execute(insert(FACET_LINK), links)
    owners = [{"row": one.row_id, "is_own": one.own} for row, one in changed if row.own != one.own]
    if owners:
        mine = BRAND_MENTION.c.id == bindparam("row")
        conn.execute(update(BRAND_MENTION).where(mine).values(own=bindparam("is_own")), owners)
    notes = [{"mention_id": row.mention_id, "action": "remarked", "at": now} for row, _ in changed]
    conn.execute(insert(CHANGE), notes)


def _name(brand_id: int) -> str:
    return f"facets:{brand_id}"
