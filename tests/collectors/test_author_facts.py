"""What sources tell of an author: verified, since when there is an account, where, as written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.bluesky_view import to_post
from collectors.http import HttpClient
from collectors.interface import Author
from collectors.mastodon_status import Reading, status_to_post
from collectors.registry import create, parse_settings
from collectors.rereads import Rereads
from collectors.vk_post import authors_of
from tests.conformance.kit import FAST, NOW, Item
from tests.conformance.kits.github import GitHubKit
from tests.conformance.server import serving

SINCE = datetime(2023, 4, 24, 8, 0, tzinfo=UTC)


def bluesky_author(**told: object) -> Author:
    view = {
        "uri": "at://did:plc:a/app.bsky.feed.post/1",
        "record": {"text": "Zerno"},
        "author": {"did": "did:plc:a", **told},
    }
    return to_post(view, NOW).author


@pytest.mark.parametrize(
    ("told", "verified"),
    [
        ({"verification": {"verifiedStatus": "valid"}}, True),
        ({"verification": {"verifiedStatus": "none"}}, False),
        ({}, None),
    ],
)
def test_bluesky_says_who_is_verified(told: dict[str, object], verified: bool | None) -> None:
    author = bluesky_author(createdAt="2023-04-24T08:00:00Z", **told)
    assert (author.verified, author.created_at) == (verified, SINCE)


def test_mastodon_authors_write_their_place_in_a_field_of_their_own() -> None:
    account = {
        "acct": "anna",
        "created_at": "2023-04-24T08:00:00.000Z",
        "fields": [
            {"name": "Pronouns", "value": "she/her"},
            {"name": "Город:", "value": "<b>Рига</b> &amp; далее"},
        ],
    }
    status = {"uri": "https://x.example/1", "content": "Zerno", "account": account}
    author = status_to_post(status, Reading("https://x.example", NOW)).author
    assert (author.created_at, author.location, author.verified) == (SINCE, "Рига & далее", None)


def test_vk_tells_city_country_and_the_mark_of_verification() -> None:
    told = authors_of(
        {
            "profiles": [
                {"id": 1, "verified": 0, "city": {"title": "Казань"}},
                {"id": 2, "first_name": "Anna"},
            ],
            "groups": [
                {"id": 3, "verified": 1, "city": {"title": "Рига"}, "country": {"title": "Латвия"}}
            ],
        }
    )
    facts = {key: (author.verified, author.location) for key, author in told.items()}
    assert facts == {"1": (False, "Казань"), "2": (None, ""), "-3": (True, "Рига, Латвия")}


async def test_github_tells_of_an_author_when_a_post_is_read_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kit = GitHubKit()
    for name, value in kit.environment.items():
        monkeypatch.setenv(name, value)
    with serving(lambda request: kit.answer(request, [Item(1, "Zerno")])) as server:
        table = {"name": "a", "type": "github", **kit.table(server.url, tmp_path)}
        async with HttpClient(FAST, lambda: NOW) as http:
            collector = create(parse_settings(table), http, lambda: NOW)
            assert isinstance(collector, Rereads)
            (post,) = (await collector.reread(["I_kwDOzerno1"])).posts
    assert post.author.location == "Riga"
    assert post.author.created_at == datetime(2015, 5, 1, 10, 0, tzinfo=UTC)
