"""What is peculiar to Bluesky."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, RetriableError
from collectors.rereads import rereader
from tests.collectors.worlds import changed, items, world_of
from tests.conformance.kit import World
from tests.conformance.kits.bluesky import KIT
from tests.conformance.server import Answer, Request, json_answer, serving

world = world_of(KIT)


async def test_bluesky_signs_in_once_and_refreshes_an_expired_token(world: World) -> None:
    world.items = items(2)
    expired = False

    def service(request: Request) -> Answer:
        nonlocal expired
        if request.path.endswith("refreshSession"):
            expired = False
            assert request.headers["authorization"] == "Bearer s3cret-refresh-jwt"
            return json_answer({"accessJwt": "s3cret-access-jwt", "refreshJwt": "next"})
        if expired:
            return json_answer({"error": "ExpiredToken"}, 400)
        return world.kit.answer(request, world.items)

    world.mood = service
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for has_expired in (False, True, False):
            expired = has_expired
            pages = [page async for page in world.collector(http).poll({})]
            assert sum(len(page.posts) for page in pages) == 2
    assert world.server is not None
    methods = [request.path.rsplit(".", 1)[-1] for request in world.server.requests]
    assert methods.count("createSession") == 1
    assert methods.count("refreshSession") == 1


async def test_bluesky_asks_the_accounts_own_server(world: World) -> None:
    world.items = items(2)
    with serving(lambda request: world.kit.answer(request, world.items)) as own:
        document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": own.url}]}

        def entry(request: Request) -> Answer:
            answer = json.loads(world.kit.answer(request, ()).body)
            return json_answer({**answer, "didDoc": document})

        world.mood = entry
        assert len((await world.poll()).posts) == 2
        assert [r.path.rsplit(".", 1)[-1] for r in own.requests] == ["searchPosts"]


async def test_bluesky_goes_on_through_empty_pages(world: World) -> None:
    pages = {None: ([], "a"), "a": ([], "b"), "b": (items(1), None)}

    def service(request: Request) -> Answer:
        if not request.path.endswith("searchPosts"):
            return world.kit.answer(request, ())
        shown, cursor = pages[request.query.get("cursor")]
        posts = []
        if shown:
            query = {**request.query, "cursor": "0"}
            plain = Request("GET", request.path, query, request.headers, b"")
            posts = json.loads(world.kit.answer(plain, shown).body)["posts"]
        return json_answer({"posts": posts, **({"cursor": cursor} if cursor else {})})

    world.mood = service
    assert len((await world.poll()).posts) == 1


@pytest.mark.parametrize("status", [400, 502])
async def test_bluesky_begins_anew_when_the_server_forgot_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    world.items = items(7)
    first = await world.poll(pages=1)

    def forgetful(request: Request) -> Answer:
        if request.query.get("cursor") == first.cursor["walks"]["zerno"]["walk"]["at"]:
            return json_answer({"error": "InvalidRequest"}, status)
        return world.kit.answer(request, world.items)

    world.mood = forgetful
    # It has other places now.
    changed(world, monkeypatch, page_size=4)
    second = await world.poll(first.cursor)
    assert len(second.texts) == 7


async def test_bluesky_does_not_begin_anew_when_the_server_fails_in_mid_walk(
    world: World,
) -> None:
    world.items = items(7)
    first = await world.poll(pages=1)
    world.mood = lambda request: (
        json_answer({}, 502)
        if request.query.get("cursor") == "6"
        else world.kit.answer(request, world.items)
    )
    with pytest.raises(RetriableError):
        await world.poll(first.cursor)
    assert world.server is not None
    asked = [r.query.get("cursor") for r in world.server.requests if r.path.endswith("searchPosts")]
    assert asked == [None, "3", "6", "6"]


async def test_bluesky_does_not_turn_in_circles(world: World) -> None:
    world.mood = lambda request: (
        json_answer({"posts": [], "cursor": "again"})
        if request.path.endswith("searchPosts")
        else world.kit.answer(request, ())
    )
    assert len((await world.poll()).pages) == 3


async def test_bluesky_refused_credentials_are_fatal_and_name_the_account(world: World) -> None:
    world.mood = lambda _request: json_answer({"error": "AuthenticationRequired"}, 401)
    with pytest.raises(FatalError, match=r"molva\.example.*AuthenticationRequired"):
        await world.poll()


@pytest.mark.parametrize(
    ("status", "answer", "deleted"),
    [
        # The author blocks the account: the AppView hides the post, the record is there.
        (200, {"uri": "at://x", "value": {}}, False),
        (400, {"error": "RecordNotFound", "message": "Could not locate record: at://x"}, True),
        (400, {"error": "InvalidRequest", "message": "Could not find repo: did:plc:anna"}, True),
        (400, {"error": "InvalidRequest", "message": "Error: repo must be a valid did"}, False),
    ],
)
async def test_bluesky_calls_a_post_that_is_not_shown_deleted_only_if_its_record_is_gone(
    world: World, status: int, answer: dict[str, Any], deleted: bool
) -> None:
    world.items = items(2)
    hidden, _ = ids = [post.native_id for post in (await world.poll()).posts]

    def service(request: Request) -> Answer:
        if request.path.endswith("getRecord"):
            assert hidden == "at://{repo}/{collection}/{rkey}".format_map(request.query)
            return json_answer(answer, status)
        shown = [item for item in world.items if hidden.rpartition("/")[2] != str(item.number)]
        return world.kit.answer(request, shown)

    world.mood = service
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        again = rereader(world.collector(http))
        assert again is not None
        page = await again.reread(ids)
    assert (len(page.posts), page.deleted) == (1, (hidden,) if deleted else ())
