"""What is peculiar to the public pages of Telegram channels."""

from __future__ import annotations

import pytest

from collectors.interface import FatalError, RetriableError
from collectors.registry import parse_settings
from tests.collectors.worlds import items, world_of
from tests.conformance.kit import World
from tests.conformance.kits.telegram import KIT
from tests.conformance.server import Answer

world = world_of(KIT)


async def test_telegram_notices_deleted_messages(world: World) -> None:
    world.items = items(5)
    first = await world.poll()
    del world.items[3]
    second = await world.poll(first.cursor)
    deleted = [native_id for page in second.pages for native_id in page.deleted]
    assert deleted == ["zerno_news/204"]
    third = await world.poll(second.cursor)
    assert not any(page.deleted for page in third.pages)


async def test_telegram_reads_the_fields_of_a_message(world: World) -> None:
    world.items = items(1)
    (post,) = (await world.poll()).posts
    assert post.url.endswith("/zerno_news/201")
    assert (post.author.name, post.author.followers, post.engagement.views) == (
        "Zerno",
        12400,
        1200,
    )


async def test_telegram_keeps_a_reply_apart_from_what_it_quotes(world: World) -> None:
    html = (
        '<html><div class="tgme_channel_info"></div>'
        '<div class="tgme_widget_message" data-post="Zerno_News/9">'
        '<a class="tgme_widget_message_reply" href="https://t.me/zerno_news/7">'
        '<div class="tgme_widget_message_text">The quoted</div></a>'
        '<div class="tgme_widget_message_text js-message_text">My <i class="emoji"><b>☕</b></i>'
        "<br/>answer</div></div>"
        '<div class="tgme_widget_message service_message" data-post="zerno_news/10">pinned</div>'
        "</html>"
    )
    empty = b'<html><div class="tgme_channel_info"></div></html><!-- page generated in 9 ms -->'
    world.mood = lambda request: Answer(200, empty if "before" in request.query else html.encode())
    run = await world.poll()
    (post,) = run.posts
    assert (post.native_id, post.text) == ("zerno_news/9", "My ☕\nanswer")
    assert post.parent_id == "zerno_news/7"
    assert not run.skipped


async def test_telegram_says_when_there_is_no_preview_or_a_new_layout(world: World) -> None:
    world.mood = lambda _request: Answer(302, headers={"Location": "https://t.me/zerno_news"})
    with pytest.raises(FatalError, match="no public preview"):
        await world.poll()
    world.mood = lambda _request: Answer(
        200, b'<div class="tgme_channel_info"></div><div class="tgme_widget_message_v2">hi</div>'
    )
    with pytest.raises(RetriableError, match="layout"):
        await world.poll()


@pytest.mark.parametrize("written", ["zerno_news", "@zerno_news", "https://t.me/s/zerno_news"])
def test_telegram_channels_may_be_written_in_any_way(written: str) -> None:
    settings = parse_settings({"name": "n", "type": "telegram", "channels": [written]})
    assert settings.model_dump()["channels"] == ("zerno_news",)
