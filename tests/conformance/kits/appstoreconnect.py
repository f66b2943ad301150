from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
ISSUER = "57246542-96fe-1a63-e053-0824d011072a"


class AppStoreConnectKit(Kit):
    type = "appstoreconnect"
    size = "limit"
    environment: ClassVar = {"ASC_KEY": PEM}
    secrets = (PEM.splitlines()[1],)
    lag = timedelta(days=13)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "apps": ["1234567890"],
            "issuer_id": ISSUER,
            "key_id": "2X9R4HXF34",
            "key_env": "ASC_KEY",
            "page_size": 3,
            "pages": 200,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/v1/apps/1234567890/customerReviews":
            return json_answer({"errors": [{"status": "404"}]}, 404)
        if not _signed(request.headers.get("authorization", "")):
            return json_answer({"errors": [{"status": "401"}]}, 401)
        size, offset = int(request.query["limit"]), int(request.query.get("cursor", 0))
        found = sorted(items, key=_place, reverse=True)
        links = {"self": "https://elsewhere.example/"}
        if self.goes_on(offset, size, len(found)):
            links["next"] = f"https://elsewhere.example/v1?cursor={offset + size}&limit={size}"
        data = [_review(item) for item in found[offset : offset + size]]
        return json_answer({"data": data, "links": links})


def _signed(header: str) -> bool:
    token = header.removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token,
            KEY.public_key(),
            algorithms=["ES256"],
            audience="appstoreconnect-v1",
            options={"verify_exp": False, "verify_iat": False},
        )
        kid = jwt.get_unverified_header(token)["kid"]
    except jwt.PyJWTError:
        return False
    return (claims["iss"], kid) == (ISSUER, "2X9R4HXF34") and claims["exp"] - claims["iat"] <= 1200


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    attributes = {
        "rating": 4,
        "title": "" if item.text else None,
        "body": item.text,
        "reviewerNickname": "anna",
        "createdDate": item.stamp() or None,
        "territory": "NLD",
    }
    review_id = {"id": f"00000012-{item.number:04}"} if item.has_id else {}
    return {"type": "customerReviews", **review_id, "attributes": attributes}


KIT = AppStoreConnectKit()
