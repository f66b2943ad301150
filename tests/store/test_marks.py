from sqlalchemy import Engine

from store.engine import reading, writing
from store.marks import get_mark, set_mark


def test_a_mark_is_what_was_set_last(engine: Engine) -> None:
    with writing(engine) as conn:
        assert get_mark(conn, "detect:zerno") is None
        set_mark(conn, "detect:zerno", {"seen": 1})
        set_mark(conn, "detect:zerno", {"seen": 2, "at": "полдень"})
        set_mark(conn, "other", {})
    with reading(engine) as conn:
        assert get_mark(conn, "detect:zerno") == {"seen": 2, "at": "полдень"}
        assert get_mark(conn, "other") == {}
