"""Google's side of OAuth for what belongs to a person: a refresh token given once by hand."""

from __future__ import annotations

from collectors.credentials import secret
from collectors.oauth import Application, Request

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


def refreshed(token_url: str, id_env: str, secret_env: str, refresh_env: str) -> Application:
    """An application that a person allowed to read for them.

    Args:
        token_url: where Google gives tokens.
        id_env: the variable that holds the client's id.
        secret_env: the variable that holds its secret.
        refresh_env: the variable that holds the refresh token.
    """

    def request() -> Request:
        client_id, client_secret, refresh = secret(id_env, secret_env, refresh_env)
        return Request(
            {
                "grant_type": "refresh_token",
                "client_id": client_id,
                "client_secret": client_secret,
                "refresh_token": refresh,
            }
        )

    advice = (
        f"check {id_env} and {secret_env}, and make a new refresh token for {refresh_env}: one of "
        "an application in testing lasts seven days"
    )
    return Application("Google", token_url, (id_env, secret_env, refresh_env), request, advice)
