"""The feeds of a web site: what its page declares, else where feeds usually are.

Every candidate is fetched and parsed before it is offered: an address that only looks like a feed
is none. WordPress sites also answer searches with a feed, which watches for a brand by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote_plus, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from collectors import feeds, offload
from collectors.http import HttpClient, Response
from collectors.interface import CollectorError, FatalError, RetriableError
from collectors.redact import redact
from collectors.text import clean

USUAL_PATHS: Final = (
    *("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json"),
    *("blog/feed/", "news/rss", "?feed=rss2"),
)
MOST_TRIED: Final = 12
"""Candidates fetched for one site: we are guests there."""

_FEED_TYPE = re.compile(r"(?:rss|atom|rdf|feed\+json)", re.IGNORECASE)
_FEED_LINK = re.compile(
    r"(?:\.(?:rss|atom|rdf)$|(?:^|[/_.-])(?:rss|atom|feed)s?(?:[/_.-]|$))", re.IGNORECASE
)
_HEADER_LINK = re.compile(r"<([^>]+)>\s*;([^,<]*)")


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and understood.

    Attributes:
        url: its final address.
        title: as the page that declares it calls it; may be empty.
        posts: how many entries it showed.
        sample: the title or text of its newest entry; may be empty.
    """

    url: str
    title: str
    posts: int
    sample: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    url: str
    title: str = ""


async def find_feeds(
    http: HttpClient, address: str, now: datetime, *, search: str = ""
) -> list[FoundFeed]:
    """The feeds of a page or site, those it declares first; the address may itself be a feed.

    Args:
        http: the client.
        address: `https://` is put before it if it names no scheme.
        now: aware; later dates are impossible.
        search: words a WordPress site is to be searched for, whose feed is offered too.

    Raises:
        FatalError, RetriableError: the page cannot be read.
    """
    page = await http.get(_with_scheme(address))
    whole = await _as_feed(page, "", now)
    if whole is not None:
        return [whole]
    declared = list(_declared(page, search))
    found = await _tried(http, declared, now)
    if found:
        return found
    bases = dict.fromkeys((_folder(page.url), urljoin(page.url, "/")))
    usual = [_Candidate(urljoin(base, path)) for base in bases for path in USUAL_PATHS]
    return await _tried(http, usual, now)


def _with_scheme(address: str) -> str:
    address = address.strip()
    if address.lower().startswith("feed:"):
        address = address[5:].removeprefix("//")
    return address if address.lower().startswith(("http://", "https://")) else f"https://{address}"


def _folder(url: str) -> str:
    path = urlsplit(url).path
    return urljoin(url, path if path.endswith("/") else f"{path.rsplit('/', 1)[0]}/")


def _declared(page: Response, search: str) -> Iterator[_Candidate]:
    """What the page links to as a feed: in its head, its headers, its text."""
    for target, parameters in _HEADER_LINK.findall(page.headers.get("link", "")):
        if "alternate" in parameters and _FEED_TYPE.search(parameters):
            yield _Candidate(urljoin(page.url, target))
    tree = LexborHTMLParser(page.text)
    base = tree.css_first("base[href]")
    start = urljoin(page.url, (base.attributes.get("href") or "") if base else "")
    for link in tree.css("link[rel~='alternate'][href]"):
        named = link.attributes
        if _FEED_TYPE.search(named.get("type") or ""):
            yield _Candidate(
                urljoin(start, named.get("href") or ""), clean(named.get("title") or "")
            )
    if search and _is_wordpress(tree):
        home = tree.css_first("link[rel='https://api.w.org/'][href]")
        root = (home.attributes.get("href") or "").partition("wp-json")[0] if home else start
        query = f"?s={quote_plus(search)}&feed=rss2"
        site = urljoin(start, root)
        folder = urljoin(site, urlsplit(site).path or "/")
        yield _Candidate(urljoin(folder, query), f"{search}: search")
    for link in tree.css("a[href]"):
        target = link.attributes.get("href") or ""
        if _FEED_LINK.search(urlsplit(target).path):
            yield _Candidate(urljoin(start, target), clean(link.text()))


def _is_wordpress(tree: LexborHTMLParser) -> bool:
    generator = tree.css_first("meta[name='generator'][content]")
    named = (generator.attributes.get("content") or "") if generator else ""
    return "wordpress" in named.lower() or bool(tree.css_first("link[rel='https://api.w.org/']"))


async def _tried(http: HttpClient, candidates: list[_Candidate], now: datetime) -> list[FoundFeed]:
    found: dict[str, FoundFeed] = {}
    unique = {candidate.url: candidate for candidate in reversed(candidates)}
    ordered = [unique[url] for url in dict.fromkeys(candidate.url for candidate in candidates)]
    for candidate in ordered[:MOST_TRIED]:
        if not candidate.url.lower().startswith(("http://", "https://")):
            continue
        try:
            feed = await _as_feed(await http.get(candidate.url), candidate.title, now)
        except (FatalError, RetriableError):
            continue  # most guesses lead nowhere
        if feed is not None:
            found.setdefault(feed.url, feed)
    return list(found.values())


async def _as_feed(response: Response, title: str, now: datetime) -> FoundFeed | None:
    kind = response.headers.get("content-type", "")
    read, body, url = feeds.parse_feed, response.body, response.url
    try:
        feed = await offload.run(len(body), read, body, content_type=kind, url=url, now=now)
    except (feeds.NotAFeedError, offload.GaveUpError):
        return None
    sample = " ".join((feed.posts[0].title or feed.posts[0].text).split()) if feed.posts else ""
    return FoundFeed(url, title, len(feed.posts), sample[:100])


def nothing_found(address: str) -> CollectorError:
    """What to say when a site has no feed."""
    return FatalError(
        f"{redact(_with_scheme(address))} declares no feed and has none where feeds usually are; "
        "if you know its feed, give that address"
    )
