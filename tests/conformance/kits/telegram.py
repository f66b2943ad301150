from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

from tests.conformance.kit import Item, Kit
from tests.conformance.server import Answer, Request

HEAD = (
    '<div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span>Zerno</span>'
    '</div><div class="tgme_channel_info_counter"><span class="counter_value">12.4K</span> '
    '<span class="counter_type">subscribers</span></div></div>'
)


class TelegramKit(Kit):
    type = "telegram"
    lag = timedelta(days=300)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"channels": ["zerno_news"], "base_url": base_url, "backfill": "30d"}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path.startswith("/zerno_news/") and request.query.get("embed") == "1":
            return _alone(request.path.rpartition("/")[2], items)
        if request.path != "/s/zerno_news":
            return Answer(302, headers={"Location": f"https://t.me{request.path}"})
        before = int(request.query.get("before", 10**9))
        shown = [item for item in items if _number(item) < before][-self.page :]
        return _page(f"{HEAD}<main>{''.join(map(_message, shown))}</main>")


def _page(body: str) -> Answer:
    html = f"<html><body>{body}</body></html>"
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return Answer(200, html.encode("utf-8", "surrogatepass"), headers)


def _alone(number: str, items: Sequence[Item]) -> Answer:
    """A message as sites embed it."""
    for item in items:
        if str(_number(item)) == number:
            return _page(_message(item))
    return _page('<div class="tgme_widget_message_error">Post not found</div>')


def _number(item: Item) -> int:
    return 200 + item.number


def _message(item: Item) -> str:
    number: object = _number(item)
    if item.junk is not None or not item.has_id:
        number = f"{number}x"
    text = ""
    if item.text is not None:
        body = escape(item.text).replace("\n", "<br/>")
        text = f'<div class="tgme_widget_message_text js-message_text" dir="auto">{body}</div>'
    time = f'<time datetime="{item.stamp()}" class="time">11:55</time>' if item.at else ""
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        f'<div class="tgme_widget_message js-widget_message" data-post="zerno_news/{number}">'
        f'{text}<div class="tgme_widget_message_footer">'
        '<span class="tgme_widget_message_views">1.2K</span>'
        f'<a class="tgme_widget_message_date" href="https://t.me/zerno_news/{number}">{time}</a>'
        "</div></div></div>"
    )


KIT = TelegramKit()
