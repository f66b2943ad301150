import pytest
from sqlalchemy import Engine

from store.engine import reading, writing
from store.heads import (
    free_head_name,
    head_by_name,
    head_in_use,
    head_weights,
    heads,
    save_head,
    use_head,
)
from store.interface import StoreError
from store.model_rows import NewHead
from tests.store.helpers import HOUR, NOW


def new_head(name: str, content: bytes = b"\x00weights\xff") -> NewHead:
    return NewHead(name, f"{name}+0123", "molva-1+abcd", content, {"n": 30, "gain": [0.1, 0.3]})


def test_a_head_is_kept_byte_for_byte_with_its_report(engine: Engine) -> None:
    with writing(engine) as conn:
        save_head(conn, new_head("a"), NOW)
    with reading(engine) as conn:
        [head] = heads(conn)
        assert head_weights(conn, "a") == b"\x00weights\xff"
    assert (head.name, head.base, head.created_at) == ("a", "molva-1+abcd", NOW)
    assert head.report == {"n": 30, "gain": [0.1, 0.3]}
    assert not head.in_use


def test_one_head_at_a_time_is_in_use_and_it_is_known_who_chose_it(engine: Engine) -> None:
    with writing(engine) as conn:
        for name in ("a", "b"):
            save_head(conn, new_head(name), NOW)
        assert head_in_use(conn) is None
        use_head(conn, "a", "olga", NOW)
        use_head(conn, "b", "ivan", NOW + HOUR)
        used = head_in_use(conn)
        assert used is not None
        assert (used.name, used.used_by, used.used_at) == ("b", "ivan", NOW + HOUR)
        use_head(conn, None, "olga", NOW)
        assert head_in_use(conn) is None
        former = head_by_name(conn, "a")
        assert former is not None
        assert former.used_by == "olga"


def test_a_name_is_given_once(engine: Engine) -> None:
    with writing(engine) as conn:
        assert free_head_name(conn, "corrections") == "corrections-1"
        save_head(conn, new_head("corrections-1"), NOW)
        assert free_head_name(conn, "corrections") == "corrections-2"
        with pytest.raises(StoreError, match="'corrections-1' is there already"):
            save_head(conn, new_head("corrections-1"), NOW)
