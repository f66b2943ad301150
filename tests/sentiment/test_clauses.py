import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.clauses import LONGEST, split_clauses


def parts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_clauses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("вкусно, но ждали час", ["вкусно", "но ждали час"]),
        ("еда супер зато персонал — хамы", ["еда супер", "зато персонал — хамы"]),
        ("Хотя еда вкусная, ждали час.", ["Хотя еда вкусная", "ждали час."]),
        ("Tasty but slow.", ["Tasty", "but slow."]),
        ("Although the food was good, we waited", ["Although the food was good", "we waited"]),
        (
            "The waiter was rude and the soup was cold",
            ["The waiter was rude", "and the soup was cold"],
        ),
        (
            "Официант нахамил нам сразу, а суп принесли холодный",
            ["Официант нахамил нам сразу", "а суп принесли холодный"],
        ),
    ],
)
def test_praise_and_complaint_of_one_sentence_are_apart(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Then nothing but trouble",
        "not only slow but also rude",
        "не только дорого но и грязно",
        "хотя бы извинились",
        "salt, pepper and oil",
        "не сказала бы, что заказ несли долго",
        "не было такого, чтобы код не пришёл",
    ],
)
def test_a_conjunction_that_contrasts_nothing_does_not_cut(text: str) -> None:
    assert parts(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Mr. Smith paid $5.99 at 5 p.m. today. Bye",
            ["Mr. Smith paid $5.99 at 5 p.m. today.", "Bye"],
        ),
        ("Ждал 2,5 часа, т.е. весь вечер. Ужас", ["Ждал 2,5 часа, т.е. весь вечер.", "Ужас"]),
        ("На ул. Ленина д. 5 хамят! Да", ["На ул. Ленина д. 5 хамят!", "Да"]),
        ("Заплатил 500 руб. за кофе. Холодный", ["Заплатил 500 руб. за кофе.", "Холодный"]),
        ("it was cold... really cold", ["it was cold... really cold"]),
        (
            "«Приходите завтра. Мы закрыты», — сказали",
            ["«Приходите завтра. Мы закрыты», — сказали"],
        ),
        ("See www.foo.com/a?b=1.Now or https://x.com/y;z", None),
    ],
)
def test_dots_inside_a_sentence_do_not_end_it(text: str, expected: list[str] | None) -> None:
    assert parts(text) == (expected or [text])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great!!!the rest was bad.The end", ["great!!!", "the rest was bad.", "The end"]),
        ("Так себе))) Больше не приду", ["Так себе)))", "Больше не приду"]),
        ("Ну и ладно 🤬🤬 Верните деньги", ["Ну и ладно 🤬🤬", "Верните деньги"]),
        ("- cold fries\n- rude staff\n\nbye", ["cold fries", "rude staff", "bye"]),
        ("1. Cold food\n2. Rude staff", ["1. Cold food", "2. Rude staff"]),
    ],
)
def test_glued_sentences_smileys_and_lists_are_cut(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("поддержка молчит&hellip;", ["поддержка молчит&hellip;"]),
        ("поддержка молчит&hellip; Верните деньги", ["поддержка молчит&hellip;", "Верните деньги"]),
        ("молчит&amp;#8230; Верните", ["молчит&amp;#8230;", "Верните"]),
        ("AT&amp;T is slow &amp; rude", ["AT&amp;T is slow &amp; rude"]),
        ("they don&#39;t answer &#x1F621; bye", ["they don&#39;t answer &#x1F621;", "bye"]),
        ("cold&nbsp;soup;&nbsp;rude staff", ["cold&nbsp;soup", "rude staff"]),
        ("&bull; cold soup &bull; rude staff", ["cold soup", "rude staff"]),
        (
            "&quot;Завтра. Мы закрыты&quot;, сказали",
            ["&quot;Завтра. Мы закрыты&quot;, сказали"],
        ),
        ("Tom&amp;Jerry; AT&T; nice", ["Tom&amp;Jerry", "AT&T", "nice"]),
        ("x &nosuch; y is slow", ["x &nosuch", "y is slow"]),
        ("&nbsp;", []),
    ],
)
def test_an_entity_is_the_sign_it_stands_for(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_a_wrapped_line_goes_on() -> None:
    text = "we had been standing in that long queue for an hour and\nnobody came"
    assert "and\nnobody came" in " ".join(parts(text))


def test_a_run_on_text_is_cut_into_readable_pieces() -> None:
    text = "and then they said " * 60
    assert all(len(part) <= LONGEST for part in parts(text))


def test_nothing_to_split() -> None:
    assert parts("") == parts(" \n\t ") == []
    assert parts("🤬") == ["🤬"]


_PIECES = st.sampled_from(
    [
        *'аяЁz.,;!?…()"«»-—\n\t 1',
        "но ",
        " but ",
        ". ",
        "т.е. ",
        "http://a.b/c?d",
        "&amp;",
        "&amp;hellip;",
        ", кстати, ",
        " / ",
        " b) ",
        "2️⃣ ",
        "🤬",
        "❤️‍🔥 ",
        "\ud800",
        "a\u0301",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=120).map("".join)))
def test_spans_are_in_order_apart_trimmed_and_hold_every_letter(text: str) -> None:
    spans = split_clauses(text)
    at = 0
    for span in spans:
        assert at <= span.start < span.end <= len(text)
        assert not text[at : span.start].strip(" ").isalnum()
        assert text[span.start : span.end].strip() == text[span.start : span.end]
        at = span.end
    inside = {position for span in spans for position in range(span.start, span.end)}
    assert all(position in inside for position, sign in enumerate(text) if sign.isalpha())
