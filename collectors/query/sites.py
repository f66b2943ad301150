"""Hosts of `site:` conditions and of documents."""

from __future__ import annotations

import re

_HOST = re.compile(r"(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/@]*@)?([^/:?#]+)", re.IGNORECASE)


def host(address: str) -> str:
    """The host of an address or URL: small letters, without `www.`, in its own script."""
    found = _HOST.match(address.strip())
    if not found:
        return ""
    name = found.group(1).lower().removeprefix("www.").strip(".")
    if "xn--" not in name:
        return name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name


def domains(address: str) -> list[str]:
    """A host and every domain above it: `a.b.com` is in `b.com` and in `com`."""
    parts = host(address).split(".")
    return [".".join(parts[index:]) for index in range(len(parts))] if parts != [""] else []
