"""The stand-in server, read by the real collectors: every format says what the world says."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from collectors.http import HttpClient, HttpSettings
from collectors.interface import Collector, CollectorError, Cursor, Post
from collectors.registry import create, parse_settings
from molva.clock import SimulatedClock
from molva.demo.apis import mastodon_id
from molva.demo.bluesky import HANDLE, PASSWORD
from molva.demo.config import PASSWORD_VARIABLE, demo_config
from molva.demo.days import Calendar
from molva.demo.faults import Faults
from molva.demo.posts import Place, WorldPost
from molva.demo.server import DemoServer
from molva.demo.world import World, build_world

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:feedparser")


@dataclass
class Walk:
    """What a collector has brought over many polls."""

    collector: Collector
    cursor: Cursor = field(default_factory=dict)
    posts: dict[str, list[Post]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    async def poll(self) -> None:
        try:
            async for page in self.collector.poll(self.cursor):
                self.cursor = page.cursor
                for post in page.posts:
                    self.posts.setdefault(post.native_id, []).append(post)
                self.skipped += [item.reason for item in page.skipped]
                self.deleted |= set(page.deleted)
        except CollectorError as error:
            self.errors.append(str(error))


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(Calendar(days=7))


@pytest.fixture(scope="module")
def walks(world: World) -> Iterator[dict[str, Walk]]:
    """Every source of the demo, polled every other hour to the end of the world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, PASSWORD)
        yield asyncio.run(_walk(world))


async def _walk(world: World) -> dict[str, Walk]:
    clock = SimulatedClock(world.calendar.start)
    with DemoServer(world, clock) as server:
        config = tomllib.loads(demo_config(server.url))
        http_settings = HttpSettings(**{**config["http"], "retry_wait": 0.0})
        async with HttpClient(http_settings, clock) as http:
            walks = {
                table["name"]: Walk(create(parse_settings(table), http, clock))
                for table in config["source"]
            }
            while clock() < world.calendar.end:
                clock.advance(timedelta(hours=2))
                for walk in walks.values():
                    await walk.poll()
    return walks


def _written(world: World, place: Place) -> list[WorldPost]:
    """What a place has shown by the end; a late arrival may come after it."""
    return [post for post in world.by_place[place] if post.appears <= world.calendar.end]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("city-news", "city-news"),
        ("city-news-ru", "city-news-ru"),
        ("blog", "blog"),
        ("reviews", "reviews"),
        ("mastodon", "mastodon"),
    ],
)
def test_a_collector_brings_every_post_of_its_place_once(
    world: World, walks: dict[str, Walk], source: str, place: Place
) -> None:
    written = _written(world, place)
    without_id = sum(post.oddity == "no-id" for post in written)
    assert len(walks[source].posts) + without_id >= len(written)
    assert len(walks[source].posts) <= len(written)


def test_searches_bring_every_post_that_names_a_brand(world: World, walks: dict[str, Walk]) -> None:
    found = {
        version.text
        for source in ("bluesky", "bluesky-rival", "hacker-news")
        for versions in walks[source].posts.values()
        for version in versions
    }
    missed = [
        post.text
        for post in (*_written(world, "bluesky"), *_written(world, "hackernews"))
        if post.brands and post.text not in found and "\n" not in post.text
    ]
    assert missed == []


def test_telegram_brings_what_stayed_and_reports_what_was_taken_down(
    world: World, walks: dict[str, Walk]
) -> None:
    written = _written(world, "telegram")
    gone = [post for post in written if post.deleted_at]
    assert gone
    assert len(walks["telegram"].posts) == len(written)
    assert len(walks["telegram"].deleted) == len(gone)


def test_edited_posts_come_back_changed(world: World, walks: dict[str, Walk]) -> None:
    seen_by_then = world.calendar.end - timedelta(hours=2)
    telegram = world.by_place["telegram"]
    edited = [post for post in telegram if any(edit.at < seen_by_then for edit in post.edits)]
    seen = list(walks["telegram"].posts.values())
    changed = [versions for versions in seen if len({one.text for one in versions}) > 1]
    assert edited
    assert len(changed) == len(edited)


def test_dates_are_right_whatever_the_format(world: World, walks: dict[str, Walk]) -> None:
    places: tuple[Place, ...] = ("city-news", "reviews")
    for place in places:
        written = {post.text: post.published for post in _written(world, place)}
        for versions in walks[place].posts.values():
            post = versions[0]
            if post.text in written:
                assert post.published_at is not None
                assert abs(post.published_at - written[post.text]) < timedelta(seconds=1)


def test_a_date_in_2099_is_not_believed_and_a_broken_item_is_salvaged(
    walks: dict[str, Walk],
) -> None:
    dates = [versions[0].published_at for versions in walks["city-news-ru"].posts.values()]
    assert None in dates
    titles = [versions[0].title for versions in walks["city-news"].posts.values()]
    assert "Tea & coffee fair at the port" in titles


def test_an_outage_is_an_error_and_costs_no_post(world: World, walks: dict[str, Walk]) -> None:
    assert any("503" in error for error in walks["mastodon"].errors)
    assert len(walks["mastodon"].posts) == len(_written(world, "mastodon"))


def test_refusals_depend_on_simulated_time_alone(world: World) -> None:
    start, end = world.calendar.outage
    moment = world.calendar.start
    first, second = (Faults(7, "mastodon", start, end) for _ in range(2))
    hours = [moment + timedelta(hours=hour) for hour in range(500)]
    given = [first.fault("reviews", hour) for hour in hours]
    assert given == [second.fault("reviews", hour) for hour in hours]
    assert 1 <= sum(fault is not None for fault in given) <= 25


@dataclass
class Asked:
    """A plain client at one moment of the world."""

    client: httpx.Client
    clock: SimulatedClock


@pytest.fixture
async def asked(world: World) -> AsyncIterator[Asked]:
    clock = SimulatedClock(world.calendar.bad_start + timedelta(hours=2, minutes=31))
    with DemoServer(world, clock) as server, httpx.Client(base_url=server.url) as client:
        yield Asked(client, clock)


def test_an_unchanged_feed_answers_304(asked: Asked) -> None:
    first = asked.client.get("/post/feed")
    again = asked.client.get("/post/feed", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    asked.clock.advance(timedelta(hours=4))
    later = asked.client.get("/post/feed", headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 200


def test_bluesky_wants_a_session_and_lets_it_expire(asked: Asked) -> None:
    search = "/xrpc/app.bsky.feed.searchPosts?q=Ottepel&limit=10"
    assert asked.client.get(search).json()["error"] == "AuthMissing"
    wrong = {"identifier": HANDLE, "password": "guess"}
    create_session = "/xrpc/com.atproto.server.createSession"
    assert asked.client.post(create_session, json=wrong).status_code == 401
    right = {"identifier": HANDLE, "password": PASSWORD}
    session = asked.client.post(create_session, json=right).json()
    bearer = {"Authorization": f"Bearer {session['accessJwt']}"}
    page = asked.client.get(search, headers=bearer).json()
    assert len(page["posts"]) == 10
    following = asked.client.get(f"{search}&cursor={page['cursor']}", headers=bearer).json()
    uris = {post["uri"] for post in page["posts"]}
    assert uris.isdisjoint(post["uri"] for post in following["posts"])
    known = page["posts"][0]
    repo, collection, rkey = known["uri"].removeprefix("at://").split("/")
    record = f"/xrpc/com.atproto.repo.getRecord?repo={repo}&collection={collection}&rkey="
    assert asked.client.get(f"{record}{rkey}", headers=bearer).json()["value"] == known["record"]
    assert asked.client.get(f"{record}3l0", headers=bearer).json()["error"] == "RecordNotFound"
    asked.clock.advance(timedelta(hours=3))
    assert asked.client.get(search, headers=bearer).json()["error"] == "ExpiredToken"


def test_mastodons_min_id_gives_the_posts_right_after_it(world: World, asked: Asked) -> None:
    tag = "/api/v1/timelines/tag/vetrogorsk"
    everything, oldest = [], ""
    while True:
        page = asked.client.get(tag, params={"limit": 40, "max_id": oldest or "9" * 18}).json()
        if not page:
            break
        everything += [status["id"] for status in page]
        oldest = everything[-1]
    assert everything == sorted(everything, reverse=True)
    after = asked.client.get(tag, params={"limit": 5, "min_id": everything[-1]})
    assert [status["id"] for status in after.json()] == everything[-6:-1]
    assert 'rel="prev"' in after.headers["link"]
    known = {mastodon_id(post) for post in world.by_place["mastodon"]}
    assert set(everything) <= known


def test_the_date_header_is_the_simulated_time(asked: Asked) -> None:
    sent = datetime.strptime(
        asked.client.get("/api/v2/instance").headers["date"], "%a, %d %b %Y %H:%M:%S GMT"
    ).replace(tzinfo=UTC)
    assert abs(sent - asked.clock()) < timedelta(seconds=1)
