from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

LANGUAGES = [{"id": 0, "code": "und", "name": "Undetermined"}, {"id": 37, "code": "en"}]


class LemmyKit(Kit):
    """Even items are posts and odd ones comments, so both lists are walked."""

    type = "lemmy"
    environment: ClassVar = {"LEMMY_TOKEN": "s3cret-lemmy-jwt"}
    lag = timedelta(hours=5)
    api = "v3"
    home = "https://kofe.example"

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        self.home = base_url
        return {
            "instance": base_url,
            "queries": ["zerno"],
            "page_size": 3,
            "token_env": "LEMMY_TOKEN",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.headers.get("authorization") != "Bearer s3cret-lemmy-jwt":
            return json_answer({"error": "not_logged_in"}, 401)
        if request.path == f"/api/{self.api}/site":
            return json_answer({"version": "0.19.12", "all_languages": LANGUAGES})
        if request.path in {f"/api/{self.api}/post", f"/api/{self.api}/comment"}:
            return self.single(request, items)
        if request.path != f"/api/{self.api}/search":
            return Answer(404)
        return json_answer(self.search(request.query, items))

    def single(self, request: Request, items: Sequence[Item]) -> Answer:
        sort = request.path.rpartition("/")[2]
        for item in items:
            if _sort(item) == sort and str(item.number) == request.query["id"]:
                return json_answer({f"{sort}_view": self.view(item)})
        return json_answer({"error": f"couldnt_find_{sort}"}, 404)

    def view(self, item: Item) -> Any:
        return _view(item, self.home)

    def search(self, query: Any, items: Sequence[Item]) -> dict[str, Any]:
        shown = sorted(
            (item for item in items if query["type_"] == _sort(item).title() + "s"),
            key=_filed,
            reverse=True,
        )
        assert (query["q"], query["sort"], query["listing_type"]) == ("zerno", "New", "All")
        size, page = int(query["limit"]), int(query["page"])
        views = [self.view(item) for item in shown[size * (page - 1) : size * page]]
        answer: dict[str, Any] = {"type_": query["type_"], "posts": [], "comments": []}
        return {**answer, "communities": [], "users": [], query["type_"].lower(): views}


class LemmyV4Kit(LemmyKit):
    api = "v4"

    def view(self, item: Item) -> Any:
        return _in_v4(_view(item, self.home))

    def search(self, query: Any, items: Sequence[Item]) -> dict[str, Any]:
        start = NOW - timedelta(seconds=int(query["time_range_seconds"]))
        shown = [item for item in items if query["type_"] == _sort(item) + "s"]
        shown = sorted((i for i in shown if _filed(i)[0] >= start), key=_filed, reverse=True)
        assert (query["search_term"], query["listing_type"]) == ("zerno", "all")
        at, size = int(query.get("page_cursor", "P0")[1:]), int(query["limit"])
        views = [self.view(item) for item in shown[at : at + size]]
        more = {"next_page": f"P{at + size}"} if self.goes_on(at, size, len(shown)) else {}
        empty: dict[str, Any] = {"posts": [], "comments": [], "communities": [], "persons": []}
        return {**empty, query["type_"]: views, **more}


def _sort(item: Item) -> str:
    return "comment" if item.number % 2 else "post"


def _filed(item: Item) -> tuple[Any, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _view(item: Item, home: str) -> Any:
    if item.junk is not None:
        return item.junk
    sort, address = _sort(item), f"{home}/{_sort(item)}/{item.number}"
    written: dict[str, Any] = {
        "id": item.number,
        "ap_id": address if item.has_id else None,
        "published": item.stamp() or None,
        "language_id": 37,
        "deleted": False,
        "removed": False,
    }
    thread = {"id": 7, "ap_id": "https://kofe.example/post/7", "name": "Which beans?"}
    if sort == "comment":
        written |= {"content": item.text, "path": f"0.{item.number}", "post_id": 7}
    else:
        written |= {"body": item.text, "name": None if item.text is None else "Zerno"}
    written = {name: value for name, value in written.items() if value is not None}
    return {
        "post": thread,
        sort: written,
        "creator": {"name": "anna", "actor_id": "https://kofe.example/u/anna"},
        "community": {"name": "coffee"},
        "counts": {"score": 2, "upvotes": 3, "downvotes": 1, "comments": 4, "child_count": 0},
    }


def _in_v4(view: Any) -> Any:
    """Version 4 has other names, and counts inside the item."""
    if not isinstance(view, dict) or "counts" not in view:
        return view
    sort = "comment" if "comment" in view else "post"
    written, counts = dict(view[sort]), view["counts"]
    if "published" in written:
        written["published_at"] = written.pop("published")
    creator = {"name": "anna", "ap_id": view["creator"]["actor_id"]}
    kept = {name: value for name, value in view.items() if name != "counts"}
    return {**kept, "creator": creator, sort: {**written, **counts}}


KIT = LemmyKit()
