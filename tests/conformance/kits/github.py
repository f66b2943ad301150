from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

SPAN = re.compile(r" updated:(\S+?)\.\.(\S+)$")


class GitHubKit(Kit):
    type = "github"
    size = "per_page"
    environment: ClassVar = {"GITHUB_TOKEN_FOR_MOLVA": "s3cret-github-token"}

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ['"zerno coffee"'],
            "kinds": ["issue"],
            "token_env": "GITHUB_TOKEN_FOR_MOLVA",
            "page_size": 3,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.headers.get("authorization") != "Bearer s3cret-github-token":
            return json_answer({"message": "Bad credentials", "status": "401"}, 401)
        if request.path == "/graphql":
            return _nodes(request.json()["variables"]["ids"], items)
        if request.path != "/search/issues":
            return json_answer({"message": "Not Found", "status": "404"}, 404)
        query, size, page = (request.query[name] for name in ("q", "per_page", "page"))
        span = SPAN.search(query)
        # Apps of users are refused a search that does not say which of the two it is for.
        if not span or ("is:issue" in query) == ("is:pull-request" in query):
            return json_answer({"message": "Validation Failed", "errors": []}, 422)
        if int(page) * int(size) > 1000 + int(size):
            message = "Only the first 1000 search results are available"
            return json_answer({"message": message}, 422)
        low, high = map(datetime.fromisoformat, span.groups())
        found = [item for item in items if low <= _updated(item) <= high]
        found.sort(key=lambda item: (_updated(item), item.number), reverse=True)
        start = int(size) * (int(page) - 1)
        return results([_issue(item) for item in found[start : start + int(size)]], len(found))


def results(items: list[Any], total: int | None = None, **fields: Any) -> Answer:
    """The object around every search, as the documentation of the API gives it."""
    total = len(items) if total is None else total
    answer = {"total_count": total, "incomplete_results": False, "items": items}
    return json_answer({**answer, **fields})


def _updated(item: Item) -> datetime:
    """When the server saw it last, whatever moment an issue claims to be of."""
    believable = item.at is not None and item.at < NOW + timedelta(days=1)
    return item.at if item.at and believable else NOW - timedelta(minutes=1)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issue(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    issue = {
        "id": 3_000_000 + item.number,
        "node_id": f"I_kwDOzerno{item.number}" if item.has_id else None,
        "number": item.number,
        "html_url": f"https://github.com/kofe/grinder/issues/{item.number}",
        "comments_url": f"https://api.github.com/repos/kofe/grinder/issues/{item.number}/comments",
        "title": "On the grinder",
        "body": item.text,
        "user": {"login": "anna", "id": 7, "type": "User"},
        "state": "open",
        "comments": 0,
        "reactions": {"total_count": 2, "+1": 1, "-1": 1},
        "created_at": item.stamp().replace("+00:00", "Z") or None,
        "updated_at": _stamp(_updated(item)),
    }
    return {name: value for name, value in issue.items() if value is not None}


def _nodes(wanted: Sequence[str], items: Sequence[Item]) -> Answer:
    """Nodes by id as the documentation of the GraphQL API gives them; null is what is gone."""
    issues = {issue["node_id"]: issue for issue in map(_issue, items)}
    nodes = [_node(issues[i]) if i in issues else None for i in wanted]
    gone = [{"type": "NOT_FOUND", "message": "Could not resolve"} for node in nodes if not node]
    return json_answer({"data": {"nodes": nodes}} | ({"errors": gone} if gone else {}))


def _node(issue: Any) -> Any:
    return {
        "__typename": "Issue",
        "id": issue["node_id"],
        "title": issue["title"],
        "body": issue["body"],
        "url": issue["html_url"],
        "createdAt": issue["created_at"],
        "updatedAt": issue["updated_at"],
        "author": {
            "__typename": "User",
            "login": "anna",
            "databaseId": 7,
            "createdAt": "2015-05-01T10:00:00Z",
            "location": "Riga",
        },
        "comments": {"totalCount": 0},
        "reactions": {"totalCount": 1},
    }


KIT = GitHubKit()
