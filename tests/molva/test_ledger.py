"""Money spent is remembered by the store, whoever spends it and however a process ends."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.spend import Budget, PaidSettings, SpendCapError
from molva.ledger import StoreLedger
from molva.writer import Writer
from store.engine import open_store

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PAPER = PaidSettings(name="paper", type="paper", price_per_call=0.25, spend_per_day=1.0)


async def calls(path: Path, number: int) -> int:
    """How many of so many calls at once were allowed, by a process of its own."""
    engine = open_store(f"sqlite:///{path}")
    writer = Writer(engine)
    budget = Budget(PAPER, "KEY", StoreLedger(engine, writer), lambda: NOW)
    made = await asyncio.gather(*(budget.reserve() for _ in range(number)), return_exceptions=True)
    writer.close()
    engine.dispose()
    assert all(isinstance(one, SpendCapError) for one in made if isinstance(one, BaseException))
    return sum(not isinstance(one, BaseException) for one in made)


async def test_a_cap_holds_across_restarts_and_between_calls_at_once(tmp_path: Path) -> None:
    assert await calls(tmp_path / "molva.db", 3) == 3
    assert await calls(tmp_path / "molva.db", 3) == 1
    assert await calls(tmp_path / "molva.db", 3) == 0


async def test_what_is_given_back_may_be_spent(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/molva.db")
    writer = Writer(engine)
    budget = Budget(PAPER, "KEY", StoreLedger(engine, writer), lambda: NOW)
    reserved = await budget.reserve(calls=4)
    with pytest.raises(SpendCapError):
        await budget.reserve()
    await budget.settle(reserved, calls=3)
    await budget.reserve()
    assert "spent 1 of 1 today" in await budget.in_words()
    writer.close()
    engine.dispose()
