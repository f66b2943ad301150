"""The demo's world: the same every time, varied, and with one day that is really bad."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from collectors.query import Document, Matcher, compile_query
from molva.demo.config import OTTEPEL, SNEGIR
from molva.demo.days import BAD_DAY, ZONE, Calendar, step
from molva.demo.posts import WorldPost
from molva.demo.world import World, build_world, namesakes


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def _day(post: WorldPost) -> date:
    return post.published.astimezone(ZONE).date()


def _negative(world: World, day: date) -> list[WorldPost]:
    return [
        post
        for post in world.posts
        if _day(post) == day and post.mood == "negative" and "ottepel" in post.brands
    ]


def test_the_same_world_every_time_and_another_with_another_seed(world: World) -> None:
    assert build_world() == world
    assert build_world(seed=8).posts != world.posts


def test_it_is_big_bilingual_and_of_all_moods(world: World) -> None:
    assert 1200 <= len(world.posts) <= 2000
    langs = Counter(post.lang for post in world.posts)
    assert 0.35 < langs["en"] / len(world.posts) < 0.6
    assert 0.35 < langs["ru"] / len(world.posts) < 0.65
    assert {"de", "uk", "kk"} <= set(langs)
    moods = Counter(post.mood for post in world.posts)
    assert min(moods["negative"], moods["neutral"], moods["positive"]) > 200


def test_nobody_says_what_somebody_else_has_said_unless_it_is_a_retold_story(world: World) -> None:
    told = Counter(
        (post.title, " ".join(re.findall(r"\w+", post.text.casefold())))
        for post in world.posts
        if not post.story
    )
    assert [text for text, times in told.items() if times > 1] == []
    retold = Counter(post.story for post in world.posts if post.story)
    assert retold["retold-ru"] >= 5
    assert retold["retold-en"] >= 4


def test_no_slot_is_left_unfilled(world: World) -> None:
    texts = [f"{post.title} {post.text}" for post in world.posts]
    assert [text for text in texts if re.search(r"[{}¶]", text)] == []


def test_the_bad_day_is_bad_and_the_next_is_not(world: World) -> None:
    start = world.calendar.start.astimezone(ZONE).date()
    usual = [
        len(_negative(world, start + timedelta(days=day)))
        for day in range(world.calendar.days)
        if start + timedelta(days=day) not in {BAD_DAY, BAD_DAY + timedelta(days=1)}
    ]
    bad = _negative(world, BAD_DAY)
    mean = sum(usual) / len(usual)
    assert 12 <= len(bad) / mean <= 25
    assert max(usual) < 3 * mean
    assert len(_negative(world, BAD_DAY + timedelta(days=1))) < 3 * mean


def test_the_bad_day_comes_within_minutes_in_both_languages_and_many_places(world: World) -> None:
    caused = [post for post in world.posts if post.cause == "billing" and _day(post) == BAD_DAY]
    burst = [post for post in caused if post.published >= world.calendar.bad_start]
    assert burst[0].published - world.calendar.bad_start < timedelta(minutes=5)
    early = [p for p in burst if p.published < world.calendar.bad_start + timedelta(minutes=30)]
    assert len(early) >= 12
    assert {"en", "ru"} == {post.lang for post in early}
    assert len({post.place for post in burst}) >= 6
    assert max(post.author.followers for post in burst) > 100_000


def test_the_demos_queries_find_every_mention_and_no_namesake(world: World) -> None:
    queries = {"ottepel": OTTEPEL, "snegir": SNEGIR}
    matcher = Matcher({key: compile_query(text, name=key) for key, text in queries.items()})
    wrong = []
    for post in world.posts:
        document = Document(post.text, title=post.title, lang=post.lang)
        if {match.key for match in matcher.match(document)} != set(post.brands):
            wrong.append(post.text)
    assert wrong == []
    assert len(namesakes(world)) >= 25


def test_posts_change_vanish_and_come_late(world: World) -> None:
    assert sum(bool(post.edits) for post in world.posts) >= 12
    assert sum(post.deleted_at is not None for post in world.posts) >= 4
    late = [post for post in world.posts if post.appears - post.published > timedelta(hours=1)]
    assert len(late) >= 8
    assert {"malformed", "no-id", "future"} <= {post.oddity for post in world.posts}


@pytest.mark.parametrize("days", [7, 9, 35])
def test_the_calendar_fits_its_days_around_the_bad_one(days: int) -> None:
    calendar = Calendar(days=days)
    assert calendar.start.astimezone(ZONE).time().hour == 0
    assert calendar.start < calendar.outage[0] < calendar.outage[1] < calendar.bad_start
    assert calendar.end - calendar.bad_start > timedelta(days=3)


def test_time_moves_by_full_hours_and_faster_looks_on_the_bad_day() -> None:
    calendar = Calendar(days=9)
    now, looks = calendar.start, []
    while now < calendar.end:
        looks.append(now)
        now += step(calendar, now)
    assert now == calendar.end
    bad = [look for look in looks if look.astimezone(ZONE).date() == BAD_DAY]
    assert len(bad) > 120
    assert len(looks) - len(bad) == 8 * 24
