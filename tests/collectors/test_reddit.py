"""What is peculiar to Reddit: its two routes to one post, its listings, its marks of deletion.

The fixtures follow the published schema of API listings (`kind`, `data.children`, `data.after`,
links with `name`, `selftext_html`, `removed_by_category`) and the Atom entries of `search.rss`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import Author, FatalError, Post, RetriableError
from collectors.registry import parse_settings
from tests.collectors.worlds import changed, world_of
from tests.conformance import test_clocks, test_failures, test_paging, test_posts
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.reddit import (
    TOKEN,
    RedditKit,
    body_of,
    name_of,
    path_of,
)
from tests.conformance.server import Answer, Request, json_answer

HTML = {"Content-Type": "text/html; charset=utf-8"}


class RssKit(RedditKit):
    """The same posts as the public RSS search shows them."""

    environment = {}  # noqa: RUF012 - as the kits declare it
    truncation_is_an_error = False

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"queries": ["zerno"], "base_url": base_url}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/search.rss":
            return Answer(404, b"<html>not found", HTML)
        page, _ = RedditKit().page_of(request, items)
        return atom(*(entry(item) for item in page))


def atom(*entries: str) -> Answer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:media="http://search.yahoo.com/mrss/"><id>/search.rss?q=zerno</id>'
        f"<title>reddit.com: search results - zerno</title>{''.join(entries)}</feed>"
    )
    headers = {"Content-Type": "application/atom+xml; charset=UTF-8"}
    return Answer(200, body.encode("utf-8", "surrogatepass"), headers)


def entry(item: Item, content: str | None = None, author: str = "/u/anna") -> str:
    if item.junk is not None:
        return "<entry><unknown>7</unknown></entry>"
    url = f"https://www.reddit.com{path_of(item)}"
    footer = (
        ' &#32; submitted by &#32; <a href="https://www.reddit.com/user/anna"> '
        f'{author} </a> &#32; to &#32; <a href="https://www.reddit.com/r/coffee/"> r/coffee </a> '
        f'<br/> <span><a href="{url}">[link]</a></span> &#32; '
        f'<span><a href="{url}">[comments]</a></span>'
    )
    if content is None:
        content = "" if item.text is None else body_of(item.text) + footer
    name = f"<id>{name_of(item)}</id>" if item.has_id else ""
    link = f'<link href="{url}"/>' if item.has_id else ""
    times = f"<updated>{item.stamp()}</updated><published>{item.stamp()}</published>"
    title = "<title>Zerno</title>" if item.has_id else ""
    return (
        f"<entry><author><name>{author}</name></author>"
        f'<content type="html">{escape(content)}</content>{name}{link}'
        f"{times if item.at else ''}{title}</entry>"
    )


world = world_of(RedditKit())


@pytest.fixture
def rss_world(world: World) -> World:
    world.kit = RssKit()
    return world


def items(count: int) -> list[Item]:
    start = NOW - timedelta(hours=1)
    return [Item(n, f"Post {n}", start + timedelta(minutes=n)) for n in range(1, count + 1)]


def link(number: int, **changes: Any) -> dict[str, Any]:
    thing = {
        "name": f"t3_z{number}",
        "title": f"Title {number}",
        "selftext": "",
        "selftext_html": None,
        "author": "anna",
        "created_utc": NOW.timestamp() - 60.0 * number,
        "edited": False,
        "permalink": f"/r/coffee/comments/z{number}/title/",
        "score": 1,
        "num_comments": 0,
        "removed_by_category": None,
        **changes,
    }
    return {"kind": "t3", "data": thing}


def listing(*children: dict[str, Any], after: str | None = None) -> Answer:
    return json_answer({"kind": "Listing", "data": {"children": children, "after": after}})


def searching(world: World, answer: Callable[[Request], Answer]) -> None:
    """Let the service sign in as ever and answer searches so."""
    world.mood = lambda request: (
        answer(request) if "search" in request.path else world.kit.answer(request, ())
    )


def searches(world: World) -> list[Request]:
    assert world.server is not None
    return [request for request in world.server.requests if "search" in request.path]


# --- The two routes


async def three_hundred_items_come_once_each(world: World) -> None:
    await test_paging.test_many_items_come_once_each(world, 300)


# What the conformance suite checks of the application's route, for the fallback.
ALSO_BY_RSS: list[Callable[[World], Awaitable[None]]] = [
    test_posts.test_every_item_becomes_a_clean_post,
    test_posts.test_the_second_run_adds_nothing,
    test_posts.test_a_burst_of_more_than_a_page_is_found_whole,
    test_posts.test_a_late_item_is_found_once,
    test_posts.test_an_edited_item_comes_again_under_its_id,
    test_posts.test_killed_after_any_page_it_goes_on_without_loss,
    test_clocks.test_a_post_from_2099_neither_lies_nor_blinds,
    test_posts.test_an_item_without_id_or_text_is_counted_with_its_reason,
    test_posts.test_an_item_without_a_date_is_kept_without_one,
    three_hundred_items_come_once_each,
    test_failures.test_silence_is_retriable,
    test_failures.test_a_cut_answer_is_an_error_or_keeps_what_it_holds,
    test_failures.test_a_failure_leaves_the_cursor_good_for_the_next_run,
]


@pytest.mark.parametrize("promise", ALSO_BY_RSS, ids=lambda promise: promise.__name__)
async def test_the_fallback_keeps_the_promises_of_a_source(
    rss_world: World, promise: Callable[[World], Awaitable[None]]
) -> None:
    await promise(rss_world)


TEXTS = ["Plain words", "Tom & Jerry: 5 < 6", "Кофе ☕ из Zerno", "submitted by /u/anna, she says"]


async def test_a_post_is_the_same_through_both_routes(world: World) -> None:
    world.items = [Item(n, text, NOW - timedelta(minutes=n)) for n, text in enumerate(TEXTS)]

    def identity(post: Post) -> Post:
        return replace(post, engagement=Post("", "").engagement)

    by_app = await world.poll()
    world.kit = RssKit()
    by_rss = await world.poll()
    assert {p.text for p in by_app.posts} == set(TEXTS)
    assert [identity(p) for p in by_rss.posts] == [identity(p) for p in by_app.posts]
    assert by_rss.posts[0].author == Author(id="anna", handle="anna")


async def test_both_routes_share_scope_and_cursor(world: World) -> None:
    world.items = items(4)
    first = await world.poll()
    world.kit = RssKit()
    world.items = [*world.items, Item(5, "After the approval ended", NOW - timedelta(seconds=30))]
    second = await world.poll(first.cursor)
    assert "After the approval ended" in second.texts.values()
    assert set(second.cursor["walks"]) == set(first.cursor["walks"])
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        assert world.collector(http).scope == "reddit"


async def test_only_the_fallback_is_marked_as_such(world: World) -> None:
    world.items = items(2)
    assert not (await world.poll()).notes
    world.kit = RssKit()
    assert "fallback" in (await world.poll()).notes[0]


# --- The application


async def test_an_application_signs_in_once_and_again_when_its_token_ends(world: World) -> None:
    world.items = items(2)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for hours in (0, 1, 24):
            world.now = NOW + timedelta(hours=hours)
            pages = [page async for page in world.collector(http).poll({})]
            assert sum(len(page.posts) for page in pages) == 2
    assert world.server is not None
    signed_in = [r for r in world.server.requests if r.path == "/api/v1/access_token"]
    assert len(signed_in) == 2
    assert all(request.method == "POST" for request in signed_in)


async def test_a_token_ended_early_is_renewed_once(world: World) -> None:
    refusals = [401]

    def answer(request: Request) -> Answer:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        return json_answer({"error": 401}, refusals.pop()) if refusals else listing(link(1))

    searching(world, answer)
    assert len((await world.poll()).posts) == 1
    searching(world, lambda _request: json_answer({"error": 401}, 401))
    with pytest.raises(FatalError, match="just given"):
        await world.poll()


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"message": "Unauthorized", "error": 401}, 401),
        json_answer({"error": "unsupported_grant_type"}),
        Answer(403, b"<html>whoa there, pardner!", HTML),
    ],
)
async def test_an_unapproved_application_is_told_so(world: World, answer: Answer) -> None:
    world.mood = lambda _request: answer
    with pytest.raises(FatalError, match=r"REDDIT_ID, .*approved"):
        await world.poll()


async def test_reddit_is_told_whose_application_it_is_and_to_leave_text_unescaped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, username="molva_owner", subreddits=["coffee", "tea"])
    searching(world, lambda _request: listing())
    await world.poll()
    (request,) = searches(world)
    assert request.headers["user-agent"].endswith("(by /u/molva_owner)")
    assert request.query["raw_json"] == "1"
    assert request.path == "/r/coffee+tea/search"
    assert request.query["restrict_sr"] == "on"


async def test_an_unknown_subreddit_redirects_and_is_fatal(world: World) -> None:
    searching(world, lambda _request: Answer(302, headers={"Location": "/subreddits/search?q=x"}))
    with pytest.raises(FatalError, match="subreddit"):
        await world.poll()


async def test_a_used_up_quota_says_how_many_seconds_are_left(world: World) -> None:
    headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "51", "x-ratelimit-used": "600"}
    searching(world, lambda _request: json_answer({"error": 429}, 429, headers))
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(seconds=51)


async def test_an_error_body_with_status_200_is_no_empty_search(world: World) -> None:
    searching(world, lambda _request: json_answer({"message": "Forbidden", "error": 403}))
    with pytest.raises(RetriableError, match="listing"):
        await world.poll()


# --- Listings


async def test_the_fields_of_a_link(world: World) -> None:
    edited = NOW.timestamp() - 30
    child = link(1, title="Zerno & beans", score=41, num_comments=7, edited=edited)
    searching(world, lambda _request: listing(child))
    (post,) = (await world.poll()).posts
    assert (post.title, post.text, post.kind) == ("Zerno & beans", "", "post")
    assert post.url == "https://www.reddit.com/r/coffee/comments/z1/title/"
    assert (post.engagement.likes, post.engagement.comments) == (41, 7)
    assert post.edited_at == datetime.fromtimestamp(edited, UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"selftext": "[deleted]", "author": "[deleted]", "removed_by_category": "deleted"},
        {"selftext": "[removed]", "removed_by_category": "moderator"},
        {"title": "[deleted by user]", "author": "[deleted]"},
        {"title": "[ Removed by Reddit ]"},
    ],
)
async def test_what_is_shown_as_gone_is_deleted_here_too(
    world: World, changes: dict[str, Any]
) -> None:
    searching(world, lambda _request: listing(link(1), link(2, **changes)))
    run = await world.poll()
    assert list(run.texts) == ["t3_z1"]
    assert [name for page in run.pages for name in page.deleted] == ["t3_z2"]
    assert not run.skipped


async def test_a_post_whose_author_left_reddit_stays(world: World) -> None:
    html = '<div class="md"><p>Still here</p></div>'
    child = link(1, author="[deleted]", selftext="Still here", selftext_html=html)
    searching(world, lambda _request: listing(child))
    (post,) = (await world.poll()).posts
    assert (post.text, post.author) == ("Still here", Author())


async def test_a_walk_begins_anew_when_the_post_it_stopped_at_is_gone(world: World) -> None:
    world.items = items(7)
    first = await world.poll(pages=1)
    stopped_at = first.cursor["walks"]["zerno"]["walk"]["at"]["after"]
    world.items = [item for item in world.items if name_of(item) != stopped_at]
    second = await world.poll(first.cursor)
    assert len(first.texts | second.texts) == 7
    assert len(second.texts) == 6


async def test_a_search_that_ends_at_a_thousand_posts_leaves_a_gap(world: World) -> None:
    def endless(request: Request) -> Answer:
        start = int(request.query.get("count", 0))
        page = [link(n) for n in range(start + 1, start + 101)]
        return listing(*page, after=None if start >= 900 else f"t3_z{start + 100}")

    searching(world, endless)
    run = await world.poll()
    assert len(run.texts) == 1000
    (gap,) = run.gaps
    assert gap.end == NOW - timedelta(minutes=1000)


async def test_a_search_does_not_turn_in_circles(world: World) -> None:
    searching(world, lambda _request: listing(link(1), link(2), after="t3_z2"))
    run = await world.poll()
    assert len(run.pages) == 3
    assert "came twice" in run.notes[0]
    assert not run.gaps
    second = await world.poll(run.cursor)
    assert len(second.pages) == 1
    assert "comes again and again" in second.gaps[0].reason


async def test_a_post_approved_late_is_found_by_the_daily_look_back(world: World) -> None:
    world.items = items(3)
    first = await world.poll()
    world.now += timedelta(days=1)
    world.items.append(Item(9, "Held for a day", NOW - timedelta(hours=20)))
    assert "Held for a day" in (await world.poll(first.cursor)).texts.values()


# --- Atom


async def test_the_fallback_asks_once_a_poll_for_all_queries(
    rss_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {**rss_world.table(), "queries": ["zerno", '"bean co"']}
    monkeypatch.setattr(rss_world, "table", lambda: table)
    rss_world.items = items(60)
    await rss_world.poll()
    (request,) = searches(rss_world)
    assert request.query["q"] == '(zerno) OR ("bean co")'


async def test_the_fallback_goes_on_at_its_next_poll(
    rss_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {**rss_world.table(), "page_size": 30}
    monkeypatch.setattr(rss_world, "table", lambda: table)
    rss_world.items = items(50)
    first = await rss_world.poll()
    assert "next poll goes on" in first.notes[-1]
    second = await rss_world.poll(first.cursor)
    assert len(first.texts | second.texts) == 50


async def test_a_link_post_in_the_feed_has_no_text_but_its_title(rss_world: World) -> None:
    content = (
        '<table> <tr><td> <a href="https://www.reddit.com/r/coffee/"> <img src="https://i.example/'
        '1.jpg" alt="Zerno"/> </a> </td><td> &#32; submitted by &#32; '
        '<a href="https://www.reddit.com/user/anna"> /u/anna </a> <br/> <span><a href="https://'
        'i.example/1">[link]</a></span> &#32; <span><a href="https://www.reddit.com/r/coffee/">'
        "[comments]</a></span> </td></tr></table>"
    )
    rss_world.mood = lambda _request: atom(entry(Item(1, ""), content))
    (post,) = (await rss_world.poll()).posts
    assert (post.title, post.text) == ("Zerno", "")


async def test_deleted_posts_and_subreddits_in_the_feed_are_no_posts(rss_world: World) -> None:
    subreddit = entry(Item(2, "A place")).replace("<id>t3_", "<id>t5_")
    gone, nobody = entry(Item(1, "[removed]")), entry(Item(3, "Alone"), author="/u/[deleted]")
    rss_world.mood = lambda _request: atom(gone, subreddit, nobody)
    run = await rss_world.poll()
    assert [(post.text, post.author) for post in run.posts] == [("Alone", Author())]
    assert run.pages[0].deleted == ("t3_z001",)
    assert [item.native_id for item in run.skipped] == ["t5_z002"]


async def test_a_login_page_instead_of_the_feed_is_retriable(rss_world: World) -> None:
    rss_world.mood = lambda _request: Answer(200, b"<html><title>Log in</title></html>", HTML)
    with pytest.raises(RetriableError, match="no feed"):
        await rss_world.poll()


# --- Settings


@pytest.mark.parametrize(
    "table",
    [
        {"queries": ["zerno"], "client_id_env": "ONLY_ONE"},
        {"queries": ["zerno"], "subreddits": ["r/coffee"]},
        {"queries": ["zerno"], "username": "a\r\nCookie: b"},
        {"queries": ["a" * 300, "b" * 300]},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "reddit", **table})
