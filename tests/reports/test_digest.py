"""A digest whose every number a second, simpler count confirms."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.digest import DigestOptions, build_digest
from reports.digest_facts import DigestFacts
from reports.digest_notes import health_lines
from reports.digest_words import nothing_unusual, sentences, subject, words_for
from reports.interface import Lang
from reports.kpis import compare, usual_band
from reports.periods import BASELINES, Period
from reports.render import digest_message, render_html, render_text
from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from store.sources import finish_poll, start_poll
from tests.reports.page import Page
from tests.reports.world import NAMES, World, fill_month

MOSCOW = ZoneInfo("Europe/Moscow")
DAY = date(2026, 3, 2)
START, END = datetime(2026, 3, 1, 21, tzinfo=UTC), datetime(2026, 3, 2, 21, tzinfo=UTC)


def digest(world: World, lang: Lang = "en", day: date = DAY) -> DigestFacts:
    options = DigestOptions(lang, END + timedelta(hours=9), NAMES)
    with reading(world.engine) as conn:
        return build_digest(conn, world.brand, Period("day", day, MOSCOW), options)


def mentions(world: World, start: datetime, end: datetime) -> list[LabelledMention]:
    wanted = MentionFilter(brand_id=world.brand.id, since=start, until=end)
    with reading(world.engine) as conn:
        return list(labelled_mentions(conn, wanted))


def test_every_headline_figure_recomputed(world: World) -> None:
    fill_month(world, END)
    facts = digest(world)
    rows = mentions(world, START, END)
    moods = Counter(row.sentiment for row in rows)
    scored = moods["negative"] + moods["neutral"] + moods["positive"]
    assert facts.totals.mentions == facts.kpi("mentions").value == len(rows) == 20
    assert facts.kpi("authors").value == len({row.author_id for row in rows})
    assert facts.kpi("reach").value == sum(row.author_followers or 0 for row in rows)
    assert facts.kpi("negative_share").value == moods["negative"] / scored
    assert facts.kpi("net_sentiment").value == (moods["positive"] - moods["negative"]) / scored
    assert facts.kpi("share_of_voice").value == pytest.approx(20 / 21)
    yesterday = mentions(world, START - timedelta(days=1), START)
    last_week = mentions(world, START - timedelta(days=7), START - timedelta(days=6))
    assert facts.kpi("mentions").previous == len(yesterday)
    assert facts.kpi("mentions").season == len(last_week)
    assert facts.totals.low_confidence == sum(row.low_confidence for row in rows)


def test_the_history_and_its_band_recomputed(world: World) -> None:
    fill_month(world, END)
    facts = digest(world)
    counts = [
        len(mentions(world, START - timedelta(days=back), START - timedelta(days=back - 1)))
        for back in range(28, 0, -1)
    ]
    assert [point.mentions for point in facts.history] == [*counts, 20]
    ordered = sorted(counts)
    assert facts.kpi("mentions").low == pytest.approx(ordered[1] + 0.35 * (ordered[2] - ordered[1]))
    assert facts.kpi("mentions").normal == "above"


def test_causes_with_lift_and_quotes(world: World) -> None:
    fill_month(world, END)
    facts = digest(world)
    late = facts.causes[0]
    before = mentions(world, START - timedelta(days=28), START)
    usual = sum(any(c.cause == "late" for c in row.causes) for row in before)
    assert (late.cause, late.name, late.mentions, late.share) == ("late", "Late delivery", 20, 1)
    assert late.lift == pytest.approx(20 / (usual / 28))
    assert late.low is not None
    assert late.high is not None
    assert late.low < late.lift < late.high
    assert late.notable
    assert len({quote.text for quote in late.quotes}) == len(late.quotes) >= 1
    texts = " ".join(row.text for row in mentions(world, START, END))
    assert all(quote.text in texts for quote in late.quotes)


def test_posts_to_read_are_the_farthest_reaching(world: World) -> None:
    fill_month(world, END)
    world.post("Zerno is lovely", END - timedelta(hours=3), "positive", author_followers=9)
    world.save(END)
    facts = digest(world)
    chosen = [(read.why, read.post) for read in facts.posts]
    assert [why for why, _ in chosen].count("positive") == 1
    assert chosen[0][0] == "negative"
    assert chosen[0][1].reach == 1900
    assert chosen[0][1].url == "https://news.example/" + chosen[0][1].author[7:]
    assert [post.text for why, post in chosen if why == "positive"] == ["Zerno is lovely"]
    assert all("?" in post.text for why, post in chosen if why == "question")


def test_the_subject_is_the_news(world: World) -> None:
    fill_month(world, END)
    english = subject(digest(world))
    assert re.fullmatch(
        r"Zerno: 20 mentions \(\+\d+%\), 100% negative \(usual \d+–\d+%\), "
        r"main cause: late delivery",
        english,
    )
    russian = subject(digest(world, "ru"))
    assert russian.startswith("Zerno: 20 упоминаний (+")
    assert russian.endswith("главная причина: поздняя доставка")
    assert len(sentences(digest(world))) == 3


def test_a_normal_day_says_so(world: World) -> None:
    fill_month(world, END + timedelta(days=2))
    facts = digest(world)
    assert nothing_unusual(facts)
    assert {kpi.normal for kpi in facts.kpis if kpi.name != "share_of_voice"} == {"within"}


def test_an_empty_day_is_told_with_why_to_believe_it(world: World) -> None:
    facts = digest(world)
    assert subject(facts) == "Zerno: no mentions on Monday, 2 March"
    assert "nothing can be said" in render_text(facts)
    for outcome, said in (("ok", "ran 1 time and none failed"), ("retriable", "1 of 2 collector")):
        with writing(world.engine) as conn:
            poll = start_poll(conn, world.source_id, START + timedelta(hours=2), END)
            finish_poll(
                conn, poll, outcome=outcome, now=START + timedelta(hours=2), next_poll_at=END
            )
        assert said in render_text(digest(world))
        assert said in Page(render_html(digest(world))).text


@pytest.mark.parametrize(("lang", "rest"), [("en", "and 290 more."), ("ru", "и ещё 290.")])
def test_of_many_silent_sources_ten_are_named(world: World, lang: Lang, rest: str) -> None:
    facts = digest(world, lang)
    names = tuple(f"feed-{number:03d}" for number in range(300))
    [line] = [
        line
        for line in health_lines(
            replace(facts, health=replace(facts.health, silent=names)), words_for(facts)
        )
        if "feed-" in line
    ]
    assert line.count("feed-") == 10
    assert line.endswith(rest)


def test_thin_history_claims_nothing(world: World) -> None:
    for number in range(3):
        world.post(f"Zerno {number}", END - timedelta(hours=number + 1), "negative")
    world.save(END)
    facts = digest(world)
    assert all(kpi.normal == "unknown" for kpi in facts.kpis)
    assert facts.kpi("negative_share").value is None
    assert subject(facts) == "Zerno: 3 mentions"
    assert "usual" not in " ".join(sentences(facts))


def test_reprints_are_one_story(world: World) -> None:
    text = "Zerno closes its oldest coffee house after forty years in the market square"
    for number in range(4):
        world.post(text, END - timedelta(hours=5 - number), "negative", author_followers=number)
    world.save(END)
    facts = digest(world)
    assert (facts.totals.mentions, facts.totals.sightings) == (1, 4)
    assert [read.post.sightings for read in facts.posts] == [4]
    assert "3 reprints merged" in render_text(facts)


HOSTILE = (
    '<script>alert(1)</script> Zerno \u202egnp.exe "><img src=x onerror=alert(2)> '
    "{{ 7*7 }} {% raw %} =cmd|'/C calc'!A0 <a href='javascript:alert(3)'>x</a>"
)


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_hostile_posts_stay_text(world: World, lang: Lang) -> None:
    world.post(
        HOSTILE,
        END - timedelta(hours=2),
        "negative",
        (("late", HOSTILE),),
        url="javascript:alert(4)",
        author_name="<b>\u202eEve</b>",
        site="<i>site</i>",
        author_followers=5,
    )
    world.save(END)
    facts = digest(world, lang)
    page = Page(render_html(facts))
    assert not {"script", "img", "iframe", "object", "link", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "https://").startswith(("https://", "#list-"))
        assert "src" not in attributes
    assert "49" not in page.text.replace("{{ 7*7 }}", "")
    for shown in (page.text, render_text(facts)):
        assert "alert(1)" in shown
        assert "\u202e" not in shown


def test_the_page_is_self_contained_and_accessible(world: World) -> None:
    fill_month(world, END)
    html = render_html(digest(world, "ru"))
    page = Page(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    assert dict(page.tags)["html"] == {"lang": "ru"}
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(charts) == 2
    assert "url(" not in html
    assert "@import" not in html
    assert not re.findall(r'(?:src|href)="(?!https://news\.example/|#list-)', html)


def test_facts_are_json_and_name_the_message(world: World) -> None:
    fill_month(world, END)
    message = digest_message(digest(world))
    assert json.loads(json.dumps(message.as_payload()))["facts"]["totals"]["mentions"] == 20
    assert message.key == "digest:zerno:day:2026-03-02:Europe/Moscow:en"
    assert message.subject in message.text


def test_local_days_follow_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = (Period("day", day, berlin) for day in (date(2026, 3, 29), date(2026, 10, 25)))
    assert spring.end - spring.start == timedelta(hours=23)
    assert autumn.end - autumn.start == timedelta(hours=25)


def test_bands_need_a_week() -> None:
    assert usual_band([1, 2, 3, 4, 5, 6], 7) is None
    assert usual_band([float(n) for n in range(21)], 7) == pytest.approx((1, 19))
    kpi = compare("mentions", [5, None, 7, 6, 5, 6, 7, 8, 30], BASELINES["day"])
    assert (kpi.previous, kpi.season, kpi.normal) == (8, None, "above")


def test_a_quote_shows_the_words_around_its_evidence(world: World) -> None:
    fill_month(world, END)
    for quote in digest(world).causes[0].quotes:
        assert quote.evidence in quote.text
        assert [row for row in mentions(world, START, END) if quote.text in row.text]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "cold_food (no longer in the taxonomy)"),
        ("ru", "cold_food (больше нет в таксономии)"),
    ],
)
def test_a_cause_of_an_earlier_taxonomy_is_said_to_be_gone(
    world: World, lang: Lang, said: str
) -> None:
    for number in range(2):
        text = f"Zerno soup {number} was cold"
        at = END - timedelta(hours=6 + number)
        world.post(text, at, "negative", (("cold_food", "was cold"),), stage="use")
    world.save(END)
    facts = digest(world, lang)
    assert facts.causes[0].name == facts.names["cold_food"] == said
    assert said in render_html(facts)
    assert said in render_text(facts)


def test_the_journey_has_both_signs(world: World) -> None:
    for number in range(3):
        glad, at = number == 2, END - timedelta(hours=6 + number)
        text, cause = f"Zerno order {number} came", "tasty" if glad else "late"
        mood = "positive" if glad else "negative"
        world.post(text, at, mood, ((cause, "came"),), stage="use" if glad else "delivery")
    world.save(END)
    delivery, use = digest(world).journey
    assert (delivery.stage, delivery.negative, delivery.positive) == ("delivery", 2, 0)
    assert (use.stage, use.negative, use.positive) == ("use", 0, 1)
    assert delivery.causes == (("late", 2),)
