"""Signing in to an AT Protocol server (Bluesky) and asking it with tokens that expire.

Tokens live in the HTTP client's memory and nowhere else. Logging in is limited to 300 times a
day, so a session is shared by every source with the same account and refreshed, not renewed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.http import HttpClient, Params, Response
from collectors.interface import FatalError, RetriableError
from collectors.items import mapping, sequence, string


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, and where. Without an identifier requests go unauthenticated.

    Attributes:
        service: the server to sign in at.
        password_env: the environment variable that holds an app password.
    """

    service: str
    identifier: str = ""
    password_env: str = ""


@dataclass
class _Session:
    server: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class Agent:
    """Asks for an account, signing in when needed."""

    def __init__(self, http: HttpClient, account: Account) -> None:
        self._http = http
        self._account = account
        self._key = ("atproto", account.service, account.identifier, account.password_env)

    async def get(self, method: str, params: Params) -> Response:
        """The answer of an XRPC query: status 200, or 400 if the request was wrong.

        Raises:
            FatalError: the credentials are missing or refused.
            RetriableError: the server cannot answer now.
        """
        if not self._account.identifier:
            url = f"{self._account.service}/xrpc/{method}"
            return await self._http.get(url, params=params, ok=(200, 400))
        session = await self._session()
        response = await self._ask(session, method, params)
        if _is_expired(response):
            session = await self._renewed(session)
            response = await self._ask(session, method, params)
        if _is_expired(response):
            raise FatalError("the server refuses the token it has just given")
        return response

    async def _ask(self, session: _Session, method: str, params: Params) -> Response:
        return await self._http.get(
            f"{session.server}/xrpc/{method}",
            params=params,
            headers={"Authorization": f"Bearer {session.access}"},
            ok=(200, 400, 401),
        )

    async def _session(self) -> _Session:
        async with self._lock():
            session = self._http.memory.get(self._key)
            return session if isinstance(session, _Session) else await self._sign_in()

    async def _renewed(self, stale: _Session) -> _Session:
        async with self._lock():
            session = self._http.memory.get(self._key)
            if isinstance(session, _Session) and session.access != stale.access:
                return session
            response = await self._http.post(
                f"{stale.server}/xrpc/com.atproto.server.refreshSession",
                headers={"Authorization": f"Bearer {stale.refresh}"},
                ok=(200, 400, 401),
            )
            if response.status != 200:
                return await self._sign_in()
            return self._remember(response.json(), stale.server)

    async def _sign_in(self) -> _Session:
        password = os.environ.get(self._account.password_env, "")
        if not password:
            raise FatalError(f"set the environment variable {self._account.password_env}")
        response = await self._http.post(
            f"{self._account.service}/xrpc/com.atproto.server.createSession",
            json_body={"identifier": self._account.identifier, "password": password},
            ok=(200, 400, 401),
        )
        if response.status != 200:
            reason = error_name(response)
            raise FatalError(f"signing in as {self._account.identifier} failed: {reason}")
        answer = mapping(response.json())
        return self._remember(answer, _server_of(answer) or self._account.service)

    def _remember(self, answer: object, server: str) -> _Session:
        tokens = mapping(answer)
        access, refresh = string(tokens.get("accessJwt")), string(tokens.get("refreshJwt"))
        if not access:
            raise RetriableError("the server signed us in without giving a token")
        session = _Session(server, access, refresh)
        self._http.memory[self._key] = session
        return session

    def _lock(self) -> asyncio.Lock:
        lock = self._http.memory.setdefault((*self._key, "lock"), asyncio.Lock())
        if not isinstance(lock, asyncio.Lock):
            raise TypeError("the memory of the HTTP client was overwritten")
        return lock


def error_name(response: Response) -> str:
    """The error a server names in its answer, e.g. `InvalidRequest`; its status if it does not."""
    try:
        name = string(mapping(response.json()).get("error"))
    except RetriableError:
        name = ""
    return name if name.isalnum() and len(name) < 60 else f"HTTP {response.status}"


def _is_expired(response: Response) -> bool:
    return response.status == 401 or (
        response.status == 400 and error_name(response) in {"ExpiredToken", "InvalidToken"}
    )


def _server_of(answer: Mapping[str, Any]) -> str:
    """The account's own server, from the identity document that signing in returns."""
    for service in sequence(mapping(answer.get("didDoc")).get("service")):
        if string(mapping(service).get("id")).endswith("#atproto_pds"):
            return string(mapping(service).get("serviceEndpoint")).rstrip("/")
    return ""
