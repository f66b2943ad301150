"""The products and places of brands, and which mentions speak of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from store.among import among
from store.facet_rows import FacetKind, FacetRow, FacetSpec, Named
from store.facet_tables import FACET, FACET_LINK
from store.interface import BrandMatch
from store.tables import BRAND, BRAND_MENTION

Pairs = Iterable[tuple[int, Sequence[BrandMatch]]]
"""Mentions by number, each with what matched in it."""


def sync_facets(conn: Connection, brand_id: int, specs: Sequence[FacetSpec]) -> None:
    """Make a brand's facets those of the configuration; what is gone from it becomes inactive."""
    rows = conn.execute(select(FACET).where(FACET.c.brand_id == brand_id))
    stored = {(row.kind, row.slug): row for row in rows}
    for spec in specs:
        values = {"name": spec.name, "names": dict(spec.names), "active": True}
        row = stored.pop((spec.kind, spec.slug), None)
        if row is None:
            new = {"brand_id": brand_id, "kind": spec.kind, "slug": spec.slug}
            conn.execute(insert(FACET).values(**new, **values))
        elif (row.name, row.names, row.active) != tuple(values.values()):
            conn.execute(update(FACET).where(FACET.c.id == row.id).values(values))
    gone = [row.id for row in stored.values() if row.active]
    if gone:
        conn.execute(update(FACET).where(FACET.c.id.in_(gone)).values(active=False))


def facets(conn: Connection, brand_id: int | None = None) -> list[FacetRow]:
    """The configured facets of a brand or of all, in the order they were first configured."""
    statement = (
        select(
            FACET.c.id,
            FACET.c.brand_id,
            BRAND.c.slug.label("brand"),
            FACET.c.kind,
            FACET.c.slug,
            FACET.c.name,
            FACET.c.names,
        )
        .join_from(FACET, BRAND, BRAND.c.id == FACET.c.brand_id)
        .where(FACET.c.active)
        .order_by(FACET.c.id)
    )
    if brand_id is not None:
        statement = statement.where(FACET.c.brand_id == brand_id)
    return [FacetRow(*row) for row in conn.execute(statement)]


def link(conn: Connection, pairs: Pairs) -> None:
    """Keep which facets newly kept mentions name; costs nothing where none names any."""
    wanted = {
        (mention_id, match.brand_id): match.facets
        for mention_id, matches in pairs
        for match in matches
        if match.facets
    }
    if not wanted:
        return
    mine = among(conn, BRAND_MENTION.c.mention_id, {mention_id for mention_id, _ in wanted})
    columns = (BRAND_MENTION.c.id, BRAND_MENTION.c.mention_id, BRAND_MENTION.c.brand_id)
    conn.execute(
        insert(FACET_LINK),
        [
            {"brand_mention_id": row.id, "facet_id": m.facet_id, "about": m.about, "term": m.term}
            for row in conn.execute(select(*columns).where(mine)).all()
            for m in wanted.get((row.mention_id, row.brand_id), ())
        ],
    )


def relink(conn: Connection, pairs: Pairs) -> None:
    """Keep which facets edited mentions name now, in place of what they named before."""
    told = list(pairs)
    ids = [mention_id for mention_id, _ in told]
    rows = select(BRAND_MENTION.c.id).where(among(conn, BRAND_MENTION.c.mention_id, ids))
    conn.execute(delete(FACET_LINK).where(FACET_LINK.c.brand_mention_id.in_(rows)))
    link(conn, told)


def forget_homes(conn: Connection, mention_ids: Collection[int]) -> None:
    """Forget where the authors of mentions said to be."""
    rows = select(BRAND_MENTION.c.id).where(among(conn, BRAND_MENTION.c.mention_id, mention_ids))
    conn.execute(
        delete(FACET_LINK).where(
            FACET_LINK.c.about.is_(False), FACET_LINK.c.brand_mention_id.in_(rows)
        )
    )


def named(conn: Connection, row_ids: Collection[int]) -> Mapping[int, Named]:
    """The configured facets of brand mentions, by the numbers of their rows; none has no entry."""
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = (
        select(FACET_LINK.c.brand_mention_id, FACET.c.kind, FACET_LINK.c.about, FACET.c.slug)
        .join_from(FACET_LINK, FACET, FACET.c.id == FACET_LINK.c.facet_id)
        .where(among(conn, FACET_LINK.c.brand_mention_id, row_ids), FACET.c.active)
        .order_by(FACET.c.id)
    )
    for row_id, kind, about, slug in conn.execute(rows):
        found[row_id][f"{kind}s" if about else f"author_{kind}s"].append(slug)
    return {row_id: _named(own) for row_id, own in found.items()}


def _named(own: Mapping[str, Sequence[str]]) -> Named:
    lists: dict[str, Any] = {name: tuple(slugs) for name, slugs in own.items()}
    return Named(**lists)


def speaks_of(kind: FacetKind, slug: str) -> ColumnElement[bool]:
    """Whether a brand mention speaks of the configured facet of its brand with that id."""
    return exists().where(
        FACET_LINK.c.brand_mention_id == BRAND_MENTION.c.id,
        FACET_LINK.c.about,
        FACET.c.id == FACET_LINK.c.facet_id,
        FACET.c.active,
        FACET.c.kind == kind,
        FACET.c.slug == slug,
        FACET.c.brand_id == BRAND_MENTION.c.brand_id,
    )
