"""What VK's error codes, which come with HTTP 200, ask us to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from collectors.interface import CollectorError, FatalError, RetriableError
from collectors.items import count, string
from collectors.text import clean

TOO_FAST: Final = 6
INVALID_PARAMETER: Final = 100

# Unknown, internal, interrupted by a timeout; method switched off for a time.
_PASSING: Final = frozenset({1, 10, 36, 43})
# Flood control and the daily limit last for hours; VK does not say how many.
_LONG: Final = frozenset({9, 29})
_ADVICE: Final = {
    5: "the token is refused: make a new one",
    14: "VK wants a captcha solved: sign in as the token's owner, or use a service key",
    15: "this token may not search: ask VK's support to open the method, or use another app",
    17: "VK wants the account confirmed: sign in as the token's owner",
    18: "the account of this token is deleted or banned",
    27: "a community's token cannot search: use a service key",
    28: "this kind of token cannot search: use a user token or another service key",
}


def error_of(error: Mapping[str, Any], token: str, quota_wait: timedelta) -> CollectorError:
    """The exception for an `error` object of an answer.

    Args:
        error: its `request_params` are never shown.
        token: taken out of VK's own words, should they repeat it.
        quota_wait: how long to rest where VK wants hours of silence.
    """
    code, subcode = count(error.get("error_code")), count(error.get("error_subcode"))
    said = clean(string(error.get("error_msg")).replace(token, "…"))[:200]
    number = f"{code}/{subcode}" if subcode else str(code)
    message = f"VK error {number}: {_ADVICE.get(code or 0) or said or 'no words to it'}"
    if code == TOO_FAST:
        return RetriableError(message, retry_after=timedelta(seconds=5))
    if code in _LONG:
        return RetriableError(message, retry_after=quota_wait)
    if code is None or code in _PASSING:
        return RetriableError(message)
    return FatalError(message)
