"""Rematch: look through kept mentions for products, places and own accounts configured since.

A brand's query itself is not looked for again: what it did not find was not kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from collectors.query import Document
from molva.facets import rules_of
from molva.rooms import Rooms
from store.engine import reading, writing
from store.facet_rows import KeptText, Remarked
from store.interface import BrandRow
from store.remarks import remark, to_remark


def rematch_pending(rooms: Rooms) -> int:
    """Look through all kept mentions that wait for it, a batch a transaction.

    Returns:
        How many name other products or places than before, or have another writer.
    """
    rules = {brand.id: rules_of(brand) for brand in rooms.config.brands}
    wanted = [brand for brand in rooms.brands if brand.slug in rules]
    return sum(_rematch(rooms, brand, rules[brand.slug]) for brand in wanted)


def _rematch(rooms: Rooms, brand: BrandRow, rules: str) -> int:
    changed = 0
    while batch := _next(rooms, brand, rules):
        found = [_found(rooms, brand.slug, kept) for kept in batch]
        with writing(rooms.engine) as conn:
            changed += remark(conn, brand.id, found, rules, rooms.clock())
    return changed


def _next(rooms: Rooms, brand: BrandRow, rules: str) -> Sequence[KeptText]:
    with reading(rooms.engine) as conn:
        return to_remark(conn, brand.id, rules)


def _found(rooms: Rooms, brand: str, kept: KeptText) -> Remarked:
    seen = Document(
        text=kept.text,
        lang=kept.lang,
        source=kept.source_type,
        author=kept.author_handle or kept.author_name,
        site=kept.site or kept.url,
        thread=kept.thread_id,
    )
    facets = rooms.facets.named(seen, kept.author_location, {brand}).get(brand, ())
    own = rooms.facets.is_own(brand, kept.author_handle, kept.author_id)
    return Remarked(kept.row_id, kept.revision, facets, own)
