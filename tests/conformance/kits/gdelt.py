from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class GdeltKit(Kit):
    type = "gdelt"
    lag = timedelta(hours=23)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            # There is no paging within a second, and the suite puts eleven items into one.
            "page_size": 12,
            "pause": "0s",
            "base_url": f"{base_url}/api/v2/doc",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/api/v2/doc/doc":
            return Answer(404)
        after, until = (_moment(request.query[f"{end}datetime"]) for end in ("start", "end"))
        # The service knows only when it saw an article, whatever that claims. (It rounds to 15
        # minutes; here the second stays, as the suite compares it.)
        found = [(_seen(item), item) for item in items]
        found = [pair for pair in found if after <= pair[0] <= until]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=True)
        shown = found[: int(request.query["maxrecords"])]
        # Nothing found is an empty object, without a list.
        return json_answer({"articles": [_article(item) for _, item in shown]} if shown else {})


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _seen(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _article(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    zone = "" if item.naive else "Z"
    article = {
        "url": f"https://news.example.com/{item.number}" if item.has_id else None,
        "url_mobile": "",
        "title": item.text,
        "seendate": item.at.strftime("%Y%m%dT%H%M%S") + zone if item.at else None,
        "socialimage": "",
        "domain": "news.example.com",
        "language": "English",
        "sourcecountry": "United States",
    }
    return {name: value for name, value in article.items() if value is not None}


KIT = GdeltKit()
