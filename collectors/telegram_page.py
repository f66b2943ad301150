"""Reading Telegram's public channel preview. Its HTML is undocumented: every selector is here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post
from collectors.items import Converted, convert
from collectors.text import clean, html_to_text

_MESSAGE = "div.tgme_widget_message[data-post]"
_TEXT = ".tgme_widget_message_text"
_QUOTED = ".tgme_widget_message_reply"
_TIME = ".tgme_widget_message_date time[datetime]"
_VIEWS = ".tgme_widget_message_views"
_SIGNATURE = ".tgme_widget_message_from_author"
_REACTION = ".tgme_reaction"
_HEADER = ".tgme_channel_info, .tgme_page"
_TITLE = ".tgme_channel_info_header_title"
_OWNER = ".tgme_widget_message_owner_name"
_COUNTER = ".tgme_channel_info_counter"
_ERROR = ".tgme_widget_message_error"
_NOT_FOUND = "post not found"
_COUNT = re.compile(r"([\d.,]+)\s*([KM]?)")


class LayoutChangedError(Exception):
    """The page is no channel preview as this module knows it."""


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """One page of a channel.

    Attributes:
        numbers: of every message on it, service messages included, in rising order.
    """

    converted: Converted
    numbers: tuple[int, ...]


def parse_page(html: str, channel: str, *, base_url: str, now: datetime) -> ChannelPage:
    """The messages of a preview page.

    Raises:
        LayoutChangedError: it has neither messages nor a channel's head.
    """
    tree = LexborHTMLParser(html)
    messages = tree.css(_MESSAGE)
    if not messages:
        if "tgme_widget_message" in html or not tree.css_first(_HEADER):
            raise LayoutChangedError
        return ChannelPage(Converted((), ()), ())
    reader = _Reader(tree, channel, base_url, now)
    converted = convert(messages, reader.post, lambda node: node.attributes.get("data-post"))
    numbers = sorted({number for node in messages if (number := _number(node)) is not None})
    return ChannelPage(converted, tuple(numbers))


def parse_post(html: str, channel: str, *, base_url: str, now: datetime) -> Converted | None:
    """The message of a page that shows it alone; `None` if the page says that there is none.

    Raises:
        LayoutChangedError: it says neither.
    """
    tree = LexborHTMLParser(html)
    messages = tree.css(_MESSAGE)
    if messages:
        reader = _Reader(tree, channel, base_url, now)
        return convert(messages, reader.post, lambda node: node.attributes.get("data-post"))
    if _NOT_FOUND in _inner(tree.css_first(_ERROR)).lower():
        return None
    raise LayoutChangedError


class _Reader:
    def __init__(self, tree: LexborHTMLParser, channel: str, base_url: str, now: datetime) -> None:
        self.channel, self.base_url, self.now = channel, base_url, now
        self.title = _inner(tree.css_first(_TITLE)) or _inner(tree.css_first(_OWNER))
        self.subscribers = _subscribers(tree)

    def post(self, node: LexborNode) -> Post | None:
        if "service_message" in (node.attributes.get("class") or ""):
            return None
        number = _number(node)
        if number is None:
            raise ValueError(node.attributes.get("data-post"))
        time = node.css_first(_TIME)
        reactions = [_count(_inner(reaction)) for reaction in node.css(_REACTION)]
        return Post(
            # The channel's case may differ between its own links: ids must not.
            native_id=f"{self.channel.lower()}/{number}",
            kind="message",
            text=_message_text(node),
            url=f"{self.base_url}/{self.channel}/{number}",
            published_at=parse_date(time.attributes.get("datetime"), now=self.now)
            if time
            else None,
            author=Author(
                id=self.channel.lower(),
                handle=f"@{self.channel}",
                name=_inner(node.css_first(_SIGNATURE)) or self.title,
                followers=self.subscribers,
            ),
            engagement=Engagement(
                likes=sum(filter(None, reactions)) if reactions else None,
                views=_count(_inner(node.css_first(_VIEWS))),
            ),
            parent_id=self._parent(node),
            site="t.me",
        )

    def _parent(self, node: LexborNode) -> str:
        reply = node.css_first(f"{_QUOTED}[href]")
        number = re.search(r"/(\d+)(?:\?|$)", reply.attributes.get("href") or "") if reply else None
        return f"{self.channel.lower()}/{number[1]}" if number else ""


def _message_text(node: LexborNode) -> str:
    """The message's own text: not that of the one it replies to."""
    for text in node.css(_TEXT):
        if "js-message_reply_text" in (text.attributes.get("class") or ""):
            continue
        if not _is_inside(text, node, _QUOTED[1:]):
            return html_to_text(text.html or "")
    return ""


def _is_inside(node: LexborNode, top: LexborNode, css_class: str) -> bool:
    parent = node.parent
    while parent is not None and parent != top:
        if css_class in (parent.attributes.get("class") or "").split():
            return True
        parent = parent.parent
    return False


def _number(node: LexborNode) -> int | None:
    digits = (node.attributes.get("data-post") or "").rpartition("/")[2].partition("?")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 16 else None


def _subscribers(tree: LexborHTMLParser) -> int | None:
    for counter in tree.css(_COUNTER):
        text = _inner(counter)
        if "subscriber" in text or "подписчик" in text:
            return _count(text)
    return None


def _inner(node: LexborNode | None) -> str:
    return clean(node.text()) if node else ""


def _count(text: str) -> int | None:
    """The number in `12.3K views` or `👍 45`; rounded by Telegram itself."""
    found = _COUNT.search(text)
    if not found:
        return None
    try:
        value = float(found[1].replace(",", ""))
    except ValueError:
        return None
    return round(value * {"K": 1_000, "M": 1_000_000, "": 1}[found[2]])
