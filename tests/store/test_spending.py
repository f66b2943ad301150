from datetime import date

from sqlalchemy import Engine

from store.engine import reading, writing
from store.spending import add_spending, spent

TODAY = date(2026, 3, 31)


def test_money_is_counted_by_account_day_and_month(engine: Engine) -> None:
    with writing(engine) as conn:
        add_spending(conn, "x:KEY", TODAY, 500)
        add_spending(conn, "x:KEY", TODAY, -200)
        add_spending(conn, "x:KEY", date(2026, 3, 1), 40)
        add_spending(conn, "x:KEY", date(2026, 2, 28), 7)
        add_spending(conn, "x:OTHER", TODAY, 9000)
    with reading(engine) as conn:
        assert spent(conn, "x:KEY", TODAY) == (300, 340)
        assert spent(conn, "x:KEY", date(2026, 4, 1)) == (0, 0)
