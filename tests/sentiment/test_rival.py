"""To whom a writer has switched."""

import pytest

from sentiment.interface import IntentLink
from sentiment.labeller import arrives
from sentiment.rival import rival_in


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("moved everything to Brix last month", "Brix"),
        ("We book with Holm & Sons these days", "Holm & Sons"),
        ("so I joined Pulse Studio instead", "Pulse Studio"),
        ("ушла в «Северный ветер» и не жалею", "Северный ветер"),
        ("перешли на Линкон, там дешевле", "Линкон"),
        ("закрыл счёт и открыл в Ромбанк", "Ромбанк"),
        ("switched to @brixmobile today", "brixmobile"),
        ("Zebra got my business", "Zebra"),
        ("my savings are in plume now", "plume"),
        ("теперь вожу машину в автолюкс", "автолюкс"),
        ("ноготочки теперь делаю в студии #клубника", "клубника"),
        ("switched to another provider", None),
        ("перешли в другой банк", None),
        ("already ordered a sim from someone else", None),
        ("closing it on Monday", None),
        ("Switched to the new 500 Mb plan today", None),
        ("В трейлере открытый мир", None),
        ("going back to my old landline", None),
        ("ухожу к конкурентам", None),
        ("", None),
    ],
)
def test_the_name_after_a_word_of_direction(clause: str, rival: str | None) -> None:
    assert rival_in(clause) == rival


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("Left Kamar: moved from Kamar to Brix and never looked back", "Brix"),
        ("switched to Brix from Kamar", "Brix"),
        ("Ушла из «Полыни» в «Зарницу»: надоело ждать", "Зарницу"),
        ("Перешёл из «Камара» в «Брикс»", "Брикс"),
        ("сменила «Камар» на «Брикс»", "Брикс"),
        ("ушла от Камара, теперь у Брикса", "Брикса"),
        ('After ten years with "Kamar" I moved to Brix', "Brix"),
        ("ditched Kamar for Brix", "Brix"),
        ("replaced Kamar with Brix", "Brix"),
        ("вместо «Камара» теперь «Брикс»", "Брикс"),
        ("I moved away from Kamar now", None),
        ("so done with Kamar now", None),
        ("ушла от Камара насовсем", None),
        ("больше я не клиент Камара", None),
    ],
)
def test_the_one_left_is_never_the_rival(clause: str, rival: str | None) -> None:
    assert rival_in(clause) == rival


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("Max got a bowl of water before I got my cortado 🐶 #lipovsk", None),
        ("and it's now Friday #lipovsk", None),
        ("Теперь моё любимое место в Липовске.", None),
        ("Now it's my favourite bakery in Leeds", None),
        ("I switched to Brix yesterday #kamar", "Brix"),
        ("Switched to Norvel on Monday #kamar", "Norvel"),
        ("теперь беру кофе в Зарнице #полынь #кофе", "Зарнице"),
        ('After the last "update" I moved to Zarnitsa', "Zarnitsa"),
        ("I switched to oat milk at Kamar", None),
        ("перешла на овсяное молоко в «Камаре»", None),
        ("They have moved the bike rack at Kamar", None),
        ("now I like Kamar", None),
    ],
)
def test_a_name_that_stands_elsewhere_is_no_rival(clause: str, rival: str | None) -> None:
    assert rival_in(clause) == rival


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("so back to Polyn I crawl", "Polyn"),
        ("moved to Brix on Friday", "Brix"),
        ("moved our shop to Kordo.com last week", "Kordo.com"),
        ("перешли на «К2», четыре симки", "К2"),
        ("перевели бабушку в пансионат «Берёзки»", "Берёзки"),
    ],
)
def test_a_name_is_whole_and_nothing_but_the_name(clause: str, rival: str) -> None:
    assert rival_in(clause) == rival


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("На Брикс перешли и забыли", "Брикс"),
        ("в «Зарницу» ушли ещё весной", "Зарницу"),
        ("пиццу теперь в Зарнице берём", "Зарнице"),
        ("В пятницу ушла в «Зарницу»", "Зарницу"),
        ("ушла в пятницу в «Зарницу»", "Зарницу"),
        ("уже месяц на Бриксе, всё ловит", "Бриксе"),
        ("продукты теперь возит Зарница", "Зарница"),
        ("Зарница теперь наш магазин", "Зарница"),
        ("I buy everything at Brix now", "Brix"),
        ("my books come from Brix these days", "Brix"),
        ("all five of us on Norvel since Saturday", "Norvel"),
        ("Norvel covers us from August", "Norvel"),
        ("Bye Kamar, hello Brix!", "Brix"),
        ("it's Brix for me from now on", "Brix"),
    ],
)
def test_the_place_is_found_in_any_word_order(clause: str, rival: str) -> None:
    assert rival_in(clause) == rival


@pytest.mark.parametrize(
    ("clause", "left", "joined"),
    [
        ("Перешёл из «Камара» в «Брикс»", "Камар", "Брикс"),
        ("Ушла из «Полыни» в «Зарницу»: очередь надоела", "Полынь", "Зарница"),
        ("Moved from Kamar to Brix last week", "Kamar", "Brix Mobile"),
    ],
)
def test_a_switch_counts_against_the_brand_left_and_not_the_one_joined(
    clause: str, left: str, joined: str
) -> None:
    link = IntentLink("switched", 0.9, clause, 0, len(clause), rival_in(clause))
    assert link.rival is not None
    assert not arrives(link, (left,))
    assert arrives(link, (joined,))
