"""The columns of exports equal the rows of reports, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from reports.export import ExportOptions, export
from store.engine import reading, writing
from store.exports import exports_holding
from store.facet_rows import FacetMatch, FacetSpec
from store.facets import facets, sync_facets
from store.history import labelled_mentions, last_sequence
from store.interface import MentionFilter
from store.labels import correct
from tests.store.helpers import DAY, HOUR, NOW, World, label_all, make_world

FILTERS = (
    MentionFilter(),
    MentionFilter(include_deleted=True),
    MentionFilter(source_type="rss", include_deleted=True),
    MentionFilter(sentiment="negative"),
    MentionFilter(cause="long_wait", lang="ru"),
    MentionFilter(text="очереди"),
    MentionFilter(since=NOW - 2 * DAY, until=NOW),
    MentionFilter(after_sequence=4),
    MentionFilter(place="lenina", include_deleted=True),
    MentionFilter(product="card", place="lenina"),
    MentionFilter(own=False),
)


def named_facets(world: World) -> tuple[FacetMatch, ...]:
    specs = (
        FacetSpec("place", "lenina", "Ленина"),
        FacetSpec("product", "card", "Карта"),
        FacetSpec("place", "port", "Порт"),
    )
    with writing(world.engine) as conn:
        sync_facets(conn, world.zerno, specs)
        place, card, port = (row.id for row in facets(conn, world.zerno))
    home = FacetMatch(port, False, "Порт")
    return FacetMatch(place, True, "Ленина"), FacetMatch(card, True, "карта"), home


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    facets = named_facets(made)
    made.keep(
        made.mention("a", published_at=NOW - 3 * DAY, text="Зерно: очередь", likes=3, rating=4.5),
        made.mention("b", published_at=NOW - 2 * DAY, text="Зерно: холодный кофе", views=70),
        made.mention(
            "gone", published_at=NOW - 2 * DAY, matches=(made.match(), made.match(2, "x"))
        ),
        made.mention("d", text="Зерно на Ленина", matches=(replace(made.match(), facets=facets),)),
        made.mention("own", text="Зерно: мы тут", matches=(replace(made.match(), own=True),)),
    )
    made.keep(made.mention("a", text="Зерно: очередь"), source=made.other_feed)
    with writing(engine) as conn:
        label_all(conn, "negative", "long_wait", "dirty")
        said = [("dirty", "negative"), ("rude", "negative")]
        correct(conn, 2, made.zerno, sentiment="neutral", causes=said, author="olga", now=NOW)
    made.keep(
        made.mention("c", text="Beanly", matches=(made.match(made.rival, "beanly"),)),
        source=made.forum,
    )
    made.keep(deleted=("gone",))
    return made


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_an_export_holds_what_reports_read(
    world: World, tmp_path: Path, wanted: MentionFilter
) -> None:
    path = tmp_path / "out.parquet"
    export(world.engine, path, "parquet", wanted, now=NOW)
    with reading(world.engine) as conn:
        rows = sorted(
            labelled_mentions(conn, wanted), key=lambda row: (row.mention_id, row.brand_id)
        )
    table = pq.read_table(path).to_pylist()
    assert len(table) == len(rows)
    for row, mention in zip(table, rows, strict=True):
        for name in (
            *("mention_id", "brand", "native_id", "text", "published_at", "first_seen_at"),
            *(
                "labelled_at",
                "deleted_at",
                "likes",
                "views",
                "rating",
                "cluster_id",
                "cluster_size",
            ),
            *("is_canonical", "sentiment", "p_negative", "low_confidence", "label_source"),
            *("model_version", "corrected_at", "sequence", "revision", "lang", "content_hash"),
            "is_own_account",
        ):
            assert row[name] == getattr(mention, name), name
        assert row["source_instances"] == list(mention.source_names)
        for name in ("products", "places", "author_places"):
            assert row[name] == list(getattr(mention, name))
        assert row["match_spans"] == [list(span) for span in mention.match_spans]
        assert [
            (own["cause_id"], own["probability"], own["evidence_text"]) for own in row["causes"]
        ] == [(own.cause, own.probability, own.evidence) for own in mention.causes]


def test_every_table_on_both_databases(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    options = ExportOptions(pseudonymous=True, zone="Europe/Moscow")
    made = export(world.engine, folder, "parquet", MentionFilter(), now=NOW, options=options)
    assert made.tables == {
        "mentions": 5,
        "causes": 8,
        "intents": 0,
        "labels": 5,
        "tombstones": 2,
    }
    said = pq.read_table(folder / "labels.parquet").to_pylist()
    assert [(row["label_source"], row["sentiment"]) for row in said] == [
        ("model", "negative"),
        ("model", "negative"),
        ("person", "neutral"),
        ("model", "negative"),
        ("model", "negative"),
    ]
    hidden = pq.read_table(folder / "mentions.parquet").to_pylist()
    assert [row["places"] for row in hidden if row["places"]] == [["lenina"]]
    assert not any(row["author_places"] for row in hidden)
    about = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert [(row["id"], row["brand"], row["name"]) for row in about["places"]] == [
        ("lenina", "zerno", "Ленина"),
        ("port", "zerno", "Порт"),
    ]
    assert [row["id"] for row in about["products"]] == ["card"]
    tombstones = pq.read_table(folder / "tombstones.parquet").to_pylist()
    assert {(row["brand"], row["reason"]) for row in tombstones} == {
        ("zerno", "deleted"),
        ("beanly", "deleted"),
    }


def test_an_export_is_of_one_moment(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.export_rows.mention_batches.__defaults__", (1,))
    written: list[int] = []

    def writes(rows: int) -> None:
        if not written:
            written.append(rows)
            world.keep(world.mention("later", published_at=NOW, text="Зерно"), deleted=("b",))

    with reading(world.engine) as conn:
        before = last_sequence(conn)
    path = tmp_path / "out.parquet"
    made = export(world.engine, path, "parquet", MentionFilter(), writes, now=NOW)
    rows = pq.read_table(path).to_pylist()
    assert [row["native_id"] for row in rows] == ["a", "b", "d", "own", "c"]
    assert all(row["deleted_at"] is None for row in rows)
    assert (written, made.last_sequence) == ([1], before)
    changed = MentionFilter(after_sequence=before, include_deleted=True)
    assert export(world.engine, path, "parquet", changed, now=NOW).rows == 2


def test_the_exports_that_held_a_mention_are_found(world: World, tmp_path: Path) -> None:
    def made(name: str, **wanted: object) -> int:
        filter_ = replace(MentionFilter(), **wanted)  # type: ignore[arg-type]
        path = tmp_path / f"{name}.jsonl"
        return export(world.engine, path, "jsonl", filter_, now=NOW).last_sequence

    last = made("all")
    made("forum", source_type="forum")
    made("said", sentiment="positive")
    made("old", until=NOW - 3 * DAY + timedelta(seconds=1))
    made("nothing-new", after_sequence=last)
    made("still", cause="long_wait")
    with reading(world.engine) as conn:
        held = exports_holding(conn, [1])
    assert [(Path(one.export.path).stem, one.certain) for one in held] == [
        ("all", True),
        ("said", False),
        ("old", True),
        ("still", True),
    ]
    world.keep(world.mention("later", published_at=NOW, text="x"), now=NOW + HOUR)
    with reading(world.engine) as conn:
        assert exports_holding(conn, [7]) == []
