"""The one door to the network, against a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from httpx_secure import httpx_ssrf_protection

from collectors.http import HttpClient, HttpSettings, Validators
from collectors.interface import FatalError, RetriableError
from tests.conformance.server import Answer, Request, Respond, Server, json_answer, serving

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
QUICK = {
    "allow_private": True,
    "requests_per_second": 10_000,
    "retry_wait": 0.01,
    "read_timeout": 5,
}


def client(**changes: object) -> HttpClient:
    return HttpClient(HttpSettings.model_validate({**QUICK, **changes}), lambda: NOW)


Serve = Callable[[Respond], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running = []

    def start(respond: Respond) -> Server:
        context = serving(respond)
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


def always(answer: Answer) -> Respond:
    return lambda _request: answer


async def test_it_says_honestly_who_it_is(serve: Serve) -> None:
    server = serve(always(Answer(200, b"hello")))
    async with client() as http:
        response = await http.get(f"{server.url}/a?x=1", params={"y": "два"})
    assert (response.status, response.text) == (200, "hello")
    assert server.requests[0].headers["user-agent"].startswith("Molva/")
    assert server.requests[0].query == {"x": "1", "y": "два"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://127.1:{port}/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://224.0.0.1/",
        "http://0.0.0.0:{port}/",
    ],
)
async def test_private_addresses_are_refused(serve: Serve, url: str) -> None:
    server = serve(always(Answer(200, b"internal")))
    async with client(allow_private=False, retries=0, connect_timeout=0.5) as http:
        with pytest.raises((FatalError, RetriableError)) as caught:
            await http.get(url.format(port=server.port))
    assert not server.requests
    if "127" in url or "10.0" in url:
        assert isinstance(caught.value, FatalError)
        assert "allow_private" in str(caught.value)


async def test_a_redirect_is_checked_like_an_address(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    internal = serve(always(Answer(200, b"internal")))
    outer = serve(always(Answer(302, headers={"Location": f"{internal.url}/admin"})))
    # The policy under test, with one address made public so that the first hop can be reached.
    monkeypatch.setattr(
        "collectors.http.httpx_ssrf_protection",
        _protection_that_trusts(outer.port),
    )
    async with client(allow_private=False) as http:
        with pytest.raises(FatalError, match="private address"):
            await http.get(outer.url)
    assert outer.requests
    assert not internal.requests


def _protection_that_trusts(port: int) -> Callable[..., object]:
    def protect(client: object, **_policy: object) -> object:
        return httpx_ssrf_protection(
            client,
            check_globally_reachable=False,
            custom_validator=lambda _host, ip, at: ip.is_global or at == port,
        )

    return protect


async def test_five_redirects_are_followed_and_a_sixth_is_not(serve: Serve) -> None:
    def step(request: Request) -> Answer:
        number = int(request.path[1:])
        if number == 0:
            return Answer(200, b"there")
        return Answer(302, headers={"Location": f"/{number - 1}"})

    server = serve(step)
    async with client() as http:
        response = await http.get(f"{server.url}/5")
        assert response.text == "there"
        assert response.url == f"{server.url}/0"
        with pytest.raises(RetriableError, match="redirects"):
            await http.get(f"{server.url}/6")


async def test_a_redirect_loop_ends(serve: Serve) -> None:
    server = serve(always(Answer(301, headers={"Location": "/again"})))
    async with client() as http:
        with pytest.raises(RetriableError, match="redirects"):
            await http.get(server.url)
    assert len(server.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x/", "ftp://127.0.0.1/"])
async def test_a_redirect_leads_nowhere_but_http(serve: Serve, target: str) -> None:
    server = serve(always(Answer(302, headers={"Location": target})))
    async with client() as http:
        with pytest.raises(FatalError, match="not an http address"):
            await http.get(server.url)


async def test_credentials_do_not_follow_to_another_host(serve: Serve) -> None:
    other = serve(always(Answer(200, b"ok")))
    server = serve(always(Answer(302, headers={"Location": f"http://localhost:{other.port}/"})))
    async with client() as http:
        await http.get(server.url, auth=("anna", "pa55"), headers={"Cookie": "a=b", "X-Kept": "1"})
    assert "authorization" in server.requests[0].headers
    assert "authorization" not in other.requests[0].headers
    assert "cookie" not in other.requests[0].headers
    assert other.requests[0].headers["x-kept"] == "1"


async def test_cookies_are_not_kept(serve: Serve) -> None:
    server = serve(always(Answer(200, b"ok", {"Set-Cookie": "track=1; Path=/"})))
    async with client() as http:
        await http.get(server.url)
        await http.get(server.url)
    assert "cookie" not in server.requests[1].headers


async def test_a_body_too_large_is_refused_however_it_is_packed(serve: Serve) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    server = serve(
        lambda request: {
            "/plain": Answer(200, b"x" * 300_000),
            "/bomb": Answer(200, bomb, {"Content-Encoding": "gzip"}),
            "/chunks": Answer(200, chunks=(b"x" * 100_000,) * 3),
        }[request.path]
    )
    async with client(max_body_bytes=200_000) as http:
        for path in ("/plain", "/bomb", "/chunks"):
            with pytest.raises(FatalError, match="max_body_bytes"):
                await http.get(server.url + path)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
    ],
)
async def test_packed_bodies_are_unpacked(
    serve: Serve, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack("Кофе".encode() * 1000)
    server = serve(always(Answer(200, packed, {"Content-Encoding": encoding})))
    async with client() as http:
        assert (await http.get(server.url)).text == "Кофе" * 1000


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "gzip, gzip"])
async def test_a_body_that_does_not_unpack_is_retriable(serve: Serve, encoding: str) -> None:
    server = serve(always(Answer(200, b"not packed at all", {"Content-Encoding": encoding})))
    async with client() as http:
        with pytest.raises(RetriableError):
            await http.get(server.url)


async def test_a_slow_drip_ends_at_the_total_timeout(serve: Serve) -> None:
    server = serve(always(Answer(200, chunks=(b"x",) * 100, pause=0.1)))
    async with client(read_timeout=5, total_timeout=0.5, retries=0) as http:
        started = time.monotonic()
        with pytest.raises(RetriableError, match="in time"):
            await http.get(server.url)
    assert time.monotonic() - started < 4


async def test_passing_trouble_is_retried_in_silence(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = [Answer(503), Answer(502), Answer(200, b"at last")]
    server = serve(lambda _request: answers[min(len(server.requests), 3) - 1])
    async with client(retries=2) as http:
        assert (await http.get(server.url)).text == "at last"
    assert len(server.requests) == 3
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500])
async def test_what_a_retry_cannot_mend_is_asked_once(serve: Serve, status: int) -> None:
    server = serve(always(Answer(status)))
    async with client(retries=3) as http:
        with pytest.raises((FatalError, RetriableError)):
            await http.get(server.url)
    assert len(server.requests) == 1


async def test_a_form_is_posted_as_browsers_do_with_its_password_in_a_header(serve: Serve) -> None:
    server = serve(always(json_answer({})))
    async with client() as http:
        await http.post(server.url, form={"q": "зерно & co"}, auth=("anna", "pass"))
    (request,) = server.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form() == {"q": "зерно & co"}
    assert request.headers["authorization"] == "Basic YW5uYTpwYXNz"


async def test_a_post_is_never_repeated(serve: Serve) -> None:
    server = serve(always(Answer(503)))
    async with client(retries=3) as http:
        with pytest.raises(RetriableError):
            await http.post(server.url, json_body={"a": "б"})
    assert [request.json() for request in server.requests] == [{"a": "б"}]


async def test_a_short_retry_after_is_waited_for(serve: Serve) -> None:
    answers = [Answer(429, headers={"Retry-After": "1"}), Answer(200, b"ok")]
    server = serve(lambda _request: answers[len(server.requests) - 1])
    async with client(retries=1, patience=5) as http:
        started = time.monotonic()
        await http.get(server.url)
    assert time.monotonic() - started >= 0.95


async def test_a_host_that_asked_for_silence_is_left_alone_by_all(serve: Serve) -> None:
    now = [NOW]
    server = serve(always(Answer(429, headers={"Retry-After": "600"})))
    http = HttpClient(HttpSettings.model_validate(QUICK), lambda: now[0])
    async with http:
        with pytest.raises(RetriableError):
            await http.get(f"{server.url}/one")
        now[0] += timedelta(minutes=4)
        with pytest.raises(RetriableError) as caught:
            await http.get(f"{server.url}/two")
        assert caught.value.retry_after == timedelta(minutes=6)
        assert len(server.requests) == 1
        now[0] += timedelta(minutes=7)
        server.respond = always(Answer(200, b"ok"))
        assert (await http.get(f"{server.url}/two")).text == "ok"


async def test_who_waits_for_a_turn_is_held_back_by_a_silence_asked_for_meanwhile(
    serve: Serve,
) -> None:
    server = serve(always(Answer(429, headers={"Retry-After": "600"})))
    async with client(per_host_concurrency=1) as http:
        asked = (http.get(f"{server.url}/{number}") for number in range(4))
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert len(server.requests) == 1
    assert all(isinstance(e, RetriableError) and e.throttled for e in answers)


async def test_a_short_silence_is_kept_by_all_and_waited_out(serve: Serve) -> None:
    times: list[float] = []

    def respond(_request: Request) -> Answer:
        times.append(time.monotonic())
        return Answer(429, headers={"Retry-After": "1"}) if len(times) == 1 else Answer(200, b"ok")

    server = serve(respond)
    async with client(retries=1, patience=5, per_host_concurrency=1) as http:
        answers = await asyncio.gather(*(http.get(f"{server.url}/{n}") for n in range(2)))
    assert [answer.text for answer in answers] == ["ok", "ok"]
    assert times[1] - times[0] >= 0.95


async def test_no_more_is_asked_for_at_once_than_allowed_in_all(serve: Serve) -> None:
    now, most, lock = [0], [0], threading.Lock()

    def respond(_request: Request) -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.03)
        with lock:
            now[0] -= 1
        return Answer(200, b"ok")

    server = serve(respond)
    async with client(concurrency=3, per_host_concurrency=8) as http:
        hosts = ["127.0.0.1", "localhost"]
        pages = [f"http://{hosts[n % 2]}:{server.port}/{n}" for n in range(12)]
        await asyncio.gather(*map(http.get, pages))
    assert most[0] == 3


async def test_used_up_quota_under_403_is_not_fatal(serve: Serve) -> None:
    reset = str(int((NOW + timedelta(minutes=5)).timestamp()))
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    server = serve(always(Answer(403, headers=headers)))
    async with client() as http:
        with pytest.raises(RetriableError):
            await http.get(server.url)


async def test_an_unchanged_page_costs_a_304(serve: Serve) -> None:
    def conditional(request: Request) -> Answer:
        if request.headers.get("if-none-match") == 'W/"7"':
            return Answer(304)
        headers = {"ETag": 'W/"7"', "Last-Modified": "Tue, 10 Mar 2026 11:00:00 GMT"}
        return Answer(200, b"page", headers)

    server = serve(conditional)
    async with client() as http:
        first = await http.get(server.url, validators=Validators())
        again = await http.get(server.url, validators=first.validators)
        assert (again.status, again.body) == (304, b"")
        sent = server.requests[1].headers
        assert sent["if-modified-since"] == "Tue, 10 Mar 2026 11:00:00 GMT"
        # Validators of one page say nothing about another.
        assert (await http.get(f"{server.url}/other", validators=first.validators)).status == 200


async def test_a_304_nobody_asked_for_is_trouble(serve: Serve) -> None:
    server = serve(always(Answer(304)))
    async with client() as http:
        with pytest.raises(RetriableError):
            await http.get(server.url)


async def test_a_host_is_not_asked_faster_than_allowed(serve: Serve) -> None:
    server = serve(always(Answer(200, b"ok")))
    async with client(host_rates={"127.0.0.1": 4}, per_host_concurrency=8) as http:
        started = time.monotonic()
        for _ in range(7):
            await http.get(server.url)
    # Four at once, then one each quarter of a second.
    assert time.monotonic() - started >= 0.7


@pytest.mark.parametrize("url", ["http://", "notaurl", "http://[bad/", "http://exa mple.com:x/"])
async def test_a_broken_address_is_fatal(url: str) -> None:
    async with client() as http:
        with pytest.raises(FatalError):
            await http.get(url)


async def test_a_name_that_does_not_resolve_is_retriable() -> None:
    async with client(retries=0) as http:
        with pytest.raises(RetriableError):
            await http.get("http://no-such-host.invalid/")


async def test_bytes_are_read_in_the_charset_of_the_header(serve: Serve) -> None:
    server = serve(
        lambda request: Answer(
            200,
            "Кофе".encode("cp1251"),
            {"Content-Type": f"text/html; charset={request.query['charset']}"},
        )
    )
    async with client() as http:
        response = await http.get(server.url, params={"charset": '"windows-1251"'})
        assert response.text == "Кофе"
        assert "\ufffd" in (await http.get(server.url, params={"charset": "nonsense"})).text


async def test_an_answer_that_is_not_json_is_retriable_without_its_query(serve: Serve) -> None:
    server = serve(
        lambda request: json_answer({"a": 1}) if request.path == "/j" else Answer(200, b"<html>")
    )
    async with client() as http:
        assert (await http.get(f"{server.url}/j")).json() == {"a": 1}
        response = await http.get(f"{server.url}/h?token=s3cret")
        with pytest.raises(RetriableError) as caught:
            response.json()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(response)
