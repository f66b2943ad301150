"""What an alert says of itself is true, names who and what, and can be answered from its text."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reports.alert_facts import Other, facts_of_json
from reports.alert_words import NUMBER, alert_subject, commands, reason
from reports.alerts import run_detection
from reports.interface import Audience, ReportError
from store.engine import writing
from tests.reports.test_alerts import HOUR, SETTINGS, WORDS, outbox, quiet_month, wave
from tests.reports.world import NAMES, NOON, World

UTC_ZONE = ZoneInfo("UTC")
MINUTE = timedelta(minutes=1)


def ways(alert_id: int, now: datetime) -> dict[str, str]:
    return {NUMBER: str(alert_id), **commands(alert_id, now)}


def told(world: World, later: timedelta = timedelta(0), lang: str = "en") -> dict[str, Any]:
    """Look once; the message that was written."""
    audience = Audience(lang, UTC_ZONE, ("pr",), NAMES, links=ways)  # type: ignore[arg-type]
    with writing(world.engine) as conn:
        assert run_detection(conn, [world.brand], NOON + later, SETTINGS, audience) == 1
    return dict(outbox(world)[-1][2])


def month(world: World) -> None:
    """Three negative posts of ten a day by people whom few follow."""
    dice = random.Random(7)
    for day in range(1, 36):
        for number in range(10):
            at = NOON - timedelta(days=day) + number * timedelta(hours=2, minutes=20)
            words = " ".join(dice.choices(WORDS, k=9))
            late = (("late", words),) if number < 3 else ()
            mood = "negative" if number < 3 else "neutral"
            world.post(f"Zerno {words}", at, mood, late, author_followers=dice.randint(5, 300))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"late": 9, "rude": 2}, "Most name “late delivery”: 9 of 15 negative mentions"),
        ({"late": 3, "rude": 2}, "The most common cause is “late delivery”: 3 of 15 negative"),
        ({"late": 2, "rude": 2}, "No cause is named more often than “late delivery”: 2 of 15"),
        ({"late": 1}, "No single cause stands out."),
    ],
)
def test_most_is_more_than_half(world: World, named: dict[str, int], said: str) -> None:
    quiet_month(world)
    causes = [cause for cause, count in named.items() for _ in range(count)]
    for number, cause in enumerate([*causes, *[None] * (15 - len(causes))]):
        words = " ".join(random.Random(number).choices(WORDS, k=9))
        why = ((cause, words),) if cause else ()
        world.post(f"Zerno {words}", NOON - (40 - number) * MINUTE, "negative", why)
    world.save(NOON)
    assert said in told(world)["text"]


@pytest.mark.parametrize(
    ("lang", "subject", "sentence"),
    [
        (
            "en",
            "Zerno: Big Blogger complains to 2.3M followers (rude staff)",
            "Big Blogger with 2.3M followers complains; ",
        ),
        (
            "ru",
            "Zerno: жалуется Big Blogger, подписчиков 2,3\u00a0млн (грубый персонал)",
            "Жалуется Big Blogger, подписчиков: 2,3\u00a0млн; ",
        ),
    ],
)
def test_an_alert_about_an_author_says_who_and_what_about(
    world: World, lang: str, subject: str, sentence: str
) -> None:
    month(world)
    world.post(
        "Zerno staff shouted at me",
        NOON - 20 * MINUTE,
        "negative",
        (("rude", "shouted at me"),),
        author_followers=2_300_000,
        author_name="Big Blogger",
    )
    world.save(NOON)
    message = told(world, lang=lang)
    assert message["facts"]["kind"] == "author"
    assert message["subject"] == subject
    assert sentence in message["text"]
    assert NAMES["rude"][lang].lower() in message["text"].split("\n\n")[1]
    assert "No single cause" not in message["text"]


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "A story retold 24 times in the last 3 hours; usually none. The story: “"),
        ("ru", "Новость пересказали 24 раза за последние 3 часа, обычно бывает ноль. Вот она: «"),
    ],
)
def test_an_alert_about_a_story_says_which(world: World, lang: str, sentence: str) -> None:
    month(world)
    for number in range(25):
        world.post(
            "Zerno shop on Lenin street was closed by the inspectors after a complaint about mice",
            NOON - (50 - 2 * number) * MINUTE,
            "negative",
            (("rude", "closed by the inspectors"),),
            site=f"s{number}.example",
        )
    world.save(NOON)
    message = told(world, lang=lang)
    assert message["facts"]["kind"] == "story"
    assert sentence + "Zerno shop on Lenin street was closed by the inspectors…" in message["text"]
    assert "Zerno shop on Lenin street" in message["subject"]


def test_an_update_does_not_repeat_the_figures_of_the_opening(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    opened = told(world)
    assert opened["facts"]["others"]
    assert "Also unusual: 9 mentions" in opened["text"]
    wave(world, 14, -0.1)
    world.save(NOON + HOUR)
    update = told(world, HOUR)
    assert update["facts"]["action"] == "updated"
    assert update["facts"]["others"] == opened["facts"]["others"]
    assert "Also unusual" not in update["text"]
    named = {**update["facts"], "joined": update["facts"]["others"][:1]}
    assert "Unusual now as well: 9 mentions" in reason(facts_of_json(named))


def test_one_is_written_in_the_singular(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    facts = told(world)["facts"]
    for lang, seen in (("en", "1 story, 1 sighting\n"), ("ru", "1 сюжет, 1 публикация\n")):
        one = {**facts, "lang": lang, "stories": 1, "sightings": 1}
        assert seen in text_of(one)
    two = text_of({**facts, "stories": 1, "sightings": 2})
    assert "1 story, 2 sightings (1 reprint merged)" in two


def text_of(facts: dict[str, Any]) -> str:
    from reports.alert_message import alert_message  # noqa: PLC0415 - only what is asked here

    return alert_message(facts_of_json(facts), "alert:1:1", NOON).text


def test_what_is_usually_none_is_said_to_be_none(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    facts = {**told(world)["facts"], "expected": 0.01, "low": 0, "high": 0}
    assert ", usually none (late delivery)" in alert_subject(facts_of_json(facts))
    assert "in the last hour; usually none. " in reason(facts_of_json(facts))
    russian = facts_of_json({**facts, "lang": "ru"})
    assert ", обычно ноль (" in alert_subject(russian)
    assert "(0–0)" not in reason(russian)


def test_an_alert_without_links_can_be_answered_by_command(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    message = told(world)
    for part in (message["text"], message["html"], message["mail"]):
        assert "molva alerts ack 1" in part
        assert "molva alerts mute 1 --hours 4" in part
        assert "alert 1 · zerno:" in part
    assert 'href="molva' not in message["html"] + message["mail"]
    assert "I am on it: molva alerts ack 1" in message["brief"]
    assert "Opened · Negative mentions · Severity" in message["text"]


def test_facts_of_another_version_are_refused_in_words(world: World) -> None:
    with pytest.raises(ReportError, match="another version of Molva"):
        facts_of_json({"kind": "volume"})


def test_the_baseline_tells_weekday_hours_and_points(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    facts = told(world)["facts"]
    assert "Baseline: Tuesdays 11:00–12:00, last 8 weeks: 5 points; level and" in text_of(facts)
    russian = text_of({**facts, "lang": "ru", "zone": "Asia/Tokyo"})
    assert "по вторникам 20:00–21:00, за 8 недель 5 точек; уровень и" in russian
    long = {**facts, "window_minutes": 3 * 1440, "baseline_points": 1}
    assert "Baseline: Saturdays, 3 days from 12:00, last 8 weeks: 1 point; " in text_of(long)
    until_midnight = {**facts, "baseline_until": (NOON + 12 * HOUR).isoformat()}
    assert "Baseline: Tuesdays 23:00–00:00, last" in text_of(until_midnight)
    flat = {**facts, "baseline_seasonal": False, "baseline_points": 310}
    assert "310 scored mentions of" in text_of({**flat, "kind": "negative_share"})
    assert "310 negative authors of" in text_of({**flat, "kind": "author"})
    kept_before = {name: value for name, value in facts.items()
                   if name not in {"baseline_until", "baseline_points"}}  # fmt: skip
    assert "Baseline: Tuesdays 11:00–12:00; level and" in text_of(kept_before)


def test_every_message_of_a_thread_leads_to_its_mentions(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    message = told(world)
    for part in ("text", "html", "mail", "brief"):
        assert "molva alerts mentions 1" in message[part]
    over = told(world, 5 * HOUR)
    assert over["facts"]["action"] == "over"
    assert "All its mentions: molva alerts mentions 1" in over["text"]
    assert "molva alerts ack" not in over["text"]


def test_counts_of_different_stories_are_told_apart(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    facts = facts_of_json(told(world)["facts"])
    assert "9 of 9 negative mentions" in reason(facts)
    said = reason(replace(facts, observed=12))
    assert "9 of 9 negative stories since 3 Mar" in said
    assert "reprints merged" in said


def test_words_in_russian_read_as_they_are_meant(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    facts = facts_of_json(told(world, lang="ru")["facts"])
    place = replace(facts, kind="place", about="Казань", about_id="kazan")
    assert "9 негативных упоминаний («Казань») за час" in alert_subject(place)
    other = Other("author", "", 250_000, 459.0, 0, 60)
    joined = replace(facts, action="updated", why="joined", others=(other,), joined=(other,))
    assert "Теперь необычно и другое: жалоба автора с 250\u00a0тыс. подписчиков." in reason(joined)
    author = replace(facts, kind="author", observed=250_000, expected=459.0)
    assert "обычно у недовольных авторов подписчиков 459" in reason(author)
    false = alert_subject(replace(facts, action="over", why="false"))
    assert "ложная тревога, 9 негативных упоминаний (поздняя доставка)" in false
