"""What is peculiar to Stack Exchange; the fixtures follow the API's published documentation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import FatalError, Page, RetriableError
from collectors.registry import parse_settings
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.stackexchange import KIT, refusal, wrapper
from tests.conformance.server import Answer, Request

AT = int(NOW.timestamp())


world = world_of(KIT)


async def pages_of(world: World, http: HttpClient) -> list[Page]:
    return [page async for page in world.collector(http).poll({})]


def question(**changes: Any) -> dict[str, Any]:
    excerpt = {
        "item_type": "question",
        "question_id": 11,
        "title": "Is &lt;Zerno&gt; &amp; Co any good? It&#39;s new",
        "last_activity_date": AT - 60,
        "answer_count": 4,
    }
    return {**excerpt, **changes}


def post(number: int, **changes: Any) -> dict[str, Any]:
    body = f"<p>Post {number}</p>"
    return {"post_id": number, "body": body, "creation_date": AT - 90, **changes}


def answering(hits: list[Any], posts: list[Any], **fields: Any) -> Any:
    def respond(request: Request) -> Answer:
        return wrapper(posts) if "/posts/" in request.path else wrapper(hits, **fields)

    return respond


# --- What a post holds


async def test_titles_and_names_are_escaped_even_in_json(world: World) -> None:
    owner = {"user_id": 7, "display_name": "Anna &amp; Bob"}
    body = "<p>Try <code>grind(&lt;bean&gt;)</code>:</p>\n<pre><code>a &amp;&amp; b\n</code></pre>"
    link = "https://stackoverflow.com/questions/11/is-zerno-any-good"
    posts = [post(11, body=body, owner=owner, score=-2, link=link, last_edit_date=AT - 70)]
    world.mood = answering([question()], posts)
    (found,) = (await world.poll()).posts
    assert found.title == "Is <Zerno> & Co any good? It's new"
    assert found.text.startswith("Try grind(<bean>):")
    assert found.text.endswith("a && b")
    assert (found.author.id, found.author.name) == ("stackoverflow/7", "Anna & Bob")
    assert (found.url, found.site) == (link, "stackoverflow.com")
    assert found.edited_at == datetime.fromtimestamp(AT - 70, UTC)
    # A negative score is no number of likes.
    assert (found.engagement.likes, found.engagement.comments) == (None, 4)
    assert found.lang is None


async def test_an_answer_is_read_whole_and_belongs_to_its_question(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, sites=["ru.stackoverflow.com"])
    hit = question(item_type="answer", answer_id=12, excerpt="only a part")
    world.mood = answering([hit], [post(12, owner={"display_name": "user99"})])
    (found,) = (await world.poll()).posts
    assert (found.native_id, found.kind) == ("ru.stackoverflow/12", "comment")
    assert (found.title, found.text) == ("", "Post 12")
    assert found.parent_id == found.thread_id == "ru.stackoverflow/11"
    assert found.lang == "ru"
    # A deleted user keeps a name and has no number.
    assert (found.author.id, found.author.name) == ("", "user99")
    assert {request.query["site"] for request in asked(world)} == {"ru.stackoverflow"}


async def test_a_post_deleted_since_it_was_indexed_is_counted(world: World) -> None:
    world.mood = answering([question(), question(question_id=13)], [post(13)])
    run = await world.poll()
    assert list(run.texts) == ["stackoverflow/13"]
    assert [(one.native_id, one.reason) for one in run.skipped] == [
        ("11", "deleted since the search saw it")
    ]


# --- How it is asked


async def test_the_search_goes_by_activity_or_by_creation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = post(11, creation_date=AT - 86_400 * 900)
    world.mood = answering([question(creation_date=AT - 86_400 * 900)], [old])
    run = await world.poll()
    assert asked(world)[0].query["sort"] == "activity"
    watermark = run.cursor["walks"]["stackoverflow zerno"]["watermark"]
    assert watermark == datetime.fromtimestamp(AT - 60, UTC).isoformat()
    changed(world, monkeypatch, order="creation")
    await world.poll()
    assert asked(world)[-2].query["sort"] == "creation"


async def test_nothing_found_costs_one_request_for_each_query_and_site(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACKEXCHANGE_KEY")
    sites = ["superuser", "coffee.stackexchange.com"]
    changed(world, monkeypatch, sites=sites, queries=["zerno", "zerno coffee"], key_env="")
    world.mood = lambda _request: wrapper([])
    run = await world.poll()
    assert len(run.pages) == len(asked(world)) == 4
    assert {request.query["site"] for request in asked(world)} == {"superuser", "coffee"}
    assert not any("key" in request.query for request in asked(world))


async def test_a_crowded_second_is_paged_through_as_far_as_the_service_lets(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = NOW - timedelta(minutes=9)
    world.items = [Item(n, f"Same second {n}", moment) for n in range(12)]
    run = await world.poll()
    assert len(run.texts) == 12
    assert not run.gaps
    changed(world, monkeypatch, page_limit=2)
    world.items = [*world.items, Item(99, "Before all that", moment - timedelta(minutes=9))]
    run = await world.poll()
    assert run.gaps[0].start == moment
    assert "Before all that" in run.texts.values()
    assert max(int(request.query.get("page", 1)) for request in asked(world)[-8:]) == 2


# --- When the service wants a pause


async def test_a_backoff_stops_the_same_method_and_no_other(world: World) -> None:
    world.mood = answering([question()], [post(11)], has_more=True, backoff=10)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        steps = world.collector(http).poll({})
        page = await anext(steps)
        assert [found.native_id for found in page.posts] == ["stackoverflow/11"]
        with pytest.raises(RetriableError) as caught:
            await anext(steps)
        assert caught.value.retry_after == timedelta(seconds=11)
        assert len(asked(world)) == 2
        world.now += timedelta(seconds=11)
        world.mood = answering([question()], [post(11)])
        assert len(await pages_of(world, http)) == 1


async def test_a_backoff_within_our_patience_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("collectors.places.asyncio.sleep", noted)
    world.http_settings = world.http_settings.model_copy(update={"patience": 30.0})
    world.mood = answering([question()], [post(11)], backoff=10)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        await pages_of(world, http)
        await pages_of(world, http)
    assert [seconds for seconds in slept if seconds] == [11.0]


async def test_a_ban_comes_with_http_400_and_its_seconds_in_words(world: World) -> None:
    message = "too many requests from this IP, more requests available in 46472 seconds"
    world.mood = lambda _request: refusal(502, "throttle_violation", message)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for _ in range(3):
            with pytest.raises(RetriableError) as caught:
                await pages_of(world, http)
            assert caught.value.retry_after == timedelta(seconds=46472)
    # The longer one goes on asking, the longer the ban.
    assert len(asked(world)) == 1


async def test_the_last_request_of_the_day_keeps_silence_until_midnight(world: World) -> None:
    world.mood = answering([], [], quota_remaining=0)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        assert len(await pages_of(world, http)) == 1
        with pytest.raises(RetriableError) as caught:
            await pages_of(world, http)
        assert caught.value.retry_after == timedelta(hours=12)
        world.now += timedelta(hours=12)
        assert len(await pages_of(world, http)) == 1


async def test_a_wrong_request_is_fatal_and_told_in_the_services_words(world: World) -> None:
    world.mood = lambda _request: refusal(400, "bad_parameter", "No site found for name `x`")
    with pytest.raises(FatalError, match=r"bad_parameter: No site found") as caught:
        await world.poll()
    assert "s3cret" not in str(caught.value)
    world.mood = lambda _request: refusal(503, "temporarily_unavailable", "try again")
    with pytest.raises(RetriableError):
        await world.poll()


@pytest.mark.parametrize("table", [{"queries": []}, {"queries": ["x y"], "sites": ["a/b"]}])
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "stackexchange", **table})
