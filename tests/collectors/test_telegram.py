"""Messages of Telegram read again. Pages are made after the public preview and its embedding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, Page
from collectors.rereads import Rereads
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.telegram import KIT
from tests.conformance.server import Answer, Request

world = world_of(KIT)


async def reread(world: World, *ids: str) -> Page:
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        return await collector.reread(ids)


def some(*numbers: int) -> list[Item]:
    return [Item(n, f"Zerno {n}", NOW - timedelta(minutes=90 - n)) for n in numbers]


def texts(page: Page) -> dict[str, str]:
    return {post.native_id.rpartition("/")[2]: post.text for post in page.posts}


async def test_neighbours_cost_one_request_and_a_missing_one_another(world: World) -> None:
    world.items = some(1, 2, 4)
    page = await reread(world, *(f"zerno_news/20{n}" for n in (1, 2, 3, 4)))
    assert set(texts(page)) == {"201", "202", "204"}
    assert page.deleted == ("zerno_news/203",)
    paths = [request.path for request in asked(world)]
    assert paths == ["/s/zerno_news", "/zerno_news/203"]


async def test_what_a_page_left_out_is_asked_for_and_not_buried(world: World) -> None:
    world.items = some(1, 2, 3)

    def cut(request: Request) -> Answer:
        shown: Sequence[Item] = world.items
        return KIT.answer(request, shown[:1] if request.path.startswith("/s/") else shown)

    world.mood = cut
    page = await reread(world, "zerno_news/201", "zerno_news/202", "zerno_news/203")
    assert texts(page) == {"201": "Zerno 1", "202": "Zerno 2", "203": "Zerno 3"}
    assert page.deleted == ()


async def test_another_error_on_a_messages_page_is_no_deletion(world: World) -> None:
    world.items = some(1, 3)
    closed = '<div class="tgme_widget_message_error">Channel is private</div>'

    def answer(request: Request) -> Answer:
        if request.path.startswith("/s/"):
            return KIT.answer(request, world.items)
        return Answer(200, closed.encode(), {"Content-Type": "text/html"})

    world.mood = answer
    with pytest.raises(Exception, match="layout of a message changed"):
        await reread(world, "zerno_news/201", "zerno_news/202", "zerno_news/203")


async def test_a_closed_channel_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, channels=["Zerno_News", "closed_one"])
    world.items = some(1)

    def answer(request: Request) -> Answer:
        if request.path == "/s/Zerno_News":
            request = Request(
                request.method, "/s/zerno_news", request.query, request.headers, request.body
            )
        return KIT.answer(request, world.items)

    world.mood = answer
    page = await reread(world, "zerno_news/201", "closed_one/7")
    assert (texts(page), page.deleted) == ({"201": "Zerno 1"}, ())
    assert page.posts[0].author.handle == "@Zerno_News"
    with pytest.raises(FatalError, match="no public preview"):
        await reread(world, "closed_one/7")
