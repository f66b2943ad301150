"""Wildberries' peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.interface import FatalError, RetriableError
from collectors.registry import parse_settings
from collectors.text import canonical_url
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.wildberries import KIT
from tests.conformance.server import Answer, Request, json_answer

world = world_of(KIT)


def feedback(**changes: Any) -> dict[str, Any]:
    """The fields of a feedback that the collector reads."""
    return {
        "id": "Zx1",
        "text": "Вкусный кофе",
        "pros": "Аромат",
        "cons": "Цена",
        "productValuation": 4,
        "createdDate": "2026-03-10T14:30:00+03:00",
        "userName": "Анна",
        "answer": None,
        "productDetails": {
            "nmId": 100200300,
            "productName": "Кофе в зёрнах, 1 кг",
            "supplierArticle": "bean-1",
            "brandName": "Zerno",
        },
        **changes,
    }


def answered(request: Request, kind: str, is_answered: str, *shown: dict[str, Any]) -> Answer:
    """`shown` in one list, and nothing in the other three."""
    asked = request.path.rsplit("/", 1)[-1]
    mine = (asked, request.query["isAnswered"]) == (kind, is_answered)
    return json_answer({"data": {asked: list(shown) if mine else []}, "error": False})


async def test_the_fields_of_a_review(world: World) -> None:
    world.mood = lambda request: answered(request, "feedbacks", "false", feedback())
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.kind) == ("feedbacks/Zx1", "review")
    assert post.title == "Zerno Кофе в зёрнах, 1 кг"
    assert post.text == "Вкусный кофе\nДостоинства: Аромат\nНедостатки: Цена"
    assert post.published_at == datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
    assert (post.rating, post.rating_scale, post.author.name) == (4, 5, "Анна")
    assert (post.thread_id, post.engagement.comments) == ("100200300", 0)


async def test_a_question_has_no_stars_and_an_id_of_its_own_kind(world: World) -> None:
    question = {
        "id": "Zx1",
        "text": "Какая обжарка?",
        "createdDate": "2026-03-10T11:00:00Z",
        "state": "wbRu",
        "answer": {"text": "Средняя"},
        "productDetails": {"nmId": 7, "productName": "Кофе Zerno", "brandName": "ZERNO"},
    }
    world.mood = lambda request: answered(request, "questions", "true", question)
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.kind) == ("questions/Zx1", "comment")
    assert (post.rating, post.rating_scale, post.engagement.comments) == (None, None, 1)
    assert (post.title, post.text) == ("Кофе Zerno", "Какая обжарка?")


async def test_stars_without_a_word_are_counted_as_skipped(world: World) -> None:
    silent = feedback(text="", pros="", cons="")
    world.mood = lambda request: answered(request, "feedbacks", "true", silent)
    run = await world.poll()
    assert run.posts == []
    assert [(item.native_id, item.reason) for item in run.skipped] == [
        ("Zx1", "it has stars but no text")
    ]


async def test_an_answered_review_moves_to_the_other_list_and_stays_the_same_mention(
    world: World,
) -> None:
    where = "false"
    world.mood = lambda request: answered(request, "feedbacks", where, feedback())
    first = await world.poll()
    where = "true"
    second = await world.poll(first.cursor)
    assert first.texts == second.texts


async def test_both_lists_are_asked_for_the_unanswered_first(world: World) -> None:
    await world.poll()
    assert world.server is not None
    asked = [(r.path.rsplit("/", 1)[-1], r.query["isAnswered"]) for r in world.server.requests]
    assert asked == [
        ("feedbacks", "false"),
        ("feedbacks", "true"),
        ("questions", "false"),
        ("questions", "true"),
    ]


async def test_a_review_answered_between_two_pages_makes_none_be_missed(world: World) -> None:
    world.items = [Item(3 * n, f"Review {n}", NOW - timedelta(minutes=n)) for n in range(1, 11)]
    taken = 0

    def answer(request: Request) -> Answer:
        nonlocal taken
        if request.path.endswith("feedbacks") and request.query["isAnswered"] == "false":
            taken += 1
            if taken == 2:
                # The newest are answered now: all behind them move up in the list.
                world.items = [Item(i.number + (i.number <= 6), i.text, i.at) for i in world.items]
        return world.kit.answer(request, world.items)

    world.mood = answer
    run = await world.poll()
    assert {post.text for post in run.posts} == {f"Review {n}" for n in range(1, 11)}


async def test_a_crowded_second_is_paged_through_as_far_as_a_search_shows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = [Item(3 * n, f"Review {n}", NOW - timedelta(minutes=1)) for n in range(20)]
    run = await world.poll()
    assert len(run.texts) == 20
    assert not run.gaps
    changed(world, monkeypatch, reachable=9)
    run = await world.poll()
    assert len(run.texts) == 9
    assert len(run.gaps) == 1


async def test_reviews_of_one_product_are_not_one_story(world: World) -> None:
    two = [feedback(), feedback(id="Zx2")]
    world.mood = lambda request: answered(request, "feedbacks", "false", *two)
    urls = {canonical_url(post.url) for post in (await world.poll()).posts}
    assert len(urls) == 2


async def test_an_error_in_a_good_status_is_an_error(world: World) -> None:
    said = {"data": None, "error": True, "errorText": "Временно недоступно"}
    world.mood = lambda _request: json_answer(said)
    with pytest.raises(RetriableError, match="Временно недоступно"):
        await world.poll()
    world.mood = lambda _request: json_answer({"data": {}, "error": False})
    with pytest.raises(RetriableError, match="no feedbacks"):
        await world.poll()
    world.mood = lambda _request: json_answer({"data": None, "error": False}, 401)
    with pytest.raises(FatalError, match="refused"):
        await world.poll()


async def test_a_list_may_be_null(world: World) -> None:
    world.mood = lambda _request: json_answer({"data": {"feedbacks": None, "questions": None}})
    assert (await world.poll()).posts == []


async def test_a_limit_told_in_its_own_headers_is_passed_on(world: World) -> None:
    headers = {"X-Ratelimit-Retry": "58", "X-Ratelimit-Reset": "60", "X-Ratelimit-Limit": "6"}
    world.mood = lambda _request: json_answer({"title": "too many requests"}, 429, headers)
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(seconds=60)


def test_questions_can_be_left_out() -> None:
    table = {"name": "n", "type": "wildberries", "token_env": "T", "kinds": ["feedbacks"]}
    assert parse_settings(table).model_dump()["kinds"] == ("feedbacks",)
