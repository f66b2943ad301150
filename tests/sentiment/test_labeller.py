from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import pytest

from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import Label, Reasons, Text
from sentiment.labeller import Labeller


class NoCauses:
    version = "1"

    def read(
        self, items: Sequence[tuple[EncodedText, str, str]], several: Collection[int] = ()
    ) -> list[Reasons]:
        assert all(len(own.token_logits) == len(own.offsets) for own, _, _ in items)
        assert {lang for _, _, lang in items} <= {"en", "ru"}
        return [Reasons() for _ in items]


@pytest.fixture(scope="module")
def labeller() -> Labeller:
    return Labeller(Encoder.load(threads=2), NoCauses())


def label(labeller: Labeller, *texts: Text) -> list[Label]:
    return list(labeller.label(texts))


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Worst service ever, they lost my parcel and never answered", "negative"),
        ("I love this coffee, the staff are wonderful!", "positive"),
        ("What time does the shop open on Sunday?", "neutral"),
        ("Ужасный сервис, потеряли посылку и не отвечают", "negative"),
        ("Обожаю этот кофе, персонал просто чудесный!", "positive"),
        ("Во сколько магазин открывается в воскресенье?", "neutral"),
    ],
)
def test_plain_texts(labeller: Labeller, text: str, sentiment: str) -> None:
    (found,) = label(labeller, Text("1", text))
    assert found.sentiment == sentiment
    chances = (found.p_negative, found.p_neutral, found.p_positive)
    assert all(chance is not None for chance in chances)
    assert sum(chance or 0.0 for chance in chances) == pytest.approx(1.0)


WAITS = {
    "en": (
        "Acme held us up for two hours at check-in",
        "We were kept waiting at Acme until the kitchen closed",
        "Acme had me wait on the line all morning",
        "Ages to get a table at Acme, again",
        "I waited and waited, and Acme never called my number",
        "Acme makes you wait a week for a simple answer",
        "Our kids waited an hour at Acme for two burgers",
        "Acme left me waiting in the rain",
    ),
    "ru": (
        "Зорька держали нас у входа сорок минут",
        "В Зорьке ждали столик целую вечность",
        "Зорька заставила меня прождать весь день",
        "Очередь в Зорьке на час, и это в будни",
        "Ждал ответа от Зорьки неделю",
        "Дети в Зорьке час ждали два бургера",
        "Мариновали нас в Зорьке до вечера",
        "Зорька оставила нас ждать под дождём",
    ),
}
"""Written after the model was taught, and not for it: 14 to 15 of 16 are negative when asked."""


def test_being_kept_waiting_is_no_praise_of_a_brand(labeller: Labeller) -> None:
    brands = {"en": "Acme", "ru": "Зорька"}
    told = [
        Text(text, text, lang, target=brands[lang]) for lang, own in WAITS.items() for text in own
    ]
    found = Counter(label.sentiment for label in labeller.label(told))
    assert found["negative"] >= 14, found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👍",
        "https://example.org/",
        "\ud800\x00",
        "Das Essen war leider ziemlich kalt und teuer",
        "дуже поганий сервіс і хамство",
        "12345",
    ],
)
def test_what_cannot_be_judged_is_unscored(labeller: Labeller, text: str) -> None:
    (found,) = label(labeller, Text("1", text))
    assert found.sentiment == "unscored"
    assert found.p_negative is found.p_neutral is found.p_positive is None
    assert found.causes == ()


def test_order_ids_and_versions(labeller: Labeller) -> None:
    texts = [
        Text("a", "Great coffee, thank you"),
        Text("b", ""),
        Text("c", "Отвратительный кофе, больше не приду"),
        Text("d", "Great coffee, thank you"),
    ]
    found = label(labeller, *texts)
    assert [item.id for item in found] == ["a", "b", "c", "d"]
    assert [item.lang for item in found] == ["en", "und", "ru", "en"]
    assert found[0].p_positive == found[3].p_positive
    assert {item.model_version for item in found} == {labeller.model_version}
    assert {item.taxonomy_version for item in found} == {"1"}


def test_low_confidence_keeps_its_class(labeller: Labeller) -> None:
    texts = [Text(str(n), text) for n, text in enumerate(("well well", "so, the bank", "ну и ну"))]
    for found in label(labeller, *texts):
        chances = {
            "negative": found.p_negative or 0.0,
            "neutral": found.p_neutral or 0.0,
            "positive": found.p_positive or 0.0,
        }
        assert found.sentiment == max(chances, key=lambda name: chances[name])
        assert found.low_confidence == (max(chances.values()) < 0.5)


def test_a_megabyte_is_labelled(labeller: Labeller) -> None:
    (found,) = label(labeller, Text("1", "The queue was awful and the staff rude. " * 26_000))
    assert found.sentiment == "negative"


def test_the_shipped_labeller_names_causes_with_their_evidence() -> None:
    text = "Кофе хороший. Ждала заказ сорок минут, очередь еле двигалась."
    (found,) = Labeller.load().label([Text("1", text)])
    for cause in found.causes:
        assert text[cause.start : cause.end] == cause.evidence
