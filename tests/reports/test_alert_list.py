"""The list of an alert's mentions: the newest first, merged, with label, cause, evidence, link."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from reports.alert_list import AlertList, alert_list, list_page, list_text
from reports.words import Words
from store.alerts import alerts
from store.engine import reading
from tests.reports.test_alerts import HOUR, quiet_month, run, wave
from tests.reports.test_joined import add, usual_month
from tests.reports.world import NAMES, NOON, World

WORDS = Words("en", ZoneInfo("UTC"))
RUSSIAN = Words("ru", ZoneInfo("UTC"))
MINUTE = timedelta(minutes=1)


def listed(world: World, later: timedelta = timedelta(0), limit: int = 200) -> AlertList:
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
        return alert_list(conn, alert, NOON + later, limit)


def test_it_has_every_story_of_the_alert_with_label_cause_and_evidence(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    said = (
        "the courier with my new coffee machine never came <b>at all</b> on the day he had promised"
    )
    for copy in range(3):
        world.post(f"Zerno: {said}", NOON - MINUTE, "negative", (("late", said),),
                   native_id=f"copy-{copy}", author_name="Ann", unsure=True)  # fmt: skip
    world.post("Zerno is fine", NOON - 2 * MINUTE, "positive")
    world.save(NOON)
    assert run(world) == 1
    found = listed(world)
    assert (found.stories, found.sightings, len(found.shown)) == (10, 12, 10)
    times = [story.post.published_at for story in found.shown]
    assert times == sorted(times, reverse=True)
    text = list_text(found, WORDS, NAMES)
    assert "10 stories, 12 sightings" in text
    newest = text.split("\n\n")[1]
    assert newest.splitlines() == [
        f"* Zerno: {said}",
        "  negative, 80% sure, uncertain · Ann · news.example · 3 Mar, 11:59 · seen in 3 places",
        f"  Late delivery: “{said}”",
        "  https://news.example/copy-0",
    ]
    page = list_page(found, RUSSIAN, NAMES)
    assert "&lt;b&gt;at all&lt;/b&gt;" in page
    assert "<b>" not in page
    assert 'href="https://news.example/copy-0" rel="noopener noreferrer nofollow"' in page
    assert "уверенность 80" in page
    assert "<mark>Поздняя доставка</mark>: <bdi" in page
    assert "10 сюжетов, 12 публикаций" in page


def test_a_long_list_is_cut_with_a_count(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    run(world)
    text = list_text(listed(world, limit=4), WORDS, NAMES)
    assert text.count("\n* ") == 4
    assert "5 older stories are not shown; all of them: molva alerts mentions 1 --limit 0" in text
    assert "Ещё 5 сюжетов постарше" in list_page(listed(world, limit=4), RUSSIAN, NAMES)
    assert len(listed(world, limit=0).shown) == 9


def test_what_came_since_and_what_joined_is_in_it_and_what_came_after_is_not(world: World) -> None:
    usual_month(world)
    add(world, 30, -1, "late")
    world.save(NOON)
    assert run(world) == 1
    before = listed(world).stories
    add(world, 3, 0.2, "late")
    world.save(NOON + HOUR)
    assert listed(world, HOUR).stories == before + 3
    run(world, 6 * HOUR)
    add(world, 2, 7, "late")
    world.save(NOON + 8 * HOUR)
    assert listed(world, 9 * HOUR).stories == before + 3


def test_an_alert_of_one_story_lists_its_reprints_and_what_joined(world: World) -> None:
    usual_month(world)
    for number in range(25):
        world.post(
            "Zerno shop on Lenin street was closed by the inspectors after mice were seen",
            NOON - (50 - 2 * number) * MINUTE,
            "negative",
            site=f"s{number}.example",
        )
    world.save(NOON)
    run(world)
    assert (listed(world).alert.kind, listed(world).stories) == ("story", 25)
    add(world, 60, 0.2, "rude")
    world.save(NOON + HOUR)
    run(world, HOUR)
    found = listed(world, HOUR)
    assert found.alert.facts["why"] == "joined"
    assert (found.stories, found.sightings) == (85, 85)


def test_of_a_story_that_joined_only_that_story_is_listed(world: World) -> None:
    usual_month(world)
    wave(world, 30, 1)
    world.save(NOON)
    assert run(world) == 1
    before = listed(world).stories
    add(world, 4, 0.1, "tasty", "positive")
    for number in range(40):
        world.post(
            "Zerno shop on Lenin street was closed by the inspectors after mice were seen",
            NOON + number * MINUTE,
            site=f"s{number}.example",
        )
    world.save(NOON + HOUR)
    run(world, HOUR)
    found = listed(world, HOUR)
    assert {"kind": "story", "subject": ""} in [
        {name: other[name] for name in ("kind", "subject")} for other in found.alert.facts["others"]
    ]
    assert (found.stories, found.sightings) == (before + 1, before + 40)
