"""Walking several queries: each goes on where it stopped, and none starves the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.interface import Page, RetriableError
from collectors.items import Converted
from collectors.paging import Batch, Plan, Window, walk_all
from tests.conformance.kit import NOW

PLAN = Plan(NOW, timedelta(hours=1), timedelta(days=1), 5)


class Service:
    """Counts what it is asked, and fails when it is asked for `broken`."""

    def __init__(self, broken: str = "") -> None:
        self.broken, self.asked = broken, list[str]()

    def of(self, key: str) -> Any:
        async def fetch(window: Window) -> Batch:
            self.asked.append(key)
            if key == self.broken:
                raise RetriableError("too much load")
            return Batch(Converted((), ()), (NOW,))

        return fetch


async def poll(service: Service, cursor: Any, keys: list[str]) -> list[Page]:
    return [page async for page in walk_all(cursor, keys, PLAN, service.of)]


async def test_what_a_failure_cut_off_comes_first_next_time() -> None:
    steps = walk_all({}, ["a", "b", "c"], PLAN, Service(broken="b").of)
    page = await anext(steps)
    with pytest.raises(RetriableError):
        await anext(steps)
    service = Service()
    await poll(service, page.cursor, ["a", "b", "c"])
    assert service.asked == ["b", "c", "a"]


async def test_a_new_query_comes_first_and_a_removed_one_is_forgotten() -> None:
    (*_, last) = await poll(Service(), {}, ["a", "b"])
    service = Service()
    pages = await poll(service, last.cursor, ["b", "c"])
    assert service.asked == ["c", "b"]
    assert set(pages[-1].cursor["walks"]) == {"b", "c"}


async def test_a_cursor_from_before_turns_were_kept_is_gone_on_with() -> None:
    old = {"walks": {"a": {"watermark": NOW.isoformat()}}}
    service = Service()
    await poll(service, old, ["a", "b"])
    assert service.asked == ["a", "b"]
