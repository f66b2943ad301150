"""How long a digest takes of a brand with 100,000 mentions in its 28 days.

`python -m benchmarks.digest [--mentions N]`; the bare reading of the same rows is timed beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from reports.digest import DigestOptions, build_digest
from reports.periods import Period
from reports.render import digest_message
from store.brands import sync_brands
from store.engine import open_store, reading, writing
from store.interface import (
    BrandMatch,
    BrandRow,
    BrandSpec,
    CauseRow,
    NewLabel,
    NewMention,
    PageToKeep,
    SourceSpec,
)
from store.labels import save_labels, unlabelled, use_version
from store.mentions import keep_page
from store.sources import finish_poll, start_poll, sync_sources

DAY = date(2026, 3, 2)
PERIOD = Period("day", DAY, ZoneInfo("Europe/Moscow"))
BORN = PERIOD.start - timedelta(days=40)
PAGE = 5000
CAUSES = tuple(f"cause{number}" for number in range(20))


def fill(engine: Engine, mentions: int, draw: random.Random) -> BrandRow:
    """Mentions spread over the 28 days and the day itself, a third negative, with causes."""
    with writing(engine) as conn:
        brand = sync_brands(conn, [BrandSpec("acme", "Acme", "Acme")], BORN)[0]
        source = sync_sources(conn, [SourceSpec("town", "rss", "rss:town", "open", 900)], BORN)[
            0
        ].id
        version = use_version(conn, "model-1", "taxonomy-1", BORN)
    for posts in _pages(mentions, brand.id, draw):
        with writing(engine) as conn:
            poll = start_poll(conn, source, PERIOD.end, PERIOD.end)
            page = PageToKeep(cursor={}, mentions=tuple(posts), fetched=len(posts))
            keep_page(conn, source, poll, page, PERIOD.end)
            finish_poll(conn, poll, outcome="ok", now=PERIOD.end, next_poll_at=PERIOD.end)
            rows = unlabelled(conn, version, PAGE)
            labels = [_label(row.mention_id, row.brand_id, row.text, draw) for row in rows]
            save_labels(conn, version, labels, PERIOD.end)
    return brand


def _pages(count: int, brand_id: int, draw: random.Random) -> Iterator[list[NewMention]]:
    length = (PERIOD.end - PERIOD.start) * 29
    for first in range(0, count, PAGE):
        yield [
            _mention(number, PERIOD.end - length * ((number + 0.5) / count), brand_id, draw)
            for number in range(first, min(first + PAGE, count))
        ]


def _mention(number: int, at: datetime, brand_id: int, draw: random.Random) -> NewMention:
    words = " ".join(f"w{draw.randrange(5000)}" for _ in range(20))
    return NewMention(
        native_id=str(number),
        kind="post",
        title="",
        text=f"Acme {number} {words}",
        url=f"https://posts.example/{number}",
        canonical_url="",
        site=f"site{number % 40}.example",
        lang="en",
        author_id=f"a{draw.randrange(30_000)}",
        author_handle="",
        author_name="An author",
        author_followers=draw.randrange(10_000),
        likes=None,
        comments=None,
        shares=None,
        views=None,
        rating=None,
        rating_scale=None,
        parent_id="",
        thread_id="",
        published_at=at,
        edited_at=None,
        matches=(BrandMatch(brand_id, 1, "Acme", ((0, 4),)),),
    )


def _label(mention_id: int, brand_id: int, said: str, draw: random.Random) -> NewLabel:
    mood = draw.choice(("negative", "neutral", "positive"))
    causes: tuple[CauseRow, ...] = ()
    if mood != "neutral":
        causes = (CauseRow(draw.choice(CAUSES), mood, 0.8, said[5:25], 5, 25),)
    return NewLabel(
        mention_id=mention_id,
        revision=1,
        brand_id=brand_id,
        lang="en",
        lang_confidence=0.99,
        sentiment=mood,
        p_negative=0.8 if mood == "negative" else 0.1,
        p_neutral=0.8 if mood == "neutral" else 0.1,
        p_positive=0.8 if mood == "positive" else 0.1,
        low_confidence=False,
        causes=causes,
        intents=(),
    )


def measure(mentions: int, runs: int = 3) -> dict[str, float]:
    """Median seconds of the facts, of the message drawn from them, and of a bare read."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{Path(folder) / 'molva.db'}")
        brand = fill(engine, mentions, random.Random(1))
        options = DigestOptions("en", datetime(2026, 3, 3, 6, tzinfo=UTC))
        times: dict[str, list[float]] = {"facts": [], "message": [], "bare_read": []}
        for _ in range(runs):
            with reading(engine) as conn:
                begun = time.perf_counter()
                facts = build_digest(conn, brand, PERIOD, options)
                times["facts"].append(time.perf_counter() - begun)
                begun = time.perf_counter()
                digest_message(facts)
                times["message"].append(time.perf_counter() - begun)
                begun = time.perf_counter()
                conn.execute(text("SELECT * FROM brand_mention")).all()
                times["bare_read"].append(time.perf_counter() - begun)
        engine.dispose()
    return {name: sorted(values)[len(values) // 2] for name, values in times.items()}


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=100_000)
    given = parser.parse_args()
    print(json.dumps({"mentions": given.mentions, **measure(given.mentions)}))


if __name__ == "__main__":
    main()
