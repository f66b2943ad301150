"""What is peculiar to GitHub; the fixtures follow its published REST schema."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.github_text import plain
from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from collectors.registry import create, parse_settings
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.github import KIT, results
from tests.conformance.server import Answer, Request, json_answer, serving

world = world_of(KIT)


def issue(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "node_id": f"I_{number}",
        "html_url": f"https://github.com/kofe/grinder/issues/{number}",
        "title": f"Issue {number}",
        "body": f"Text {number}",
        "user": {"login": "anna", "id": 7, "type": "User"},
        "comments": 0,
        "created_at": "2026-03-10T11:00:00Z",
        "updated_at": "2026-03-10T11:30:00Z",
        **changes,
    }


# --- What a post holds


async def test_a_pull_request_may_have_no_text_and_its_author_may_be_gone(world: World) -> None:
    pull = issue(1, body=None, user=None, pull_request={}, comments=3, reactions={"+1": 5})
    world.mood = lambda _request: results([pull])
    (post,) = (await world.poll()).posts
    assert (post.kind, post.title, post.text) == ("issue", "Issue 1", "")
    assert (post.author.id, post.author.handle) == ("", "")
    assert (post.engagement.likes, post.engagement.comments) == (5, 3)
    # Whatever happens to an issue updates it: that is no edit.
    assert post.edited_at is None


async def test_what_bots_write_is_skipped_unless_it_is_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = issue(2, user={"login": "updates[bot]", "id": 9, "type": "Bot"})
    world.mood = lambda _request: results([issue(1), bot])
    run = await world.poll()
    assert list(run.texts) == ["I_1"]
    assert [one.reason for one in run.skipped] == ["a bot wrote it"]
    changed(world, monkeypatch, skip_bots=False)
    assert list((await world.poll()).texts) == ["I_1", "I_2"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<!-- Which Zerno\nversion? -->\nIt broke", "It broke"),
        ("It broke <!-- and the rest of the template", "It broke"),
        ("<details><summary>Log</summary>\n\nnone</details>", "Log\n\nnone"),
        (
            "A `List<str>` of <your beans>, 5 < 6 & more",
            "A List<str> of <your beans>, 5 < 6 & more",
        ),
        ("See [the docs](https://zerno.example/docs) **now**", "See the docs now"),
    ],
)
def test_templates_and_markup_are_no_words_of_the_author(body: str, text: str) -> None:
    assert plain(body) == text


# --- How it is asked


async def test_issues_and_pull_requests_are_searched_for_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = ['"zerno coffee" -org:zerno', "zerno in:title"]
    changed(world, monkeypatch, queries=queries, kinds=["issue", "pull-request"])
    world.mood = lambda _request: results([])
    await world.poll()
    written = [re.sub(r" updated:\S+$", "", request.query["q"]) for request in asked(world)]
    assert written == [
        '"zerno coffee" -org:zerno is:issue in:title,body,comments',
        '"zerno coffee" -org:zerno is:pull-request in:title,body,comments',
        "zerno in:title is:issue",
        "zerno in:title is:pull-request",
    ]
    assert (
        asked(world)[0].query["q"].endswith(" updated:2026-02-08T12:00:00Z..2026-03-10T12:00:00Z")
    )
    assert {request.headers["x-github-api-version"] for request in asked(world)} == {"2022-11-28"}


async def test_a_poll_cut_short_starves_no_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, queries=["zerno", "kofe"], kinds=["issue"])
    world.mood = lambda _request: results([])
    cut = await world.poll(pages=1)
    await world.poll(cut.cursor)
    assert [request.query["q"].split()[0] for request in asked(world)] == ["zerno", "kofe", "zerno"]


async def test_a_search_of_more_than_it_shows_is_cut_into_slices_of_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, reachable=6)
    start = NOW - timedelta(days=2)
    world.items = [Item(n, f"Number {n}", start + timedelta(minutes=n)) for n in range(17)]
    run = await world.poll()
    assert len(run.texts) == 17
    assert not run.gaps


async def test_more_in_one_second_than_a_search_shows_is_a_gap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, reachable=6)
    moment = NOW - timedelta(minutes=9)
    world.items = [Item(n, f"Same second {n}", moment) for n in range(9)]
    world.items.append(Item(99, "Before all that", moment - timedelta(minutes=9)))
    run = await world.poll()
    assert [gap.start for gap in run.gaps] == [moment]
    assert "Before all that" in run.texts.values()
    assert max(int(request.query["page"]) for request in asked(world)) == 2


async def test_a_search_that_timed_out_leaves_a_gap(world: World) -> None:
    world.mood = lambda _request: results([issue(1)], incomplete_results=True)
    run = await world.poll()
    assert list(run.texts) == ["I_1"]
    (gap,) = run.gaps
    assert (gap.start, gap.end) == (NOW - timedelta(days=30), NOW)
    assert "timed out" in gap.reason


# --- Comments


def threaded(world: World, answers: dict[str, Answer], **changes: Any) -> None:
    assert world.server is not None
    url = f"{world.server.url}/repos/kofe/grinder/issues/1/comments"
    found = issue(1, **{"comments": 2, "comments_url": url, **changes})

    def respond(request: Request) -> Answer:
        if request.path == "/search/issues":
            return results([found])
        return answers[request.query["page"]]

    world.mood = respond


async def test_comments_are_read_page_by_page_if_they_are_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = issue(5, node_id="IC_5", body="> quoted\n\nMy answer", title=None)
    as_written = issue(6, node_id="IC_6", updated_at="2026-03-10T11:00:00Z", title=None)
    more = {"Link": '<https://api.github.com/x?page=2>; rel="next"'}
    threaded(world, {"1": json_answer([comment], headers=more), "2": json_answer([as_written, 7])})
    assert list((await world.poll()).texts) == ["I_1"]
    changed(world, monkeypatch, comments=True)
    run = await world.poll()
    first, second = run.posts[1:]
    assert (first.native_id, first.kind, first.title) == ("IC_5", "comment", "")
    assert first.parent_id == first.thread_id == "I_1"
    assert first.edited_at == datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
    assert second.edited_at is None
    assert len(run.skipped) == 1
    assert asked(world)[-1].query["since"] == "2026-02-08T12:00:00Z"


async def test_an_issue_deleted_in_the_meantime_has_no_comments(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, comments=True)
    threaded(world, {"1": json_answer({"message": "This issue was deleted"}, 410)})
    assert list((await world.poll()).texts) == ["I_1"]


async def test_the_token_is_sent_to_no_address_an_answer_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, comments=True)
    with serving(lambda _request: json_answer([])) as other:
        threaded(world, {}, comments_url=f"{other.url}/comments")
        assert list((await world.poll()).texts) == ["I_1"]
        assert not other.requests


async def test_more_comments_than_are_read_at_once_are_a_gap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, comments=True)
    monkeypatch.setattr("collectors.github_api.COMMENT_PAGES", 1)
    more = {"Link": '<https://api.github.com/x?page=2>; rel="next"'}
    threaded(world, {"1": json_answer([issue(5, node_id="IC_5")], headers=more)})
    run = await world.poll()
    assert list(run.texts) == ["I_1", "IC_5"]
    assert "more comments" in run.gaps[0].reason


# --- When it refuses


@pytest.mark.parametrize(("headers", "wait"), [({}, 60), ({"Retry-After": "90"}, 90)])
async def test_a_secondary_limit_comes_with_http_403(
    world: World, headers: dict[str, str], wait: int
) -> None:
    message = "You have exceeded a secondary rate limit. Please wait a few minutes."
    world.mood = lambda _request: json_answer({"message": message}, 403, headers)
    with pytest.raises(RetriableError, match="secondary rate limit") as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(seconds=wait)


async def test_a_quota_used_up_is_waited_for_by_the_servers_clock(world: World) -> None:
    # The test's server dates its answers by the real clock.
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 40)}
    message = "API rate limit exceeded for 203.0.113.7."
    world.mood = lambda _request: json_answer({"message": message}, 403, headers)
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after is not None
    assert timedelta(seconds=20) < caught.value.retry_after <= timedelta(seconds=41)


async def test_any_other_403_is_fatal(world: World) -> None:
    message = "Resource not accessible by personal access token"
    headers = {"X-RateLimit-Remaining": "29", "X-RateLimit-Reset": "1773144060"}
    world.mood = lambda _request: json_answer({"message": message}, 403, headers)
    with pytest.raises(FatalError, match=message):
        await world.poll()


async def test_a_refused_query_is_fatal_and_told_in_githubs_words(world: World) -> None:
    errors = [{"message": "The listed users cannot be searched", "resource": "Search"}]
    answer = {"message": "Validation Failed", "errors": errors}
    world.mood = lambda _request: json_answer(answer, 422)
    with pytest.raises(FatalError, match=r"Validation Failed: The listed users cannot be"):
        await world.poll()


# --- Configuration


async def test_ids_of_another_server_are_kept_apart() -> None:
    table = {"name": "n", "type": "github", "queries": ["zerno"]}
    own = {**table, "base_url": "https://git.zerno.example/api/v3"}
    http = HttpClient(World(KIT, Path()).http_settings, lambda: NOW)
    scopes = [create(parse_settings(one), http, lambda: NOW).scope for one in (table, own)]
    assert scopes == ["github", "github:git.zerno.example"]


@pytest.mark.parametrize(
    "table", [{"queries": []}, {"queries": ["x" * 257]}, {"queries": ["xy"], "kinds": ["commit"]}]
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "github", **table})
