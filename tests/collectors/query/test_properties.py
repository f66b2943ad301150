"""The matcher against a slow, obvious reading of the same queries, on whatever comes.

The reference knows nothing of automata or offsets: it splits a text at spaces and compares words.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.query import Document, Matcher, QueryError, compile_query
from collectors.query.fold import fold, fold_word
from collectors.query.tree import And, Field, Near, Node, Not, Or, Text
from tests.collectors.query.examples import match_of

FORMS = {
    "Зерно": {"зерно", "зерна", "зерну", "зерном", "зерне"},
    "кофе": {"кофе"},
    "Grain": {"grain"},
    "кап*": {"капля", "капучино"},
    "=Чай": {"Чай"},
}
WORDS = ["Зерно", "зерном", "зёрна", "Grain", "granola", "кофе", "КОФЕ", "капучино", "Чай", "чай"]
PHRASES = {'"Зерно кофе"': ("Зерно", "кофе"), '"Grain кап*"': ("Grain", "кап*")}


def word_is(term: str, word: str) -> bool:
    return (word if term.startswith("=") else word.lower().replace("ё", "е")) in FORMS[term]


def places(written: str, words: list[str]) -> list[tuple[int, int]]:
    terms = PHRASES.get(written, (written,))
    last = len(words) - len(terms) + 1
    return [
        (at, at + len(terms))
        for at in range(max(0, last))
        if all(word_is(term, words[at + step]) for step, term in enumerate(terms))
    ]


def is_true(node: Node, words: list[str]) -> bool:
    match node:
        case Text():
            return bool(places(node.written, words))
        case Not():
            return not is_true(node.part, words)
        case And():
            return all(is_true(part, words) for part in node.parts)
        case Or():
            return any(is_true(part, words) for part in node.parts)
        case Near():
            lefts = [place for term in node.left for place in places(term.written, words)]
            rights = [place for term in node.right for place in places(term.written, words)]
            return any(
                0 <= max(left[0] - right[1], right[0] - left[1]) <= node.distance
                for left in lefts
                for right in rights
            )
        case Field():
            raise AssertionError(node)


terms = st.sampled_from([*FORMS, *PHRASES])
nears = st.builds("{} NEAR/{} {}".format, terms, st.integers(0, 3), terms)
queries = st.recursive(
    terms | nears,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("({} NOT {})".format, inner, inner),
        st.builds("({} {} {})".format, inner, inner, inner),
        st.builds("({} AND ({} OR NOT {}))".format, inner, inner, inner),
    ),
    max_leaves=6,
)
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@settings(deadline=None)
@given(st.lists(queries, min_size=1, max_size=4), texts)
def test_the_matcher_agrees_with_an_obvious_reading(written: list[str], text: str) -> None:
    compiled = {str(number): compile_query(query) for number, query in enumerate(written)}
    expected = [key for key, query in compiled.items() if is_true(query.root, text.split())]
    assert [match.key for match in Matcher(compiled).match(Document(text))] == expected


@settings(deadline=None)
@given(queries)
def test_a_query_written_back_reads_the_same(written: str) -> None:
    query = compile_query(written)
    again = compile_query(str(query))
    assert again.root == query.root
    assert str(again) == str(query)


any_text = st.text(
    st.characters() | st.sampled_from("ёЁйИй\u0301\u0306\u0308\xad\u200bßﬁİ…½ʼ’'éＡ𝗦☕\ufe0f\ud800")
)


@settings(deadline=None)
@given(any_text, any_text)
def test_spans_point_at_what_was_matched(before: str, after: str) -> None:
    text = f"{before} Зе\xadрно {after}"
    match = match_of("Зерно", text)
    assert match
    assert match.spans
    for start, end in match.spans:
        assert fold_word(text[start:end]) in FORMS["Зерно"]


@settings(deadline=None)
@given(any_text)
def test_every_folded_stretch_comes_from_where_the_map_says(text: str) -> None:
    folded = fold(text)
    assert folded.span(0, len(folded.text))[1] <= len(text)
    for at, char in enumerate(folded.text):
        start, end = folded.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert char in fold_word(text[start:end])


@settings(deadline=None)
@given(st.text("абвгё АБВГЁЙ’‘ -—«» abcXYZ 123\xa0☕🔥"))
def test_the_quick_way_folds_like_the_thorough_one(text: str) -> None:
    assert fold(text + "\xad").text == fold(text).text


@settings(deadline=None)
@given(st.text('ab(c)"«» =*#@:-ANDORTE/5кщ\n', max_size=30))
def test_any_text_is_a_query_or_an_error_with_its_place(text: str) -> None:
    try:
        root = compile_query(text).root
    except QueryError as error:
        problem = error
    else:
        assert compile_query(str(root)).root == root
        return
    assert 0 <= problem.position <= len(text)
    assert text.count("\n", 0, problem.position) + 1 == problem.line
