from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.language import detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Waited 50 minutes for a flat white", "en"),
        ("lol", "en"),
        ("IPHONE 15 PRO MAX", "en"),
        ("omg slay", "en"),
        ("avoid this place", "en"),
        ("McDonald's", "en"),
        ("Кофе норм", "ru"),
        ("ахаха", "ru"),
        ("Сбербанк", "ru"),
        ("не советую", "ru"),
        ("Starbucks кофе норм", "ru"),
        ("новый iPhone 15 Pro Max от Apple купил", "ru"),
        ("@user_name https://example.org/en/path спасибо", "ru"),
        ("ДА ВЫ ИЗДЕВАЕТЕСЬ", "ru"),
        ("дуже поганий сервіс", "uk"),
        ("Їхній застосунок не працює", "uk"),
        ("ў мяне не працуе", "be"),
        ("Вельмі дрэнны сэрвіс", "be"),
        ("Банк жақсы қызмет көрсетеді", "kk"),
        ("Das ist ein sehr schlechter Service", "de"),
        ("Je déteste cette banque", "fr"),
        ("banka çok kötü hizmet", "tr"),
        ("Добър ден, много лоша услуга", "bg"),
        ("", "und"),
        ("ok", "und"),
        ("👍👍👍", "und"),
        ("https://example.org/only/a/link @someone", "und"),
        ("12345 !!!", "und"),
        ("\ud800\udfff\x00", "und"),
    ],
)
def test_language_of_a_text(text: str, code: str) -> None:
    assert detect(text).code == code


def test_one_odd_letter_in_a_long_russian_text_is_a_name() -> None:
    text = (
        "Вчера были в Киеве, зашли в магазин «Свiт», то есть «Світ», и очень долго стояли в очереди"
    )
    assert detect(text).code == "ru"


@pytest.mark.parametrize(
    ("text", "hint", "code"),
    [
        ("Pixo Orla Kavo", "it", "it"),
        ("ok", "en-GB", "en"),
        ("да", "ru_RU", "ru"),
        ("👍", "en", "und"),
        ("Это точно русский текст, и ничего другого", "en", "ru"),
        ("This is certainly an English sentence about coffee", "ru", "en"),
    ],
)
def test_the_declared_language_decides_only_when_unsure(text: str, hint: str, code: str) -> None:
    assert detect(text, hint).code == code


def test_no_network_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the detector reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert detect("Where is my parcel?").code == "en"


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    found = detect(text)
    assert found.code
    assert 0.0 <= found.confidence <= 1.0


def test_a_megabyte_is_quick() -> None:
    assert detect("слово " * 170_000).code == "ru"
