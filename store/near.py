"""Nearly equal texts into one story: candidates by their signatures, then a strict comparison.

Signatures are kept in the store, so the search goes on across restarts, text by text. A new text
joins a story only if it tells the same as *every* alike text of it; one that contradicts keeps it
out, or two adverts for different cities would meet in one that names none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from store.interface import NewMention
from store.likeness import bands, same_story
from store.tables import CLUSTER_KEY, MENTION, NEAR_KEY

WINDOW: Final = timedelta(days=30)
"""How long a text is compared with new ones: copies of a story come in days, not in years."""

MOST_CANDIDATES: Final = 200
"""Alike texts of one new text; of more, a template is being filled in, and none is joined."""

_PRUNE_EVERY: Final = 500

_STORED = (
    select(NEAR_KEY.c.band, MENTION.c.id, MENTION.c.cluster_id, MENTION.c.text)
    .join(MENTION, MENTION.c.id == NEAR_KEY.c.mention_id)
    .where(
        NEAR_KEY.c.band.in_(bindparam("bands", expanding=True)),
        MENTION.c.first_seen_at >= bindparam("since"),
        MENTION.c.deleted_at.is_(None),
    )
)
_KEYED = select(CLUSTER_KEY.c.key).where(CLUSTER_KEY.c.key.in_(bindparam("keys", expanding=True)))

Home = tuple[str, int]
"""A story: `("stored", cluster)` or `("new", place on the page)`."""


@dataclass(slots=True)
class Linked:
    """What was found out about the new mentions of a page.

    Attributes:
        keys: the story keys of each, with those of the story that it tells anew.
        bands: the signature of each that is to be remembered.
    """

    keys: list[tuple[str, ...]]
    bands: dict[int, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Alike:
    """Texts that share a part of their signature, stored or earlier on the page."""

    by_band: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[int, Home] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, number: int, home: Home, text: str, its_bands: Iterable[int]) -> None:
        for band in its_bands:
            self.by_band[band].append(number)
        self.homes[number], self.texts[number] = home, text

    def of(self, its_bands: Iterable[int]) -> set[int]:
        return {number for band in its_bands for number in self.by_band.get(band, ())}


def link(
    conn: Connection,
    mentions: Sequence[NewMention],
    keys_of_each: Sequence[Sequence[str]],
    now: datetime,
) -> Linked:
    """Add to the story keys of new mentions one of the story that a nearly equal text tells.

    Args:
        conn: inside the transaction that keeps them.
        mentions: not yet stored.
        keys_of_each: as `store.decide.story_keys` has them.
        now: aware.
    """
    linked = Linked([tuple(keys) for keys in keys_of_each])
    fresh = _not_copies(conn, keys_of_each)
    signatures = {place: found for place in fresh if (found := bands(mentions[place].text))}
    if not signatures:
        return linked
    alike = _stored(conn, {band for found in signatures.values() for band in found}, now)
    chosen: dict[int, Home] = {}
    for place, found in signatures.items():
        home = _home(mentions[place].text, alike, alike.of(found))
        if home is not None:
            chosen[place] = home
        # Numbers below zero are places on the page: ids begin at 1.
        alike.add(-1 - place, home or ("new", place), mentions[place].text, found)
    names = _names(conn, {number for kind, number in chosen.values() if kind == "stored"})
    for place, (kind, number) in chosen.items():
        key = names.get(number) if kind == "stored" else linked.keys[number][0]
        if key is not None:
            linked.keys[place] = (*linked.keys[place], key)
    linked.bands = signatures
    return linked


def remember(conn: Connection, signatures: Mapping[int, Sequence[int]], now: datetime) -> None:
    """Keep the signatures of stored mentions, by their ids; now and then forget old ones."""
    rows = [
        {"band": band, "mention_id": id_} for id_, its in signatures.items() for band in set(its)
    ]
    if rows:
        conn.execute(insert(NEAR_KEY), rows)
    if any(id_ % _PRUNE_EVERY == 0 for id_ in signatures):
        old = select(func.max(MENTION.c.id)).where(MENTION.c.first_seen_at < now - WINDOW)
        conn.execute(delete(NEAR_KEY).where(NEAR_KEY.c.mention_id <= old.scalar_subquery()))


def forget(conn: Connection, ids: Sequence[int]) -> None:
    """Forget the signatures of mentions whose text is gone or another now."""
    if ids:
        conn.execute(delete(NEAR_KEY).where(NEAR_KEY.c.mention_id.in_(ids)))


def _not_copies(conn: Connection, keys_of_each: Sequence[Sequence[str]]) -> list[int]:
    """Places of the texts that neither the store nor the page has had word for word."""
    texts = {key for keys in keys_of_each for key in keys if key.startswith("text:")}
    seen = set(conn.execute(_KEYED, {"keys": list(texts)}).scalars()) if texts else set()
    fresh = []
    for place, keys in enumerate(keys_of_each):
        own = [key for key in keys if key.startswith("text:")]
        if own and own[0] not in seen:
            fresh.append(place)
            seen.add(own[0])
    return fresh


def _stored(conn: Connection, wanted: set[int], now: datetime) -> _Alike:
    alike = _Alike()
    rows = conn.execute(_STORED, {"bands": list(wanted), "since": now - WINDOW})
    for band, id_, cluster, text in rows:
        alike.add(int(id_), ("stored", int(cluster)), text, (int(band),))
    return alike


def _home(text: str, alike: _Alike, candidates: set[int]) -> Home | None:
    """The story that all alike texts of it tell as this one does; the first seen, of several."""
    if not candidates or len(candidates) > MOST_CANDIDATES:
        return None
    stories: dict[Home, bool] = {}
    for number in candidates:
        home = alike.homes[number]
        stories[home] = stories.get(home, True) and same_story(text, alike.texts[number])
    same = [home for home, all_agree in stories.items() if all_agree]
    return min(same, key=lambda home: (home[0] != "stored", home[1]), default=None)


def _names(conn: Connection, clusters: set[int]) -> dict[int, str]:
    """A story key of each of these clusters."""
    if not clusters:
        return {}
    named = (
        select(CLUSTER_KEY.c.cluster_id, func.min(CLUSTER_KEY.c.key))
        .where(CLUSTER_KEY.c.cluster_id.in_(clusters))
        .group_by(CLUSTER_KEY.c.cluster_id)
    )
    return {int(cluster): key for cluster, key in conn.execute(named)}
