"""A person is forgotten: their words are in no table and in no byte of the files."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from molva.forgetting import empty_files
from reports.export import export
from store.alert_actions import add_action
from store.alerts import add_event, alerts, open_alert
from store.digests import DigestKey, save_digest
from store.engine import reading, writing
from store.forget import forget, mentions_at, mentions_of_author, retold_by_others
from store.interface import CauseRow, IntentRow, MentionFilter, NewLabel
from store.labels import save_labels, unlabelled, use_version
from store.outbox import enqueue
from store.retention import expire
from store.scrub import Traces
from store.tables import CHANGE, MENTION, metadata
from store.traces import wipe
from tests.store.helpers import DAY, HOUR, NOW, World, make_world

SECRET = "Зерно: quokkavar spilled latte over my manuscript yesterday"
EARLIER = "Зерно: wombatine was the first thing I wrote about this place"
MARKS = (
    "bilbyton",
    "2019-05-04",
    "quokkavar",
    "wombatine",
    "zelda",
    "manuscript",
    "spilled",
    "quokkav",
)
SHARED = "Зерно закрывает все кофейни на набережной в понедельник, пишет газета"


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    zelda = {
        "author_id": "did:plc:zelda1",
        "author_handle": "@zelda.example",
        "author_name": "Zelda Fitz",
        "author_verified": True,
        "author_created_at": datetime(2019, 5, 4, tzinfo=UTC),
        "author_location": "Bilbyton, by the river",
        "url": "https://posts.example/zelda/1",
        "canonical_url": "https://posts.example/zelda/1",
    }
    native = "at://did:plc:zelda1/post/1"
    made.keep(
        made.mention(native, text=EARLIER, **zelda),
        made.mention("answer", text="Зерно: так и есть", parent_id=native, thread_id=native),
        made.mention("press", text=SHARED, author_id="paper"),
        made.mention("zelda-2", text=SHARED, **{**zelda, "url": "", "canonical_url": ""}),
    )
    made.keep(made.mention(native, text=SECRET, edited_at=NOW, **zelda), now=NOW + HOUR)
    with writing(engine) as conn:
        version = use_version(conn, "m", "t", NOW)
        shares = ("en", 1.0, "negative", 0.8, 0.1, 0.1, False)
        labels = [
            NewLabel(t.mention_id, t.revision, t.brand_id, *shares, *reasons(t.text))
            for t in unlabelled(conn, version, 10)
        ]
        save_labels(conn, version, labels, NOW)
        keep_messages(conn, made)
    return made


def reasons(said: str) -> tuple[tuple[CauseRow, ...], tuple[IntentRow, ...]]:
    if said != SECRET:
        return (), ()
    cause = CauseRow("mess", "negative", 0.9, "quokkavar spilled", 7, 24)
    return (cause,), (IntentRow("leaving", 0.9, "over my manuscript", 31, 49, "zelda cafe"),)


def keep_messages(conn: Any, world: World) -> None:
    facts = {
        "count": 7,
        "sentence": "One wrote that quokkavar spilled latte over my manuscript",
        "posts": [
            {"mention_id": 1, "text": "spilled", "author": "Z."},
            {"mention_id": 3, "text": SHARED},
        ],
    }
    alert = open_alert(
        conn,
        fingerprint="f",
        brand_id=world.zerno,
        kind="volume",
        severity=3,
        started_at=NOW,
        detected_at=NOW,
        facts=facts,
        now=NOW,
    )
    assert alert
    add_event(conn, alert.id, "updated", NOW, facts)
    noted = {"brand_id": world.zerno, "alert_id": alert.id, "at": NOW, "who": "olga"}
    add_action(conn, "ack", **noted, note="wrote to Zelda Fitz of Bilbyton")
    key = DigestKey(world.zerno, "day", NOW.date(), "UTC", "en")
    save_digest(conn, key, facts=facts, now=NOW)
    page = f"<p>&ldquo;<b>quokkavar</b> spilled latte over my&#32;manuscript&rdquo;</p>{'.' * 9000}"
    for key, status in (("digest:1", "sent"), ("digest:2", "pending")):
        enqueue(conn, key, "mail", {"kind": "digest", "html": page, "facts": facts}, NOW)
        conn.execute(text(f"UPDATE outbox SET status = '{status}' WHERE key = '{key}'"))
    enqueue(conn, "digest:3", "mail", {"kind": "digest", "html": "all quiet"}, NOW)


def everything(world: World) -> str:
    """Every cell of every table, the search index among them, as one text."""
    with reading(world.engine) as conn:
        names = [*metadata.tables]
        if conn.dialect.name != "sqlite":
            names.append("mention_search")
        cells = [
            tuple(row) for name in names for row in conn.execute(text(f'SELECT * FROM "{name}"'))
        ]
    return json.dumps(cells, default=str, ensure_ascii=False).casefold()


def forgotten(world: World) -> Any:
    with reading(world.engine) as conn:
        ids = mentions_of_author(conn, "rss:@zelda.example")
    assert ids == [1, 4]
    with writing(world.engine) as conn:
        erasure = forget(conn, ids, NOW + DAY, authors=True)
    assert wipe(world.engine)
    return erasure


def test_no_table_holds_a_word_or_a_name(world: World) -> None:
    assert [mark for mark in MARKS if mark not in everything(world)] == []
    erasure = forgotten(world)
    left = everything(world)
    assert [mark for mark in MARKS if mark in left] == []
    assert SHARED.casefold() in left, "what others said stays"
    assert (erasure.mention_ids, erasure.revisions) == ((1, 4), 1)
    assert erasure.messages == 6


def test_no_byte_of_the_files_holds_a_word_or_a_name(world: World, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files belong to its server; its tables are vacuumed")
    forgotten(world)
    place = Path(url.removeprefix("sqlite:///"))
    for file in place.parent.glob(f"{place.name}*"):
        content = file.read_bytes()
        for mark in MARKS:
            assert mark.encode() not in content.lower(), (file.name, mark)
    # Words of the search index are stored as what they add to the word before them.
    with sqlite3.connect(place) as db:
        db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, mention_search, row)")
        terms = " ".join(term for (term,) in db.execute("SELECT term FROM temp.terms"))
    assert not any(mark in terms for mark in MARKS)


def test_a_tombstone_keeps_them_from_being_collected_again(world: World) -> None:
    forgotten(world)
    zelda = {"author_id": "did:plc:zelda1", "author_handle": "@zelda.example"}
    kept = world.keep(
        world.mention("at://did:plc:zelda1/post/1", text=SECRET, author_id="", author_handle=""),
        world.mention("at://did:plc:zelda1/post/9", text="Зерно: ещё раз quokkavar", **zelda),
        world.mention("other", text="Зерно: и я здесь", author_id="otto"),
        now=NOW + 2 * DAY,
    )
    assert kept.stored == ("other",)
    assert "quokkavar" not in everything(world)


def test_the_thread_of_others_stays_together_without_the_name(world: World) -> None:
    forgotten(world)
    with reading(world.engine) as conn:
        rows = {r.id: r for r in conn.execute(MENTION.select())}
        actions = conn.execute(CHANGE.select().where(CHANGE.c.mention_id == 1)).all()
    assert rows[2].parent_id == rows[2].thread_id == rows[1].native_id
    assert rows[1].native_id.startswith("forgotten:")
    assert rows[1].deleted_at == NOW + DAY
    assert actions[-1].action == "forgotten"


def test_kept_facts_lose_words_and_keep_numbers(world: World) -> None:
    forgotten(world)
    with reading(world.engine) as conn:
        [alert] = alerts(conn)
        messages = list(
            conn.execute(text("SELECT key, status, last_error FROM outbox ORDER BY id"))
        )
    assert alert.facts["count"] == 7
    assert alert.facts["sentence"] == ""
    assert alert.facts["posts"][0] == {"mention_id": 1, "text": "", "author": ""}
    assert [row.status for row in messages] == ["sent", "cancelled", "pending"]
    assert "asked to be forgotten" in messages[1].last_error


def test_what_others_tell_of_the_same_story_is_listed(world: World) -> None:
    with reading(world.engine) as conn:
        assert [i for i, _ in retold_by_others(conn, [1, 4])] == [3]
        assert mentions_at(conn, "https://posts.example/zelda/1") == [1]
        assert mentions_of_author(conn, "did:plc:zelda1") == [1, 4]
        assert mentions_of_author(conn, "nobody") == []


def test_exports_that_held_them_are_listed_and_say_so_later(world: World, tmp_path: Path) -> None:
    first = export(world.engine, tmp_path / "1.csv", "csv", MentionFilter(), now=NOW)
    [held] = forgotten(world).exports
    assert (held.export.path, held.mention_ids) == (str(tmp_path / "1.csv"), (1, 4))
    later = MentionFilter(after_sequence=first.last_sequence)
    export(world.engine, tmp_path / "2", "jsonl", later, now=NOW)
    lines = (tmp_path / "2" / "tombstones.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["mention_id"], row["reason"]) for row in rows] == [
        (1, "forgotten"),
        (4, "forgotten"),
    ]


def test_messages_in_files_are_emptied(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    (folder / "digest.html").write_text("<q>quokkavar spilled <i>latte</i> over my manuscript</q>")
    (folder / "alert.txt").write_text("by Zelda Fitz")
    (folder / "quiet.html").write_text("<p>nothing unusual</p>")
    emptied = empty_files([folder], forgotten(world))
    assert [path.name for path in emptied] == ["alert.txt", "digest.html"]
    assert "latte" not in (folder / "digest.html").read_text()
    assert "unusual" in (folder / "quiet.html").read_text()


def test_old_texts_expire_by_the_terms_of_their_source(world: World) -> None:
    world.keep(
        world.mention("old", text="Зерно: старое", published_at=NOW - 400 * DAY),
        source=world.forum,
    )
    limits = {"excerpt": 365, "open": 0}
    assert expire(world.engine, limits, NOW) == {"excerpt": 1}
    assert expire(world.engine, limits, NOW) == {"excerpt": 0}
    left = everything(world)
    assert "старое" not in left
    assert "quokkavar" in left


def test_a_brand_or_a_number_is_no_persons_trace() -> None:
    traces = Traces(["Great coffee"], ["Zerno", "42", "Ann"], [1], {"zerno"})
    assert not traces.in_text("Zerno has 42 announcements of great coffee")
    assert traces.in_text("says Ann.")
    assert traces.without({"mention_id": 1, "n": 2, "a": ["x"]}) == {
        "mention_id": 1,
        "n": 2,
        "a": [""],
    }
    assert timedelta(0) < HOUR
