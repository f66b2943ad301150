from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import Field, ValidationError

from collectors.spend import Budget, MemoryLedger, PaidSettings, SpendCapError

NOW = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def settings(**fields: Any) -> PaidSettings:
    table = {"name": "paper", "type": "paper", "price_per_item": 0.005, **fields}
    return PaidSettings.model_validate(table)


async def test_a_call_that_would_pass_the_day_is_refused_until_the_day_is_over() -> None:
    clock, ledger = Clock(), MemoryLedger()
    budget = Budget(settings(spend_per_day=0.75), "KEY", ledger, clock)
    await budget.reserve(items=100)
    with pytest.raises(SpendCapError, match=r"spend_per_day: spent 0\.5 of 0\.75") as refused:
        await budget.reserve(items=100)
    assert refused.value.retry_after == timedelta(hours=2)
    assert await budget.items_left(100) == 50
    await budget.reserve(items=50)
    assert await budget.items_left(100) == 0
    clock.now += timedelta(hours=2)
    await budget.reserve(items=100)


async def test_the_month_is_a_cap_of_its_own() -> None:
    clock, ledger = Clock(), MemoryLedger()
    budget = Budget(settings(spend_per_day=0.5, spend_per_month=0.6), "KEY", ledger, clock)
    await budget.reserve(items=100)
    clock.now += timedelta(days=1)
    with pytest.raises(SpendCapError, match="spend_per_month") as refused:
        await budget.reserve(items=100)
    assert clock.now + (refused.value.retry_after or timedelta()) == datetime(
        2026, 4, 1, tzinfo=UTC
    )
    clock.now = datetime(2026, 4, 1, tzinfo=UTC)
    await budget.reserve(items=100)


async def test_what_a_call_did_not_cost_may_be_spent() -> None:
    budget = Budget(settings(spend_per_day=0.95), "KEY", MemoryLedger(), Clock())
    for _ in range(10):
        reserved = await budget.reserve(items=100)
        await budget.settle(reserved, items=10)
    assert await budget.in_words() == "spent 0.5 of 0.95 today and 0.5 of 10 USD this month"
    with pytest.raises(SpendCapError):
        await budget.reserve(items=91)


async def test_sources_of_one_account_share_what_is_spent_and_others_do_not() -> None:
    ledger, clock = MemoryLedger(), Clock()
    await Budget(settings(), "KEY", ledger, clock).reserve(items=200)
    same = Budget(settings(name="another"), "KEY", ledger, clock)
    with pytest.raises(SpendCapError):
        await same.reserve(items=1)
    await Budget(settings(), "OTHER_KEY", ledger, clock).reserve(items=200)


async def test_a_thousand_small_prices_add_up_to_their_sum() -> None:
    budget = Budget(
        settings(price_per_item=0.0, price_per_call=0.001), "K", MemoryLedger(), Clock()
    )
    for _ in range(1000):
        await budget.reserve()
    with pytest.raises(SpendCapError):
        await budget.reserve()


async def test_what_costs_nothing_is_never_refused() -> None:
    budget = Budget(settings(price_per_item=0.0, spend_per_day=0), "K", MemoryLedger(), Clock())
    await budget.reserve(items=10)
    assert await budget.items_left(10) == 10


def test_caps_that_contradict_each_other_are_a_mistake_of_the_file() -> None:
    with pytest.raises(ValidationError, match="more than spend_per_month"):
        settings(spend_per_day=20, spend_per_month=10)


def test_a_source_states_its_own_prices() -> None:
    class Paper(PaidSettings):
        price_per_item: float = Field(default=0.25, ge=0)

    paper = Paper.model_validate({"name": "a", "type": "paper"})
    assert Budget(paper, "K", MemoryLedger(), Clock()).cost(items=2) == 500_000
