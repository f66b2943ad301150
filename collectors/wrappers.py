"""Addresses that stand for another one: redirects of search engines, AMP caches, twin hosts."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

_TARGETS: Final = {
    "google.com/url": ("url", "q"),
    "google.ru/url": ("url", "q"),
    "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",),
    "vk.com/away.php": ("to",),
    "m.vk.com/away.php": ("to",),
    "out.reddit.com": ("url",),
    "youtube.com/redirect": ("q",),
}
"""Where an address only sends on: host and path, and the parameters that may hold the target."""

_TWINS: Final = {
    "old.reddit.com": "reddit.com",
    "new.reddit.com": "reddit.com",
    "np.reddit.com": "reddit.com",
    "twitter.com": "x.com",
    "x.com": "x.com",
    "nitter.net": "x.com",
    "telegram.me": "t.me",
    "vkontakte.ru": "vk.com",
    "m.habr.com": "habr.com",
}
"""Hosts that show the same pages under the same paths."""

_WIKI = re.compile(r"^([\w-]+)\.m\.(wik\w+\.org)$")
_CACHE = re.compile(r"^[\w-]+\.cdn\.ampproject\.org$")
_AMP_TARGET = re.compile(r"^/(?:amp/|[cvi]/)(s/)?(.+)$")
_VIDEO = re.compile(r"^/(?:shorts|embed|live|v)/([\w-]{11})/?$")
_PREVIEW = re.compile(r"^/s/(?=[\w]+/\d+)")


def unwrapped(url: str) -> str:
    """The address that `url` stands for; itself if it stands for none.

    Raises:
        ValueError: it is no valid address.
    """
    for _ in range(3):
        inner = _target(url)
        if inner is None:
            return _twin(url)
        url = inner
    return url


def _target(url: str) -> str | None:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    for place in (host + parts.path.rstrip("/"), host):
        for name in _TARGETS.get(place, ()):
            for value in parse_qs(parts.query).get(name, ()):
                if value.lower().startswith(("http://", "https://")):
                    return value
    cached = host == "google.com" and parts.path.startswith("/amp/")
    match = _AMP_TARGET.match(parts.path) if cached or _CACHE.match(host) else None
    if match and "." in match[2].partition("/")[0]:
        query = f"?{parts.query}" if parts.query else ""
        return f"{'https' if match[1] else 'http'}://{match[2]}{query}"
    return None


def _twin(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("mobile.")
    path, query = parts.path, parts.query
    twin = _TWINS.get(host) or _WIKI.sub(r"\1.\2", host)
    if host == "youtu.be" and len(path) > 1:
        return f"https://youtube.com/watch?v={path[1:].partition('/')[0]}"
    if host in {"youtube.com", "m.youtube.com"} and (video := _VIDEO.match(path)):
        return f"https://youtube.com/watch?v={video[1]}"
    if host in {"youtube.com", "m.youtube.com"} and path == "/watch":
        return f"https://youtube.com/watch?v={parse_qs(query).get('v', [''])[0]}"
    if twin == "x.com" and "/status/" in path:
        query = ""  # who shared it, and where
    elif host == "t.me" and _PREVIEW.match(path):
        path = path.removeprefix("/s")
    elif twin == host:
        return url
    return urlunsplit((parts.scheme, twin, path, query, parts.fragment))
