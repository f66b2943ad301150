"""What every collector owes its operator: the right kind of error, and no secret in it."""

from __future__ import annotations

import logging
import re
import traceback
from datetime import timedelta

import pytest

from collectors.http import HttpClient
from collectors.interface import CollectorError, FatalError, RetriableError
from tests.conformance.kit import Item, World
from tests.conformance.server import Answer, Request

PAGE = b"<html><head><title>Nothing to see</title></head><body><p>An error page</p></body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def failure(world: World, answer: Answer) -> CollectorError:
    world.mood = lambda _request: answer
    with pytest.raises(CollectorError) as caught:
        await world.poll()
    return caught.value


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_refusal_is_fatal(online: World, status: int) -> None:
    error = await failure(online, Answer(status, PAGE, HTML))
    assert isinstance(error, FatalError)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
async def test_trouble_of_the_server_is_retriable(online: World, status: int) -> None:
    error = await failure(online, Answer(status, PAGE, HTML))
    assert isinstance(error, RetriableError)


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_on_and_not_hammered(online: World, status: int) -> None:
    error = await failure(online, Answer(status, PAGE, {**HTML, "Retry-After": "1234"}))
    assert isinstance(error, RetriableError)
    assert error.retry_after == timedelta(seconds=1234)
    assert online.server is not None
    assert len(online.server.requests) == 1


async def test_silence_is_retriable(online: World) -> None:
    online.http_settings = online.http_settings.model_copy(update={"read_timeout": 0.2})
    error = await failure(online, Answer(200, PAGE, HTML, delay=3))
    assert isinstance(error, RetriableError)


async def test_a_closed_port_is_retriable(online: World) -> None:
    assert online.server is not None
    online.server.close()
    with pytest.raises(RetriableError):
        await online.poll()


@pytest.mark.parametrize(
    "body", [PAGE, b"", b"\x00\xff\xfe garbage \x80", b'"a string"', b"[" * 50_000]
)
async def test_garbage_with_status_200_is_no_success(online: World, body: bytes) -> None:
    error = await failure(online, Answer(200, body, HTML))
    assert isinstance(error, RetriableError)


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/rss+xml"])
@pytest.mark.parametrize(
    ("body", "told"), [(PAGE, r"\b(?:no|not|layout)\b"), (b"", "empty|layout")]
)
async def test_a_page_or_nothing_instead_of_data_is_named(
    online: World, body: bytes, kind: str, told: str
) -> None:
    error = await failure(online, Answer(200, body, {"Content-Type": kind}))
    assert isinstance(error, RetriableError)
    assert re.search(told, str(error)), str(error)


async def test_a_cut_answer_is_an_error_or_keeps_what_it_holds(online: World) -> None:
    online.items = [Item(n, f"Post {n}") for n in range(1, 4)]

    def cut(request: Request) -> Answer:
        whole = online.kit.answer(request, online.items)
        return Answer(whole.status, whole.body[: len(whole.body) * 2 // 3], whole.headers)

    online.mood = cut
    if online.kit.truncation_is_an_error:
        with pytest.raises(RetriableError):
            await online.poll()
    else:
        assert 1 <= len((await online.poll()).posts) <= 3


async def test_a_failure_leaves_the_cursor_good_for_the_next_run(online: World) -> None:
    online.items = [Item(n, f"Post {n}") for n in range(1, 4)]
    first = await online.poll()
    online.items = [*online.items, Item(4, "After the storm")]
    await failure(online, Answer(500, PAGE, HTML))
    online.mood = None
    second = await online.poll(first.cursor)
    assert "After the storm" in {post.text for post in second.posts}


async def test_a_run_cut_by_a_failure_is_gone_on_with(online: World) -> None:
    online.items = [Item(n, f"Post {n}") for n in range(1, 12)]
    answered = 0

    def flaky(request: Request) -> Answer:
        nonlocal answered
        answered += 1
        if answered % 3 == 0:
            return Answer(500, PAGE, HTML)
        return online.kit.answer(request, online.items)

    online.mood = flaky
    cursor: dict[str, object] = {}
    found: set[str] = set()
    async with HttpClient(online.http_settings, lambda: online.now) as http:
        for _ in range(20):
            try:
                async for page in online.collector(http).poll(cursor):
                    cursor = dict(page.cursor)
                    found |= {post.text for post in page.posts}
            except RetriableError:
                continue
            break
    assert found == {item.text for item in online.items}


@pytest.mark.parametrize("status", [200, 301, 401, 404, 429, 500])
async def test_no_secret_shows_in_error_log_cursor_or_repr(
    online: World, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    secrets = [*online.kit.secrets, *online.kit.environment.values()]
    location = {"Location": "http://[broken"} if status == 301 else {}
    caplog.set_level(logging.DEBUG)
    online.items = [Item(1, "Post")]
    good = await online.poll()
    error = await failure(online, Answer(status, PAGE, {**HTML, **location}))
    async with HttpClient(online.http_settings, lambda: online.now) as http:
        collector = online.collector(http)
        shown = [
            *traceback.format_exception(error),
            repr(error),
            caplog.text,
            repr(collector.settings),
            repr(collector),
            collector.scope,
            repr(good.pages),
        ]
    for secret in secrets:
        assert all(secret not in text for text in shown)


async def test_missing_credentials_are_fatal_and_named(
    online: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in online.kit.environment:
        monkeypatch.delenv(name)
        with pytest.raises(FatalError, match=name):
            await online.poll()
