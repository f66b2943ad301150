"""GDELT's peculiarities. The answers follow its published artlist schema; all text is made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.gdelt import KIT
from tests.conformance.server import Answer, Request, json_answer

HTML = {"Content-Type": "text/html; charset=utf-8"}


world = world_of(KIT)


def article(**changes: Any) -> dict[str, Any]:
    """All fields of the artlist schema."""
    return {
        "url": "https://www.news.example.com/zerno?utm_source=x",
        "url_mobile": "https://m.news.example.com/zerno",
        "title": "Zerno opens a shop",
        "seendate": "20260310T114500Z",
        "socialimage": "https://news.example.com/1.jpg",
        "domain": "news.example.com",
        "language": "Russian",
        "sourcecountry": "Russia",
        **changes,
    }


async def test_the_fields_of_an_article(world: World) -> None:
    world.mood = lambda _request: json_answer({"articles": [article()]})
    (post,) = (await world.poll()).posts
    assert (post.kind, post.title, post.text) == ("article", "", "Zerno opens a shop")
    assert post.published_at == datetime(2026, 3, 10, 11, 45, tzinfo=UTC)
    assert (post.lang, post.site) == ("ru", "news.example.com")


async def test_one_article_under_two_addresses_is_one(world: World) -> None:
    found = [article(), article(url="http://news.example.com/zerno?utm_source=y#top")]
    world.mood = lambda _request: json_answer({"articles": found})
    assert list((await world.poll()).texts) == ["https://news.example.com/zerno"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Zerno ' s beans , once again : cold ?", "Zerno's beans, once again: cold?"),
        ("We don 't use .NET at 7 .30", "We don't use .NET at 7 .30"),
        ("Fish &amp; chips 5 < 6 %", "Fish & chips 5 < 6%"),
        ("The ' new ' beans", "The ' new ' beans"),
    ],
)
async def test_headlines_cut_into_words_are_mended(world: World, sent: str, kept: str) -> None:
    world.mood = lambda _request: json_answer({"articles": [article(title=sent)]})
    assert list((await world.poll()).texts.values()) == [kept]


async def test_false_escapes_and_bare_control_characters_are_read(world: World) -> None:
    body = json.dumps({"articles": [article(title='T@A@B \\ and "q"')]})
    body = body.replace("T@", "T\\'").replace("A@", "A\t")
    world.mood = lambda _request: Answer(200, b"\xef\xbb\xbf" + body.encode(), HTML)
    assert list((await world.poll()).texts.values()) == ['T\'A B \\ and "q"']


@pytest.mark.parametrize(
    "said",
    [
        "The specified phrase is too short.\n",
        "One or more of your keywords were too short, too long or too common.",
        "Your query was too short or too long.",
        "Queries containing OR'd terms must be surrounded by ().",
        "Parentheses may only be used around OR'd statements.",
        "Invalid query start date.",
    ],
)
async def test_a_bad_query_is_told_in_text_with_status_200_and_is_fatal(
    world: World, said: str
) -> None:
    world.mood = lambda _request: Answer(200, said.encode(), HTML)
    with pytest.raises(FatalError, match="'zerno' was refused") as caught:
        await world.poll()
    assert said.strip() in str(caught.value)


@pytest.mark.parametrize("status", [200, 429])
async def test_load_shedding_is_retriable_after_a_rest_and_not_tried_again_at_once(
    world: World, status: int
) -> None:
    said = b"Please limit requests to one every 5 seconds or contact us for larger queries."
    world.mood = lambda _request: Answer(status, said, HTML)
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(minutes=15)
    assert world.server is not None
    assert len(world.server.requests) == 1


async def test_a_page_of_a_proxy_is_no_word_on_the_query(world: World) -> None:
    page = b"<!doctype html><html><body>Your query must wait, invalid gateway</body></html>"
    world.mood = lambda _request: Answer(200, page, HTML)
    with pytest.raises(RetriableError):
        await world.poll()


async def test_an_empty_object_is_an_empty_result_and_another_one_is_an_error(
    world: World,
) -> None:
    world.mood = lambda _request: json_answer({})
    assert (await world.poll()).posts == []
    world.mood = lambda _request: json_answer({"timeline": []})
    with pytest.raises(RetriableError, match="without articles"):
        await world.poll()


async def test_more_than_an_answer_holds_in_one_step_leaves_a_gap(world: World) -> None:
    step = NOW - timedelta(minutes=30)
    world.items = [Item(n, f"Article {n}", step) for n in range(1, 31)]
    world.items.append(Item(40, "Before", step - timedelta(minutes=15)))
    run = await world.poll()
    assert "Before" in run.texts.values()
    assert [gap.start for gap in run.gaps] == [step]


async def test_it_never_asks_beyond_what_the_service_keeps(world: World) -> None:
    first = await world.poll()
    world.now += timedelta(days=200)
    await world.poll(first.cursor)
    assert world.server is not None
    start = world.server.requests[-1].query["startdatetime"]
    assert start == (world.now - timedelta(days=85)).strftime("%Y%m%d%H%M%S")


async def test_a_walk_left_for_longer_than_the_service_keeps_ends_with_a_gap(world: World) -> None:
    world.items = [Item(n, f"Article {n}", NOW - timedelta(hours=n)) for n in range(1, 40)]
    first = await world.poll(pages=1)
    world.now += timedelta(days=200)
    second = await world.poll(first.cursor)
    assert "keeps it no more" in second.gaps[0].reason
    assert not (await world.poll(second.cursor)).gaps


async def test_a_headline_with_the_words_of_a_refusal_is_a_headline(world: World) -> None:
    found = [
        article(url="https://n.example/1", title="Invalid query: try again, too many requests")
    ]
    world.mood = lambda _request: json_answer({"articles": found})
    assert len((await world.poll()).posts) == 1


async def test_a_service_that_ignores_the_window_is_not_asked_for_ever(world: World) -> None:
    found = [article(url=f"https://news.example.com/{n}") for n in range(12)]
    world.mood = lambda _request: json_answer({"articles": found})
    assert len((await world.poll()).pages) <= 3


async def test_sources_of_this_type_take_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    changed(world, monkeypatch, queries=["zerno", "coffee"], pause="6s")
    monkeypatch.setattr("collectors.sources.gdelt.asyncio.sleep", sleep)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        turns = [world.collector(http), world.collector(http)]
        for collector in turns:
            assert len([page async for page in collector.poll({})]) == 2
        assert list(http.memory) == [("gdelt", "turn")]
    assert [seconds for seconds in slept if seconds == 6] == [6] * 4


async def test_the_query_goes_out_in_the_services_own_words(world: World) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return json_answer({})

    world.mood = answer
    await world.poll()
    query = asked[0].query
    assert (query["query"], query["mode"], query["sort"]) == ("zerno", "artlist", "datedesc")
    assert query["enddatetime"] == "20260310120000"
