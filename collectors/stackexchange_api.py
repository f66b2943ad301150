"""Calls to the Stack Exchange API: its key, its pauses and its errors, which come with HTTP 400."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from collectors.credentials import secret
from collectors.http import HttpClient
from collectors.interface import Clock, CollectorError, FatalError, RetriableError
from collectors.items import count, mapping, string
from collectors.places import pause
from collectors.text import clean

PASSING: Final = frozenset({409, 500, 502, 503})
"""Error ids another try may mend: repeated too soon, internal, throttled, unavailable."""

LONGEST: Final = timedelta(days=1)
"""No pause is longer: the quota is a day's."""

_SECONDS = re.compile(r"\bin (\d{1,6}) seconds")
_EVERY_METHOD = ""


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one configured source uses it.

    Attributes:
        key_env: the variable that holds the application's key; empty for none.
    """

    http: HttpClient
    clock: Clock
    base_url: str
    key_env: str

    async def call(
        self, method: str, params: Mapping[str, str | int], *, ids: str = ""
    ) -> Mapping[str, Any]:
        """The answer of a method, whose `items` are a list.

        Args:
            method: its path; pauses are asked for by method.
            params: without the key.
            ids: of the objects wanted, joined by semicolons, if the method takes them.

        Raises:
            FatalError, RetriableError: as the answer says, or no pause short enough to wait for.
        """
        key = self._key()
        await self._pause(method)
        path = f"{method}/{ids}" if ids else method
        # A 400 is any error, a ban for some hours too; only the body tells.
        response = await self.http.get(
            f"{self.base_url.rstrip('/')}/{path}", params={**params, **key}, ok=(200, 400, 502)
        )
        answer = mapping(response.json())
        if "error_id" in answer:
            raise self._error(answer)
        if response.status != 200 or not isinstance(answer.get("items"), list):
            raise RetriableError("Stack Exchange answered without items: not the API's format")
        self._heed(method, answer)
        return answer

    def _key(self) -> dict[str, str]:
        if not self.key_env:
            return {}
        (key,) = secret(self.key_env)
        return {"key": key}

    def _error(self, answer: Mapping[str, Any]) -> CollectorError:
        told = clean(f"{string(answer.get('error_name'))}: {string(answer.get('error_message'))}")
        message = f"Stack Exchange refused the request: {told[:300]}"
        if answer.get("error_id") not in PASSING:
            return FatalError(message)
        found = _SECONDS.search(told)
        wait = min(timedelta(seconds=int(found[1])), LONGEST) if found else None
        if wait is not None:
            self._hold(_EVERY_METHOD, wait)
        return RetriableError(message, retry_after=wait)

    def _heed(self, method: str, answer: Mapping[str, Any]) -> None:
        """Remember the pause a good answer asks for, or that it was the day's last."""
        backoff = count(answer.get("backoff"))
        if backoff:
            # Whoever asks again to the second is punished for it.
            self._hold(method, timedelta(seconds=backoff + 1) if backoff < 86_400 else LONGEST)
        if answer.get("quota_remaining") == 0:
            now = self.clock().astimezone(UTC)
            midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
            self._hold(_EVERY_METHOD, midnight - now)

    def _name(self, method: str) -> tuple[str, ...]:
        return ("stackexchange", self.base_url, self.key_env, method)

    def _hold(self, method: str, wait: timedelta) -> None:
        self.http.memory[self._name(method)] = self.clock() + wait

    async def _pause(self, method: str) -> None:
        now = self.clock()
        until = [self.http.memory.get(self._name(name), now) for name in (method, _EVERY_METHOD)]
        wait = max(until) - now
        if wait.total_seconds() > self.http.settings.patience:
            raise RetriableError("Stack Exchange asked for a pause", retry_after=wait)
        await pause(max(wait.total_seconds(), 0.0))
