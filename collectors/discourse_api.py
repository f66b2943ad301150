"""What one Discourse forum is asked for, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.credentials import secret
from collectors.http import HttpClient, Response
from collectors.interface import FatalError, RetriableError
from collectors.items import mapping, sequence, string
from collectors.text import site_of


@dataclass(frozen=True, slots=True)
class Forum:
    """Asks one forum.

    Attributes:
        base: its address, without a slash at its end.
        key_env: the variable with a key; may be empty.
        user: whose name an administrator's key is used in; empty for a user's own key.
    """

    http: HttpClient
    base: str
    key_env: str
    user: str

    async def latest(self, before: int | None) -> list[Any]:
        """The newest public posts, or those up to the number `before`, newest first."""
        params = {"before": before} if before is not None else {}
        answer = (await self._get("posts.json", params)).json()
        posts = mapping(answer).get("latest_posts")
        if not isinstance(posts, list):
            raise RetriableError("the forum answered without posts: not Discourse's format")
        return posts

    async def search(self, query: str, page: int) -> Mapping[str, Any]:
        """A page of what a search found: `posts`, their `topics`, `grouped_search_result`."""
        response = await self._get("search.json", {"q": query, "page": page}, (200, 400))
        if response.status == 400:
            raise FatalError(f"the search {query!r} was refused: {_reason(response)}")
        answer = response.json()
        if not isinstance(answer, dict) or not {"posts", "grouped_search_result"} & set(answer):
            raise RetriableError("the search answered without posts: not Discourse's format")
        # Under load it finds nothing, and says so with status 200.
        error = string(mapping(answer.get("grouped_search_result")).get("error"))
        if error:
            raise RetriableError(f"the forum is too busy to search: {error[:200]}")
        return answer

    async def post(self, number: str) -> Mapping[str, Any] | None:
        """A post in full; `None` if it has gone since it was found."""
        response = await self._get(f"posts/{number}.json", {}, (200, 404))
        return None if response.status == 404 else mapping(response.json())

    async def known(self, number: str) -> Mapping[str, Any] | None:
        """A post in full; `None` only if the forum itself says that there is none.

        Raises:
            RetriableError: somebody else says so, or what is shown is no post.
        """
        response = await self._get(f"posts/{number}.json", {}, (200, 404))
        item = mapping(response.json())
        if response.status == 404 and item.get("error_type") == "not_found":
            return None
        if response.status == 404 or "cooked" not in item:
            raise RetriableError("the forum answered without a post: not Discourse's format")
        return item

    async def title(self, topic: int) -> str:
        """The title of a topic; empty if it is not shown."""
        response = await self._get(f"t/{topic}.json", {}, (200, 403, 404))
        return string(mapping(response.json()).get("title")) if response.status == 200 else ""

    async def _get(
        self, path: str, params: Mapping[str, str | int], ok: tuple[int, ...] = (200,)
    ) -> Response:
        headers = self._headers()
        # The key goes to no other host, and a forum with one is named by its final address.
        moved = (301, 302, 303, 307, 308) if headers else ()
        response = await self.http.get(
            f"{self.base}/{path}",
            params=params,
            headers=headers,
            ok=(*ok, *moved),
            follow=not headers,
        )
        if response.status in moved:
            raise FatalError(f"{site_of(self.base)} answers elsewhere: set url to that address")
        return response

    def _headers(self) -> dict[str, str]:
        if not self.key_env:
            return {}
        (key,) = secret(self.key_env)
        return {"Api-Key": key, "Api-Username": self.user} if self.user else {"User-Api-Key": key}


def _reason(response: Response) -> str:
    try:
        answer = mapping(json.loads(response.body))
    except (ValueError, RecursionError):
        return "HTTP 400"
    reasons = [string(answer.get("message")), *map(string, sequence(answer.get("errors")))]
    return next(filter(None, reasons), "HTTP 400")[:200]
