"""Plain text out of what sources send: markup, control characters, addresses."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser

from collectors.wrappers import unwrapped

MAX_CHARS: Final = 100_000
"""Longest text kept; no honest post is longer, and a 5 MB one would stall the model."""

CUT_MARK: Final = " […]"

_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
# Each matches only where something changes: a single plain space is left alone, unreplaced.
_SPACES = re.compile("[^\\S\n ][^\\S\n]*| [^\\S\n]+")
_AROUND_BREAK = re.compile(" \n ?|\n ")
_MANY_BREAKS = re.compile("\n{3,}")

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|"
    r"header|hr|li|main|nav|ol|p|pre|section|table|tr|ul)\b)",
    re.IGNORECASE,
)
_CELL = re.compile(r"<(?=t[dh]\b)", re.IGNORECASE)
# Left open, these would swallow the rest of the text as their own.
_SWALLOWING = re.compile(
    r"</?(?:iframe|noembed|noframes|object|plaintext|textarea|title|xmp)\b[^>]*>", re.IGNORECASE
)
_UNREAD = ["script", "style", "template", "noscript", "svg", "math", "head"]

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|yclid|ysclid|msclkid|mc_[ce]id|igshid|_openstat|from_rss|rss|"
    r"ref|ref_src|ref_url|cmpid|spm|at_\w+|ns_\w+|wt_mc|amp|outputtype|igsh|[gw]braid|gad_\w+|"
    r"ttclid|twclid|li_fat_id|_hsenc|_hsmi|mkt_tok|erid|rb_clickid|oly_\w+|vero_\w+",
    re.IGNORECASE,
)
_HOST_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
# What is said under a page has its address and a number behind `#`: it is no copy of the page.
_PART = re.compile(
    r"(?:div-|find|issue|commit|discussion|pullrequest|pull)?[-_]?"
    r"(?:comments?|cmt|komment|reply|replies|answer|post|message|msg|pid|review|entry|c|m|p|r|t)"
    r"[-_=]?\d+(?:[-_]\d+)*",
    re.IGNORECASE,
)
_AMP_PATH = re.compile(r"(?:/amp|\.amp(?=\.html?$))(?=/?$|\.html?$)", re.IGNORECASE)


def clean(text: str) -> str:
    """Text fit to keep: NFC, no control characters or lone surrogates, at most `MAX_CHARS`.

    Runs of spaces become one, and more than one empty line becomes one.
    """
    text = text[: MAX_CHARS * 2]
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _CONTROL.sub("", _LINE_BREAK.sub("\n", text))
    text = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text))
    text = _MANY_BREAKS.sub("\n\n", text).strip()
    if len(text) > MAX_CHARS:
        text = text[: MAX_CHARS - len(CUT_MARK)].rstrip() + CUT_MARK
    return text


def html_to_text(html: str) -> str:
    """What a reader of `html` sees: blocks on lines of their own, no script, entities resolved.

    Inline elements are joined without spaces, as Mastodon cuts a link into hidden spans.
    """
    if "<" not in html:
        return clean(unescape(html) if "&" in html else html)
    html = " ".join(html[: MAX_CHARS * 8].replace("\x00", "").split())
    html = _CELL.sub(" <", _BLOCK.sub("\n<", _SWALLOWING.sub(" ", html)))
    tree = LexborHTMLParser(_SURROGATE.sub("\ufffd", html))
    tree.strip_tags(_UNREAD)
    return clean(tree.body.text()) if tree.body else ""


def markup_to_text(text: str) -> str:
    """A field that should be plain but may hold tags, like an RSS title; `5 < 6` stays."""
    return html_to_text(text) if _TAG.search(text) or "&" in text else clean(text)


def language(declared: object) -> str | None:
    """ISO 639-1 of a declared language tag: `ru-RU` is `ru`; `None` for anything else."""
    if not isinstance(declared, str):
        return None
    primary = re.split(r"[-_]", declared.strip().lower())[0]
    return primary if len(primary) == 2 and primary.isascii() and primary.isalpha() else None


def site_of(url: str) -> str:
    """The host of an address without `www.` or a mobile prefix; empty if it has none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return _HOST_PREFIX.sub("", host)


def canonical_url(url: str) -> str:
    """One spelling for all addresses of the same page; empty when it names no single page.

    Tracking parameters, `www.`/mobile/AMP forms, scheme, port and trailing slash go; redirects and
    twin hosts are undone; other parameters are kept, sorted. A fragment goes unless it numbers a
    comment or the like (`#comment-7`), which is a text of its own. A bare host is the address of a
    site, not of a story.
    """
    try:
        url = unwrapped(url.strip())
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = site_of(url)
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    if port and port not in {80, 443}:
        host = f"{host}:{port}"
    path = _AMP_PATH.sub("", parts.path).rstrip("/")
    kept = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0])
    ]
    if not path and not kept:
        return ""
    part = parts.fragment if _PART.fullmatch(parts.fragment) else ""
    return urlunsplit(("https", host, path, urlencode(sorted(kept)), part))
