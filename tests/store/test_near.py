"""Nearly equal texts are one story only if they tell the same, in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from store.engine import open_store, reading, writing
from store.history import labelled_mentions
from store.interface import MentionFilter
from store.likeness import bands, same_story
from store.near import WINDOW
from store.tables import NEAR_KEY
from store.tombstones import bury
from tests.store.helpers import NOW, World, make_world

RELEASE = (
    "Сеть кофеен «Зерно» закрывает три точки в центре города с первого марта. "
    "В компании объяснили решение ростом аренды и нехваткой бариста. "
    "Сотрудникам предложат работу в других кофейнях сети. "
    "Владельцы карт лояльности сохранят все накопленные баллы до конца года."
)
AGENCY = RELEASE.replace("«Зерно»", '"Зерно"').replace("ё", "е").upper()
WITH_CREDIT = RELEASE + "\nФото пресс-службы, подробнее https://news.example/a?x=1"
FORWARD = "RT @citynews: " + RELEASE + " 😡😡 https://t.example/zzz"

KNOWN = [3493339695388982020, 4489822102714691690]

TEMPLATES = {
    "order": (
        "Hello, this is my third message to Zerno support about order #{0}. It was promised for "
        "Monday and it is {1}. Please tell me what happened and when my money comes back.",
        ("123", "late"), ("456", "lost"),
    ),
    "order number": (
        "Здравствуйте, заказ {0} до сих пор не приехал, хотя обещали в понедельник. Пишу третий "
        "раз, поддержка Зерно молчит, деньги списаны. Верните деньги или привезите кофе сегодня.",
        ("№ 12-345",), ("№ 12-346",),
    ),
    "prices": (
        "Зерно, цены на сегодня. Латте {0}. Капучино 250. Раф {1}. Американо 180. Флэт уайт 290. "
        "Эспрессо 150. Какао 230. Матча 310. Десерт дня 200. Сэндвич с индейкой 350. Круассан 190.",
        ("280", "300"), ("290", "320"),
    ),
    "horoscope": (
        "Гороскоп на сегодня от кофейни Зерно, заряжайтесь бодростью и читайте, что ждёт ваш знак "
        "зодиака в этот прекрасный день. {0} Хорошего дня и вкусного кофе всем нашим гостям!",
        ("Овны сегодня поссорятся с начальником и пожалеют о покупке.",),
        ("Тельцы встретят старого друга и получат премию.",),
    ),
    "city": (
        "Требуется бариста в кофейню Зерно, город {0}. Опыт от года, график два через два, оплата "
        "от шестидесяти тысяч, кофе бесплатно. Звоните с десяти до шести, спросите Марину.",
        ("Казань",), ("Пермь",),
    ),
    "hashtag": (
        "Открываем новую кофейню Зерно уже в эту субботу, приходите с друзьями. Первым ста гостям "
        "дарим по чашке фильтра и наклейку. Двери открываются в девять утра. {0}",
        ("#казань",), ("#пермь",),
    ),
    "negation": (
        "Был в Зерно вчера вечером с друзьями, заказали три латте и два круассана, сидели у окна. "
        "Бариста {0} улыбался и всё приготовил за пять минут. В общем, таким и запомнил это место.",
        ("всё время",), ("ни разу не",),
    ),
    "one word less": (
        "I have been going to Zerno for two years now and the staff there know me by my name. The "
        "coffee is {0} good and the place is clean. I would send all of my friends there again.",
        ("not",), ("",),
    ),
    "stars": (
        "Отзыв о кофейне Зерно на Ленина. Оценка {0}/5. Заказ через приложение, доставка на дом, "
        "оплата картой. Проверенная покупка, автор подтвердил посещение чеком в личном кабинете.",
        ("1",), ("5",),
    ),
}  # fmt: skip


def filled(name: str, which: int) -> str:
    template, *slots = TEMPLATES[name]
    return str(template).format(*slots[which])


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def stories(world: World) -> list[set[str]]:
    with reading(world.engine) as conn:
        rows = list(labelled_mentions(conn, MentionFilter()))
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.cluster_id, set()).add(row.native_id)
    return sorted(found.values(), key=min)


# --- What is alike


@pytest.mark.parametrize("copy", [AGENCY, WITH_CREDIT, FORWARD, RELEASE + " Подробности позже."])
def test_a_copy_with_another_dress_or_a_line_more_is_the_same_story(copy: str) -> None:
    assert same_story(RELEASE, copy)
    assert same_story(copy, RELEASE)
    assert set(bands(RELEASE)) & set(bands(copy))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_filled_in_twice_is_two_stories(name: str) -> None:
    assert not same_story(filled(name, 0), filled(name, 1))
    assert same_story(filled(name, 0), filled(name, 0))


def test_much_more_than_the_copy_is_another_story() -> None:
    longer = RELEASE + " Мы зашли туда вчера и увидели совсем другое: очередь, грязь, хамство." * 3
    assert not same_story(RELEASE, longer)


def test_short_texts_are_alike_by_coincidence() -> None:
    assert bands("Отличный кофе и быстрая доставка, спасибо!") == []
    assert not same_story("Great coffee. Thanks.", "Great coffee. Thanks.")


def test_signatures_are_the_same_in_every_process() -> None:
    # What is stored today is compared with what a later version computes.
    assert bands(RELEASE)[:2] == KNOWN


# --- In the store


def test_copies_of_one_page_and_of_later_pages_meet(world: World) -> None:
    world.keep(world.mention("a", text=RELEASE), world.mention("b", text=AGENCY))
    world.keep(world.mention("c", text=WITH_CREDIT), source=world.forum)
    world.keep(world.mention("d", text=FORWARD), now=NOW + timedelta(days=3))
    assert stories(world) == [{"a", "b", "c", "d"}]


def test_copies_meet_after_a_restart(world: World) -> None:
    world.keep(world.mention("a", text=RELEASE))
    url = world.engine.url.render_as_string(hide_password=False)
    world.engine.dispose()
    again = open_store(url)
    reopened = replace(world, engine=again)
    reopened.keep(reopened.mention("b", text=WITH_CREDIT))
    assert stories(reopened) == [{"a", "b"}]
    again.dispose()


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_stay_apart_in_the_store(world: World, name: str) -> None:
    world.keep(world.mention("a", text=filled(name, 0)))
    world.keep(world.mention("b", text=filled(name, 1)), world.mention("c", text=filled(name, 0)))
    assert stories(world) == [{"a", "c"}, {"b"}]


@pytest.mark.parametrize("order", ["nkp", "knp", "kpn", "npk"])
def test_two_cities_never_meet_in_an_advert_without_one(world: World, order: str) -> None:
    template = str(TEMPLATES["hashtag"][0])
    texts = {"k": template.format("#казань"), "p": template.format("#пермь"),
             "n": template.format("")}  # fmt: skip
    for name in order:
        world.keep(world.mention(name, text=texts[name]))
    assert all(not {"k", "p"} <= story for story in stories(world))


def test_an_old_story_is_told_anew_after_a_month(world: World) -> None:
    world.keep(world.mention("a", text=RELEASE))
    world.keep(world.mention("b", text=WITH_CREDIT), now=NOW + WINDOW + timedelta(days=1))
    assert stories(world) == [{"a"}, {"b"}]


def test_a_deleted_text_leaves_no_signature(world: World) -> None:
    world.keep(world.mention("a", text=RELEASE))
    with writing(world.engine) as conn:
        assert conn.execute(select(func.count()).select_from(NEAR_KEY)).scalar_one() > 0
        bury(conn, "rss", ["a"], NOW)
        assert conn.execute(select(func.count()).select_from(NEAR_KEY)).scalar_one() == 0
    world.keep(world.mention("b", text=WITH_CREDIT))
    assert stories(world) == [{"b"}]


def test_a_page_kept_twice_changes_nothing(world: World) -> None:
    page = (world.mention("a", text=RELEASE), world.mention("b", text=WITH_CREDIT))
    world.keep(*page)
    world.keep(*page)
    assert stories(world) == [{"a", "b"}]
