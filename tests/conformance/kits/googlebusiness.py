from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

TOKEN = "s3cret-google-access"
SENT = {
    "grant_type": "refresh_token",
    "client_id": "s3cret-google-client",
    "client_secret": "s3cret-google-secret",
    "refresh_token": "s3cret-google-refresh",
}
LISTS = {
    "/v1/accounts": {"accounts": [{"name": "accounts/1", "accountName": "Zerno"}]},
    "/v1/accounts/1/locations": {"locations": [{"name": "locations/2"}]},
}


class GoogleBusinessKit(Kit):
    type = "googlebusiness"
    size = "pageSize"
    environment: ClassVar = {
        "GBP_ID": SENT["client_id"],
        "GBP_SECRET": SENT["client_secret"],
        "GBP_REFRESH": SENT["refresh_token"],
    }
    secrets = (TOKEN,)
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "client_id_env": "GBP_ID",
            "client_secret_env": "GBP_SECRET",
            "refresh_token_env": "GBP_REFRESH",
            "page_size": 3,
            "pages": 200,
            "token_url": f"{base_url}/token",
            "accounts_url": base_url,
            "locations_url": base_url,
            "base_url": f"{base_url}/v4",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path == "/token":
            if request.form() != SENT:
                return json_answer({"error": "invalid_grant"}, 400)
            return json_answer({"access_token": TOKEN, "expires_in": 3599})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": {"code": 401}}, 401)
        if request.path in LISTS:
            return json_answer(LISTS[request.path])
        if request.path != "/v4/accounts/1/locations/2/reviews":
            return json_answer({"error": {"code": 404}}, 404)
        size, offset = int(request.query["pageSize"]), int(request.query.get("pageToken", 0))
        found = sorted(items, key=_place, reverse=True)
        answer: dict[str, Any] = {}
        if shown := [_review(item) for item in found[offset : offset + size]]:
            answer = {"reviews": shown, "averageRating": 4, "totalReviewCount": len(found)}
        if self.goes_on(offset, size, len(found)):
            answer["nextPageToken"] = str(offset + size)
        return json_answer(answer)


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    name = f"accounts/1/locations/2/reviews/r{item.number}"
    review = {
        "name": name if item.has_id else None,
        "reviewer": {"displayName": "Анна"},
        "starRating": "FOUR",
        "comment": item.text,
        "createTime": item.stamp() or None,
        "updateTime": item.stamp() or None,
    }
    return {key: value for key, value in review.items() if value is not None}


KIT = GoogleBusinessKit()
