"""A store with a history of our own making, written through the store's own functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from store.brands import sync_brands
from store.engine import open_store, writing
from store.facet_rows import FacetMatch, FacetRow, FacetSpec
from store.facets import facets, sync_facets
from store.interface import (
    BrandMatch,
    BrandRow,
    BrandSpec,
    CauseRow,
    IntentRow,
    NewLabel,
    NewMention,
    PageToKeep,
    SourceSpec,
    TextToLabel,
)
from store.labels import save_labels, unlabelled, use_version
from store.mentions import keep_page
from store.sources import finish_poll, start_poll, sync_sources

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NAMES = {
    "late": {"en": "Late delivery", "ru": "Поздняя доставка"},
    "rude": {"en": "Rude staff", "ru": "Грубый персонал"},
    "tasty": {"en": "Tasty coffee", "ru": "Вкусный кофе"},
}


def mention(native_id: str, text: str, at: datetime, brand_id: int, **given: Any) -> NewMention:
    values: dict[str, Any] = {
        "native_id": native_id,
        "kind": "post",
        "title": "",
        "text": text,
        "url": f"https://news.example/{native_id}",
        "canonical_url": "",
        "site": "news.example",
        "lang": "en",
        "author_id": f"author-{native_id}",
        "author_handle": f"@{native_id}",
        "author_name": f"Author {native_id}",
        "author_followers": None,
        "likes": None,
        "comments": None,
        "shares": None,
        "views": None,
        "rating": None,
        "rating_scale": None,
        "parent_id": "",
        "thread_id": "",
        "published_at": at,
        "edited_at": None,
        "matches": (BrandMatch(brand_id, 1, "Zerno", ((0, 5),)),),
    }
    return NewMention(**{**values, **given})


@dataclass
class World:
    """One brand, one rival, one source; `post` collects and `save` keeps and labels."""

    engine: Engine
    born: datetime = NOON - timedelta(days=40)
    brand: BrandRow = field(init=False)
    rival: BrandRow = field(init=False)
    source_id: int = field(init=False)
    version: int = field(init=False)
    _posts: list[NewMention] = field(default_factory=list)
    _labels: dict[str, tuple[str, tuple[CauseRow, ...], bool, tuple[IntentRow, ...]]] = field(
        default_factory=dict
    )
    _count: int = 0

    def __post_init__(self) -> None:
        with writing(self.engine) as conn:
            rows = sync_brands(
                conn,
                [
                    BrandSpec("zerno", "Zerno", "Zerno"),
                    BrandSpec("rival", "Kofeinya", "Kofeinya", is_rival=True),
                ],
                self.born,
            )
            self.brand = next(row for row in rows if row.slug == "zerno")
            self.rival = next(row for row in rows if row.slug == "rival")
            self.source_id = sync_sources(
                conn, [SourceSpec("town", "rss", "rss:town", "open", 900)], self.born
            )[0].id
            self.version = use_version(conn, "model-1", "taxonomy-1", self.born)

    def facets(self, *specs: FacetSpec) -> dict[str, FacetRow]:
        """Configure products and places of the brand; by their ids."""
        with writing(self.engine) as conn:
            sync_facets(conn, self.brand.id, specs)
            return {row.slug: row for row in facets(conn, self.brand.id)}

    def match(
        self, *rows: FacetRow, about: bool = True, own: bool = False
    ) -> tuple[BrandMatch, ...]:
        """What `post` may be given as `matches`: it names these, or its author lives there."""
        found = tuple(FacetMatch(row.id, about, row.name) for row in rows)
        return (BrandMatch(self.brand.id, 1, "Zerno", ((0, 5),), facets=found, own=own),)

    def post(
        self,
        text: str,
        at: datetime,
        sentiment: str = "neutral",
        causes: tuple[tuple[str, str], ...] = (),
        *,
        rival: bool = False,
        unsure: bool = False,
        intents: tuple[tuple[str, str, str | None], ...] = (),
        stage: str | None = None,
        severity: int | None = None,
        expectation: str | None = None,
        links: tuple[CauseRow, ...] = (),
        **given: Any,
    ) -> str:
        """Collect a post; `causes` are `(cause, evidence)`, the evidence a part of the text.

        `intents` are `(intent, evidence, rival)`; `stage`, `severity`, `expectation` are of all its
        causes; `links` are taken as they are, beside these.
        """
        self._count += 1
        native_id = str(given.pop("native_id", f"p{self._count}"))
        brand_id = self.rival.id if rival else self.brand.id
        self._posts.append(mention(native_id, text, at, brand_id, **given))
        polarity = "positive" if sentiment == "positive" else "negative"
        named = tuple(
            CauseRow(cause, polarity, 0.9, said, *_place(text, said), stage, expectation, severity)
            for cause, said in causes
        )
        links = (*links, *named)
        meant = tuple(
            IntentRow(intent, 0.9, said, *_place(text, said), rival)
            for intent, said, rival in intents
        )
        self._labels[native_id] = (sentiment, links, unsure, meant)
        return native_id

    def save(self, now: datetime | None = None) -> None:
        """Keep and label what was collected, as one poll would."""
        at = now or max(p.published_at for p in self._posts if p.published_at)
        with writing(self.engine) as conn:
            poll = start_poll(conn, self.source_id, at, at + timedelta(minutes=15))
            page = PageToKeep(cursor={}, mentions=tuple(self._posts), fetched=len(self._posts))
            keep_page(conn, self.source_id, poll, page, at)
            finish_poll(conn, poll, outcome="ok", now=at, next_poll_at=at + timedelta(minutes=15))
            texts = {(p.title, p.text): p.native_id for p in self._posts}
            labels = []
            for row in unlabelled(conn, self.version, 100_000):
                said = self._labels[texts[row.title, row.text]]
                labels.append(_label(row, *said))
            save_labels(conn, self.version, labels, at)
        self._posts.clear()

    def relabel(self, sentiment: str, now: datetime, saying: str = "") -> None:
        """Let the version in use say the same of everything it has not labelled and holds that."""
        with writing(self.engine) as conn:
            rows = [row for row in unlabelled(conn, self.version, 100_000) if saying in row.text]
            save_labels(
                conn, self.version, [_label(r, sentiment, (), False, ()) for r in rows], now
            )


def _place(text: str, said: str) -> tuple[int, int]:
    return text.index(said), text.index(said) + len(said)


def _label(
    row: TextToLabel,
    sentiment: str,
    links: tuple[CauseRow, ...],
    unsure: bool,
    intents: tuple[IntentRow, ...],
) -> NewLabel:
    shares = {"negative": (0.8, 0.15, 0.05), "positive": (0.05, 0.15, 0.8)}.get(
        sentiment, (0.1, 0.8, 0.1)
    )
    scored = sentiment != "unscored"
    return NewLabel(
        mention_id=row.mention_id,
        revision=row.revision,
        brand_id=row.brand_id,
        lang="en",
        lang_confidence=0.99,
        sentiment=sentiment,
        p_negative=shares[0] if scored else None,
        p_neutral=shares[1] if scored else None,
        p_positive=shares[2] if scored else None,
        low_confidence=unsure,
        causes=links,
        intents=intents,
    )


def fill_month(world: World, end: datetime, *, per_day: int = 12) -> None:
    """28 quiet days and a day of late deliveries before `end` (a local midnight, say)."""
    for back in range(28, 0, -1):
        for number in range(per_day + back % 3):
            at = end - timedelta(days=back + 1) + timedelta(hours=8, minutes=37 * number)
            mood = ("neutral", "positive", "neutral", "negative")[number % 4]
            said = f"Zerno note {back}-{number} about nothing much"
            causes = (("tasty", said),) if mood == "positive" else ()
            if mood == "negative" and number % 8 == 3:
                causes = (("late", said),)
            world.post(said, at, mood, causes, author_followers=10 * number)
    for number in range(20):
        at = end - timedelta(hours=14) + timedelta(minutes=17 * number)
        said = f"the courier for order {number} was {number + 1} hours late"
        world.post(
            f"Zerno let me down: {said}. {'Where is it?' if number == 3 else ''}",
            at,
            "negative",
            (("late", said),),
            author_followers=100 * number,
            unsure=number % 5 == 0,
        )
    world.post("Kofeinya opened a new place", end - timedelta(hours=10), "positive", rival=True)
    world.save(end)


def new_world(path: Any, **given: Any) -> World:
    return World(open_store(f"sqlite:///{path}"), **given)
