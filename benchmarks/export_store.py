"""A large store for the export benchmark, written straight into SQLite."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.engine import open_store

_WORDS = (
    *("courier", "late", "again", "queue", "coffee", "great", "staff", "app", "broken", "price"),
    *("доставка", "опоздала", "снова", "очередь", "кофе", "отлично", "персонал", "сломалось"),
)
_BATCH = 20_000
_START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(path: Path, count: int) -> None:
    """A store of `count` labelled mentions: every third with a cause, every tenth a reprint."""
    open_store(f"sqlite:///{path}").dispose()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        _small_tables(db)
        draw = random.Random(7)
        for first in range(1, count + 1, _BATCH):
            numbers = range(first, min(first + _BATCH, count + 1))
            for table, rows in _rows(numbers, draw).items():
                _insert(db, table, rows)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _small_tables(db: sqlite3.Connection) -> None:
    at = _time(0)
    _insert(
        db,
        "brand",
        [
            {
                "id": 1,
                "slug": "zerno",
                "name": "Zerno",
                "is_rival": 0,
                "active": 1,
                "query_version": 1,
            }
        ],
    )
    _insert(db, "brand_query", [{"brand_id": 1, "version": 1, "query": "zerno", "created_at": at}])
    _insert(
        db,
        "source",
        [
            {
                "id": 1,
                "name": "town",
                "type": "rss",
                "scope": "rss:town",
                "terms": "open",
                "active": 1,
                "cursor": "{}",
                "interval_seconds": 900,
                "next_poll_at": at,
                "created_at": at,
                "last_error": "",
                "last_error_kind": "",
                "error_count": 0,
                "items_total": 0,
                "note": "",
            }
        ],
    )
    _insert(
        db,
        "model_version",
        [
            {
                "id": 1,
                "model": "molva-1+0123456789ab",
                "created_at": at,
                "taxonomy": "causes-1",
                "current": 1,
            }
        ],
    )


def _rows(numbers: range, draw: random.Random) -> dict[str, Iterator[dict[str, object]]]:
    texts = {n: " ".join(draw.choices(_WORDS, k=draw.randint(8, 50))) for n in numbers}
    return {
        "cluster": ({"id": n, "created_at": _time(n)} for n in numbers),
        "mention": (_mention(n, texts[n]) for n in numbers),
        "brand_mention": (_brand_mention(n) for n in numbers),
        "sighting": ({"mention_id": n, "source_id": 1, "first_seen_at": _time(n)} for n in numbers),
        "label": (_label(n) for n in numbers),
        "cause_link": (_cause(n, texts[n]) for n in numbers if n % 3 == 0),
        "change": (
            {"mention_id": n, "action": action, "at": _time(n)}
            for action in ("stored", "labelled")
            for n in numbers
        ),
    }


def _mention(n: int, text: str) -> dict[str, object]:
    return {
        "id": n,
        "scope": "rss:town",
        "native_id": f"post-{n}",
        "source_type": "rss",
        "terms": "open",
        "kind": "post",
        "title": text[:40],
        "text": text,
        "url": f"https://news.example/{n}",
        "canonical_url": f"https://news.example/{n}",
        "site": "news.example",
        "lang": "en",
        "author_id": f"a{n % 50_000}",
        "author_handle": f"@author{n % 50_000}",
        "author_name": f"Author {n % 50_000}",
        "author_followers": n % 10_000,
        "likes": n % 50,
        "comments": n % 7,
        "shares": None,
        "views": n % 900,
        "rating": None,
        "rating_scale": None,
        "parent_id": "",
        "thread_id": "",
        "published_at": _time(n),
        "published_at_claimed": 1,
        "edited_at": None,
        "first_seen_at": _time(n),
        "revised_at": _time(n),
        "deleted_at": None,
        "revision": 1,
        "content_hash": f"1:{n:032x}",
        "cluster_id": n - n % 10 if n % 10 == 1 and n > 1 else n,
    }


def _brand_mention(n: int) -> dict[str, object]:
    return {
        "id": n,
        "brand_id": 1,
        "mention_id": n,
        "published_at": _time(n),
        "query_version": 1,
        "matched_term": "Zerno",
        "spans": f"[[{n % 90}, {n % 90 + 5}]]",
        "in_title": 0,
        "cluster_id": n,
        "author_key": n % 50_000,
        "followers": n % 10_000,
        "revision": 1,
        "deleted": 0,
        "labelled_by": 1,
    }


def _label(n: int) -> dict[str, object]:
    return {
        "id": n,
        "mention_id": n,
        "revision": 1,
        "brand_id": 1,
        "version_id": 1,
        "lang": "en",
        "lang_confidence": 0.97,
        "sentiment": ("negative", "neutral", "positive")[n % 3],
        "p_negative": 0.7 - n % 100 / 1000,
        "p_neutral": 0.2,
        "p_positive": n % 100 / 1000,
        "low_confidence": 0,
        "labelled_at": _time(n),
    }


def _cause(n: int, text: str) -> dict[str, object]:
    return {
        "label_id": n,
        "cause": "long_wait",
        "polarity": "negative",
        "probability": 0.8,
        "evidence": text[:30],
        "evidence_start": 0,
        "evidence_end": 30,
    }


def _insert(db: sqlite3.Connection, table: str, rows: object) -> None:
    listed = list(rows)  # type: ignore[call-overload]
    if not listed:
        return
    names = list(listed[0])
    values = ", ".join(f":{name}" for name in names)
    db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})", listed)


def _time(n: int) -> str:
    return f"{_START + timedelta(seconds=20 * n):%Y-%m-%d %H:%M:%S}.000000"
