from __future__ import annotations

import pytest

from collectors.query import Document, Match, Matcher, compile_query
from tests.collectors.query.examples import match_of, matches, shown


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("кофе чай", "чай и кофе", True),
        ("кофе чай", "только чай", False),
        ("tea OR coffee milk", "tea", True),
        ("tea OR coffee milk", "coffee", False),
        ("(tea OR coffee) milk", "tea", False),
        ("tea NOT (milk OR sugar)", "tea with sugar", False),
        ("tea AND NOT milk", "tea", True),
        ("tea (milk OR NOT sugar)", "tea", True),
        ("tea (milk OR NOT sugar)", "tea, sugar", False),
        ("tea NOT (milk sugar)", "tea, milk", True),
    ],
)
def test_operators(query: str, text: str, expected: bool) -> None:
    assert matches(query, text) is expected


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("Зерно NEAR/2 кофе", "кофе в этом Зерне", True),
        ("Зерно NEAR/1 кофе", "кофе в этом Зерне", False),
        ("Grain NEAR/0 coffee", "Grain's coffee", True),
        ("Grain NEAR/0 coffee", "coffee-grain", True),
        ("coffee NEAR/3 coffee", "coffee", False),
        ("coffee NEAR/3 coffee", "coffee, more coffee", True),
        ('(Зерно OR Grain) NEAR/2 ("грубый персонал" OR queue)', "в Grain огромная queue", True),
        ('Зерно NEAR/1 "грубый персонал"', "Зерно: грубым персоналом", True),
        ("#зерно NEAR/1 @barista", "@barista из #Зерно", True),
    ],
)
def test_near_counts_the_words_between(query: str, text: str, expected: bool) -> None:
    assert matches(query, text) is expected


def test_near_points_at_the_name_that_is_near() -> None:
    text = "Зерно далеко от всего остального на свете. Кофе в Зерне"
    match = match_of("Зерно NEAR/1 кофе", text)
    assert match
    assert [text[start:end] for start, end in match.spans] == ["Зерне"]


def test_near_does_not_reach_from_the_title_into_the_text() -> None:
    assert not matches("Зерно NEAR/5 кофе", "кофе", title="Зерно")


def test_title_and_text_count_together_and_the_match_says_where() -> None:
    match = match_of("Зерно кофе", "вкусный кофе", title="Новости Зерна")
    assert match == Match("brand", "Зерно", ((8, 13),), in_title=True)
    assert match_of("Зерно", "о Зерне", title="Зерно") == Match("brand", "Зерно", ((2, 7),))


def test_the_term_named_is_of_the_branch_that_was_true() -> None:
    match = match_of('(Зерно кофе) OR "Grain Coffee"', "Зерно и Grain Coffee")
    assert match
    assert match.term == '"Grain Coffee"'


def test_the_name_is_shown_rather_than_the_field_before_it() -> None:
    match = match_of("lang:ru Зерно", "о Зерне", lang="ru")
    assert match == Match("brand", "Зерно", ((2, 7),))


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("#кофе", "люблю #Кофе и #кофеин", ["#Кофе"]),
        ("#coffee", "c#coffee, coffee", []),
        ("#сбер*", "#СберМаркет", ["#СберМаркет"]),
        ("@grain", "hi @Grain. @grain.shop @grain-x @grain@example.org", ["@Grain"]),
        ("@grain@example.org", "hi @grain@example.org!", ["@grain@example.org"]),
        ("@grain", "me@grain", []),
    ],
)
def test_tags_and_handles(query: str, text: str, found: list[str]) -> None:
    assert shown(query, text) == found


def test_a_tag_is_also_looked_up_among_the_posts_own() -> None:
    assert match_of("#кофе", "без тега", tags=("Кофе",)) == Match("brand", "#кофе", ())
    assert matches("#кофе", "", tags=("#КОФЕ",))
    assert matches("#коф*", "", tags=("кофейня",))
    assert not matches("#кофе", "", tags=("кофейня",))


@pytest.mark.parametrize(
    ("query", "known", "expected"),
    [
        ("lang:ru", {"lang": "ru"}, True),
        ("lang:EN", {"lang": "en-GB"}, True),
        ("lang:en-gb", {"lang": "en"}, False),
        ("source:rss", {"source": "RSS"}, True),
        ("source:city*", {"source": "city-news"}, True),
        ("source:city", {"source": "city-news"}, False),
        ('author:"Иван Петров"', {"author": "иван петров"}, True),
        ("author:@Ivan", {"author": "ivan"}, True),
        ("author:ivan", {"author": "@Ivan"}, True),
        ("author:iv*", {"author": "Ivan"}, True),
        ("site:example.com", {"site": "https://www.example.com/a"}, True),
        ("site:example.com", {"site": "news.example.com"}, True),
        ("site:https://www.example.com", {"site": "example.com:8080"}, True),
        ("site:example.com", {"site": "badexample.com"}, False),
        ("site:кофе.рф", {"site": "xn--e1ajmy.xn--p1ai"}, True),
        ("lang:ru", {}, False),
        ("source:rss", {}, False),
    ],
)
def test_fields(query: str, known: dict[str, str], expected: bool) -> None:
    assert matches(query, "text", **known) is expected


def test_matches_come_in_the_order_of_the_queries() -> None:
    names = {"rival": "Чашка", "brand": "Зерно", "other": "Поле"}
    matcher = Matcher({key: compile_query(query) for key, query in names.items()})
    found = matcher.match(Document("Зерно лучше Чашки"))
    assert [match.key for match in found] == ["rival", "brand"]


def test_a_matcher_of_no_queries_matches_nothing() -> None:
    assert Matcher({}).match(Document("Зерно")) == []


class TestNamesakes:
    """A coffee chain whose name is a common word in both languages."""

    about_the_chain = (
        "В Зерне на Тверской бариста перепутал заказ",
        "зерно закрыли, а кофе там был лучший",
        "Queued at Grain again, the barista apologised",
    )
    about_the_crop = (
        "Зерно подорожало: урожай пшеницы ниже прошлогоднего",
        "Экспорт зерна вырос",
        "Grain harvest delayed, wheat prices up",
        "take it with a grain of salt",
    )

    @pytest.mark.parametrize(
        "query",
        [
            "Зерно AND (кофе OR кофейня OR бариста) NOT (пшеница OR урожай) OR Grain barista",
            "Зерно NEAR/5 (кофе OR бариста) OR Grain NEAR/4 barista",
        ],
    )
    def test_context_tells_the_chain_from_the_crop(self, query: str) -> None:
        assert all(matches(query, text) for text in self.about_the_chain)
        assert not any(matches(query, text) for text in self.about_the_crop)

    def test_exclusions_leave_out_the_crop_they_name(self) -> None:
        query = "Зерно NOT (пшеница OR экспорт) OR Grain NOT (wheat OR salt)"
        assert all(matches(query, text) for text in self.about_the_chain)
        assert not any(matches(query, text) for text in self.about_the_crop)

    def test_a_capital_tells_the_name_from_the_word(self) -> None:
        query = "=Зерно OR =Зерне OR =Grain"
        assert matches(query, "Встретимся в Зерне")
        assert matches(query, "Queued at Grain again")
        assert not matches(query, "мешок зерна и зерно")
        assert not matches(query, "a grain of salt")
