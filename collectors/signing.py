"""Signatures of pushed posts: HMAC-SHA256 of "TIMESTAMP.BODY", over the bytes as sent.

The timestamp is signed with the body, so a request that was overheard is worth nothing once it is
older than `WINDOW`; inside that, it is the same delivery and changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

SIGNATURE: Final = "X-Signature-256"
TIMESTAMP: Final = "X-Timestamp"

WINDOW: Final = timedelta(minutes=5)
"""How far a sender's clock may be from ours, and how long a request is good for."""

SHORTEST_SECRET: Final = 16

_SECONDS = re.compile(r"\d{1,12}")


class RefusedError(Exception):
    """A request is not signed as it must be; the message may be shown to its sender."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the `X-Signature-256` header."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def check(secret: str, timestamp: str, given: str, body: bytes, now: datetime) -> str:
    """A name for the delivery, the same for the same request.

    Args:
        secret: shared with the sender.
        timestamp: the request's `X-Timestamp`: seconds since 1970.
        given: its `X-Signature-256`.
        body: as it was sent.
        now: aware.

    Raises:
        RefusedError: the signature is another, or the timestamp too old or too new.
    """
    if not _SECONDS.fullmatch(timestamp):
        raise RefusedError(f"{TIMESTAMP} must be the seconds since 1970")
    expected = signature(secret, timestamp, body)
    # The signature first: a stranger learns nothing of our clock.
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        raise RefusedError(f"{SIGNATURE} is not the signature of this body")
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise RefusedError(f"{TIMESTAMP} is more than {WINDOW.seconds} s away from our clock")
    return f"{int(timestamp):012}-{expected.removeprefix('sha256=')[:32]}"
