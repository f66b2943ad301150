"""Products, places, own accounts: kept with their mention, followed through edits and erasure."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select

from store.brands import sync_brands
from store.counts import cause_counts, totals
from store.engine import reading, writing
from store.facet_counts import facet_counts
from store.facet_rows import FacetMatch, FacetRow, FacetSpec, Remarked
from store.facet_tables import FACET_LINK
from store.facets import facets
from store.forget import forget
from store.history import labelled_mentions
from store.interface import BrandMatch, BrandSpec, LabelledMention, MentionFilter
from store.remarks import remark, to_remark
from store.series_counts import refresh, series_counts
from store.series_tally import bucket_of
from tests.store.helpers import DAY, HOUR, NOW, World, label_all, make_world

SPECS = (
    FacetSpec("product", "card", "Card", {"en": "Card", "ru": "Карта"}),
    FacetSpec("place", "lenina", "Ленина, 5"),
    FacetSpec("place", "mira", "Мира, 12"),
)


def configured(world: World, *specs: FacetSpec, rules: str = "1") -> dict[str, FacetRow]:
    with writing(world.engine) as conn:
        zerno = BrandSpec("zerno", "Zerno", "зерно", facets=specs, rules=rules)
        sync_brands(conn, [zerno, BrandSpec("beanly", "Beanly", "beanly", True)], NOW)
        return {row.slug: row for row in facets(conn)}


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def matched(world: World, *found: FacetMatch, own: bool = False) -> tuple[BrandMatch, ...]:
    return (BrandMatch(world.zerno, 1, "зерно", ((8, 13),), facets=found, own=own),)


def about(row: FacetRow) -> FacetMatch:
    return FacetMatch(row.id, True, row.name)


def rows(world: World, **wanted: object) -> list[LabelledMention]:
    with reading(world.engine) as conn:
        return list(labelled_mentions(conn, MentionFilter(**wanted)))  # type: ignore[arg-type]


def test_what_a_mention_names_is_kept_with_it_and_found_by_it(world: World) -> None:
    row = configured(world, *SPECS)
    home = FacetMatch(row["mira"].id, False, "Мира")
    both = (about(row["lenina"]), about(row["card"]), home)
    world.keep(
        world.mention("1", matches=matched(world, *both)),
        world.mention(
            "2", text="Зашёл в Зерно на Мира", matches=matched(world, about(row["mira"]))
        ),
        world.mention("3", text="Зашёл в Зерно просто так"),
    )
    first, second, third = rows(world)
    assert (first.products, first.places, first.author_places) == (
        ("card",),
        ("lenina",),
        ("mira",),
    )
    assert (second.places, third.places, third.products) == (("mira",), (), ())
    assert [m.native_id for m in rows(world, place="lenina")] == ["1"]
    assert [m.native_id for m in rows(world, place="mira")] == ["2"]
    assert [m.native_id for m in rows(world, product="card", place="lenina")] == ["1"]
    assert rows(world, product="lenina") == []


def test_an_edit_changes_what_is_named_and_losing_the_brand_loses_it(world: World) -> None:
    row = configured(world, *SPECS)
    world.keep(world.mention(matches=matched(world, about(row["lenina"]))))
    moved = matched(world, about(row["mira"]))
    later = {"now": NOW + HOUR}
    world.keep(world.mention(text="Зашёл в Зерно на Мира", edited_at=NOW, matches=moved), **later)
    assert [m.places for m in rows(world)] == [("mira",)]
    gone = world.mention(text="Зашёл в лес", edited_at=NOW + HOUR, matches=())
    world.keep(gone, now=NOW + 2 * HOUR)
    with reading(world.engine) as conn:
        assert conn.execute(select(func.count()).select_from(FACET_LINK)).scalar_one() == 0


def test_what_leaves_the_configuration_leaves_the_reports_and_may_come_back(world: World) -> None:
    row = configured(world, *SPECS)
    world.keep(world.mention(matches=matched(world, about(row["lenina"]), about(row["mira"]))))
    configured(world, *SPECS[:2])
    assert [m.places for m in rows(world)] == [("lenina",)]
    assert rows(world, place="mira") == []
    again = configured(world, *SPECS)
    assert again["mira"].id == row["mira"].id
    assert [m.places for m in rows(world)] == [("lenina", "mira")]


def test_what_the_brand_writes_is_kept_and_counts_nowhere(world: World) -> None:
    row = configured(world, *SPECS)
    own = matched(world, about(row["lenina"]), own=True)
    world.keep(
        world.mention("1", text="Зерно на Ленина: новая кофейня", matches=own, author_id="zerno"),
        world.mention("2", matches=matched(world, about(row["lenina"]))),
    )
    with writing(world.engine) as conn:
        label_all(conn, "negative", "late")
        refresh(conn, NOW)
        counted = series_counts(conn, world.zerno, bucket_of(NOW), 144)
    with reading(world.engine) as conn:
        told = totals(conn, world.zerno, NOW - DAY, NOW)
        assert (told.mentions, told.negative, told.sightings) == (1, 1, 1)
        assert [c.mentions for c in cause_counts(conn, world.zerno, NOW - DAY, NOW)] == [1]
    assert {name: int(counts.sum()) for name, counts in counted.items() if counts.any()} == {
        "volume": 1,
        "negative": 1,
        "scored": 1,
        "author": 10,
        "cause:late": 1,
        "place:lenina": 1,
    }
    assert [m.is_own_account for m in rows(world)] == [True, False]
    assert [m.native_id for m in rows(world, own=False)] == ["2"]


def test_stories_are_counted_by_facet_once_each(world: World) -> None:
    row = configured(world, *SPECS)
    lenina = matched(world, about(row["lenina"]))
    words = "В Зерно на Ленина опять очередь до самой двери, и никто не открывает вторую кассу"
    both = matched(world, about(row["lenina"]), about(row["card"]))
    world.keep(
        world.mention("1", text=words, matches=lenina, published_at=NOW - 3 * HOUR),
        world.mention("2", text=words, matches=lenina, published_at=NOW - 2 * HOUR),
        world.mention("3", text="Зашёл в Зерно, карта не прошла", matches=both),
    )
    with writing(world.engine) as conn:
        label_all(conn, "negative", "late")
    with reading(world.engine) as conn:
        found = facet_counts(conn, world.zerno, NOW - DAY, NOW)
        assert [(c.slug, c.mentions, c.negative, c.positive) for c in found] == [
            ("lenina", 2, 2, 0),
            ("card", 1, 1, 0),
        ]
        card, place = row["card"].id, row["lenina"].id
        for wanted, stories in (([], 2), ([place], 2), ([card], 1), ([card, row["mira"].id], 0)):
            counts = cause_counts(conn, world.zerno, NOW - DAY, NOW, wanted)
            assert sum(count.mentions for count in counts) == stories


def test_kept_mentions_are_looked_through_again_in_parts_and_once(world: World) -> None:
    row = configured(world, rules="")
    world.keep(*(world.mention(str(n), text=f"Зашёл в Зерно {n}") for n in range(5)))
    with writing(world.engine) as conn:
        assert to_remark(conn, world.zerno, "") == []
        sequence = max(m.sequence for m in labelled_mentions(conn, MentionFilter()))
    row = configured(world, *SPECS, rules="2")
    world.keep(world.mention("new", text="Зашёл в Зерно потом"))
    read = []
    for _ in range(3):
        with writing(world.engine) as conn:
            batch = to_remark(conn, world.zerno, "2", limit=2)
            read += [kept.text for kept in batch]
            found = [
                Remarked(kept.row_id, kept.revision, (about(row["mira"]),), False) for kept in batch
            ]
            assert remark(conn, world.zerno, found, "2", NOW) == len(batch)
    assert read == [f"Зашёл в Зерно {n}" for n in range(5)]
    configured(world, *SPECS, rules="2")
    with writing(world.engine) as conn:
        assert to_remark(conn, world.zerno, "2") == []
        assert to_remark(conn, world.zerno, "other") == []
    assert [m.places for m in rows(world)] == [("mira",)] * 5 + [()]
    # An incremental export brings them, and so does the count of the alerts.
    assert len(rows(world, after_sequence=sequence)) == 6
    assert len(rows(world, after_sequence=sequence, place="mira")) == 5


def test_a_text_edited_meanwhile_keeps_what_its_edit_names(world: World) -> None:
    world.keep(world.mention())
    row = configured(world, *SPECS, rules="2")
    with reading(world.engine) as conn:
        (kept,) = to_remark(conn, world.zerno, "2")
    moved = matched(world, about(row["mira"]))
    world.keep(
        world.mention(text="Зашёл в Зерно на Мира", edited_at=NOW, matches=moved), now=NOW + HOUR
    )
    with writing(world.engine) as conn:
        late = Remarked(kept.row_id, kept.revision, (about(row["lenina"]),), True)
        assert remark(conn, world.zerno, [late], "2", NOW) == 0
    assert [(m.places, m.is_own_account) for m in rows(world)] == [(("mira",), False)]


def test_where_an_author_lives_is_forgotten_with_the_author(world: World) -> None:
    row = configured(world, *SPECS)
    home = FacetMatch(row["mira"].id, False, "Мира")
    world.keep(world.mention(matches=matched(world, about(row["lenina"]), home)))
    with writing(world.engine) as conn:
        forget(conn, [1], NOW, authors=True)
    (left,) = rows(world, include_deleted=True)
    assert (left.places, left.author_places) == (("lenina",), ())
