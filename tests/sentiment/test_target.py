from __future__ import annotations

import re

import numpy as np
import pytest

from sentiment.normalise import normalise
from sentiment.target import PLACEHOLDER, mention_pattern, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Отключила Луму вчера", ("Лума",)),
        ("ушла от Билайна", ("Билайн",)),
        ("в Пятерочке хамят", ("Пятёрочка",)),
        ("банком ВТБ доволен", ("втб",)),
        ("в Альфа Банке очередь", ("Альфа-Банк",)),
        ("Почтой России не пользуюсь", ("Почта России",)),
        ("МТСом доволен", ("МТС",)),
        ("куплю iPhone'ом", ("iPhone",)),
        ("Apple's new store", ("Apple",)),
        ("love @Delta today", ("Delta",)),
        ("#wellsfargo is down", ("Wells Fargo",)),
        ("T-Mobile again", ("T Mobile",)),
        ("Сбер лежит", ("Сбербанк", "Сбер")),
    ],
)
def test_a_name_is_found_in_every_form(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text, names)
    clean = normalise(text, names).text
    assert clean.count(PLACEHOLDER) == 1
    assert len(clean.split()) <= len(text.split())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The pineapple is great", "apple"),
        ("мегафоны на площади", "Мега"),
        ("applesauce", "Apple"),
        ("see https://apple.com/x", "Apple"),
        ("ничего", "  \n"),
        ("ничего", "!!!"),
    ],
)
def test_what_is_not_a_mention_stays(text: str, name: str) -> None:
    assert PLACEHOLDER not in normalise(text, (name,)).text


def test_offsets_of_a_mention_are_its_own() -> None:
    text = "ой, в Альфа Банке &amp; рядом"
    found = normalise(text, ("Альфа-Банк",))
    begin = found.text.index(PLACEHOLDER)
    [[start, end]] = found.to_original(np.array([[begin, begin + len(PLACEHOLDER)]]))
    assert text[start:end] == "Альфа Банке"


def test_a_name_cannot_break_the_pattern() -> None:
    for name in ("C++", "(a|b)*", "a" * 5000, "[", "\\", "\ud800", "?"):
        pattern = mention_pattern((name,))
        assert pattern is None or re.compile(pattern)
        normalise("любой text (a|b)* C++ [", (name,))
