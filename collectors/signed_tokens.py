"""JSON Web Tokens signed with a private key of yours, as Google and Apple want them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from collectors.credentials import secret_document
from collectors.interface import Clock, FatalError
from collectors.items import mapping, string
from collectors.oauth import Application, Request

LIFE: Final = timedelta(minutes=10)
"""Apple refuses tokens that live longer than 20 minutes, Google than an hour."""


def signed(
    claims: Mapping[str, Any],
    key: str,
    algorithm: Literal["ES256", "RS256"],
    headers: Mapping[str, str],
) -> str:
    """The token.

    Raises:
        FatalError: the library for it is not installed, or the key is none.
    """
    try:
        jwt = importlib.import_module("jwt")
        importlib.import_module("cryptography")
    except ImportError:
        raise FatalError("signing in needs one more package: pip install 'molva[stores]'") from None
    try:
        return str(jwt.encode(dict(claims), key, algorithm=algorithm, headers=dict(headers)))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        # No cause: it may quote the key.
        raise FatalError("the private key cannot be used: is it the file as downloaded?") from None


def lifetime(now: datetime) -> dict[str, int]:
    """The claims that say from when to when a token is good."""
    return {"iat": int(now.timestamp()), "exp": int((now + LIFE).timestamp())}


def service_account(key_env: str, token_url: str, scope: str, clock: Clock) -> Application:
    """A Google service account.

    Args:
        key_env: the variable that holds its JSON key, or the path of that file.
        token_url: where Google gives tokens.
        scope: what it is to be allowed.
        clock: dates the assertion.
    """

    def request() -> Request:
        try:
            account = mapping(json.loads(secret_document(key_env)))
        except ValueError:
            raise FatalError(f"{key_env} holds no JSON key of a service account") from None
        email, key = string(account.get("client_email")), string(account.get("private_key"))
        if not email or not key:
            raise FatalError(f"{key_env} holds no key of a service account: e-mail or key lack")
        claims = {"iss": email, "scope": scope, "aud": token_url, **lifetime(clock())}
        kid = {"kid": string(account.get("private_key_id"))}
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return Request({"grant_type": grant, "assertion": signed(claims, key, "RS256", kid)})

    advice = f"check the service account of {key_env}, and this computer's clock"
    return Application("Google", token_url, (key_env, scope), request, advice)
