"""Which cause changed where: against its baseline there, false discoveries controlled."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.interface import Audience
from reports.reason_chance import Compared, beyond_chance
from reports.reason_changes import ChangeFact
from reports.reason_drawing import ReasonTable
from reports.reason_parts import By
from reports.reason_period import Period
from reports.reason_tables import opening, tables
from reports.reasons import ReasonsFacts, build_reasons
from reports.words import Words
from store.cause_parts import cause_parts
from store.engine import reading, writing
from store.facet_rows import FacetRow, FacetSpec
from store.history import labelled_mentions
from store.interface import MentionFilter, SourceSpec
from store.labels import correct
from store.sources import sync_sources
from tests.reports.world import NAMES, NOON, World

WEEK = timedelta(days=7)
ZONE = ZoneInfo("Europe/Moscow")
FACETS = (
    FacetSpec("place", "port", "Port", {"en": "Port", "ru": "Порт"}),
    FacetSpec("place", "lenina", "Lenin Street", {"en": "Lenin Street", "ru": "Ленина"}),
    FacetSpec("product", "card", "Gold card", {"en": "Gold card", "ru": "Золотая карта"}),
)


def reasons(
    world: World, by: By | None = None, lang: str = "en", sources: tuple[str, ...] = ()
) -> ReasonsFacts:
    audience = Audience(lang, ZONE, cause_names=NAMES)  # type: ignore[arg-type]
    period = Period(NOON - WEEK, NOON, audience, by, sources=sources)
    with reading(world.engine) as conn:
        return build_reasons(conn, world.brand, period)


def drawn(facts: ReasonsFacts, title: str, lang: str = "en") -> ReasonTable:
    words = Words(lang, ZONE)  # type: ignore[arg-type]
    (found,) = [t for t in tables(facts, words, str, "source") if t.title == title]
    return found


def change(facts: ReasonsFacts, by: str, key: str, cause: str) -> ChangeFact:
    (found,) = [own for own in facts.changes if (own.by, own.key, own.cause) == (by, key, cause)]
    return found


def weekly(
    world: World, counts: tuple[int, ...], cause: str, *rows: FacetRow, place: str = "town"
) -> None:
    """So many complaints of a cause a week, the last week last; they name those facets."""
    sentiment = "positive" if cause == "tasty" else "negative"
    for back, count in enumerate(reversed(counts)):
        for number in range(count):
            named = "-".join(row.slug for row in rows)
            said = f"Zerno {place} {named} {cause} week {back} number {number} told anew"
            at = NOON - back * WEEK - timedelta(hours=5 + 3 * number)
            world.post(said, at, sentiment, ((cause, cause),), matches=world.match(*rows))


def other_source(world: World) -> int:
    """A second source, a forum; what is saved next comes from it."""
    specs = [SourceSpec("town", "rss", "rss:town", "open", 900)]
    specs.append(SourceSpec("forum", "hackernews", "hackernews:forum", "open", 900))
    with writing(world.engine) as conn:
        rows = sync_sources(conn, specs, world.born)
    world.source_id = next(row.id for row in rows if row.name == "forum")
    return world.source_id


def test_a_cause_is_told_in_the_source_where_it_rose_and_in_no_other(world: World) -> None:
    weekly(world, (3, 3, 3, 3, 3), "late")
    weekly(world, (2, 2, 2, 2, 2), "rude")
    world.save(NOON)
    other_source(world)
    weekly(world, (1, 1, 1, 1, 12), "late", place="forum")
    world.save(NOON)
    facts = reasons(world)
    rise = change(facts, "source", "hackernews", "late")
    lengths = facts.baseline_periods
    first = change(facts, "source", "rss", "late")
    assert (rise.mentions, rise.notable, rise.name) == (12, True, "Late delivery")
    assert rise.usual == pytest.approx(4 / lengths, rel=0.05)
    assert rise.ratio is not None
    assert 1 < rise.ratio.low < rise.ratio.value < rise.ratio.high
    assert len(set(rise.mention_ids)) == 12
    assert (first.mentions, first.notable) == (3, False)
    assert first.ratio is not None
    assert first.ratio.low < 1 < first.ratio.high
    assert facts.changes[0] == rise
    table = drawn(facts, "What changed, and where")
    (row,) = table.rows
    assert row[:3] == ("Late delivery ▲", "source hackernews", "12")
    assert table.foot[0].startswith("3 pairs")
    assert "beyond chance: 1" in table.foot[0]


def test_silence_says_how_many_were_looked_at(world: World) -> None:
    weekly(world, (3, 3, 3, 3, 3), "late")
    world.save(NOON)
    facts = reasons(world, lang="ru")
    table = drawn(facts, "Что изменилось и где", "ru")
    assert table.rows == ()
    assert table.foot[0].startswith("С обычным сравнена 1 пара")
    assert "неслучайно изменились: 0" in table.foot[0]
    (only,) = facts.changes
    assert (only.cause, only.notable) == ("late", False)


def test_places_and_products_fall_too_and_have_names(world: World) -> None:
    row = world.facets(*FACETS)
    weekly(world, (9, 9, 9, 9, 0), "late", row["port"])
    weekly(world, (1, 1, 1, 1, 11), "tasty", row["card"], row["lenina"])
    world.save(NOON)
    facts = reasons(world, "place", "ru")
    gone = change(facts, "place", "port", "late")
    assert (gone.mentions, gone.notable, gone.part, gone.mention_ids) == (0, True, "Порт", ())
    assert gone.ratio is not None
    assert gone.ratio.high < 1
    glad = change(facts, "product", "card", "tasty")
    assert (glad.polarity, glad.mentions, glad.notable) == ("positive", 11, True)
    rows = {own[:2] for own in drawn(facts, "Что изменилось и где", "ru").rows}
    assert ("Поздняя доставка ▼", "место Порт") in rows
    assert ("Вкусный кофе ▲", "продукт Золотая карта") in rows
    assert ("Вкусный кофе ▲", "место Ленина") in rows


def test_a_part_that_fell_silent_is_told_among_the_totals(world: World) -> None:
    row = world.facets(*FACETS)
    weekly(world, (9, 9), "late", row["port"])
    weekly(world, (3, 3), "rude", row["lenina"])
    weekly(world, (1, 0), "rude", row["card"])
    world.save(NOON)
    world.post("Zerno in the port, late once more", NOON - 2 * WEEK, "negative")
    world.save(NOON)
    silent = reasons(world, "place")
    assert [(own.key, own.negative, own.notable) for own in silent.parts] == [
        ("port", 9, False),
        ("lenina", 3, False),
    ]
    with writing(world.engine) as conn:
        for own in list(labelled_mentions(conn, MentionFilter(place="port", since=NOON - WEEK))):
            correct(conn, own.mention_id, own.brand_id, sentiment="neutral", causes=(),
                    author="me", now=NOON)  # fmt: skip
    facts = reasons(world, "place")
    port = next(own for own in facts.parts if own.key == "port")
    assert (port.negative, port.previous, port.notable) == (0, 9, True)
    assert len(set(port.previous_ids)) == 9
    words = Words("en", ZONE)
    (table,) = [t for t in tables(facts, words, str, "place") if t.title == "By place"]
    assert [row[0] for row in table.rows] == ["Lenin Street", "Port"]
    assert table.rows[1][3].endswith("▼")
    assert table.foot == (words.say("r_parts_tested", n=2, found=1),)
    product = tables(reasons(world, "product"), words, str, "product")[-1]
    assert (product.title, product.rows) == ("By product", ()), "one before, none now: no news"
    assert product.foot == ("3 negative stories belong to none of these.",)


def test_a_source_that_is_new_is_compared_with_nothing(world: World) -> None:
    weekly(world, (3, 3, 3, 3, 3), "late")
    world.save(NOON)
    other_source(world)
    weekly(world, (2, 12), "late", place="forum")
    world.save(NOON)
    facts = reasons(world, "source")
    new = change(facts, "source", "hackernews", "late")
    assert (new.mentions, new.usual, new.ratio, new.notable) == (12, None, None, False)
    forum = next(part for part in facts.parts if part.key == "hackernews")
    assert (forum.negative, forum.ratio, forum.notable) == (12, None, False)


def test_a_source_known_for_little_more_than_a_period_is_no_rise_either(world: World) -> None:
    weekly(world, (10, 10, 10, 10, 10), "late")
    world.save(NOON)
    other_source(world)
    weekly(world, (1, 54, 55), "late", place="forum")
    world.save(NOON)
    facts = reasons(world, "source")
    assert facts.young == ()
    (late,) = facts.causes
    assert (late.fact.mentions, late.fact.notable) == (65, False)
    assert late.fact.lift is not None
    assert late.fact.lift < 1.2


def test_what_a_new_source_brings_is_no_rise(world: World) -> None:
    row = world.facets(*FACETS)
    weekly(world, (3, 3, 3, 3, 3), "late", row["port"])
    world.save(NOON)
    other_source(world)
    weekly(world, (2, 40), "late", row["port"], place="forum")
    world.post("Zerno forum, rude", NOON - timedelta(hours=1), "negative", (("rude", "rude"),))
    world.save(NOON)
    facts = reasons(world, "place")
    late, rude = facts.causes
    assert (late.fact.mentions, len(late.mention_ids), late.fact.notable) == (43, 43, False)
    assert late.fact.low is not None
    assert late.fact.low < 1 < (late.fact.high or 0)
    assert (rude.fact.lift, rude.fact.low, rude.fact.notable) == (None, None, False)
    here = change(facts, "place", "port", "late")
    assert (here.mentions, len(here.usual_ids), here.notable) == (43, 12, False)
    (port,) = facts.parts
    assert (port.negative, port.previous, port.notable) == (43, 5, False)
    assert facts.young == ("hackernews",)
    for lang, said in (("en", "left out of every comparison"), ("ru", "ни с чем не сравниваются")):
        words = Words(lang, ZONE)  # type: ignore[arg-type]
        assert any(said in line and "hackernews" in line for line in opening(facts, words))


def test_one_likely_change_among_many_that_are_none_does_not_stand() -> None:
    likely = Compared(12, 2, 1.0)
    assert 0.02 > likely.chance > 0.005
    assert beyond_chance([likely]) == [True]
    assert not any(beyond_chance([likely, *[Compared(5, 5, 1.0)] * 19]))


def mentions(facts: ReasonsFacts) -> dict[tuple[str, str, str, str], tuple[int, ...]]:
    assert all(own.mentions == len(own.mention_ids) for own in facts.changes)
    told = [((c.by, c.key, c.polarity, c.cause), c.mention_ids) for c in facts.changes]
    return {key: tuple(sorted(ids)) for key, ids in told}


def test_the_past_leads_to_its_mentions(world: World) -> None:
    row = world.facets(*FACETS)
    weekly(world, (4, 3, 2, 6, 5), "late", row["port"])
    weekly(world, (1, 2, 3, 4, 5), "tasty")
    world.save(NOON)
    facts = reasons(world)
    lengths = facts.baseline_periods
    for fact in facts.changes:
        assert fact.usual == pytest.approx(len(set(fact.usual_ids)) / lengths)
    for reason in (*facts.causes, *facts.drivers):
        assert reason.fact.usual == pytest.approx(len(set(reason.usual_ids)) / lengths)
        assert reason.fact.previous == len(set(reason.previous_ids))
        assert set(reason.previous_ids) < set(reason.usual_ids)
    late = facts.causes[0]
    assert (len(late.usual_ids), len(late.previous_ids)) == (15, 6)
    assert change(facts, "place", "port", "late").usual_ids == tuple(sorted(late.usual_ids))
    with reading(world.engine) as conn:
        wanted = MentionFilter(
            brand_id=world.brand.id, cause="late", since=facts.baseline.start, until=facts.start
        )
        listed = [own.mention_id for own in labelled_mentions(conn, wanted)]
    assert sorted(late.usual_ids) == sorted(listed), "what the line about usual says to export"


def test_the_baseline_counts_what_a_report_of_it_would(world: World) -> None:
    row = world.facets(*FACETS)
    weekly(world, (2, 3, 4, 1, 3), "late", row["port"], row["lenina"])
    weekly(world, (1, 2, 1, 4, 3), "tasty", row["card"])
    reprint = "The courier of Zerno came three hours late again, nobody at the shop knew why"
    for number in range(3):
        at = NOON - WEEK - timedelta(hours=5 + number)
        causes = (("late", "late") if number else ("rude", "nobody"),)
        world.post(f"{reprint}{'!' * number}", at, "negative", causes)
    world.save(NOON)
    other_source(world)
    weekly(world, (2, 2, 2, 2, 2), "rude", row["port"], place="forum")
    world.save(NOON)
    span = (NOON - 5 * WEEK, NOON)
    with writing(world.engine) as conn:
        wanted = MentionFilter(brand_id=world.brand.id, since=span[0], cause="tasty")
        for mention in list(labelled_mentions(conn, wanted))[:3]:
            correct(conn, mention.mention_id, world.brand.id, sentiment=None,
                    causes=[("rude", "negative"), ("gone", "positive")], author="me",
                    now=NOON)  # fmt: skip
    audience = Audience("en", ZONE, cause_names=NAMES)
    with reading(world.engine) as conn:
        for sources in ((), ("hackernews",)):
            facts = build_reasons(conn, world.brand, Period(*span, audience, sources=sources))
            counted = cause_parts(conn, world.brand.id, span, (), sources)
            assert mentions(facts) == counted
        only = [row["port"]]
        facts = build_reasons(conn, world.brand, Period(*span, audience, only=tuple(only)))
        counted = cause_parts(conn, world.brand.id, span, [own.id for own in only])
    assert mentions(facts) == counted
    assert any(key == "lenina" for _, key, _, _ in counted)


def test_a_report_of_some_sources_alone(world: World) -> None:
    weekly(world, (3, 3, 3, 3, 3), "late")
    world.save(NOON)
    other_source(world)
    weekly(world, (1, 1, 5), "rude", place="forum")
    world.save(NOON)
    both = reasons(world, sources=("rss", "hackernews"))
    assert both.stories == reasons(world).stories == 8
    facts = reasons(world, "source", sources=("hackernews",))
    ((rude),) = facts.causes
    assert (facts.stories, rude.fact.cause, rude.fact.mentions) == (5, "rude", 5)
    assert rude.fact.usual == pytest.approx(2 / facts.baseline_periods)
    assert rude.fact.previous == 1
    assert facts.baseline_periods < 3, "the forum was not known before"
    assert [part.key for part in facts.parts] == ["hackernews"]
    assert {own.key for own in facts.changes} == {"hackernews"}
    assert "Only mentions from hackernews." in opening(facts, Words("en", ZONE))
    assert "Только упоминания из источников: hackernews." in opening(facts, Words("ru", ZONE))


def test_the_baseline_of_a_young_source_alone_holds_nothing_of_the_others(world: World) -> None:
    weekly(world, (3, 3, 3, 3, 3), "late")
    world.save(NOON)
    other_source(world)
    weekly(world, (2, 5), "rude", place="forum")
    world.save(NOON)
    facts = reasons(world, sources=("hackernews",))
    assert (facts.baseline_periods, facts.baseline.mentions) == (0, 2)
