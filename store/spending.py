"""Money spent on paid sources, by account and day: refused and counted in one transaction."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from store.engine import upsert
from store.work_tables import SPENDING


def spent(conn: Connection, account: str, day: date) -> tuple[int, int]:
    """What an account has cost on this day and in its month, in millionths."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    amount = func.coalesce(func.sum(SPENDING.c.amount), 0)
    mine = select(amount).where(SPENDING.c.account == account)
    today = conn.execute(mine.where(SPENDING.c.day == day)).scalar_one()
    month = mine.where(SPENDING.c.day >= first, SPENDING.c.day < following)
    return int(today), int(conn.execute(month).scalar_one())


def add_spending(conn: Connection, account: str, day: date, amount: int) -> None:
    """Count an amount, which may be negative: what was reserved and not spent."""
    row = {"account": account, "day": day, "amount": amount}
    conn.execute(
        upsert(conn, SPENDING)
        .values(row)
        .on_conflict_do_update(
            index_elements=["account", "day"], set_={"amount": SPENDING.c.amount + amount}
        )
    )
