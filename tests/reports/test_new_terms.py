"""New words name something, and the time before did not have them."""

from __future__ import annotations

from reports.new_terms import new_terms

BEFORE = [f"Zerno coffee is fine, number {n}" for n in range(60)]


def test_words_of_every_text_are_no_news() -> None:
    now = ["they charged me twice for the same latte, and nobody would say why"] * 4
    assert new_terms(now, BEFORE) == ("charged", "latte")
    assert new_terms(["а они ещё и нахамили мне, когда я спросила про сдачу"] * 4, BEFORE) == (
        "нахамили",
        "сдачу",
        "спросила",
    )


def test_what_was_said_before_now_and_then_is_not_new() -> None:
    now = ["the latte machine leaks"] * 10
    assert set(new_terms(now, BEFORE)) == {"latte", "leaks", "machine"}
    assert set(new_terms(now, [*BEFORE, *["a latte"] * 2])) == {"leaks", "machine"}
    assert set(new_terms(now, [*BEFORE, "a latte"])) == {"latte", "leaks", "machine"}
