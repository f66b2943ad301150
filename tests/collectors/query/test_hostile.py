from __future__ import annotations

import pytest

from collectors.query import Document, Match, Matcher, compile_query, query_from_names
from collectors.query.fold import fold
from tests.collectors.query.examples import match_of, matches, shown


@pytest.mark.parametrize(
    "text",
    [
        "\ud800Зерно\udfff",
        "Зерно\x00",
        "\u202eЗерно\u202c",
        "قهوة Зерно שלום",
        "\uffffЗерно\uffff",
        "\u0301\u0301 Зерно",
        "😀Зерно👩‍👩‍👧",
    ],
)
def test_strange_characters_do_not_hide_a_name(text: str) -> None:
    assert shown("Зерно", text) == ["Зерно"]


def test_letters_written_as_letter_and_mark_are_the_same_letters() -> None:
    assert shown("Пятёрочка", "в Пяте\u0308рочке") == ["Пяте\u0308рочке"]
    assert matches("чай", "ча\u0438\u0306")


def test_a_mountain_of_marks_costs_no_more_than_its_length() -> None:
    marks = "\u0301\u0323" * 200_000
    assert shown("Зерно", "a" + marks + " Зерно") == ["Зерно"]


def test_a_megabyte_of_hits_is_read_to_the_end() -> None:
    text = "я" * 700_000 + " зерно кофе" * 30_000
    match = match_of("Зерно NEAR/2 кофе", text)
    assert match
    assert len(match.spans) == 30_000


def test_a_text_of_awkward_letters_keeps_its_offsets() -> None:
    text = "ﬁ ß … " * 1000 + "Зерно"
    match = match_of("Зерно", text)
    assert match
    assert match.spans == ((len(text) - 5, len(text)),)
    assert len(fold(text).text) > len(text)


def test_an_empty_document_matches_nothing() -> None:
    assert not matches("Зерно", "")


def test_a_long_list_of_names_is_a_query() -> None:
    names = [f"Brand{number}" for number in range(1_000)]
    assert match_of(query_from_names(names), "brand999") == Match("brand", "Brand999", ((0, 8),))


class TestCost:
    """How many queries are evaluated, whatever the clock says."""

    def test_only_queries_with_a_term_in_the_text_are_evaluated(self) -> None:
        queries = {f"brand{i}": compile_query(f"Brand{i} NOT junk") for i in range(500)}
        matcher = Matcher(queries)
        assert matcher.candidates(Document("a post about nothing, junk")) == []
        assert matcher.candidates(Document("brand7 beats brand300")) == ["brand7", "brand300"]

    def test_context_words_that_brands_share_do_not_wake_them_all(self) -> None:
        queries = {
            f"b{i}": compile_query(f"Br{i} (кофейня OR бариста) lang:ru") for i in range(200)
        }
        matcher = Matcher(queries)
        document = Document("бариста в кофейне br7", lang="ru")
        assert matcher.candidates(document) == ["b7"]
        assert [match.key for match in matcher.match(document)] == ["b7"]

    def test_a_phrase_wakes_its_query_by_its_longest_word(self) -> None:
        matcher = Matcher({"face": compile_query('"the north face"')})
        assert matcher.candidates(Document("the face of the town")) == []
        assert matcher.candidates(Document("to the north")) == ["face"]

    def test_one_branch_that_absence_makes_true_does_not_hide_a_query(self) -> None:
        matcher = Matcher({"tea": compile_query("чай AND (капучино OR NOT молоко)")})
        assert [match.key for match in matcher.match(Document("чай"))] == ["tea"]
