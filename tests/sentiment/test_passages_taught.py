"""Which passage becomes an example: what the finder says of clauses is made up here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pytest

from sentiment.causes import CauseFinder
from sentiment.clauses import split_clauses
from sentiment.encoder import Encoder
from sentiment.interface import CauseLink, Reasons
from sentiment.passages_taught import shown_best

LATE = "The app crashed twice. We waited an hour. Then we left."
LONG = "So. We waited an hour. Nobody came to us. Then we all left. It rained."


class Finder:
    """Tells one cause of each clause with the probability that is given for it."""

    def __init__(self, chances: Mapping[str, float]) -> None:
        self._chances = chances

    def read(self, items: Sequence[tuple[Any, str, str]]) -> list[Reasons]:
        return [Reasons((_link(clause, self._chances.get(clause, 0.0)),)) for _, clause, _ in items]


class Reader:
    def encode(self, pairs: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[str]:
        return [text for text, _ in pairs]


def _link(evidence: str, chance: float, text: str = "", cause: str = "late") -> CauseLink:
    start = text.find(evidence)
    return CauseLink(cause, "negative", chance, evidence, start, start + len(evidence))


def shown(
    text: str, best: str, chance: float, alone: Mapping[str, float], *others: CauseLink
) -> str:
    link = _link(best, chance, text)
    finder, reader = cast("CauseFinder", Finder(alone)), cast("Encoder", Reader())
    return shown_best(finder, reader, (text, "en"), [link], [link, *others])["late"]


def test_the_clause_that_clearly_shows_it_is_taken() -> None:
    assert len(split_clauses(LATE)) == 3
    wait = "We waited an hour."
    alone = {wait: 0.7, "Then we left.": 0.1}
    assert shown(LATE, wait, 0.5, alone) == wait
    assert shown(LATE, "Then we left.", 0.5, alone) == wait, "alone, as examples are read"


@pytest.mark.parametrize(
    "alone",
    [
        pytest.param({"We waited an hour.": 0.4}, id="alone it is less likely than in its text"),
        pytest.param({"We waited an hour.": 0.7, "Then we left.": 0.7}, id="another is as likely"),
    ],
)
def test_a_short_text_is_taken_whole_where_no_clause_is_clear(alone: dict[str, float]) -> None:
    assert shown(LATE, "We waited an hour.", 0.5, alone) == LATE


def test_a_text_of_two_causes_is_not_taken_whole() -> None:
    crash = _link("The app crashed twice.", 0.6, LATE, "app")
    alone = {"We waited an hour.": 0.4}
    assert shown(LATE, "We waited an hour.", 0.5, alone) == LATE
    assert shown(LATE, "We waited an hour.", 0.5, alone, crash) == "We waited an hour."


def test_of_a_longer_text_the_clause_is_taken_that_is_likeliest_alone() -> None:
    alone = {"We waited an hour.": 0.4, "It rained.": 0.3}
    assert shown(LONG, "It rained.", 0.5, alone) == "We waited an hour."


@pytest.mark.parametrize(
    ("text", "clause", "passage"),
    [
        (LONG, "So.", "So. We waited an hour."),
        (LONG, "It rained.", "Then we all left. It rained."),
        (
            "Опять. Кассирша швырнула сдачу. Мы молча ушли. Больше не придём сюда.",
            "Опять.",
            "Опять. Кассирша швырнула сдачу.",
        ),
        (
            "Мы зашли вечером. Кофе вкусный, но холодно. Ушли мы быстро. Жаль, что так.",
            "но холодно.",
            "Кофе вкусный, но холодно.",
        ),
    ],
)
def test_what_has_too_few_words_is_taken_with_its_neighbours(
    text: str, clause: str, passage: str
) -> None:
    assert shown(text, clause, 0.5, {clause: 0.9}) == passage


@pytest.mark.parametrize("text", ["long wait", "Дорого", "We waited an hour."])
def test_a_text_of_one_clause_is_taken_as_it_is(text: str) -> None:
    assert shown(text, text, 0.5, {}) == text
