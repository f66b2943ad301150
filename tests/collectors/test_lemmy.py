"""What is peculiar to Lemmy. Fixtures are made after the types of its official client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from collectors.markdown import markdown_to_text
from collectors.registry import parse_settings
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.lemmy import LemmyKit, LemmyV4Kit
from tests.conformance.server import Answer, Request, Respond, json_answer, serving

Open = Callable[..., World]


class _Kit(LemmyKit):
    """A server of either version that answers lists as a test says."""

    def __init__(self, api: str, table: dict[str, Any]) -> None:
        self.api, self._table = api, table

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {**super().table(base_url, folder), **self._table}


class _V4Kit(_Kit, LemmyV4Kit):
    """The same with version 4's search."""


@pytest.fixture
def open_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("LEMMY_TOKEN", "s3cret-lemmy-jwt")
    with ExitStack() as stack:

        def opened(api: str = "v3", **table: Any) -> World:
            world = World((_V4Kit if api == "v4" else _Kit)(api, table), tmp_path)
            world.server = stack.enter_context(serving(world.respond))
            return world

        yield opened


def lists(world: World, respond: Respond) -> None:
    """Answer everything but the site."""
    world.mood = lambda request: (
        world.kit.answer(request, []) if request.path.endswith("/site") else respond(request)
    )


def post_view(number: int = 1, **changes: Any) -> dict[str, Any]:
    post = {
        "id": number,
        "name": f"Post {number}",
        "body": "Zerno",
        "ap_id": f"https://kofe.example/post/{number}",
        "published": "2026-03-10T11:00:00.123456",
        "language_id": 37,
        **changes,
    }
    creator = {"name": "anna", "display_name": "Anna", "actor_id": "https://kofe.example/u/anna"}
    return {"post": post, "creator": creator, "counts": {"score": -2, "upvotes": 1, "comments": 3}}


def comment_view(path: str, number: int = 9) -> dict[str, Any]:
    comment = {
        "id": number,
        "content": "> Is **Zerno** [good](https://zerno.example)?\n\nIt is.",
        "ap_id": f"https://chai.example/comment/{number}",
        "path": path,
        "published": "2026-03-10T11:30:00Z",
        "updated": "2026-03-10T11:40:00Z",
        "language_id": 0,
    }
    return {"comment": comment, "post": {"ap_id": "https://kofe.example/post/1"}}


def _is_first(request: Request) -> bool:
    return request.query["page"] == "1"


def in_lists(posts: Sequence[Any] = (), comments: Sequence[Any] = ()) -> Respond:
    def respond(request: Request) -> Answer:
        asked = request.query["type_"].lower()
        chosen = {"posts": posts, "comments": comments}[asked] if _is_first(request) else ()
        return json_answer({"posts": [], "comments": [], asked: list(chosen)})

    return respond


async def test_a_post_keeps_its_title_link_and_counts(open_world: Open) -> None:
    world = open_world()
    view = post_view(url="https://zerno.example/menu", alt_text="A cup")
    lists(world, in_lists([view]))
    (post,) = (await world.poll()).posts
    assert (post.kind, post.title) == ("post", "Post 1")
    assert post.text == "Zerno\nA cup\nhttps://zerno.example/menu"
    assert (post.author.handle, post.author.name) == ("anna@kofe.example", "Anna")
    assert (post.engagement.likes, post.engagement.comments, post.lang) == (1, 3, "en")


@pytest.mark.parametrize(
    ("path", "parent"), [("0.9", "https://kofe.example/post/1"), ("0.8.9", "")]
)
async def test_a_comment_belongs_to_its_post(open_world: Open, path: str, parent: str) -> None:
    world = open_world()
    lists(world, in_lists(comments=[comment_view(path)]))
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.site) == ("https://chai.example/comment/9", "chai.example")
    assert post.text == "Is Zerno good?\n\nIt is."
    assert (post.parent_id, post.thread_id) == (parent, "https://kofe.example/post/1")
    assert post.edited_at == NOW - timedelta(minutes=20)
    assert post.lang is None


async def test_deleted_and_removed_items_are_told_and_not_kept(open_world: Open) -> None:
    world = open_world()
    lists(world, in_lists([post_view(1, deleted=True), post_view(2, removed=True), post_view(3)]))
    run = await world.poll()
    assert list(run.texts) == ["https://kofe.example/post/3"]
    deleted = [native_id for page in run.pages for native_id in page.deleted]
    assert deleted == ["https://kofe.example/post/1", "https://kofe.example/post/2"]
    assert not run.skipped


async def test_a_community_is_read_past_its_old_pinned_posts(open_world: Open) -> None:
    world = open_world(queries=[], communities=["!coffee@kofe.example"])
    old = "2020-01-01T00:00:00Z"
    pages = {
        "1": [post_view(n, published=old, featured_community=True) for n in (1, 2, 3)],
        "2": [post_view(n) for n in (4, 5)],
    }

    def respond(request: Request) -> Answer:
        assert request.query["community_name"] == "coffee@kofe.example"
        assert (request.query["sort"], request.query["type_"]) == ("New", "All")
        if request.path == "/api/v3/comment/list":
            return json_answer({"comments": []})
        return json_answer({"posts": pages[request.query["page"]]})

    lists(world, respond)
    assert len((await world.poll()).posts) == 5


async def test_a_server_that_ignores_page_numbers_is_not_walked_for_ever(
    open_world: Open,
) -> None:
    world = open_world(queries=[], communities=["coffee"])
    views = [post_view(n) for n in (3, 2, 1)]
    lists(
        world,
        lambda request: json_answer(
            {"posts": views} if "post" in request.path else {"comments": []}
        ),
    )
    first = await world.poll()
    assert len(first.texts) == 3
    assert len(first.pages) == 4
    assert "came twice" in first.notes[0]
    assert not first.gaps
    second = await world.poll(first.cursor)
    assert len(second.pages) == 2
    assert "comes again and again" in second.gaps[0].reason


async def test_items_that_moved_up_a_page_between_two_polls_are_found(open_world: Open) -> None:
    world = open_world()
    world.items = [Item(2 * n, f"Post {n}", NOW - timedelta(minutes=60 - n)) for n in range(1, 10)]
    first = await world.poll(pages=1)
    # The newest is deleted while the process is down: the first of page 2 is now on page 1.
    gone = world.items.pop()
    second = await world.poll(first.cursor)
    numbers = {native_id.rpartition("/")[2] for native_id in {**first.texts, **second.texts}}
    assert numbers == {str(item.number) for item in [*world.items, gone]}


@pytest.mark.parametrize("status", [400, 429])
async def test_being_asked_too_often_is_told_in_the_body_alone(
    open_world: Open, status: int
) -> None:
    world = open_world(rate_pause="7m")
    lists(world, lambda _request: json_answer({"error": "rate_limit_error"}, status))
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == (timedelta(minutes=7) if status == 400 else None)


async def test_a_rate_limit_does_not_starve_the_last_list(open_world: Open) -> None:
    world = open_world(queries=["zerno", "coffee"])
    served: list[str] = []

    def respond(request: Request) -> Answer:
        if len(served) % 3 == 2:
            served.append("refused")
            return json_answer({"error": "rate_limit_error"}, 400)
        served.append(f"{request.query['q']} {request.query['type_']}")
        return in_lists()(request)

    lists(world, respond)
    cursor: dict[str, Any] = {}
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for _ in range(2):
            with suppress(RetriableError):
                async for page in world.collector(http).poll(cursor):
                    cursor = dict(page.cursor)
    assert served[:2] == ["zerno Posts", "zerno Comments"]
    assert served[3:5] == ["coffee Posts", "coffee Comments"]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "couldnt_find_community", FatalError),
        (404, "not_found", FatalError),
        (400, "instance_is_private", FatalError),
        (400, "couldnt_get_posts", RetriableError),
        (400, "unknown", RetriableError),
    ],
)
async def test_a_refusal_is_told_by_its_name(
    open_world: Open, status: int, error: str, kind: type[Exception]
) -> None:
    world = open_world(queries=[], communities=["tea"])
    lists(world, lambda _request: json_answer({"error": error}, status))
    with pytest.raises(kind, match=f"'tea'.*{error}"):
        await world.poll()


@pytest.mark.parametrize(
    "page", [Answer(404), Answer(200, b"<html>", {"Content-Type": "text/html"})]
)
async def test_a_server_without_version_4_is_asked_in_version_3(
    open_world: Open, page: Answer
) -> None:
    world = open_world()
    world.items = [Item(1, "Zerno"), Item(2, "Coffee")]
    world.mood = lambda request: (
        page if "/v4/" in request.path else world.kit.answer(request, world.items)
    )
    assert len((await world.poll()).posts) == 2


async def test_an_update_to_version_4_is_found_out_without_a_restart(open_world: Open) -> None:
    world = open_world()
    world.items = [Item(1, "Zerno"), Item(2, "Coffee")]
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        pages = [page async for page in world.collector(http).poll({})]
        world.kit = _V4Kit("v4", {})
        with pytest.raises(RetriableError, match="no longer"):
            _ = [page async for page in world.collector(http).poll(pages[-1].cursor)]
        pages = [page async for page in world.collector(http).poll(pages[-1].cursor)]
    assert sum(len(page.posts) for page in pages) == 2


# --- Version 4


def some_items(count: int) -> list[Item]:
    return [Item(n, f"Post {n}", NOW - timedelta(minutes=60 - n)) for n in range(1, count + 1)]


async def test_version_4_is_walked_by_its_cursors_and_gone_on_with(open_world: Open) -> None:
    world = open_world("v4")
    world.items = some_items(14)
    whole = await world.poll()
    assert len(whole.texts) == 14
    assert {post.engagement.likes for post in whole.posts} == {3}
    assert {post.lang for post in whole.posts} == {"en"}
    for killed_after in range(1, len(whole.pages) + 1):
        first = await world.poll(pages=killed_after)
        rest = await world.poll(first.cursor)
        assert {**first.texts, **rest.texts} == whole.texts


async def test_version_4_begins_anew_when_the_server_forgot_its_cursor(open_world: Open) -> None:
    world = open_world("v4")
    world.items = some_items(14)
    first = await world.poll(pages=1)
    forgotten: list[int] = []

    def forgetful(request: Request) -> Answer:
        if "page_cursor" in request.query and not forgotten:
            forgotten.append(1)
            return json_answer({"error": "not_found"}, 404)
        return world.kit.answer(request, world.items)

    world.mood = forgetful
    assert len((await world.poll(first.cursor)).texts) == 14


@pytest.mark.parametrize("key", ["items", "posts", "search"])
async def test_version_4_may_name_its_lists_in_any_way_it_has(open_world: Open, key: str) -> None:
    world = open_world("v4", queries=[], communities=["coffee"])
    view = post_view(published_at="2026-03-10T11:00:00Z")
    lists(
        world,
        lambda request: json_answer({key: [view]} if "post" in request.path else {"comments": []}),
    )
    (post,) = (await world.poll()).posts
    assert post.published_at == NOW - timedelta(hours=1)


# --- Markdown and settings


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Zerno\n\nIs *very* __good__ ~~not~~", "Zerno\n\nIs very good not"),
        ("[![A cup](https://a.example/c.png)](https://a.example)", "A cup"),
        ("::: spoiler Ending\nAll drink coffee\n:::", "Ending\nAll drink coffee"),
        ("```py\nzerno_club_id = 2 * 3 * 4\n```", "zerno_club_id = 2 * 3 * 4"),
        ("<https://zerno.example> says `5 < 6` &amp; \\*nothing\\*",
         "https://zerno.example says 5 < 6 & *nothing*"),
        ("[a] (b) * c _ d", "[a] (b) * c _ d"),
    ],
)  # fmt: skip
def test_markdown_is_read_as_it_is_shown(markdown: str, text: str) -> None:
    assert markdown_to_text(markdown) == text


@pytest.mark.timeout(10)
@pytest.mark.parametrize("part", ["[", "![a](", "*a ", "**", "> ", "`a", "<https://", "\\", "[](("])
def test_markdown_made_to_be_slow_is_not(part: str) -> None:
    markdown_to_text(part * (1_000_000 // len(part)))


@pytest.mark.parametrize(
    "table",
    [
        {"instance": "https://lemmy.example"},
        {"instance": "lemmy.example", "queries": ["zerno"]},
        {"instance": "https://lemmy.example", "communities": ["https://lemmy.example/c/coffee"]},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "lemmy", **table})
