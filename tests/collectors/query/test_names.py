from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.query import compile_query, query_from_names
from tests.collectors.query.examples import matches


@pytest.mark.parametrize(
    ("names", "exclude", "query"),
    [
        (["Зерно"], [], "Зерно"),
        (["Зерно", "Grain Coffee"], [], 'Зерно OR "Grain Coffee"'),
        (["Зерно"], ["зерно пшеницы"], 'Зерно NOT "зерно пшеницы"'),
        (["Зерно", "Grain"], ["wheat", "соль"], "(Зерно OR Grain) NOT (wheat OR соль)"),
        (["OR", "М.Видео", "#зерно", "@grain"], [], '"OR" OR "М.Видео" OR #зерно OR @grain'),
        (["Зерно", " зерно ", ""], [], "Зерно"),
        (['ООО "Зерно"', "«Зерно»"], [], '"ООО Зерно" OR Зерно'),
        (["-Зерно", "=A", "lang:ru"], [], '"-Зерно" OR "=A" OR "lang:ru"'),
    ],
)
def test_a_query_is_written_from_names(names: list[str], exclude: list[str], query: str) -> None:
    assert query_from_names(names, exclude) == query
    compile_query(query)


@pytest.mark.parametrize("names", [[], [""], ['"'], ["!!!"]])
def test_a_brand_without_a_name_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"name|letter"):
        query_from_names(names)


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_whatever_the_names_are_the_query_is_valid_or_refused(names: list[str]) -> None:
    try:
        query = query_from_names(names)
    except ValueError:
        return
    compile_query(query)


@settings(deadline=None)
@given(st.from_regex(r"[А-Яа-яA-Za-z]{2,8}([ .&-][А-Яа-яA-Za-z]{2,8}){0,2}", fullmatch=True))
def test_a_brand_is_found_under_its_own_name(name: str) -> None:
    assert matches(query_from_names([name]), f"Были в {name}!")
