"""Calls to GitHub's REST API: its token, and the refusals that only mean "later"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from collectors.credentials import bearer
from collectors.http import HttpClient, Response
from collectors.interface import Clock, CollectorError, FatalError, RetriableError
from collectors.items import mapping, sequence, string
from collectors.limits import retry_after
from collectors.text import clean

VERSION: Final = "2022-11-28"
COMMENT_PAGES: Final = 10
"""Most requests for the new comments of one issue."""

NODES: Final = """
query($ids: [ID!]!) { nodes(ids: $ids) {
  __typename id
  ... on Issue { title body url createdAt updatedAt author { ...who } comments { totalCount }
    reactions(content: THUMBS_UP) { totalCount } }
  ... on PullRequest { title body url createdAt updatedAt author { ...who } comments { totalCount }
    reactions(content: THUMBS_UP) { totalCount } }
  ... on IssueComment { body url createdAt updatedAt author { ...who } issue { id }
    reactions(content: THUMBS_UP) { totalCount } }
} }
fragment who on Actor { __typename login
  ... on User { databaseId createdAt location } ... on Bot { databaseId } }
"""

PAUSE: Final = timedelta(minutes=1)
"""What GitHub asks for after a secondary limit that names no time."""


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one configured source uses it.

    Attributes:
        base_url: without a slash at its end.
        token_env: the variable that holds a token; empty for none.
    """

    http: HttpClient
    clock: Clock
    base_url: str
    token_env: str

    async def search(self, params: Mapping[str, str | int]) -> Mapping[str, Any]:
        """A page of issues or pull requests, whose `items` are a list.

        Raises:
            FatalError: the query or the token is wrong.
            RetriableError: a limit is reached, or GitHub is not well.
        """
        response = await self._get(f"{self.base_url}/search/issues", params, ok=(200, 403, 422))
        if response.status == 422:
            raise FatalError(f"the search was refused: {_told(response)}")
        answer = mapping(response.json())
        if not isinstance(answer.get("items"), list):
            raise RetriableError("the search answered without items: not the API's format")
        return answer

    async def comments(self, url: str, since: str) -> tuple[list[Any], bool]:
        """An issue's comments written or edited since then, and whether these are all of them."""
        # The address comes from an answer; the token goes nowhere else than where it belongs.
        if not url.startswith(f"{self.base_url}/"):
            return [], True
        found: list[Any] = []
        for page in range(1, COMMENT_PAGES + 1):
            params: dict[str, str | int] = {"since": since, "per_page": 100, "page": page}
            response = await self._get(url, params, ok=(200, 403, 404, 410))
            if response.status in {404, 410}:
                # Deleted or made private since the search saw it.
                return found, True
            answer = response.json()
            if not isinstance(answer, list):
                raise RetriableError("the comments are not a list: not the API's format")
            found += answer
            if 'rel="next"' not in response.headers.get("link", ""):
                return found, True
        return found, False

    async def nodes(self, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """The issues, pull requests and comments of these node ids that are there; needs a token.

        Raises:
            FatalError: the token is missing or refused.
            RetriableError: a limit is reached, or GitHub is not well.
        """
        # The public server's address ends in none, an own server's in /api/v3.
        url = f"{self.base_url.removesuffix('/v3')}/graphql"
        asked = {"query": NODES, "variables": {"ids": list(ids)}}
        response = await self.http.post(
            url, json_body=asked, headers=self._token(), ok=(200, 403, 502)
        )
        if response.status == 403:
            raise self._refusal(response)
        answer = mapping(response.json())
        errors = [mapping(error) for error in sequence(answer.get("errors"))]
        nodes = mapping(answer.get("data")).get("nodes")
        # What is gone comes as null, with an error of its own.
        others = [error for error in errors if error.get("type") != "NOT_FOUND"]
        if others or not isinstance(nodes, list) or len(nodes) != len(ids):
            told = clean(string(others[0].get("message"))) if others else "not the API's format"
            limited = any(error.get("type") == "RATE_LIMITED" for error in others)
            raise RetriableError(f"GitHub's lookup failed: {told[:300]}", throttled=limited)
        return [node for node in nodes if isinstance(node, dict)]

    async def _get(
        self, url: str, params: Mapping[str, str | int], *, ok: tuple[int, ...]
    ) -> Response:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
        response = await self.http.get(url, params=params, headers=headers | self._token(), ok=ok)
        if response.status == 403:
            raise self._refusal(response)
        return response

    def _token(self) -> dict[str, str]:
        return bearer(self.token_env) if self.token_env else {}

    def _refusal(self, response: Response) -> CollectorError:
        """A 403 is a quota used up, a secondary limit, which only its text tells, or a refusal."""
        wait = retry_after(response.headers, now=self.clock(), limited=False)
        told = _told(response)
        if wait is None and not any(word in told.lower() for word in ("rate limit", "abuse")):
            return FatalError(f"GitHub answered HTTP 403: {told or 'access is refused'}")
        return RetriableError(f"GitHub asked for a pause: {told}", retry_after=wait or PAUSE)


def _told(response: Response) -> str:
    """What an error says: its message and those of its parts."""
    if "json" not in response.content_type:
        return ""
    answer = mapping(response.json())
    parts = [string(mapping(error).get("message")) for error in sequence(answer.get("errors"))]
    return clean(": ".join(filter(None, [string(answer.get("message")), *parts])))[:300]
