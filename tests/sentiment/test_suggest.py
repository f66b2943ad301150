"""New causes for complaints that no cause explains."""

from __future__ import annotations

import pytest

from sentiment.bare import BARE
from sentiment.encoder import Encoder
from sentiment.proper_names import mask_of
from sentiment.suggest import Suggestion, suggest
from sentiment.typical_words import typical_words

SOCKETS = [
    "no power sockets at any of the tables",
    "not one socket to charge a laptop",
    "there are no sockets by the seats, my laptop died",
    "why are there no power outlets near the tables",
    "nowhere to plug in a laptop charger",
    "the only socket is taken, no place to charge",
]
OTHERS = [
    "they painted the roof in an ugly brown",
    "the choir sang out of tune all evening",
    "their mascot frightens my dog",
]
BIKES = {
    "en": [
        "Osprey Leeds took away the bike racks, nothing to lock my bicycle to. #shame",
        "@osprey Cyclists hate you: not one cycle stand outside Osprey on Friday",
        "Lovely terrace, kind waiter. But Osprey in Leeds has no bike rack and I got angry",
        "My bike was stolen at Osprey because there is no rack to lock it, says Linda",
        "Osprey in Leeds forgets people who come by bicycle, no bike parking at all, awful",
        "Great soup! Still, come by bike to Osprey and you find zero racks, terrible",
    ],
    "ru": [
        "Скопа в Твери убрала велопарковку, велосипед не к чему пристегнуть. #позор",
        "@skopa Велосипедистам к Скопе в пятницу не подъехать, стоек для велосипеда нет",
        "Чудесная терраса, милый официант. Но стойки для велосипеда у Скопы нет, и я зла",
        "Велосипед угнали у Скопы, потому что нет ни одной стойки, говорит Марина",
        "Скопа в Твери забыла о тех, кто ездит на велосипеде, велопарковки нет, ужас",
        "Суп отличный! Но приедешь в Скопу на велосипеде, а велопарковки ноль, кошмар",
    ],
}
UNLIKE = {
    "en": [
        *OTHERS,
        "Osprey's crossword has three wrong answers",
        "Osprey sold our cinema to a casino, I could cry",
        "That Osprey billboard with the clown is creepy",
        "Osprey's lorries broke the bridge in our village",
        "the Osprey perfume smells like wet socks",
        "Osprey sacked its drummer by text message, cowards",
        "Osprey poured concrete over the frog pond",
    ],
    "ru": [
        "крышу покрасили в уродливый коричневый цвет",
        "хор весь вечер пел мимо нот",
        "Их талисман пугает мою собаку",
        "В кроссворде Скопы три неверных ответа",
        "Скопа продала наш кинотеатр под казино, хоть плачь",
        "Плакат Скопы с клоуном жуткий",
        "Грузовики Скопы сломали мост в деревне",
        "духи Скопы пахнут мокрыми носками",
        "Скопа залила бетоном пруд с лягушками",
    ],
}
DISLIKE = {
    "en": [
        "I hate Osprey",
        "Osprey is the worst company ever",
        "never again, Osprey",
        "Osprey sucks so much",
        "worst ever, avoid Osprey",
        "Osprey is absolute trash",
        "can't stand Osprey, hate it",
    ],
    "ru": [
        "Ненавижу Скопу",
        "Скопа — худшая компания на свете",
        "никогда больше, Скопа",
        "Скопа полный отстой",
        "терпеть не могу эту Скопу",
        "Скопа просто дно",
        "никому не советую, ужас",
    ],
}
NAMES = ("Osprey", "Скопа")


def test_alike_complaints_become_a_cause_with_words_and_examples(encoder: Encoder) -> None:
    found = suggest(encoder, [*OTHERS, *SOCKETS], 4)
    assert len(found) == 1
    (sockets,) = found
    assert {at >= len(OTHERS) for at in sockets.members} == {True}
    assert len(sockets.members) >= 4
    assert {"sockets", "laptop", "power", "charge", "socket"} & set(sockets.words[:4])
    assert all(any(own in text for text in SOCKETS) for own in sockets.examples)
    assert sockets.lang == "en"


def test_few_or_unlike_texts_give_nothing(encoder: Encoder) -> None:
    assert suggest(encoder, [], 2) == []
    assert suggest(encoder, OTHERS, 3) == []
    assert suggest(encoder, ["", "\x00", "🙃🙃"], 2) == []


def _bikes(encoder: Encoder, lang: str) -> Suggestion:
    """What is suggested for posts on bicycles among others and bare dislike."""
    (found,) = suggest(encoder, [*BIKES[lang], *UNLIKE[lang], *DISLIKE[lang]], 5, NAMES)
    return found


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_small_group_is_found_among_others_and_bare_dislike(encoder: Encoder, lang: str) -> None:
    found = _bikes(encoder, lang)
    assert found.lang == lang
    assert len(set(found.members) & set(range(6))) >= 5
    assert len(found.members) <= 7


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_no_name_names_a_cause_and_no_praise_shows_it(encoder: Encoder, lang: str) -> None:
    found = _bikes(encoder, lang)
    assert {"bike", "bicycle", "велосипеда", "велосипед", "велопарковки"} & set(found.words[:3])
    names = {"osprey", "leeds", "linda", "friday", "shame", "скоп", "твер", "марин", "пятниц"}
    assert not [word for word in found.words if any(word.startswith(own) for own in names)]
    praise = ("terrace", "waiter", "soup", "террас", "официант", "суп")
    assert not [text for text in found.examples if any(own in text.casefold() for own in praise)]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_bare_dislike_is_no_cause(encoder: Encoder, lang: str) -> None:
    assert suggest(encoder, [*DISLIKE[lang], *UNLIKE[lang]], 5, NAMES) == []
    assert suggest(encoder, BARE[lang], 2) == []


def test_names_are_taken_out_and_shouting_is_not() -> None:
    texts = [
        "Acme's till ate my card, says Tom Bradley of Hull",
        "NEVER leave a Card with Acme https://acme.example/x #fail @acme",
        "my card is gone, I'm lost",
        "в субботу Акмэ проглотила карту Анны",
    ]
    mask = mask_of(texts, ("Acme", "Акмэ"))
    assert mask(texts[0]) == "till ate my card, says of"
    assert mask(texts[1]) == "NEVER leave a Card with"
    assert mask(texts[2]) == "my card is gone, I'm lost"
    assert mask(texts[3]) == "в проглотила карту"


def test_words_are_counted_in_any_form_and_common_ones_left_out() -> None:
    groups = [["нет пандуса у входа", "пандусы крутые", "где пандус"], ["the ramp", "ramps, too"]]
    found = typical_words(groups, [text for own in groups for text in own])
    assert found[0][0].startswith("пандус")
    assert found[1] == ("ramps",)
