"""Asking the YouTube Data API: its quota, and its refusals, whose reason is in the body."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from collectors.credentials import secret
from collectors.day_quota import DayQuota
from collectors.http import HttpClient, Response
from collectors.interface import FatalError, RetriableError
from collectors.items import mapping, sequence, string
from collectors.text import html_to_text

SEARCHES: Final = "searches"
"""Searches have had a quota of their own since June 2026; each page is one."""

UNITS: Final = "units"
"""What every other request here costs one of."""

STALE: Final = "400"
"""To `accept`: the request is refused as wrong, as it is once a page token is too old."""

_USED_UP: Final = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_PASSING: Final = frozenset({"backendError", "internalError", "processingFailure"})


class Api:
    """Asks with a key, and counts what that costs.

    Args:
        http: the client of the collector.
        base_url: of the API, with its version.
        key_env: the environment variable that holds the key.
        quota: counted down; whoever asks looks first whether enough is left.
    """

    def __init__(self, http: HttpClient, base_url: str, key_env: str, quota: DayQuota) -> None:
        self._http, self._base_url, self._key_env = http, base_url.rstrip("/"), key_env
        self._quota = quota

    async def get(
        self, method: str, params: Mapping[str, str | int], accept: Collection[str] = ()
    ) -> tuple[Mapping[str, Any], str]:
        """The answer and no reason, or an empty answer and the reason of an accepted refusal.

        Args:
            method: e.g. `search`.
            params: empty ones are left out.
            accept: reasons of refusals to be returned and not raised; `STALE` is every HTTP 400.

        Raises:
            FatalError: the key is missing or refused, or the request is wrong.
            RetriableError: the quota is used up, or YouTube cannot answer now.
        """
        (key,) = secret(self._key_env)
        # Before the request: YouTube counts those that fail, too.
        self._quota.spend(SEARCHES if method == "search" else UNITS)
        given = {name: value for name, value in params.items() if value != ""}
        response = await self._http.get(
            f"{self._base_url}/{method}", params={**given, "key": key}, ok=(200, 400, 403, 404)
        )
        if response.status != 200:
            return {}, self._refused(method, response, accept, key)
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise RetriableError(f"{method} answered without items: not the API's format")
        return answer, ""

    async def videos(self, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Videos by their id, at most 50, with whole descriptions and counts; gone ones lack."""
        wanted = ",".join(ids)
        if not wanted:
            return {}
        answer, _ = await self.get("videos", {"part": "snippet,statistics", "id": wanted})
        videos = (mapping(item) for item in sequence(answer["items"]))
        return {string(video.get("id")): video for video in videos}

    def _refused(self, method: str, response: Response, accept: Collection[str], key: str) -> str:
        """The reason, if it is accepted; else an exception for it."""
        reason, said = _reason(response)
        if reason and reason in accept:
            return reason
        if str(response.status) in accept:
            return str(response.status)
        words = f"{reason}: {said.replace(key, '…')}" if reason else "no reason given"
        message = f"YouTube refused {method} with HTTP {response.status}: {words}"
        if reason in _USED_UP:
            raise RetriableError(message, retry_after=self._quota.until_reset)
        if reason in _TOO_FAST:
            raise RetriableError(message, retry_after=timedelta(minutes=1))
        if reason in _PASSING:
            raise RetriableError(message)
        raise FatalError(message)


def _reason(response: Response) -> tuple[str, str]:
    try:
        error = mapping(mapping(response.json()).get("error"))
    except RetriableError:
        return "", ""
    causes = [mapping(cause) for cause in sequence(error.get("errors"))]
    named = [string(cause.get("reason")) for cause in causes if cause.get("reason")]
    return (named or [string(error.get("status"))])[0], html_to_text(string(error.get("message")))[
        :300
    ]
