from __future__ import annotations

import re
from pathlib import Path

import pytest

from collectors.query import QueryError, compile_query

PAGE = (Path(__file__).parents[3] / "docs" / "queries.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```query\n(.*?)\n```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(QUERIES) >= 12


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_page_is_valid(query: str) -> None:
    assert compile_query(query).forms() or "source:" in query


def test_the_error_on_the_page_is_the_error_a_user_sees() -> None:
    with pytest.raises(QueryError) as caught:
        compile_query("Зерно (кофе OR бариста", name="zerno")
    assert str(caught.value) in PAGE


def test_the_configured_query_of_the_page_is_valid() -> None:
    (query,) = re.findall(r"^query = '(.*)'$", PAGE, re.MULTILINE)
    compile_query(query)
