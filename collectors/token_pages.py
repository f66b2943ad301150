"""One page of a list that is paged through by the service's own token, newest first.

Such lists know no dates to ask for: the walk ends at a page with an item from before its start.
A token that an earlier poll was left with may be forgotten by now; the list is then begun anew.
Beside the token the walk keeps a mark of the last page, to know it if it comes once more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.interface import Post, RetriableError
from collectors.items import convert, mapping, string
from collectors.paging import Batch, Window


@dataclass(frozen=True, slots=True)
class Listed:
    """What one request brought.

    Attributes:
        token: of the next page; empty at the end.
    """

    items: Sequence[Any]
    token: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the items of a list are read; each function may raise what `convert` catches.

    Attributes:
        newest_first: whether an item from before the window's start ends the walk.
    """

    to_post: Callable[[Any], Post | None]
    time_of: Callable[[Any], datetime | None]
    name: Callable[[Any], object]
    newest_first: bool = True


async def read_page(
    window: Window, ask: Callable[[str], Awaitable[Listed | None]], reading: Reading
) -> Batch:
    """The page at which the window is to go on.

    Args:
        window: its `at` is what an earlier call gave as `next_at`, or nothing.
        ask: asks for the page of a token, the first one if it is empty; `None` if the service
            refuses the token.
        reading: how its items are read.

    Raises:
        RetriableError: the service refuses even the first page.
    """
    place = mapping(window.at)
    token = string(place.get("token"))
    # Since an earlier poll a page's worth of posts may have pushed its last page on to this place.
    mark = "" if window.resumed else string(place.get("mark"))
    listed = await ask(token)
    if listed is None and token:
        token = mark = ""
        listed = await ask(token)
    if listed is None:
        raise RetriableError("the service refuses its own first page")
    times = tuple(filter(None, map(reading.time_of, listed.items)))
    reached = reading.newest_first and bool(times) and min(times) < window.start
    found = convert(listed.items, reading.to_post, reading.name)
    if listed.token and (listed.token == token or found.mark == mark != ""):
        return Batch(found, times, again=True)
    more = {"token": listed.token, "mark": found.mark} if listed.token and not reached else None
    return Batch(found, times, more)
