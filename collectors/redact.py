"""Addresses with their secrets taken out, for errors and logs."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

_KEY_LIKE = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w.~%+=-]{20,}")


def redact(url: str) -> str:
    """The address without user, password, query and fragment; path parts like a key become `…`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(an invalid address)"
    path = "/".join(_KEY_LIKE.sub("…", part) for part in parts.path.split("/"))
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{path}{query}"


def fingerprint(value: str | bytes) -> str:
    """A short name for a value that must not be written down itself: 16 hex digits of SHA-256."""
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return hashlib.sha256(data).hexdigest()[:16]
