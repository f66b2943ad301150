from __future__ import annotations

import pytest

from tests.collectors.query.examples import matches, shown


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        (
            "Сбербанк",
            "Сбербанк, Сбербанка, Сбербанку, Сбербанком, о СБЕРБАНКЕ",
            ["Сбербанк", "Сбербанка", "Сбербанку", "Сбербанком", "СБЕРБАНКЕ"],
        ),
        ("Пятёрочка", "в Пятерочке, у Пятёрочки", ["Пятерочке", "Пятёрочки"]),
        ("Связной", "от Связного к Связному", ["Связного", "Связному"]),
        ("Иванов", "Иванова, Иванову, Ивановым", ["Иванова", "Иванову", "Ивановым"]),
        ("Вкусвилл", "во Вкусвилле с вкусвиллом", ["Вкусвилле", "вкусвиллом"]),
        ("Хлебярка", "в Хлебярке, Хлебярку", ["Хлебярке", "Хлебярку"]),
        ("Додо", "в Додо вкусно", ["Додо"]),
        ("Авито", "на Авито", ["Авито"]),
        ("ПЭК", "в ПЭКе потеряли груз", ["ПЭКе"]),
        ("СДЭК", "сдэком, в СДЭК-е", ["сдэком", "СДЭК"]),
        ("Гош", "Гоша, Гошем, в Гоше", ["Гоша", "Гоше"]),
        ("Штучки", "Штучек, Штучками, штучка", ["Штучек", "Штучками"]),
        ("Чистые Пруды", "у пруда на Чистых Прудах", ["Чистых"]),
        ("кофейня", "кофейни, кофеен, кофейнями", ["кофейни", "кофеен", "кофейнями"]),
        ("cup", "two cups, a cup", ["cups", "cup"]),
        ("bakery", "three bakeries", ["bakeries"]),
    ],
)
def test_words_match_in_their_grammatical_forms(query: str, text: str, found: list[str]) -> None:
    assert shown(query, text) == found


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Зерно", "мешок зёрен, зёрнами"),
        ("Сбербанк", "сбербанки всей страны"),
        ("Apple", "apples and pineapple, applesauce"),
        ("Озон", "озоновый слой, озонировать"),
        ("Лента", "инструмент, ленточка"),
        ("Белое", "белейшего, белая, белые"),
        ("Авито", "авил авитый авью"),
        ("МТС", "МТС24, МТС_бот, ЕМТС"),
        ("Grain", "grain_2, 2grain, migraine"),
    ],
)
def test_names_do_not_match_what_only_looks_like_them(query: str, text: str) -> None:
    assert not matches(query, text)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("Apple", "Apple's, Apple’s; #apple @apple", ["Apple", "Apple", "apple", "apple"]),
        ("IKEA", "IKEA'и, IKEA’ей, в IKEAе", ["IKEA"] * 3),
        ("iPhone", "iPhone-ом, iPhone’ы, айфон и iphoneа", ["iPhone", "iPhone", "iphone"]),
        (
            "McDonald's",
            "McDonald’s, mcdonald's, McDonalds",
            ["McDonald’s", "mcdonald's", "McDonalds"],
        ),
        ("Nestle", "Nestlé, NESTLÉ, nestle\u0301", ["Nestlé", "NESTLÉ", "nestle\u0301"]),
        ("Nestlé", "Nestle", ["Nestle"]),
        ("Sber", "𝗦𝗯𝗲𝗿, Ｓｂｅｒ", ["𝗦𝗯𝗲𝗿", "Ｓｂｅｒ"]),
        ("Сбербанк", "Сбе́рбанк, Сбер\xadбанк, Сбер\u200bбанка", None),
        ("C++", "C++, C, C+", ["C++"]),
        (".NET", "ASP.NET, .NET", [".NET", ".NET"]),
        ("AT&T", "AT&T, at t, AT & T", ["AT&T", "AT & T"]),
        ("Coca-Cola", "Coca-Cola, coca cola; Coca – Cola", ["Coca-Cola", "coca cola"]),
        ("М.Видео", "в М.Видео и М Видео", ["М.Видео", "М Видео"]),
        ("☕", "утро☕️кофе", ["☕️"]),
        ("Apple", "我的Apple手机", ["Apple"]),
        ("苹果", "我的苹果手机", ["苹果"]),
        ("Apple", "Apple™ and Apple¹", ["Apple", "Apple"]),
    ],
)
def test_what_people_do_to_names_in_writing(query: str, text: str, found: list[str] | None) -> None:
    assert shown(query, text) == (found or text.split(", "))


def test_an_apostrophe_in_the_query_may_be_of_any_kind() -> None:
    assert shown("L’Oréal", "L'Oreal and loreal") == ["L'Oreal", "loreal"]


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("=Apple", "apple APPLE Apple Apple's", ["Apple", "Apple"]),
        ("=Зерно", "зерно, Зерна, Зерно", ["Зерно"]),
        ("=Пятёрочка", "Пятерочка Пятёрочка", ["Пятёрочка"]),
        ('="Красное и Белое"', "красное и белое; Красное и Белое", ["Красное и Белое"]),
        ("=Sber*", "sberbank SBER SberMarket", ["SberMarket"]),
        ("=Зерно", "З\xadерно, Зе\u200bрно", ["З\xadерно", "Зе\u200bрно"]),
    ],
)
def test_exact_terms_take_letters_as_written(query: str, text: str, found: list[str]) -> None:
    assert shown(query, text) == found


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("сбер*", "Сберовский, неСбер, сбер", ["Сберовский", "сбер"]),
        ("starb*", "Starbucks's lobby", ["Starbucks"]),
        ('"кофе ха*"', "кофе хаузом, кофе-ха", ["кофе хаузом", "кофе-ха"]),
    ],
)
def test_prefixes_cover_the_whole_word(query: str, text: str, found: list[str]) -> None:
    assert shown(query, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Кофе Хауз", True),
        ("в «Кофе Хаузе»", True),
        ("кофе-хауза", True),
        ("сеть Кофе «Хауз»", True),
        ("Кофе\nХауз", True),
        ("Кофе\xa0Хауз", True),
        ("Кофе Хауз'а", True),
        ("кофе. Хауз", False),
        ("кофе, Хауз", False),
        ("кофе — Хауз", False),
        ("Кофе\n\nХауз", False),
        ("Хауз Кофе", False),
        ("Кофе в Хауз", False),
        ("Кофейный Хауз", False),
    ],
)
def test_phrases_hold_together_in_any_case(text: str, found: bool) -> None:
    assert matches('"Кофе Хауз"', text) is found


@pytest.mark.parametrize("quotes", ['"Dr Pepper"', "«Dr Pepper»", "“Dr Pepper”", "„Dr Pepper“"])
def test_quotes_of_any_nation_make_a_phrase(quotes: str) -> None:
    assert shown(quotes, "a Dr. Pepper, please; pepper dr") == ["Dr. Pepper"]


def test_the_adjective_of_a_name_follows_its_noun() -> None:
    found = shown('"Золотое Яблоко"', "в Золотом Яблоке у Золотого яблока")
    assert found == ["Золотом Яблоке", "Золотого яблока"]
