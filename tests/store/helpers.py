"""Small stores and posts for the tests; every text is our own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from store.brands import sync_brands
from store.engine import writing
from store.history import labelled_mentions
from store.interface import (
    BrandMatch,
    BrandSpec,
    CauseRow,
    KeptPage,
    MentionFilter,
    NewLabel,
    NewMention,
    PageToKeep,
    SourceSpec,
)
from store.labels import save_labels, unlabelled, use_version
from store.mentions import keep_page
from store.search import matching
from store.sources import start_poll, sync_sources

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_PLAIN = NewMention(
    native_id="1",
    kind="post",
    title="",
    text="Зашёл в Зерно за кофе",
    url="",
    canonical_url="",
    site="feed.example",
    lang="ru",
    author_id="anna",
    author_handle="@anna",
    author_name="Анна",
    author_followers=10,
    likes=None,
    comments=None,
    shares=None,
    views=None,
    rating=None,
    rating_scale=None,
    parent_id="",
    thread_id="",
    published_at=NOW - HOUR,
    edited_at=None,
    matches=(),
)


@dataclass(frozen=True)
class World:
    """A store with two brands and two sources of one scope, and a third of another."""

    engine: Engine
    zerno: int
    rival: int
    feed: int
    other_feed: int
    forum: int

    def mention(self, native_id: str = "1", **values: Any) -> NewMention:
        """A post that matches the brand Zerno, unless told otherwise."""
        values.setdefault("matches", (self.match(),))
        return replace(_PLAIN, native_id=native_id, **values)

    def match(self, brand_id: int | None = None, term: str = "зерно") -> BrandMatch:
        """A match of a brand in the words 9 to 13 of the plain text."""
        return BrandMatch(brand_id or self.zerno, 1, term, ((8, 13),))

    def keep(
        self,
        *mentions: NewMention,
        source: int | None = None,
        now: datetime = NOW,
        **page: Any,
    ) -> KeptPage:
        """Keep a page in a transaction of its own."""
        page.setdefault("cursor", {})
        with writing(self.engine) as conn:
            poll = start_poll(conn, source or self.feed, now, now + HOUR)
            kept = PageToKeep(mentions=mentions, fetched=len(mentions), **page)
            return keep_page(conn, source or self.feed, poll, kept, now)


def make_world(engine: Engine) -> World:
    """Brands and sources, nothing kept."""
    with writing(engine) as conn:
        brands = sync_brands(
            conn,
            [BrandSpec("zerno", "Zerno", "зерно"), BrandSpec("beanly", "Beanly", "beanly", True)],
            NOW,
        )
        specs = [
            SourceSpec("feed", "rss", "rss", "open", 900),
            SourceSpec("feed-2", "rss", "rss", "open", 900),
            SourceSpec("forum", "forum", "forum:city", "excerpt", 3600),
        ]
        ids = {source.name: source.id for source in sync_sources(conn, specs, NOW)}
    return World(engine, brands[0].id, brands[1].id, ids["feed"], ids["feed-2"], ids["forum"])


def label_all(
    conn: Connection,
    sentiment: str = "negative",
    *causes: str,
    model: str = "model-1",
    now: datetime = NOW,
    **values: Any,
) -> int:
    """Label everything that waits with one sentiment; returns the version."""
    version = use_version(conn, model, "taxonomy-1", now)
    labels = [
        NewLabel(
            mention_id=text.mention_id,
            revision=text.revision,
            brand_id=text.brand_id,
            lang="ru",
            lang_confidence=0.99,
            sentiment=sentiment,
            p_negative=0.7,
            p_neutral=0.2,
            p_positive=0.1,
            low_confidence=values.get("low_confidence", False),
            causes=tuple(CauseRow(c, "negative", 0.8, text.text[:6], 0, 6) for c in causes),
        )
        for text in unlabelled(conn, version, 10_000)
    ]
    save_labels(conn, version, labels, now)
    return version


def searched(conn: Connection, query: str) -> list[int]:
    """The ids of the mentions that a query finds."""
    return sorted(conn.execute(matching(conn, query)).scalars())


def snapshot(conn: Connection) -> list[tuple[Any, ...]]:
    """What a person would see of the store, without ids that depend on the order of arrival."""
    rows = list(labelled_mentions(conn, MentionFilter(include_deleted=True)))
    stories: dict[int, set[str]] = {}
    for row in rows:
        stories.setdefault(row.cluster_id, set()).add(f"{row.scope}/{row.native_id}")
    return sorted(
        (
            (row.scope, row.native_id, row.brand, row.title, row.text, row.author_id),
            (row.published_at, row.edited_at, row.deleted_at is not None, row.match_spans),
            (sorted(row.source_names), sorted(stories[row.cluster_id]), row.content_hash),
        )
        for row in rows
    )
