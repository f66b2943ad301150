from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.normalise import normalise

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("@beeline привет", "@user привет"),
        ("see https://t.co/aB1?x=y now", "see   now"),
        ("see www.shop.example/a now", "see   now"),
        ("masked http end", "masked   end"),
        ("&quot;bad&quot; &amp; &#39;sad&#39;", "\"bad\" & 'sad'"),
        ("it\\u2019s", "it’s"),
        ("wow!!!!!!!!", "wow!!!"),
        ("a\n\n\tb", "a b"),
        ("a\x00b", "a b"),
        ("a\ud800b", "a b"),
        ("mail me@example.org", "mail me@example.org"),
        ("&notanentity;", "&notanentity;"),
        ("", ""),
    ],
)
def test_what_is_cleaned(text: str, clean: str) -> None:
    assert normalise(text).text == clean


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("&lt;b&gt; Очередь   ужасная", "ужасная"),
        ("http://a.b/c @who it is late", "late"),
        ("😀😀😀😀😀😀 ждал час", "час"),
    ],
)
def test_the_way_back_finds_the_same_word(text: str, word: str) -> None:
    clean = normalise(text)
    at = clean.text.index(word)
    start, end = clean.to_original(np.array([[at, at + len(word)]]))[0]
    assert text[start:end] == word


def test_a_replaced_piece_maps_to_all_of_it() -> None:
    text = "RT @beeline_rus: нет"
    clean = normalise(text)
    at = clean.text.index("@user")
    start, end = clean.to_original(np.array([[at, at + 5]]))[0]
    assert text[start:end] == "@beeline_rus"


@given(ANY_TEXT)
def test_every_span_maps_inside_the_original(text: str) -> None:
    clean = normalise(text)
    count = len(clean.text)
    spans = np.array([[at, at + 1] for at in range(count)], dtype=np.int64).reshape(-1, 2)
    back = clean.to_original(spans)
    assert (back[:, 0] <= back[:, 1]).all()
    assert (back >= 0).all()
    assert (back <= len(text)).all()
    assert (np.diff(back[:, 0]) >= 0).all()


@given(ANY_TEXT)
def test_the_clean_text_can_always_be_encoded(text: str) -> None:
    normalise(text).text.encode("utf-8")
