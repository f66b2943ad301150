"""Causes by source, product and place, led to their mentions; counts from some sources alone."""

from __future__ import annotations

from sqlalchemy import Engine

from store.brands import sync_brands
from store.cause_parts import cause_parts
from store.counts import cause_counts
from store.engine import reading, writing
from store.facet_rows import FacetMatch, FacetRow, FacetSpec
from store.facets import facets
from store.history import first_by_source, labelled_mentions
from store.interface import BrandMatch, BrandSpec, CausePart, MentionFilter
from store.labels import correct
from tests.store.helpers import DAY, HOUR, NOW, World, label_all, make_world

SPECS = (FacetSpec("product", "card", "Card"), FacetSpec("place", "lenina", "Lenin Street"))


def configured(world: World, *specs: FacetSpec) -> dict[str, FacetRow]:
    with writing(world.engine) as conn:
        zerno = BrandSpec("zerno", "Zerno", "зерно", facets=specs, rules="1")
        sync_brands(conn, [zerno, BrandSpec("beanly", "Beanly", "beanly", True)], NOW)
        return {row.slug: row for row in facets(conn)}


def matched(world: World, *rows: FacetRow) -> tuple[BrandMatch, ...]:
    found = tuple(FacetMatch(row.id, True, row.name) for row in rows)
    return (BrandMatch(world.zerno, 1, "зерно", ((8, 13),), facets=found),)


def fill(engine: Engine) -> tuple[World, dict[str, FacetRow]]:
    """A story told twice at Lenin Street, one of the card there, one in the forum."""
    world = make_world(engine)
    row = configured(world, *SPECS)
    story = {"text": "В Зерно на Ленина опять очередь до самой двери, и касса одна на всех"}
    there = matched(world, row["lenina"])
    world.keep(
        world.mention("1", matches=there, published_at=NOW - 3 * HOUR, **story),
        world.mention("2", matches=there, published_at=NOW - 2 * HOUR, **story),
        world.mention("3", text="Зерно: карта не прошла", matches=matched(world, *row.values())),
    )
    told = world.mention("4", text="Зерно, как всегда, закрыто", published_at=NOW - 5 * HOUR)
    world.keep(told, source=world.forum)
    with writing(world.engine) as conn:
        label_all(conn, "negative", "late", "late")
    return world, row


def test_stories_are_counted_by_cause_in_every_part(engine: Engine) -> None:
    world, row = fill(engine)
    day = (NOW - DAY, NOW)
    with reading(world.engine) as conn:
        assert cause_parts(conn, world.zerno, day) == {
            CausePart("source", "rss", "negative", "late"): (1, 3),
            CausePart("source", "forum", "negative", "late"): (4,),
            CausePart("place", "lenina", "negative", "late"): (1, 3),
            CausePart("product", "card", "negative", "late"): (3,),
        }
        card = cause_parts(conn, world.zerno, day, [row["card"].id], ["rss"])
        assert set(card.values()) == {(3,)}
        assert cause_parts(conn, world.zerno, (NOW - 2 * DAY, NOW - DAY)) == {}
        assert cause_parts(conn, world.rival, day) == {}


def test_a_persons_causes_and_todays_places_count(engine: Engine) -> None:
    world, _ = fill(engine)
    with writing(world.engine) as conn:
        told = [("taste", "positive")]
        correct(conn, 4, world.zerno, sentiment=None, causes=told, author="me", now=NOW)
    configured(world, SPECS[0])
    with reading(world.engine) as conn:
        assert cause_parts(conn, world.zerno, (NOW - DAY, NOW)) == {
            CausePart("source", "rss", "negative", "late"): (1, 3),
            CausePart("source", "forum", "positive", "taste"): (4,),
            CausePart("product", "card", "negative", "late"): (3,),
        }


def test_some_sources_alone_are_read_counted_and_known_since(engine: Engine) -> None:
    world, _ = fill(engine)
    with reading(world.engine) as conn:
        for types, stories, mentions in (((), 3, 4), (("forum",), 1, 1), (("rss", "forum"), 3, 4)):
            (late,) = cause_counts(conn, world.zerno, NOW - DAY, NOW, (), types)
            assert late.mentions == stories
            wanted = MentionFilter(brand_id=world.zerno, source_types=types or None)
            assert len(list(labelled_mentions(conn, wanted))) == mentions
        assert cause_counts(conn, world.zerno, NOW - DAY, NOW, (), ("telegram",)) == []
        assert first_by_source(conn, world.zerno) == {
            "rss": NOW - 3 * HOUR,
            "forum": NOW - 5 * HOUR,
        }
        assert first_by_source(conn, world.rival) == {}
