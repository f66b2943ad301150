"""Both languages say the same things, in their own grammar."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from reports.interface import LANGS, Lang, ReportError
from reports.words import Words, catalogue, plain, safe_url

MOSCOW = ZoneInfo("Europe/Moscow")


def words(lang: Lang) -> Words:
    return Words(lang, MOSCOW)


def names(message: Any) -> set[str]:
    texts = message.values() if isinstance(message, Mapping) else [message]
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_catalogues_hold_the_same_messages_with_the_same_values() -> None:
    english, russian = catalogue("en"), catalogue("ru")
    assert set(english) == set(russian)
    for key in english:
        plural = isinstance(english[key], Mapping)
        assert plural == isinstance(russian[key], Mapping), key
        assert names(english[key]) | {"n"} == names(russian[key]) | {"n"}, key


@pytest.mark.parametrize("lang", LANGS)
def test_every_plural_has_the_forms_its_language_needs(lang: Lang) -> None:
    needed = set(Locale.parse(lang).plural_form.tags) | {"other"}
    for key, message in catalogue(lang).items():
        if isinstance(message, Mapping):
            assert set(message) == needed, key


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 упоминание"),
        (2, "2 упоминания"),
        (5, "5 упоминаний"),
        (11, "11 упоминаний"),
        (21, "21 упоминание"),
        (1412, "1\u00a0412 упоминаний"),
    ],
)
def test_russian_counts_agree_with_their_nouns(count: int, said: str) -> None:
    assert words("ru").say("mentions", n=count) == said


def test_english_counts() -> None:
    assert words("en").say("mentions", n=1) == "1 mention"
    assert words("en").say("mentions", n=1412) == "1,412 mentions"


def test_ratios_agree_too() -> None:
    assert words("ru").times(4.13) == "4,1 раза"
    assert words("ru").times(5.0) == "5 раз"
    assert words("ru").times(2.0) == "2 раза"
    assert words("en").times(4.13) == "4.1 times"


def test_numbers_wear_the_languages_dress() -> None:
    assert words("en").percent(0.234) == "23%"
    assert words("ru").percent(0.234) == "23\u00a0%"
    assert words("en").percent(0.004) == "0.4%"
    assert words("ru").percent(-0.184, signed=True) == "−18\u00a0%"
    assert words("en").span("14%", "19%") == "14–19%"
    assert words("ru").span("14\u00a0%", "19\u00a0%") == "14–19\u00a0%"
    assert words("en").net(0.124) == "+12"
    assert words("en").net(-0.001) == "0"
    assert words("ru").short(15_200) == "15,2\u00a0тыс."


def test_times_are_the_readers() -> None:
    at = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
    assert words("en").moment(at) == "3 Mar, 00:30"
    assert words("ru").day(date(2026, 3, 3)) == "вторник, 3 марта"
    assert words("en").day(date(2026, 3, 3)) == "Tuesday, 3 March"
    assert words("en").duration(timedelta(minutes=90)) == "90 minutes"
    assert words("ru").duration(timedelta(hours=5)) == "5 часов"
    assert words("ru").duration(timedelta(days=3)) == "3 дня"


def test_lists_and_names() -> None:
    assert words("en").join(["a", "b", "c"]) == "a, b and c"
    assert words("ru").join(["a", "b"]) == "a и b"
    assert words("en").join([]) == ""


def test_a_post_is_never_read_as_a_template() -> None:
    said = words("en").say("subject_start_day", brand="{mentions.__class__}", mentions="5 mentions")
    assert said == "{mentions.__class__}: 5 mentions"


def test_unknown_languages_and_messages_are_refused() -> None:
    with pytest.raises(ReportError, match="not in 'de'"):
        catalogue("de")
    with pytest.raises(ReportError, match="no message 'nonsense'"):
        words("en").say("nonsense")


def test_post_text_is_one_clean_line() -> None:
    assert plain("a\n\tb\u202egnp.exe\u2069 \x07c") == "a bgnp.exe c"
    assert plain("word " * 100, 30) == "word word word word word…"
    assert len(plain("x" * 500, 100)) == 100


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " JAVASCRIPT:1", ""])
def test_only_web_links_are_links(url: str) -> None:
    assert safe_url(url) == ""
    assert safe_url(" https://a.example/x ") == "https://a.example/x"
