"""Asking X, where every post read is paid for, and reading its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from collectors.credentials import bearer
from collectors.dates import parse_date
from collectors.http import HttpClient, Response
from collectors.interface import (
    Author,
    CollectorError,
    Engagement,
    FatalError,
    Post,
    RetriableError,
)
from collectors.items import count, mapping, sequence, string
from collectors.spend import Budget, Reserved
from collectors.text import clean, language

FEWEST: Final = 10
"""Posts X lets one ask for at least."""

FIELDS: Final = (
    "created_at,lang,public_metrics,conversation_id,referenced_tweets,edit_history_tweet_ids,"
    "author_id,note_tweet"
)

Json = Mapping[str, Any]
_Held = tuple[Budget, Reserved]


@dataclass(frozen=True, slots=True)
class Asking:
    """How X is asked.

    Attributes:
        authors: also ask who wrote each post, which may be billed like a post.
    """

    base_url: str
    token_env: str
    authors: bool

    @property
    def each(self) -> int:
        """What a post may be billed as."""
        return 2 if self.authors else 1


class Api:
    """Asks for posts with money set aside before each request.

    Args:
        http: asks.
        asking: how.
        budgets: of which each has to allow a request.
    """

    def __init__(self, http: HttpClient, asking: Asking, *budgets: Budget) -> None:
        self._http, self._asking, self._budgets = http, asking, budgets

    async def search(self, params: Mapping[str, str], most: int) -> Json | None:
        """An answer of at most `most` posts; `None` if X refuses the request as wrong.

        Raises:
            SpendCapError: it could cost more than is left; it was not asked for.
            FatalError: the token is refused, or X wants money.
            RetriableError: X cannot answer now.
        """
        each = self._asking.each
        payable = [await budget.items_left(most * each) // each for budget in self._budgets]
        size = max(min(payable), FEWEST)
        asked: dict[str, str | int] = {"sort_order": "recency", **params, "max_results": size}
        answer = await self._paid("/2/tweets/search/recent", asked, size, ok=(200, 400, 402))
        if answer is not None and "result_count" not in mapping(answer.get("meta")):
            raise RetriableError("the search answered without a result count: not the API's format")
        return answer

    async def look_up(self, ids: Sequence[str]) -> Json:
        """The posts of these ids, at most 100, and an error for each that is not there.

        Raises:
            SpendCapError, FatalError, RetriableError: as for a search.
        """
        asked = {"ids": ",".join(ids)}
        answer = await self._paid("/2/tweets", asked, len(ids), ok=(200, 402)) or {}
        if not isinstance(answer.get("data") or answer.get("errors"), list):
            raise RetriableError("the lookup answered without posts: not the API's format")
        return answer

    async def _paid(
        self, path: str, params: Mapping[str, str | int], size: int, *, ok: tuple[int, ...]
    ) -> Json | None:
        headers, most = bearer(self._asking.token_env), size * self._asking.each
        held = await self._held(most)
        try:
            response = await self._ask(path, params, headers, ok)
        except CollectorError:
            # Posts are billed, not requests, and the same one only once a day.
            await _settle(held)
            raise
        if response.status == 400:
            await _settle(held)
            return None
        answer = mapping(response.json())
        users = sequence(mapping(answer.get("includes")).get("users"))
        await _settle(held, min(len(sequence(answer.get("data"))) + len(users), most))
        return answer

    async def _held(self, items: int) -> list[_Held]:
        held: list[_Held] = []
        try:
            for budget in self._budgets:
                reserved = await budget.reserve(items=items)
                held.append((budget, reserved))
        except CollectorError:
            for budget, reserved in held:
                await budget.settle(reserved, calls=0)
            raise
        return held

    async def _ask(
        self,
        path: str,
        params: Mapping[str, str | int],
        headers: Mapping[str, str],
        ok: tuple[int, ...],
    ) -> Response:
        asking = self._asking
        extra = {"expansions": "author_id"} if asking.authors else {}
        users = {"user.fields": "username,name,public_metrics"} if asking.authors else {}
        response = await self._http.get(
            asking.base_url.rstrip("/") + path,
            params={"tweet.fields": FIELDS, **extra, **users, **params},
            headers=headers,
            ok=ok,
        )
        if response.status == 402:
            raise FatalError("X wants money: buy credits in its developer console")
        return response


async def _settle(held: list[_Held], items: int = 0) -> None:
    for budget, reserved in held:
        await budget.settle(reserved, items=items)


def authors_of(answer: Json) -> dict[str, Author]:
    """The authors an answer tells of, by their id."""
    users = map(mapping, sequence(mapping(answer.get("includes")).get("users")))
    return {
        string(user.get("id")): Author(
            string(user.get("id")),
            string(user.get("username")),
            string(user.get("name")),
            count(mapping(user.get("public_metrics")).get("followers_count")),
        )
        for user in users
    }


def read_post(item: Json, authors: Mapping[str, Author], now: datetime) -> Post:
    """One post; an edited one keeps the id it was first given."""
    newest_id, metrics = string(item["id"]), mapping(item.get("public_metrics"))
    history = [string(number) for number in sequence(item.get("edit_history_tweet_ids"))]
    author = string(item.get("author_id"))
    shares = [count(metrics.get(name)) for name in ("retweet_count", "quote_count")]
    referred = map(mapping, sequence(item.get("referenced_tweets")))
    replied = [string(one.get("id")) for one in referred if one.get("type") == "replied_to"]
    whole = string(mapping(item.get("note_tweet")).get("text"))
    return Post(
        native_id=next(filter(None, history), newest_id),
        text=clean(whole or string(item.get("text"))),
        url=f"https://x.com/i/web/status/{newest_id}" if newest_id else "",
        published_at=parse_date(item.get("created_at"), now=now),
        author=authors.get(author, Author(id=author)),
        engagement=Engagement(
            likes=count(metrics.get("like_count")),
            comments=count(metrics.get("reply_count")),
            shares=sum(filter(None, shares)) if any(n is not None for n in shares) else None,
            views=count(metrics.get("impression_count")),
        ),
        lang=language(item.get("lang")),
        parent_id=next(iter(replied), ""),
        thread_id=string(item.get("conversation_id")),
        site="x.com",
    )
