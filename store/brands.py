"""Brands and the queries they have had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, and_, insert, select, update

from store.facets import sync_facets
from store.interface import BrandRow, BrandSpec
from store.remarks import ask_again
from store.tables import BRAND, BRAND_QUERY


def sync_brands(conn: Connection, specs: Sequence[BrandSpec], now: datetime) -> list[BrandRow]:
    """Make the stored brands those of the configuration; what is gone from it becomes inactive.

    A changed query text becomes a new version; mentions name the version that found them. Changed
    products, places and own accounts hold for kept mentions too: `store.remarks` hands them out.
    """
    stored = {row.slug: row for row in conn.execute(_select_brands())}
    for spec in specs:
        row = stored.get(spec.slug)
        if row is None:
            _add(conn, spec, now)
            continue
        version = row.query_version
        if row.query != spec.query:
            version += 1
            _add_query(conn, row.id, version, spec.query, now)
        conn.execute(
            update(BRAND)
            .where(BRAND.c.id == row.id)
            .values(name=spec.name, is_rival=spec.is_rival, active=True, query_version=version)
        )
    slugs = [spec.slug for spec in specs]
    conn.execute(update(BRAND).where(BRAND.c.slug.not_in(slugs)).values(active=False))
    synced = brands(conn)
    by_slug = {row.slug: row.id for row in synced}
    for spec in specs:
        sync_facets(conn, by_slug[spec.slug], spec.facets)
        ask_again(conn, by_slug[spec.slug], spec.rules)
    return synced


def brands(conn: Connection) -> list[BrandRow]:
    """The active brands, in the order they were first configured."""
    rows = conn.execute(_select_brands().where(BRAND.c.active).order_by(BRAND.c.id))
    return [_brand(row) for row in rows]


def brand_by_slug(conn: Connection, slug: str) -> BrandRow | None:
    """The brand of this id in configuration and exports, active or not."""
    row = conn.execute(_select_brands().where(BRAND.c.slug == slug)).one_or_none()
    return None if row is None else _brand(row)


def _select_brands() -> Select[tuple[int, str, str, bool, str, int]]:
    current = and_(
        BRAND_QUERY.c.brand_id == BRAND.c.id, BRAND_QUERY.c.version == BRAND.c.query_version
    )
    return select(
        BRAND.c.id,
        BRAND.c.slug,
        BRAND.c.name,
        BRAND.c.is_rival,
        BRAND_QUERY.c.query,
        BRAND.c.query_version,
    ).join_from(BRAND, BRAND_QUERY, current)


def _brand(row: Sequence[object]) -> BrandRow:
    return BrandRow(*row)  # type: ignore[arg-type]


def _add(conn: Connection, spec: BrandSpec, now: datetime) -> None:
    added = conn.execute(
        insert(BRAND).values(
            slug=spec.slug, name=spec.name, is_rival=spec.is_rival, active=True, query_version=1
        )
    )
    key = added.inserted_primary_key
    if key is not None:
        _add_query(conn, key[0], 1, spec.query, now)


def _add_query(conn: Connection, brand_id: int, version: int, query: str, now: datetime) -> None:
    conn.execute(
        insert(BRAND_QUERY).values(brand_id=brand_id, version=version, query=query, created_at=now)
    )
