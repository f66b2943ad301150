"""Asking Reddit's API as an application, with a token that lasts a day or an hour.

Tokens live in the HTTP client's memory and nowhere else, shared by every source of the same
application.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from collectors.http import HttpClient, Params, Response
from collectors.interface import FatalError, RetriableError
from collectors.items import count, mapping, string

MARGIN: Final = timedelta(minutes=1)
"""How long before its end a token is no longer used."""


@dataclass(frozen=True, slots=True)
class App:
    """An application, by the environment variables that hold its id and secret.

    Attributes:
        sign_in_url: the host that gives tokens; another one than the API's.
        headers: sent with every request.
    """

    sign_in_url: str
    id_env: str
    secret_env: str
    headers: Mapping[str, str]

    async def get(self, http: HttpClient, url: str, params: Params) -> Response:
        """The answer to a question of the API, signing in when needed: status 200 or 302.

        Raises:
            FatalError: the credentials are missing or refused.
            RetriableError: Reddit cannot answer now.
        """
        for renew in (False, True):
            token = await self._token(http, renew=renew)
            response = await http.get(
                url,
                params=params,
                headers={**self.headers, "Authorization": f"bearer {token}"},
                ok=(200, 302, 401),
                follow=False,
            )
            if response.status != 401:
                return response
        raise FatalError("Reddit refuses the token it has just given")

    async def _token(self, http: HttpClient, *, renew: bool) -> str:
        key = ("reddit", self.sign_in_url, self.id_env, self.secret_env)
        token, ends = http.memory.get(key, ("", http.clock()))
        if token and not renew and http.clock() < ends - MARGIN:
            return str(token)
        answer = await self._sign_in(http)
        token = string(answer.get("access_token"))
        if not token:
            raise RetriableError("Reddit signed the application in without giving a token")
        seconds = min(count(answer.get("expires_in")) or 3600, 86_400)
        http.memory[key] = (token, http.clock() + timedelta(seconds=seconds))
        return token

    async def _sign_in(self, http: HttpClient) -> Mapping[str, object]:
        credentials = base64.b64encode(":".join(self._credentials()).encode()).decode()
        response = await http.post(
            # Reddit reads the address like a form, and the client sends no forms.
            f"{self.sign_in_url}/api/v1/access_token?grant_type=client_credentials",
            headers={**self.headers, "Authorization": f"Basic {credentials}"},
            ok=(200, 400, 401, 403),
        )
        answer = mapping(response.json()) if response.status == 200 else {}
        if response.status != 200 or answer.get("error"):
            raise FatalError(
                f"Reddit refused the application of {self.id_env} (HTTP {response.status}): check "
                "its id and secret, and that Reddit has approved it"
            )
        return answer

    def _credentials(self) -> tuple[str, str]:
        names = (self.id_env, self.secret_env)
        client_id, secret = (os.environ.get(name, "").strip() for name in names)
        if not client_id or not secret:
            unset = [name for name in names if not os.environ.get(name, "").strip()]
            raise FatalError(f"set the environment variables {' and '.join(unset)}")
        return client_id, secret
