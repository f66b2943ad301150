from __future__ import annotations

import pytest

from collectors.query import QueryError, compile_query


def error_of(query: str, name: str = "") -> QueryError:
    with pytest.raises(QueryError) as caught:
        compile_query(query, name=name)
    return caught.value


@pytest.mark.parametrize(
    ("query", "position", "words"),
    [
        ("", 0, "empty"),
        (" \n ", 0, "empty"),
        ("(", 0, "never closed"),
        ("Зерно (кофе OR чай", 6, "never closed"),
        ("()", 0, "empty"),
        ("кофе )", 5, "closes nothing"),
        ('кофе "чай', 5, "never closed"),
        ("кофе «чай", 5, "never closed"),
        ("кофе AND", 5, "AND needs a term after"),
        ("кофе OR OR чай", 5, "OR needs a term after"),
        ("OR кофе", 0, "OR needs a term before"),
        ("(AND кофе)", 1, "AND needs a term before"),
        ("кофе NOT", 5, "NOT needs a term after"),
        ("NOT NOT кофе", 0, "twice"),
        ("NOT кофе", 0, "NOT alone"),
        ("NOT кофе NOT чай", 0, "NOT alone"),
        ("кофе OR NOT чай", 8, "NOT alone"),
        ("кофе NEAR чай", 5, "NEAR/5"),
        ("кофе near/3 чай", 5, "NEAR/5"),
        ("кофе NEAR/ чай", 5, "NEAR/5"),
        ("кофе NEAR/101 чай", 5, "up to 100"),
        (f"кофе NEAR/{'9' * 5000} чай", 5, "NEAR/5"),
        ("кофе NEAR/2", 5, "needs a term after"),
        ("NEAR/2 кофе", 0, "needs a term before"),
        ("a NEAR/1 b NEAR/1 c", 11, "(a NEAR/3 b) AND (b NEAR/3 c)"),
        ("a NEAR/1 (b AND c)", 10, "nothing else"),
        ("a NEAR/1 lang:ru", 9, "nothing else"),
        ("к*", 0, "at least 2 letters"),
        ("*", 0, "* stands only at the end"),
        ("*кофе", 0, "* stands only at the end"),
        ("чай ко*фе", 6, "* stands only at the end"),
        ('"кофе *"', 6, "* stands only at the end"),
        ("#к*", 0, "too short"),
        ("# кофе", 0, "#coffee"),
        ("@ кофе", 0, "@coffee"),
        ("= кофе", 0, "=Apple"),
        ("кофе tag:чай", 5, "no field tag:"),
        ("lang:", 0, "as in lang:ru"),
        ("lang:russian", 0, "language code"),
        ("lang:(ru OR en)", 0, "(lang:a OR lang:b)"),
        ("site:example.*", 0, "whole value"),
        ("author:*van", 0, "at the end only"),
        ("author:x*", 0, "too broad"),
        ('author:""', 0, "needs a value"),
        ("coffee and tea", 7, "capitals"),
        ("-coffee", 0, "NOT coffee"),
        ("tea +coffee", 4, "leave + out"),
        ("tea && coffee", 4, "AND or OR"),
        ('""', 0, "no letter"),
        ("!!!", 0, "no letter"),
        ("x" * 20_001, 20_000, "longer than"),
        ("(" * 51 + "x" + ")" * 51, 50, "deep"),
    ],
)
def test_errors_say_what_and_where(query: str, position: int, words: str) -> None:
    error = error_of(query)
    assert words in error.message
    assert error.position == position


def test_the_place_is_shown_by_line_column_and_caret() -> None:
    error = error_of('Зерно\nAND ("кофе" OR\n  бариста foo:bar)', name="zerno")
    assert (error.line, error.column) == (3, 11)
    assert str(error).splitlines() == [
        "zerno: There is no field foo: (there are lang:, source:, author:, site:, thread:); "
        "for the text itself, quote it (line 3, column 11)",
        "    бариста foo:bar)",
        "            ^",
    ]


def test_the_caret_of_a_long_line_stays_in_sight() -> None:
    error = error_of("кофе " * 100 + ") " + "чай " * 100)
    line, caret = error.excerpt.splitlines()
    assert len(line) < 80
    assert line[caret.index("^")] == ")"


def test_a_query_error_is_a_value_error() -> None:
    assert issubclass(QueryError, ValueError)
