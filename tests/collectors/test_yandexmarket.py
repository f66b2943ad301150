"""Yandex Market's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.interface import FatalError
from tests.collectors.worlds import asked, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.yandexmarket import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


def answer(*feedbacks: Any) -> dict[str, Any]:
    return {"status": "OK", "result": {"feedbacks": list(feedbacks), "paging": {}}}


def feedback(**description: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    return {
        "feedbackId": 12345,
        "createdAt": "2026-03-10T13:00:00+03:00",
        "needReaction": True,
        "identifiers": {"orderId": 1, "offerId": "SKU-7"},
        "author": "Анна",
        "description": description,
        "statistics": {"rating": 2, "commentsCount": 3, "recommended": False},
    }


async def test_the_fields_of_a_review_by_the_published_schema(world: World) -> None:
    given = feedback(advantages="Цена", disadvantages="Горчит", comment="Больше не куплю")
    world.mood = lambda _request: json_answer(answer(given))
    (post,) = (await world.poll()).posts
    assert post.text == "Больше не куплю\nДостоинства: Цена\nНедостатки: Горчит"
    assert (post.native_id, post.rating, post.rating_scale) == ("12345", 2, 5)
    assert (post.thread_id, post.engagement.comments) == ("SKU-7", 3)
    assert post.published_at == NOW - timedelta(hours=2)


async def test_stars_without_a_word_are_counted_as_skipped(world: World) -> None:
    world.mood = lambda _request: json_answer(answer(feedback()))
    assert [item.reason for item in (await world.poll()).skipped] == ["it has stars but no text"]


async def test_a_refused_request_is_fatal_and_says_why(world: World) -> None:
    said = {"status": "ERROR", "errors": [{"code": "BAD_REQUEST", "message": "no such cabinet"}]}
    world.mood = lambda _request: json_answer(said, 400)
    with pytest.raises(FatalError, match="no such cabinet"):
        await world.poll()


async def test_a_forgotten_place_begins_the_walk_anew(world: World) -> None:
    world.items = [Item(n, f"Review {n}", NOW - timedelta(hours=n)) for n in range(1, 8)]
    first = await world.poll(pages=1)
    refused = [json_answer({"status": "ERROR"}, 400)]
    world.mood = lambda request: refused.pop() if refused else KIT.answer(request, world.items)
    second = await world.poll(first.cursor)
    assert len({**first.texts, **second.texts}) == 7
    assert "pageToken" not in asked(world)[2].query
