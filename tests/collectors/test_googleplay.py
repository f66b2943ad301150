"""Google Play's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError
from tests.collectors.worlds import asked, world_of
from tests.conformance.kit import World
from tests.conformance.kits.googleplay import ACCOUNT, KIT
from tests.conformance.server import Request, json_answer

world = world_of(KIT)


def review(**said: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    comment = {
        "text": "Отлично\tНо вылетает",
        "lastModified": {"seconds": "1773140400", "nanos": 5},
        "starRating": 3,
        "reviewerLanguage": "ru",
        "thumbsUpCount": 7,
        "appVersionName": "2.1",
        **said,
    }
    answered = {"developerComment": {"text": "Mended", "lastModified": {"seconds": "1773144000"}}}
    return {
        "reviewId": "a1-b2",
        "authorName": "Анна",
        "comments": [{"userComment": comment}, answered],
    }


def answering(world: World, *reviews: Any) -> None:
    def answer(request: Request) -> Any:
        if request.path == "/token":
            return KIT.answer(request, [])
        return json_answer({"reviews": list(reviews)})

    world.mood = answer


async def test_the_fields_of_a_review_by_the_published_schema(world: World) -> None:
    answering(world, review())
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.title, post.text) == ("a1-b2", "Отлично", "Но вылетает")
    assert post.published_at == datetime.fromtimestamp(1773140400, UTC)
    assert (post.rating, post.rating_scale, post.lang) == (3, 5, "ru")
    assert (post.engagement.likes, post.engagement.comments) == (7, 1)
    assert post.url.endswith("id=com.example.zerno&reviewId=a1-b2")


async def test_stars_without_a_word_are_counted_as_skipped(world: World) -> None:
    answering(world, review(text=""))
    assert [item.reason for item in (await world.poll()).skipped] == ["it has stars but no text"]


async def test_one_token_serves_until_it_ends(world: World) -> None:
    answering(world, review())
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for _ in range(3):
            [page async for page in world.collector(http).poll({})]
    assert sum(request.path == "/token" for request in asked(world)) == 1


@pytest.mark.parametrize(
    "key",
    [
        "{not json",
        json.dumps({"client_email": "a@b.example"}),
        json.dumps({**ACCOUNT, "private_key": "-----BEGIN PRIVATE KEY-----\nAA\n"}),
    ],
)
async def test_a_wrong_key_is_fatal_and_not_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("GOOGLE_PLAY_KEY", key)
    with pytest.raises(FatalError, match="key") as caught:
        await world.poll()
    assert "BEGIN" not in str(caught.value)


async def test_without_the_extra_the_reader_is_told_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(FatalError, match=r"molva\[stores\]"):
        await world.poll()
