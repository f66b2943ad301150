"""Reddit's side of OAuth: an application that asks for itself, not for a user."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.credentials import secret
from collectors.oauth import Application, Request


def application(
    sign_in_url: str, id_env: str, secret_env: str, headers: Mapping[str, str]
) -> Application:
    """An approved application.

    Args:
        sign_in_url: the host that gives tokens; another one than the API's.
        id_env: the variable that holds its id.
        secret_env: the variable that holds its secret.
        headers: sent with every request.
    """

    def request() -> Request:
        client_id, client_secret = secret(id_env, secret_env)
        return Request({"grant_type": "client_credentials"}, (client_id, client_secret))

    return Application(
        "Reddit",
        f"{sign_in_url}/api/v1/access_token",
        (id_env, secret_env),
        request,
        f"check id and secret of the application of {id_env}, and that Reddit has approved it",
        headers,
    )
