"""What is peculiar to Discourse. Fixtures are made after its post and search serializers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.discourse_post import own_words
from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from collectors.registry import create, parse_settings
from collectors.rereads import Rereads
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.discourse import DiscourseKit, number, post
from tests.conformance.server import Answer, Request, json_answer, serving

Open = Callable[..., World]


class SearchKit(DiscourseKit):
    """The same forum with its search, two pages of three hits long."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {**super().table(base_url, folder), **self._table}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        path = request.path.removeprefix("/forum/")
        if path == "search.json":
            return json_answer(_found(request.query["q"], int(request.query["page"]), items))
        for item in items:
            if path == f"posts/{number(item)}.json":
                return json_answer({k: v for k, v in post(item).items() if k != "topic_title"})
        return super().answer(request, items)


def _found(query: str, page: int, items: Sequence[Item]) -> dict[str, Any]:
    assert "order:latest" in query
    after, before = (_day(query, word) for word in ("after", "before"))
    shown = [item for item in items if not after or _filed(item) > after]
    shown = [item for item in shown if not before or _filed(item) < before]
    shown.sort(key=lambda item: (_filed(item), item.number), reverse=True)
    hits = [_hit(item) for item in shown[DiscourseKit.page * (page - 1) : DiscourseKit.page * page]]
    more = True if len(shown) > DiscourseKit.page * page else None
    return {
        "posts": hits,
        "topics": [{"id": 7, "title": "Which beans?"}],
        "grouped_search_result": {"more_full_page_results": more, "error": None},
    }


def _filed(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _hit(item: Item) -> Any:
    """A hit has an excerpt for its text, and its topic's title apart."""
    shown = post(item)
    if not isinstance(shown, dict):
        return shown
    kept = {k: v for k, v in shown.items() if k not in {"cooked", "topic_title"}}
    return {**kept, "blurb": "…cut out…"}


def _day(query: str, word: str) -> datetime | None:
    match = re.search(rf"{word}:(\S+)", query)
    return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None


@pytest.fixture
def open_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("DISCOURSE_KEY", "s3cret-discourse-key")
    with ExitStack() as stack:

        def opened(**table: Any) -> World:
            world = World(SearchKit(table), tmp_path)
            world.server = stack.enter_context(serving(world.respond))
            return world

        yield opened


@pytest.fixture
def searching(open_world: Open) -> World:
    return open_world(queries=["zerno"], result_pages=2)


def some_items(count: int, apart: timedelta = timedelta(minutes=1)) -> list[Item]:
    return [Item(n, f"Post {n}", NOW - apart * (count + 1 - n)) for n in range(1, count + 1)]


def deleted(run: Any) -> list[str]:
    return [native_id for page in run.pages for native_id in page.deleted]


# --- All posts


async def test_a_post_tells_where_it_stands(open_world: Open) -> None:
    world = open_world()
    world.items = some_items(2)
    found = {found.native_id: found for found in (await world.poll()).posts}
    first, reply = found["1001"], found["1002"]
    assert (first.kind, first.title, reply.kind, reply.title) == (
        "post", "Which beans?", "comment", "",
    )  # fmt: skip
    assert reply.url.endswith("/forum/t/which-beans/7/2")
    assert (reply.author.id, reply.author.handle, reply.thread_id) == ("31", "anna", "t/7")
    counts = reply.engagement
    assert (counts.likes, counts.comments, counts.views, reply.edited_at) == (5, 2, 40, None)


async def test_only_a_new_version_is_an_edit_and_no_likes_are_a_known_zero(
    open_world: Open,
) -> None:
    world = open_world()
    shown = post(Item(1, "Zerno")) | {"version": 2, "actions_summary": []}
    world.mood = lambda request: json_answer(
        {"latest_posts": [] if "before" in request.query else [shown]}
    )
    (found,) = (await world.poll()).posts
    assert (found.edited_at, found.engagement.likes) == (NOW - timedelta(minutes=5), 0)


async def test_posts_that_vanish_or_are_marked_are_deleted(open_world: Open) -> None:
    world = open_world()
    world.items = some_items(5)
    first = await world.poll()
    del world.items[3]
    second = await world.poll(first.cursor)
    assert deleted(second) == ["1004"]
    assert deleted(await world.poll(second.cursor)) == []
    marked = [post(item) for item in reversed(world.items)]
    marked[0] |= {"user_deleted": True}
    marked[1] |= {"deleted_at": "2026-03-10T11:59:00Z"}
    marked[2] |= {"hidden": True}
    marked[3] |= {"post_type": 3}
    world.mood = lambda _request: json_answer({"latest_posts": marked})
    third = await world.poll(second.cursor)
    assert deleted(third) == ["1005", "1003"]
    assert [item.native_id for item in third.skipped] == ["1002"]
    assert third.posts == []


async def test_older_forums_show_empty_pages_where_posts_are_private(open_world: Open) -> None:
    world = open_world()
    numbers = [900, 890, 600]

    def older(request: Request) -> Answer:
        # They show what is public among the 50 numbers up to `before`, and no more.
        before = int(request.query.get("before", 900))
        shown = [n for n in numbers if before - 50 < n <= before]
        return json_answer({"latest_posts": [{**post(Item(1, "Zerno")), "id": n} for n in shown]})

    world.mood = older
    first = await world.poll()
    assert set(first.texts) == {"900", "890", "600"}
    assert len((await world.poll(first.cursor)).pages) == 1


@pytest.mark.parametrize("user", ["reader", ""])
async def test_a_key_is_sent_in_its_own_header_and_to_no_other_host(
    open_world: Open, user: str
) -> None:
    world = open_world(key_user=user)
    world.mood = lambda _request: Answer(301, headers={"Location": "https://other.example/"})
    with pytest.raises(FatalError, match="elsewhere"):
        await world.poll()
    assert world.server is not None
    (request,) = world.server.requests
    header = "api-key" if user else "user-api-key"
    assert request.headers[header] == "s3cret-discourse-key"
    assert request.headers.get("api-username", "") == user


async def test_a_refusal_for_asking_too_often_says_for_how_long_in_its_body(
    open_world: Open,
) -> None:
    world = open_world()
    world.mood = lambda _request: json_answer(
        {"errors": ["Slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 42}}, 429
    )
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(seconds=42)


def test_the_number_of_a_post_means_its_own_forum() -> None:
    scopes = [
        create(
            parse_settings({"name": "n", "type": "discourse", "url": url}),
            None,  # type: ignore[arg-type]
            lambda: NOW,
        ).scope
        for url in ("https://a.example", "http://A.example/", "https://a.example/forum")
    ]
    assert scopes == ["discourse:a.example", "discourse:a.example", "discourse:a.example/forum"]


# --- Text


@pytest.mark.parametrize(
    ("cooked", "text"),
    [
        ('<aside class="quote" data-username="boris"><div class="title">boris:</div>'
         "<blockquote><p>Zerno is bad</p></blockquote></aside><p>It is not.</p>", "It is not."),
        ('<p>Good <img src="/c.png" class="emoji" alt=":coffee:"> &amp; hot</p>',
         "Good :coffee: & hot"),
        ('<div class="lightbox-wrapper"><a class="lightbox"><img alt="cup">'
         '<div class="meta"><span>690×388 50 KB</span></div></a></div><p>My cup</p>', "My cup"),
        ('<p>broken \ud83d half <img class="emoji" alt=":a:"></p>', "broken \ufffd half :a:"),
    ],
)  # fmt: skip
def test_a_post_is_what_its_author_wrote(cooked: str, text: str) -> None:
    assert own_words(cooked) == text


# --- Search


async def test_a_hit_is_read_in_full_with_the_title_of_its_topic(searching: World) -> None:
    searching.items = some_items(1)
    (found,) = (await searching.poll()).posts
    assert (found.native_id, found.text, found.title) == ("1001", "Post 1", "Which beans?")


async def test_a_search_longer_than_its_pages_goes_on_in_days(searching: World) -> None:
    searching.items = some_items(20, apart=timedelta(hours=6))
    whole = await searching.poll()
    assert len(whole.texts) == 20
    assert not whole.gaps
    for killed_after in range(1, len(whole.pages) + 1):
        first = await searching.poll(pages=killed_after)
        rest = await searching.poll(first.cursor)
        assert {**first.texts, **rest.texts} == whole.texts


async def test_a_page_cut_short_by_a_rate_limit_is_gone_on_with(
    searching: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.discourse_search.AT_ONCE", 1)
    searching.items = some_items(5)
    asked: list[str] = []

    def limited(request: Request) -> Answer:
        asked.append(request.path)
        if len(asked) % 4 == 0:
            return json_answer({"error_type": "rate_limit", "extras": {"wait_seconds": 0}}, 429)
        return searching.kit.answer(request, searching.items)

    searching.mood = limited
    searching.http_settings = searching.http_settings.model_copy(update={"retries": 0})
    cursor: dict[str, Any] = {}
    found: set[str] = set()
    for _ in range(6):
        async with HttpClient(searching.http_settings, lambda: searching.now) as http:
            with suppress(RetriableError):
                async for page in searching.collector(http).poll(cursor):
                    cursor = dict(page.cursor)
                    found |= {post.native_id for post in page.posts}
    assert len(found) == 5


async def test_more_hits_in_a_day_than_its_pages_leave_a_gap(searching: World) -> None:
    searching.items = [Item(50, "The day before", NOW - timedelta(days=1)), *some_items(12)]
    run = await searching.poll()
    assert "The day before" in run.texts.values()
    assert len(run.texts) == 1 + 2 * DiscourseKit.page
    day = datetime(2026, 3, 10, tzinfo=UTC)
    assert [(gap.start, gap.end) for gap in run.gaps] == [(day, day + timedelta(days=1))]


async def test_hits_of_the_same_day_that_are_known_are_not_read_again(searching: World) -> None:
    searching.items = some_items(3, apart=timedelta(hours=3.5))
    first = await searching.poll()
    assert searching.server is not None
    searching.server.requests.clear()
    second = await searching.poll(first.cursor)
    assert set(second.texts) == {"1002", "1003"}
    assert not any("1001" in request.path for request in searching.server.requests)


async def test_a_hit_that_has_gone_since_is_deleted(searching: World) -> None:
    searching.items = some_items(3)
    searching.mood = lambda request: (
        json_answer({"error_type": "not_found"}, 404)
        if "1002" in request.path
        else searching.kit.answer(request, searching.items)
    )
    run = await searching.poll()
    assert set(run.texts) == {"1001", "1003"}
    assert deleted(run) == ["1002"]


async def test_a_forum_too_busy_to_search_says_so_with_status_200(searching: World) -> None:
    searching.mood = lambda _request: json_answer(
        {"posts": [], "grouped_search_result": {"error": "Searching is slow now"}}
    )
    with pytest.raises(RetriableError, match="too busy"):
        await searching.poll()


async def test_a_search_the_forum_refuses_is_fatal_with_its_words(searching: World) -> None:
    searching.mood = lambda _request: json_answer({"errors": ["Your search is too short"]}, 400)
    with pytest.raises(FatalError, match=r"'zerno.*was refused: Your search is too short"):
        await searching.poll()


@pytest.mark.parametrize("url", ["forum.example", "https://me:pw@forum.example", "https://a?b"])
def test_wrong_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "discourse", "url": url})


async def test_only_the_first_post_of_a_topic_asks_for_its_title(open_world: Open) -> None:
    world = open_world()
    world.items = [
        Item(1, "Zerno?", NOW - timedelta(hours=1)),
        Item(2, "Too sour", NOW - timedelta(hours=1)),
    ]
    async with HttpClient(world.http_settings, lambda: NOW) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        page = await collector.reread(["1001", "1002", "sha256:no-number"])
    assert [post.title for post in page.posts] == ["Which beans?", ""]
    assert world.server is not None
    paths = sorted(request.path for request in world.server.requests)
    assert paths == ["/forum/posts/1001.json", "/forum/posts/1002.json", "/forum/t/7.json"]


async def test_a_topic_that_hides_its_title_makes_no_revision(open_world: Open) -> None:
    world = open_world()
    world.items = [Item(1, "Zerno?", NOW - timedelta(hours=1))]

    def answer(request: Request) -> Answer:
        if "/t/" in request.path:
            return json_answer({"errors": ["no"], "error_type": "invalid_access"}, 403)
        return world.kit.answer(request, world.items)

    world.mood = answer
    async with HttpClient(world.http_settings, lambda: NOW) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        page = await collector.reread(["1001"])
    assert (page.posts, page.deleted) == ((), ())
