"""Money: what a paid source may cost a day and a month, refused before the call that would pass it.

A collector reserves the most a call can cost *before* it makes the call, and gives back what the
answer did not cost after it. Whoever keeps the `Ledger` writes the reservation down at once, so a
process killed between the two has counted too much and never too little.

How a paid source uses it:

    class PaperSettings(PaidSettings):
        price_per_item: Price = Field(default=0.005, ge=0, description="What a post costs.")
        key_env: str

    class PaperCollector(Collector[PaperSettings]):
        async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
            budget = Budget(self.settings, self.settings.key_env, self.http.ledger, self.clock)
            reserved = await budget.reserve(items=100)
            answer = await self.http.get(…)
            await budget.settle(reserved, items=len(posts))

        async def limits_left(self, cursor: Cursor) -> str:
            return await budget.in_words()
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Protocol

from pydantic import Field, model_validator

from collectors.interface import Clock, RetriableError, SourceSettings

MICROS: Final = 1_000_000
"""Amounts are whole millionths of the currency: sums of cents as floats drift."""

Price = Annotated[float, Field(ge=0, le=1_000_000)]
"""An amount of money, in the currency of the source's bill."""


class PaidSettings(SourceSettings):
    """What the `[[source]]` table of a source that costs money may hold.

    A source gives the prices of its service as defaults of its own; a plan that is paid by the
    month and not by use has prices of 0. Days and months are those of UTC, as on a bill.
    """

    price_per_call: Price = Field(default=0.0, description="What one request costs.")
    price_per_item: Price = Field(default=0.0, description="What one item of an answer costs.")
    spend_per_day: Price = Field(default=1.0, description="Most a day; no call passes it.")
    spend_per_month: Price = Field(default=10.0, description="Most a month; no call passes it.")
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="Of the bill.")

    @model_validator(mode="after")
    def _payable(self) -> PaidSettings:
        if self.spend_per_day > self.spend_per_month:
            raise ValueError("spend_per_day is more than spend_per_month")
        return self


class SpendCapError(RetriableError):
    """The next call would cost more than a cap leaves; it was not made."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account has cost, in millionths."""

    today: int = 0
    this_month: int = 0


@dataclass(frozen=True, slots=True)
class Caps:
    """The most an account may cost, in millionths."""

    per_day: int
    per_month: int


class Ledger(Protocol):
    """Where money spent is written down, by account and day of UTC."""

    async def spent(self, account: str, day: date) -> Spent:
        """What the account has cost on this day and in its month."""

    async def reserve(self, account: str, day: date, amount: int, caps: Caps) -> Spent | None:
        """Write an amount down, unless a cap would be passed; the two are one step.

        Returns:
            `None` if it is written down, else what had been spent.
        """

    async def give_back(self, account: str, day: date, amount: int) -> None:
        """Take back what was reserved and not spent."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money set aside for one call: on which day, and how much."""

    day: date
    amount: int


class Budget:
    """What one paid source may still spend.

    Args:
        settings: prices and caps.
        account: whose bill it is, e.g. the name of the variable with the key: sources with the
            same account share what is spent, and each stops at its own caps.
        ledger: remembers across restarts.
        clock: says which day and month it is.
    """

    def __init__(self, settings: PaidSettings, account: str, ledger: Ledger, clock: Clock) -> None:
        self._settings, self._ledger, self._clock = settings, ledger, clock
        self._account = f"{settings.type}:{account}"
        self._caps = Caps(_micros(settings.spend_per_day), _micros(settings.spend_per_month))

    def cost(self, *, calls: int = 1, items: int = 0) -> int:
        """What so many calls with so many items in all cost, in millionths."""
        settings = self._settings
        return calls * _micros(settings.price_per_call) + items * _micros(settings.price_per_item)

    async def reserve(self, *, calls: int = 1, items: int = 0) -> Reserved:
        """Set money aside for calls that bring at most so many items in all.

        Raises:
            SpendCapError: a cap would be passed; `retry_after` is when the next day (or month, if
                it is that cap) begins. Do not make the call.
        """
        now = self._clock().astimezone(UTC)
        amount = self.cost(calls=calls, items=items)
        spent = await self._ledger.reserve(self._account, now.date(), amount, self._caps)
        if spent is not None:
            raise self._refusal(spent, amount, now)
        return Reserved(now.date(), amount)

    async def settle(self, reserved: Reserved, *, calls: int = 1, items: int = 0) -> None:
        """Say what the calls cost in the end; what they did not is free again.

        Do not settle a call that failed unless its service does not charge for failures.
        """
        unused = reserved.amount - self.cost(calls=calls, items=items)
        if unused:
            await self._ledger.give_back(self._account, reserved.day, unused)

    async def items_left(self, most: int) -> int:
        """How many items, at most `most`, one more call may bring under the caps; 0 is none."""
        spent = await self._ledger.spent(self._account, self._clock().astimezone(UTC).date())
        left = min(self._caps.per_day - spent.today, self._caps.per_month - spent.this_month)
        left -= self.cost()
        price = _micros(self._settings.price_per_item)
        if left < 0:
            return 0
        return min(most, left // price) if price else most

    async def in_words(self) -> str:
        """What is spent and what the caps are, for a person."""
        spent = await self._ledger.spent(self._account, self._clock().astimezone(UTC).date())
        return self._words(spent)

    def _refusal(self, spent: Spent, amount: int, now: datetime) -> SpendCapError:
        monthly = spent.this_month + amount > self._caps.per_month
        cap = "spend_per_month" if monthly else "spend_per_day"
        message = (
            f"the next request may cost {amount / MICROS:.4g} {self._settings.currency} and would "
            f"pass {cap}: {self._words(spent)}; it was not made. Raise {cap}, or wait"
        )
        following = _next_month(now) if monthly else _next_day(now)
        return SpendCapError(message, retry_after=following - now)

    def _words(self, spent: Spent) -> str:
        caps = self._caps
        return (
            f"spent {spent.today / MICROS:.4g} of {caps.per_day / MICROS:.4g} today and "
            f"{spent.this_month / MICROS:.4g} of {caps.per_month / MICROS:.4g} "
            f"{self._settings.currency} this month"
        )


class MemoryLedger:
    """A ledger that forgets when the process ends: for one look at a source without a store."""

    def __init__(self) -> None:
        self._amounts: defaultdict[tuple[str, date], int] = defaultdict(int)

    async def spent(self, account: str, day: date) -> Spent:
        """What the account has cost on this day and in its month."""
        month = (day.year, day.month)
        in_month = sum(
            amount
            for (whose, when), amount in self._amounts.items()
            if whose == account and (when.year, when.month) == month
        )
        return Spent(self._amounts[account, day], in_month)

    async def reserve(self, account: str, day: date, amount: int, caps: Caps) -> Spent | None:
        """Write an amount down, unless a cap would be passed."""
        spent = await self.spent(account, day)
        if passes(spent, amount, caps):
            return spent
        self._amounts[account, day] += amount
        return None

    async def give_back(self, account: str, day: date, amount: int) -> None:
        """Take back what was reserved and not spent."""
        self._amounts[account, day] -= amount


def passes(spent: Spent, amount: int, caps: Caps) -> bool:
    """Whether an amount on top of what is spent would pass a cap; what is free passes none."""
    over_day = spent.today + amount > caps.per_day
    return amount > 0 and (over_day or spent.this_month + amount > caps.per_month)


def _micros(price: float) -> int:
    return round(price * MICROS)


def _next_day(now: datetime) -> datetime:
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def _next_month(now: datetime) -> datetime:
    first = datetime(now.year, now.month, 1, tzinfo=UTC)
    return (first + timedelta(days=32)).replace(day=1)
