"""RSS, RDF and Atom documents to posts, by feedparser; whatever can be salvaged is.

Pure and picklable, to be run off the event loop. feedparser is given bytes in a `BytesIO` only:
a string, or bytes that look like a path, it would open.
"""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin

import feedparser
from feedparser.encodings import convert_to_utf8

from collectors import json_feed
from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError, Skipped
from collectors.items import convert, count
from collectors.redact import fingerprint
from collectors.text import html_to_text, language, markup_to_text, site_of

VERSION: Final = 4
"""Raise it when the same bytes give other posts: unchanged feeds are then read once more."""

_MOST_EXPANDED: Final = 1_000_000
_FIRST_ELEMENT = re.compile(rb"<\w")
_ENTRY_START = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_LONG_BLANK = re.compile(rb"\s{200,}")
_ENTITY = re.compile(rb"<!ENTITY\s+(\w+)\s+[\"']([^\"']*)")
_ANY_ENTITY = re.compile(rb"<!ENTITY[^>]*>")
_PARAMETER_ENTITY = re.compile(rb"<!ENTITY\s+%")
_REFERENCE = re.compile(rb"&(\w+);")
_CHARACTERS = re.compile(rb"(?:&#(?:[xX][0-9a-fA-F]+|[0-9]+);?)+")
_CHARACTER = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+))")
_HALVES = re.compile(rb"(?:\xed[\xa0-\xbf][\x80-\xbf])+")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}


class NotAFeedError(Exception):
    """The document is no feed in any format: an error page, most likely."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed document holds.

    Attributes:
        ttl: how often it says it changes, if it does.
        malformed: it broke its format's rules and was salvaged.
        cut: it ends in the middle; an entry that was begun and not ended is left out.
    """

    posts: tuple[Post, ...]
    skipped: tuple[Skipped, ...] = ()
    ttl: timedelta | None = None
    malformed: bool = False
    cut: bool = False


def parse_feed(body: bytes, *, content_type: str, url: str, now: datetime) -> Feed:
    """Read a feed document of any format.

    Args:
        body: as it came from the network.
        content_type: the whole header; its charset counts.
        url: its final address, against which relative links are resolved.
        now: aware; dates more than a day later are impossible.

    Raises:
        NotAFeedError: it is none.
    """
    if json_feed.looks_like(body, content_type):
        posts = json_feed.parse(body, url=url, now=now)
        if posts is None:
            raise NotAFeedError("JSON, but no JSON Feed")
        return Feed(posts.posts, posts.skipped)
    parsed, cut = _parse_xml(body, content_type)
    entries, feed = parsed["entries"], parsed["feed"]
    if not parsed.get("version") and not entries:
        raise NotAFeedError("no feed format is recognised in it")
    # The same entry given twice still has an id of its own.
    named = {(_get(e, "id"), _get(e, "link") or _get(e, "title")) for e in entries}
    reader = _Reader(url, now, feed, Counter(given for given, _ in named))
    converted = convert(entries, reader.post, reader.native_id)
    malformed = bool(parsed.get("bozo"))
    return Feed(converted.posts, converted.skipped, _ttl(feed), malformed, cut)


def _without_half_an_entry(body: bytes) -> bytes | None:
    """A document that breaks off, up to its last whole entry; `None` if it does not break off.

    Half a text would be kept as if its author had written it, and then as edited.
    """
    ends = [match.end() for match in _ENTRY_END.finditer(body)]
    if _ROOT_END.search(body, ends[-1] if ends else 0):
        return None
    begun = _ENTRY_START.search(body, ends[-1] if ends else 0)
    return body[: begun.start()] if begun else body


def _parse_xml(body: bytes, content_type: str) -> tuple[Mapping[str, Any], bool]:
    """What feedparser makes of it, and whether the document breaks off."""
    headers = {"content-type": content_type} if content_type else {}
    found: dict[str, Any] = {"headers": headers}
    data = convert_to_utf8(headers, _mended(body.strip(b" \t\r\n")), found)
    if found.get("encoding"):
        headers = {"content-type": "application/xml; charset=utf-8"}
    whole = _without_half_an_entry(data)
    cut, data = whole is not None, data if whole is None else whole
    # No base address: feedparser would make ids absolute with it, and they must not change when
    # a redirect leads to another host. Links are resolved here instead.
    parsed: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(_defused(data)),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return parsed, cut


def _mended(body: bytes) -> bytes:
    """UTF-8 with a few broken characters made whole.

    Texts cut in the middle of a character are common; feedparser would then read the whole
    document as windows-1252 and turn every Russian word of it to rubbish.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return body
    # Halves of letters first: they are read the same whether the document is whole or cut off.
    joined = _HALVES.sub(_real_letters, body)
    text = joined.decode("utf-8", "replace")
    broken = text.count("\ufffd") - joined.count("\ufffd".encode())
    whole = len(_NOT_ASCII.findall(text)) - broken
    return body if whole < 20 * broken else text.encode()


def _real_letters(halves: re.Match[bytes]) -> bytes:
    """A run of surrogates in UTF-8: pairs joined, what is left over replaced."""
    text = halves[0].decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _defused(data: bytes) -> bytes:
    """The document without what would make its parser fail, run or grow for ever.

    feedparser's fallback expands entities without a limit, and its search for declarations is
    quadratic in blank space before the first element.
    """
    data = _CHARACTERS.sub(_real_characters, data)
    first = _FIRST_ELEMENT.search(data)
    start = first.start() if first else len(data)
    data = _LONG_BLANK.sub(b"\n", data[:start]) + data[start:]
    if b"<!ENTITY" not in data:
        return data
    entities = dict(_ENTITY.findall(data))
    uses = Counter(_REFERENCE.findall(data))
    expanded = sum(len(value) * uses[name] for name, value in entities.items())
    nested = any(
        name in entities for value in entities.values() for name in _REFERENCE.findall(value)
    )
    if nested or expanded > _MOST_EXPANDED or _PARAMETER_ENTITY.search(data):
        return _ANY_ENTITY.sub(b"", data)
    return data


def _real_characters(references: re.Match[bytes]) -> bytes:
    """A run of `&#…;` with halves of letters joined, and what is no character replaced.

    On a single one of those feedparser would give the whole document up.
    """
    found = _CHARACTER.findall(references[0])
    codes = [_code(hexadecimal, decimal) for hexadecimal, decimal in found]
    if all(0 < code < 0xD800 or 0xDFFF < code <= sys.maxunicode for code in codes):
        return references[0]
    text = "".join(chr(code) if 0 < code <= sys.maxunicode else "\ufffd" for code in codes)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(f"&#{ord(letter)};" for letter in whole).encode()


def _code(hexadecimal: bytes, decimal: bytes) -> int:
    digits = hexadecimal or decimal
    # Python refuses to read thousands of digits, and no character needs them.
    return int(digits, 16 if hexadecimal else 10) if len(digits) < 20 else 0


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads entries with plain `dict.get`: FeedParserDict's own is slow and substitutes fields."""

    url: str
    now: datetime
    feed: Mapping[str, Any]
    ids: Counter[str | None]

    def post(self, entry: Mapping[str, Any]) -> Post:
        title, title_detail = self._title(entry)
        url = self._link(entry, title_detail)
        published = parse_date(_get(entry, "published"), now=self.now)
        updated = parse_date(_get(entry, "updated"), now=self.now)
        if published is None:
            published = parse_date(_get(entry, "created"), now=self.now) or updated
        edited = updated if updated and published and updated > published else None
        return Post(
            native_id=self.native_id(entry),
            kind="article",
            title=title,
            text=self._text(entry),
            url=url,
            published_at=published,
            edited_at=edited,
            author=Author(name=self._author(entry)),
            engagement=Engagement(
                comments=count(_get(entry, "slash_comments") or _get(entry, "thr_total"))
            ),
            lang=language(_get(title_detail, "language")) or language(_get(self.feed, "language")),
            # An aggregator names the site that an entry is from.
            site=site_of(_get(_get(entry, "source") or {}, "href") or url or self.url),
        )

    def native_id(self, entry: Mapping[str, Any]) -> str:
        """The guid, else the link, else a hash; a guid that several entries share is no id."""
        given = _get(entry, "id")
        link = _get(entry, "link") or ""
        if given and self.ids[given] == 1:
            return str(given)
        if given:
            return f"{given}#{fingerprint(link or _get(entry, 'title') or '')}"
        if link:
            return str(link)
        title, date = _get(entry, "title") or "", _get(entry, "published") or ""
        basis = title + date or self._text(entry)
        if not basis:
            raise SkippableError("it has no id, link, title or text")
        return f"sha256:{fingerprint(basis)}"

    def _title(self, entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        detail = _get(entry, "title_detail") or {}
        title = _get(entry, "title") or ""
        if "html" in (_get(detail, "type") or ""):
            return html_to_text(title), detail
        return markup_to_text(title), detail

    def _text(self, entry: Mapping[str, Any]) -> str:
        contents = [part for part in _get(entry, "content") or () if _get(part, "value")]
        if contents:
            best = max(contents, key=lambda part: "html" in (_get(part, "type") or ""))
            text = _plain(best["value"], _get(best, "type"))
            if text:
                return text
        detail = _get(entry, "summary_detail") or {}
        return _plain(_get(entry, "summary") or "", _get(detail, "type"))

    def _link(self, entry: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
        link = _get(entry, "feedburner_origlink") or _get(entry, "link") or ""
        try:
            base = urljoin(self.url, _get(detail, "base") or "")
            link = urljoin(base, link.strip()) if link else ""
        except ValueError:
            return ""
        return link if link.lower().startswith(("http://", "https://")) else ""

    def _author(self, entry: Mapping[str, Any]) -> str:
        name = _get(_get(entry, "author_detail") or {}, "name") or _get(entry, "author") or ""
        return markup_to_text(name)


def _get(mapping: Mapping[str, Any], key: str) -> Any:
    return dict.get(mapping, key)  # type: ignore[call-overload]


def _plain(value: str, kind: str | None) -> str:
    # Even "text/plain" holds markup in practice: feeds lie about their types.
    return html_to_text(value) if "html" in (kind or "") else markup_to_text(value)


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    minutes = count(_get(feed, "ttl"))
    if minutes:
        return timedelta(minutes=min(minutes, 1440))
    hours = _PERIODS.get(str(_get(feed, "sy_updateperiod") or "").strip().lower())
    if hours is None:
        return None
    times = count(_get(feed, "sy_updatefrequency")) or 1
    return timedelta(hours=min(hours, 24)) / max(times, 1)
