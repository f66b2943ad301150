"""OPML, the format feed readers exchange their lists in: which feeds it names, under which names.

Read as forgivingly as a browser reads HTML: many lists in the wild are not well-formed XML.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from collectors.text import clean, site_of

LONGEST_NAME = 80

_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)")
_ADDRESS = re.compile(r"\bxmlurl\s*=\s*[\"'][^\"'\s]", re.IGNORECASE)
_SELF_CLOSING = re.compile(r"<outline\b([^<>]*?)/>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list: a name unique among all, and its address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class FeedList:
    """What a list holds.

    Attributes:
        feeds: each once.
        duplicates: how many named a feed that was there already.
        wrong: names of outlines whose address is no web address.
        unreadable: how many outlines are so broken that their feed is lost.
    """

    feeds: tuple[Outline, ...]
    duplicates: int
    wrong: tuple[str, ...]
    unreadable: int = 0


class NotOpmlError(Exception):
    """The file is no OPML."""


def read_opml(data: bytes, *, names: Collection[str] = (), urls: Collection[str] = ()) -> FeedList:
    """The feeds of an OPML document, however deep they are nested.

    Args:
        data: the file.
        names: that are taken already.
        urls: of feeds that are there already.

    Raises:
        NotOpmlError: it names no feed, and is no OPML.
    """
    text = _decoded(data)
    if "<opml" not in text[:10_000].lower() and "xmlurl" not in text.lower():
        raise NotOpmlError("it is no OPML: there is neither <opml> nor an outline with xmlUrl")
    taken, seen = {name.casefold() for name in names}, {same_feed(url) for url in urls}
    feeds: list[Outline] = []
    wrong: list[str] = []
    duplicates = read = 0
    for node in LexborHTMLParser(_SELF_CLOSING.sub(r"<outline\1></outline>", text)).css("outline"):
        url = (node.attributes.get("xmlurl") or "").strip()
        if not url:
            continue
        read += 1
        url = re.sub(r"^feed:(?://)?(?=https?:)|^feed:(?=//)", "", url, flags=re.IGNORECASE)
        url = f"http:{url}" if url.startswith("//") else url
        given = clean(node.attributes.get("title") or node.attributes.get("text") or "")
        name = " ".join(given.split()) or site_of(url) or "feed"
        if not site_of(url) or not url.lower().startswith(("http://", "https://")):
            wrong.append(name)
        elif same_feed(url) in seen:
            duplicates += 1
        else:
            seen.add(same_feed(url))
            feeds.append(Outline(unique_name(name, taken), url))
    unreadable = max(len(_ADDRESS.findall(text)) - read, 0)
    return FeedList(tuple(feeds), duplicates, tuple(wrong), unreadable)


def same_feed(url: str) -> str:
    """One spelling for addresses of the same feed: scheme, `www.` and a last slash do not count."""
    bare = re.sub(r"^https?://(?:www\.)?", "", url.strip(), flags=re.IGNORECASE)
    host, slash, rest = bare.partition("/")
    return host.lower() + (slash + rest).rstrip("/")


def unique_name(name: str, taken: set[str]) -> str:
    """The name, or with a number behind it if it is taken; it is taken from then on.

    Args:
        name: cut to what the name of a source may have.
        taken: names in casefolded form; the new one is added.
    """
    base = name[:LONGEST_NAME].strip() or "source"
    found, number = base, 1
    while found.casefold() in taken:
        number += 1
        ending = f" {number}"
        found = base[: LONGEST_NAME - len(ending)].rstrip() + ending
    taken.add(found.casefold())
    return found


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    declared = _DECLARED.search(data[:300])
    try:
        return data.decode(declared[1].decode("ascii") if declared else "utf-8-sig", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
