"""What Meta's Graph APIs answer instead of data, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from collectors.http import Response
from collectors.interface import CollectorError, FatalError, RetriableError
from collectors.items import count, mapping, string
from collectors.text import clean

# Limits of an app, a user, a page; and a custom one.
_LIMITS: Final = frozenset({4, 17, 32, 613})
# Unknown, out of service, temporarily blocked.
_PASSING: Final = frozenset({1, 2, 368})
_ADVICE: Final = {
    10: "the app lacks a permission: has Meta approved it?",
    190: "the access token has ended or was withdrawn: make a new one",
    200: "the app lacks a permission: has Meta approved it?",
}
_REST: Final = timedelta(hours=1)


def error_in(response: Response) -> Mapping[str, Any]:
    """The `error` object of an answer; empty if it has none, as a page of HTML has."""
    try:
        return mapping(mapping(response.json()).get("error"))
    except RetriableError:
        if response.status == 200:
            raise
        return {}


def error_of(error: Mapping[str, Any], response: Response, token: str) -> CollectorError:
    """The exception for an `error` object of an answer.

    Args:
        error: the object; empty if the answer has none.
        response: the answer.
        token: taken out of Meta's own words, should they repeat it.
    """
    code = count(error.get("code"))
    said = clean(string(error.get("message")).replace(token, "…"))[:200]
    advice = _ADVICE.get(code or 0) or said or f"HTTP {response.status} without a reason"
    message = f"Meta error {code}: {advice}" if code else f"Meta refused the request: {advice}"
    if code in _LIMITS:
        return RetriableError(message, retry_after=_REST)
    if code in _PASSING or response.status >= 500:
        return RetriableError(message)
    return FatalError(message)
