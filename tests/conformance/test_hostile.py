"""What every collector owes its host: an answer made to hurt is an error, soon and without harm."""

from __future__ import annotations

import gzip
import time
from functools import cache

import pytest
from httpx_secure import httpx_ssrf_protection

from collectors.interface import CollectorError, FatalError, RetriableError
from tests.conformance.kit import Item, World
from tests.conformance.server import Answer, Respond, serving

BOMB = 300 << 20
"""Bytes of the bomb, unpacked."""


@cache
def bomb() -> bytes:
    part = gzip.compress(bytes(BOMB // 10), mtime=0)
    return part * 10


async def failure(world: World, respond: Respond) -> CollectorError:
    world.items = [Item(1, "A post")]
    world.mood = respond
    with pytest.raises(CollectorError) as caught:
        await world.poll()
    return caught.value


async def test_a_gzip_bomb_is_refused(online: World) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    error = await failure(online, lambda _request: Answer(200, bomb(), headers))
    assert "max_body_bytes" in str(error) or "HTTP 200" in str(error)


async def test_a_slow_drip_ends(online: World) -> None:
    online.http_settings = online.http_settings.model_copy(
        update={"total_timeout": 0.3, "retries": 0}
    )
    started = time.monotonic()
    error = await failure(online, lambda _request: Answer(200, chunks=(b" ",) * 200, pause=0.05))
    assert isinstance(error, RetriableError)
    assert time.monotonic() - started < 8


async def test_a_redirect_loop_ends(online: World) -> None:
    loop = {"Location": "/round/and/round"}
    await failure(online, lambda _request: Answer(302, headers=loop))
    assert online.server is not None
    assert len(online.server.requests) <= 2 * (online.http_settings.max_redirects + 1)


async def test_a_redirect_to_a_private_address_is_not_followed(
    online: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert online.server is not None
    public = online.server.port

    def protect(client: object, **_policy: object) -> object:
        # The policy under test, with the service's own address taken for a public one.
        return httpx_ssrf_protection(
            client,
            check_globally_reachable=False,
            custom_validator=lambda _host, ip, port: ip.is_global or port == public,
        )

    monkeypatch.setattr("collectors.http.httpx_ssrf_protection", protect)
    online.http_settings = online.http_settings.model_copy(update={"allow_private": False})
    with serving(lambda _request: Answer(200, b"{}")) as internal:
        target = {"Location": f"{internal.url}/admin"}
        error = await failure(online, lambda _request: Answer(302, headers=target))
        assert isinstance(error, FatalError | RetriableError)
        assert not internal.requests
