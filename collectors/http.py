"""The one door to the network: polite, bounded, and deaf to private addresses.

Every collector asks through `HttpClient`, so none ever sees a client library's exception, and
all sources of one host share its rate and its silence after a 429.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlencode

import httpx
import stamina
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection
from pydantic import BaseModel, ConfigDict, Field

from collectors.body import ACCEPTED, BodyReader, EncodingError, TooLargeError
from collectors.gates import Gates, Pace, Silences
from collectors.interface import Clock, CollectorError, FatalError, RetriableError
from collectors.limits import Quota, quota, retry_after
from collectors.places import Lending
from collectors.redact import fingerprint, redact
from collectors.spend import Ledger, MemoryLedger

Params = Mapping[str, str | int | Sequence[str]]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TRANSIENT: Final = frozenset({429, 502, 503, 504})
# 4xx answers that another try may mend; every other 4xx is a wrong request.
_PASSING: Final = frozenset({408, 409, 421, 423, 425, 429})
_SECRET_HEADERS: Final = frozenset(
    {"authorization", "cookie", "api-key", "user-api-key", "x-api-key", "apikey", "client-id"}
)
"""Headers that no other host may see."""
_ADVICE: Final = {
    401: "the credentials were refused",
    403: "access is refused: it is blocked, or needs credentials",
    404: "there is nothing at this address",
    410: "it is gone for good: remove the source",
    429: "too many requests",
}


class HttpSettings(BaseModel):
    """The `[http]` table: how patient and how polite to be. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_agent: str = Field(
        default="Molva/0.1 (brand-mention monitor)",
        pattern=r"^[\x20-\x7e]+$",
        description="Who asks; add a page or address where the owner of a site can reach you.",
    )
    connect_timeout: float = Field(default=5.0, gt=0)
    read_timeout: float = Field(default=20.0, gt=0)
    total_timeout: float = Field(default=60.0, gt=0, description="Of one request with its body.")
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0, description="Decompressed.")
    max_redirects: int = Field(default=5, ge=0, le=20)
    concurrency: int = Field(default=32, ge=1, le=100, description="Requests at once, in all.")
    per_host_concurrency: int = Field(default=2, ge=1, le=64)
    requests_per_second: float = Field(default=5.0, gt=0, description="To each host.")
    host_rates: Mapping[str, float] = Field(
        default={
            "t.me": 1.0,
            "api.vk.ru": 3.0,
            "api.github.com": 0.5,
            "feedbacks-api.wildberries.ru": 2.0,
            "api.gdeltproject.org": 1 / 6,
            "www.reddit.com": 1 / 60,
            "news.google.com": 1 / 60,
        },
        description="Requests a second to hosts that want it otherwise.",
    )
    retries: int = Field(default=2, ge=0, le=5, description="Of a GET that may yet succeed.")
    retry_wait: float = Field(default=0.5, ge=0, description="Before the first retry; doubles.")
    patience: float = Field(
        default=10.0, ge=0, description="Longest Retry-After waited for inside a poll."
    )
    allow_private: bool = Field(
        default=False, description="Also read private and loopback addresses: your own servers."
    )

    @property
    def pace(self) -> Pace:
        """How much may be asked for, and how fast."""
        return Pace(
            self.concurrency,
            self.per_host_concurrency,
            self.requests_per_second,
            self.host_rates,
            self.patience,
        )


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask later whether a page has changed.

    Attributes:
        key: a fingerprint of the address they belong to; they are sent to no other.
    """

    etag: str = ""
    last_modified: str = ""
    key: str = ""

    def headers_for(self, url: str) -> dict[str, str]:
        """The conditional headers, if these validators are of `url`."""
        if self.key and self.key != fingerprint(url):
            return {}
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read whole.

    Attributes:
        url: the final address, after redirects. May hold secrets: `redact` it.
        headers: by lower-case name.
    """

    status: int
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def validators(self) -> Validators:
        """What to send with the next request to the same address."""
        etag, modified = self.headers.get("etag", ""), self.headers.get("last-modified", "")
        return Validators(etag, modified, fingerprint(self.url))

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, by the charset of its header, else UTF-8; bad bytes are replaced."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2]
        try:
            return self.body.decode(charset.partition(";")[0].strip(" \"'") or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            RetriableError: it is something else, as an error page is.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.content_type or "an unnamed type"
            told = f"{kind}, not JSON" if self.body.strip() else "with an empty body, not JSON"
            raise RetriableError(f"{redact(self.url)} answered {told}") from None


class _TransientError(RetriableError):
    """Worth another try within the same poll."""


class HttpClient:
    """Fetches pages for collectors. Opens on first use; close it, or use it as `async with`.

    Attributes:
        memory: what collectors keep between polls but never store (session tokens).
        ledger: where paid sources write down what they spend.
        quotas: what each host last said is left of its limit.

    Args:
        settings: the `[http]` table.
        clock: read for Retry-After and closed hosts; never for timeouts.
        ledger: one that outlives the process; without one spending is forgotten with the client.
        silences: where silences that hosts asked for outlive it, too.
    """

    def __init__(
        self,
        settings: HttpSettings,
        clock: Clock,
        ledger: Ledger | None = None,
        silences: Silences | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.memory: dict[tuple[str, ...], Any] = {}
        self.ledger: Ledger = ledger or MemoryLedger()
        self.quotas: dict[str, Quota] = {}
        self._gates = Gates(settings.pace, clock, silences)
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: Collection[int] = (200,),
        validators: Validators | None = None,
        follow: bool = True,
    ) -> Response:
        """Fetch a page, with retries, following up to `max_redirects` checked redirects.

        Args:
            url: http or https.
            params: added to the address's own query.
            headers: beside the User-Agent.
            auth: user and password; like every secret header, not sent on to another host.
            ok: statuses returned instead of raised.
            validators: of an earlier answer; with them a 304 is returned too.
            follow: whether to follow redirects; if not, their status must be in `ok`.

        Raises:
            FatalError: asking again will not help (most 4xx, a refused address).
            RetriableError: it may (timeouts, 429, 5xx), after `retry_after` if that is set.
        """
        request = _Request("GET", _merged(url, params), _all_headers(headers, auth), ok=ok)
        request = replace(request, validators=validators, follow=follow)
        attempts = stamina.retry_context(
            on=self._worth_waiting,
            attempts=self.settings.retries + 1,
            timeout=None,
            wait_initial=self.settings.retry_wait,
            wait_jitter=self.settings.retry_wait,
        )
        async for attempt in Lending(attempts):
            with attempt:
                return await self._exchange(request)
        raise AssertionError("retry_context ends by return or raise")

    async def post(
        self,
        url: str,
        *,
        json_body: object = None,
        form: Mapping[str, str] | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        ok: Collection[int] = (200,),
    ) -> Response:
        """Send a body once: a POST is never repeated and follows no redirect.

        Args:
            url: an http or https address.
            json_body: sent as JSON.
            form: sent as a web form; give this or `json_body`.
            params: added to the address.
            headers: sent as they are.
            auth: user and password.
            ok: statuses returned instead of raised.

        Raises:
            FatalError, RetriableError: as `get`.
        """
        named = _all_headers(headers, auth)
        content = b""
        if form is not None:
            content = urlencode(form).encode()
            named["Content-Type"] = "application/x-www-form-urlencoded"
        elif json_body is not None:
            content = json.dumps(json_body).encode()
            named["Content-Type"] = "application/json"
        return await self._exchange(
            _Request("POST", _merged(url, params), named, ok=ok, content=content, follow=False)
        )

    def _worth_waiting(self, error: Exception) -> bool | float:
        if not isinstance(error, _TransientError):
            return False
        if error.retry_after is None:
            return True
        seconds = error.retry_after.total_seconds()
        return max(seconds, 0.01) if seconds <= self.settings.patience else False

    async def _exchange(self, request: _Request) -> Response:
        for _ in range(self.settings.max_redirects + 1):
            async with self._gates.passing(request.url.host):
                response = await self._send(request)
            if response.status in request.ok or (response.status == 304 and request.validators):
                return response
            target = response.headers.get("location", "")
            if not (request.follow and response.status in _REDIRECTS and target):
                error = self.refusal(response)
                await self._fall_silent(request.url, error)
                raise error
            request = request.redirected(target)
        raise RetriableError(
            f"more than {self.settings.max_redirects} redirects from {redact(str(request.url))}"
        )

    async def _fall_silent(self, url: httpx.URL, error: CollectorError) -> None:
        """Keep all requests to a host back as soon as one of them is told to wait."""
        if isinstance(error, _TransientError) and error.retry_after is not None:
            await self._gates.keep_silence(url.host, error.retry_after)

    async def _send(self, request: _Request) -> Response:
        where = redact(str(request.url))
        try:
            async with asyncio.timeout(self.settings.total_timeout):
                return await self._receive(request)
        except SSRFProtectionError:
            raise FatalError(
                f"{request.url.host} is a private address; "
                "set allow_private = true under [http] if it is your own server"
            ) from None
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise _TransientError(f"no connection to {where} in time") from None
        except (TimeoutError, httpx.TimeoutException):
            raise RetriableError(f"{where} did not answer in time") from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
            raise FatalError(f"{where} is not an http address that can be asked") from None
        except TooLargeError:
            limit = self.settings.max_body_bytes
            raise FatalError(f"{where} is larger than max_body_bytes ({limit})") from None
        except EncodingError as error:
            raise RetriableError(f"{where}: {error}") from None
        except httpx.ConnectError as error:
            raise _TransientError(f"no connection to {where}: {error}") from None
        except httpx.HTTPError as error:
            raise _TransientError(f"{where} broke off: {type(error).__name__}") from None

    async def _receive(self, request: _Request) -> Response:
        client = self._opened()
        headers = {**request.headers}
        if request.validators:
            headers |= request.validators.headers_for(str(request.url))
        sent = client.build_request(
            request.method, request.url, headers=headers, content=request.content or None
        )
        answer = await client.send(sent, stream=True, follow_redirects=False)
        try:
            named = {name.lower(): value for name, value in answer.headers.items()}
            told = quota(named, now=self.clock())
            if told is not None:
                self.quotas[request.url.host] = told
            reader = BodyReader(named.get("content-encoding", ""), self.settings.max_body_bytes)
            async for chunk in answer.aiter_raw():
                reader.feed(chunk)
            return Response(answer.status_code, str(request.url), named, reader.body())
        finally:
            await answer.aclose()

    def refusal(self, response: Response) -> CollectorError:
        """What to raise for an answer that is not what was asked for."""
        status = response.status
        advice = f": {_ADVICE[status]}" if status in _ADVICE else ""
        message = f"{redact(response.url)} answered HTTP {status}{advice}"
        now = self.clock()
        wait = retry_after(response.headers, now=now, body=response.body)
        if status in _TRANSIENT:
            return _TransientError(message, retry_after=wait, throttled=status == 429)
        # GitHub and others refuse with 403 while a quota is used up.
        quota = retry_after(response.headers, now=now, limited=False)
        used_up = status == 403 and quota is not None
        if 400 <= status < 500 and status not in _PASSING and not used_up:
            return FatalError(message)
        return RetriableError(message, retry_after=wait)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            for name in ("httpx", "httpcore"):
                # They log whole addresses and headers, secrets included.
                logging.getLogger(name).setLevel(logging.WARNING)
            settings = self.settings
            client = httpx.AsyncClient(
                verify=tls(),
                headers={"User-Agent": settings.user_agent, "Accept-Encoding": ACCEPTED},
                timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=False,
            )
            if not settings.allow_private:
                httpx_ssrf_protection(client, custom_validator=is_public)
            # stamina would tell of every retry on standard output, which belongs to the commands.
            stamina.instrumentation.set_on_retry_hooks(())
            self._client = client
        return self._client


@dataclass(frozen=True, slots=True)
class _Request:
    method: Literal["GET", "POST"]
    url: httpx.URL
    headers: dict[str, str]
    ok: Collection[int]
    content: bytes = b""
    validators: Validators | None = None
    follow: bool = True

    def redirected(self, target: str) -> _Request:
        """The request for where a redirect points, without secrets if that is another origin."""
        try:
            url = self.url.join(target)
        except (httpx.InvalidURL, ValueError):
            raise RetriableError(f"{redact(str(self.url))} redirects to no address") from None
        if (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port):
            return replace(self, url=url)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in _SECRET_HEADERS}
        return replace(self, url=url, headers=kept)


@cache
def tls() -> ssl.SSLContext:
    """Trusted certificates; loading them takes longer than a request."""
    return httpx.create_ssl_context()


def _merged(url: str, params: Params | None) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
        merged = parsed.copy_merge_params(dict(params)) if params else parsed
    except (httpx.InvalidURL, ValueError):
        raise FatalError(f"{redact(url)} is not a valid address") from None
    if b"%" in merged.raw_host:
        raise FatalError(f"{redact(url)} is not a valid address")
    return merged


def _all_headers(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    named = dict(headers or {})
    if auth:
        named["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    return named


def is_public(host: str, address: IPv4Address | IPv6Address, port: int) -> bool:
    """Refuse also what `is_global` lets through: multicast, and IPv4 hidden in 6to4 or Teredo."""
    hidden = None
    if isinstance(address, IPv6Address):
        hidden = address.sixtofour or (address.teredo and address.teredo[1])
    return not address.is_multicast and (hidden is None or hidden.is_global)
