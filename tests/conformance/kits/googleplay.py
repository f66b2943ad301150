from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
ACCOUNT = {
    "type": "service_account",
    "client_email": "molva@project.example",
    "private_key": PEM,
    "private_key_id": "k1",
}
TOKEN = "s3cret-google-token"


class GooglePlayKit(Kit):
    type = "googleplay"
    size = "maxResults"
    environment: ClassVar = {"GOOGLE_PLAY_KEY": json.dumps(ACCOUNT)}
    secrets = (TOKEN, PEM.splitlines()[1])
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "packages": ["com.example.zerno"],
            "key_env": "GOOGLE_PLAY_KEY",
            "page_size": 3,
            "pages": 200,
            "token_url": f"{base_url}/token",
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path == "/token":
            return _token(request)
        if request.path != "/applications/com.example.zerno/reviews":
            return json_answer({"error": {"code": 404}}, 404)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": {"code": 401}}, 401)
        size, offset = int(request.query["maxResults"]), int(request.query.get("token", 0))
        found = sorted(items, key=_place, reverse=True)
        answer: dict[str, Any] = {}
        if shown := [_review(item) for item in found[offset : offset + size]]:
            answer["reviews"] = shown
        if self.goes_on(offset, size, len(found)):
            answer["tokenPagination"] = {"nextPageToken": str(offset + size)}
        return json_answer(answer)


def _token(request: Request) -> Answer:
    form = request.form()
    host = request.headers["host"]
    try:
        claims = jwt.decode(
            form["assertion"],
            KEY.public_key(),
            algorithms=["RS256"],
            audience=f"http://{host}/token",
            options={"verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        return json_answer({"error": "invalid_grant", "error_description": str(error)}, 400)
    if claims["iss"] != ACCOUNT["client_email"] or not claims["scope"].endswith("androidpublisher"):
        return json_answer({"error": "invalid_scope"}, 400)
    return json_answer({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    at = {"seconds": str(int(item.at.timestamp())), "nanos": 0} if item.at else None
    said = {"text": item.text, "lastModified": at, "starRating": 4, "reviewerLanguage": "ru"}
    return {
        "reviewId": f"gp:{item.number}" if item.has_id else None,
        "authorName": "Анна",
        "comments": [{"userComment": said}],
    }


KIT = GooglePlayKit()
