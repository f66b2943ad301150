"""How posts are split as people write them: smileys for full stops, glued commas, short praise.

In each text `|` marks where a cut must be, and nowhere else.
"""

import time

import pytest

from sentiment.clauses import contrasts, split_clauses


def marked(text: str) -> str:
    return "|".join(text[span.start : span.end] for span in split_clauses(text))


def check(expected: str) -> None:
    assert marked(expected.replace("|", " ")) == expected


@pytest.mark.parametrize(
    "expected",
    [
        "hate the queue 😡|bye",
        "опять очередь 😡|сколько можно",
        "the app crashed again :(|please fix it",
        "курьер опоздал ))|ну и ладно",
        "еда норм)|персонал хамит",
        "связь пропала(|интернет не работает(|верните деньги",
        "обожаю вашу доставку ❤️|спасибо большое",
        "банк топ 👍|рекомендую всем",
        "приложение не работает!!|верните деньги",
        "food was ok...|service not so much",
        "Ужас 😡|Верните деньги",
        "чисто, тапочки выглажены)|Персонал здоровается по имени",
    ],
)
def test_a_smiley_stands_for_a_full_stop(expected: str) -> None:
    check(expected)


@pytest.mark.parametrize(
    "expected",
    [
        "Кофе 🔥🔥🔥|бариста 💩",
        "coffee 😍|staff 😡",
        "coffee 🔥|staff 💩 5/5 wifi",
        "кофе 😍|персонал 😡|очередь 😤",
        "кофе 😍,|персонал 😡",
        "кофе 👍🏽|персонал 👎🏿",
        "кофе ❤️‍🔥|персонал 🤦🏻‍♀️|цены 💔",
        "Москва 🇷🇺 кофе 🔥|очередь 😡",
    ],
)
def test_pictures_of_opposite_moods_part_what_they_follow(expected: str) -> None:
    assert marked(expected.replace("|", " ")) == expected.replace(",|", "|")


@pytest.mark.parametrize(
    "text",
    [
        "love ❤️ this",
        "love ❤️ this 😡",
        "I 😍 Moscow 😡",
        "this 😡 app 😡",
        "really 😍 cute 😍",
        "got that new 🔥 phone 😍",
        "got that new 🔥 phone with a dead battery 💩",
        "опять 😡 очередь 😡",
        "😍 кофе 😡 персонал",
        "hate it 😡 again 😡",
        "кофе 😂 бариста 💩",
        "кофе ☕ бариста 💩",
        "кофе 😍 🏴󠁧󠁢󠁥󠁮󠁧󠁿 бариста 💩",
    ],
)
def test_pictures_that_adorn_a_phrase_part_nothing(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "I ❤ this place",
        "my kids ❤ this place",
        "I ❤ Moscow",
        "the 🔥 pizza",
        "they have the 🔥 pizza here",
        "got that new 🔥 phone",
        "We had 🍕 and 🍺 for lunch",
        "Спасибо за ☕ и булочку",
        "ставлю 👍 и советую",
        "курьер был 🔥 привёз всё быстро",
        "hate this queue 😡 again",
        "The service was... not what I expected at all",
        "В отеле (центр города) было грязно",
        "ответ куратора: «👍 принято» 👍",
        "really?? no way",
    ],
)
def test_a_picture_amid_a_phrase_does_not_cut(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coffee great,staff rude,toilet dirty", "coffee great|staff rude|toilet dirty"),
        ("еда вкусная,персонал хамит", "еда вкусная|персонал хамит"),
        ("Вкусно,но дорого", "Вкусно|но дорого"),
        ("It cost 1,000 dollars", None),
        ("Ждали ровно 3,5 часа", None),
        ("see it on foo.com/some,page,here now", None),
        ("send it to a@b.com,other people", None),
        ("thanks dear @user,name of mine", None),
    ],
)
def test_a_comma_needs_no_space(text: str, expected: str | None) -> None:
    assert marked(text) == (expected or text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Доставили вовремя;курьер вежливый;упаковка мятая",
            "Доставили вовремя|курьер вежливый|упаковка мятая",
        ),
        ("we;ll never come back", None),
        ("круто;D и дёшево", None),
        ("see foo.com/some;page now", None),
        ("staff: rude / food: cold / price: high", "staff: rude|food: cold|price: high"),
        ("плюсы: вкусно / минусы: дорого", "плюсы: вкусно|минусы: дорого"),
        ("rude staff / cold food", "rude staff|cold food"),
        ("the app is slow on iOS / Android phones", None),
        ("звонил и / или писал им всю неделю", None),
        ("see http://a.com / http://b.com", None),
    ],
)
def test_a_semicolon_or_a_slash_parts_as_well(text: str, expected: str | None) -> None:
    assert marked(text) == (expected or text)


@pytest.mark.parametrize(
    "expected",
    [
        "Добавьте, пожалуйста, тёмную тему",
        "Добавьте пожалуйста, тёмную тему в приложение",
        "Add, please, a dark theme to the app",
        "Could you, please, fix the app",
        "Скажите, пожалуйста, где мой заказ",
        "Сравните, пожалуйста, тарифы Акме и Брикс за месяц",
        "Суп у вас, к сожалению, был совсем холодный",
        "Мы так и не получили, к сожалению, свой заказ",
        "They never sent, unfortunately, the right size",
        "The app, by the way, crashes every day",
        "Вы, наверное, забыли про нас",
        "Мгновение, видимо, длится у них до вечера",
        "It was, of course, closed",
        "The food, however, was cold",
        "In my opinion, the app is slow",
        "На мой взгляд, банк плохой",
        # What was right before, and stays.
        "Еда вкусная|но, к сожалению, персонал хамит",
        "Кофе был вкусный|кстати, бариста вежливый",
        "Ждали полтора часа|видимо, повар уснул",
        "Food was great|unfortunately, the staff was rude",
        "The food was great|however, the staff was rude",
        "The soup was cold, unfortunately|and the waiter was rude",
        "Почините приложение, пожалуйста|оно вылетает каждый день",
        "Can you fix the app, please|it crashes all the time",
        "Верните, пожалуйста, деньги|карта не работает",
        "Устраните пожалуйста|а то уже второй день без связи",
    ],
)
def test_what_is_said_aside_parts_no_verb_from_its_object(expected: str) -> None:
    assert marked(expected.replace("|", ", ")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Meeting at 5 p.m. Nobody came.", "Meeting at 5 p.m.|Nobody came."),
        ("Opened at 9:30 A.M. Nobody inside", "Opened at 9:30 A.M.|Nobody inside"),
        ("Closed at 5 p.m. (Nobody told us)", "Closed at 5 p.m.|(Nobody told us)"),
        ("Opens at 9 a.m. Moscow time", None),
        ("Outage drill scheduled, 2 a.m. Sunday", None),
        ("At 11:30 p.m. John shouted", None),
        ("open till 5 p.m. EST only", None),
    ],
)
def test_an_hour_may_end_a_sentence(text: str, expected: str | None) -> None:
    assert marked(text) == (expected or text)


@pytest.mark.parametrize(
    "expected",
    [
        "«Ждите 5 мин.»|Ждали 2 ч. 30 мин.",
        "Доставка заняла 2 ч.|Курьер хамил.",
        "Ждали 40 мин.|Потом ещё 20 мин.|Итог: холодный суп.",
        "Заплатил 1 500 руб.|Кофе холодный.",
        "Стоит 5 тыс. руб.|Дорого.",
        "Стоит 50 т.р.|Дорого.",
        "They said 30 min.|Liars.",
        "crashes etc.|I can't pay.",
        "Приложение лагает и т.д.|Платить не могу.",
        "Кофе, чай и т. п.|Официант хамил.",
        "Работают с 2010 г.|Сервис всё хуже.",
        "Живу на пр. Мира, д. 5, кв. 10.|Курьер не нашёл.",
    ],
)
def test_an_abbreviation_may_end_a_sentence(expected: str) -> None:
    check(expected)


@pytest.mark.parametrize(
    "text",
    [
        "Живу на ул. Ленина возле магазина",
        "Приехал из г. Москва вчера вечером",
        "На пр. Мира хамят постоянно",
        "Парк им. Пушкина закрыт на ремонт",
        "Мы живём на пл. Победы без света",
        "Храм св. Петра закрыт",
        "В 2010 г. Петр открыл кафе",
        "Dr. Brown was rude to my mother",
        "The clinic on St. John street is dirty",
        "No. 5 was broken again",
        "Dr. No. 5 clinic never answers the phone",
        "А. С. Пушкин бы не одобрил такой сервис",
        "Заплатил 1 500 руб. за кофе",
        "Bread, milk etc. are cheap",
        "check foo.com/?a=b before you go",
    ],
)
def test_an_abbreviation_or_link_is_not_cut(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "expected",
    [
        "Great|except for the queue",
        "Great place|except the toilets were dirty",
        "Perfect|apart from the noise",
        "No complaints|except for the queue",
        "Всё отлично|кроме очереди",
        "Всё понравилось|кроме очереди",
        "Супер|кроме очереди",
        "Всё отлично|за исключением очереди",
        "Классный банк|если не считать очередей",
        "Everyone except for me got a refund",
        "All the staff except for Anna were rude",
        "What sets this place apart from others",
        "Open every day except Sundays",
        "Все кроме меня получили возврат",
        "Ничего кроме хамства",
        "кто-нибудь кроме плесени ко мне придёт?",
        "Работает каждый день кроме воскресенья",
    ],
)
def test_an_exception_is_apart_from_praise(expected: str) -> None:
    check(expected)


@pytest.mark.parametrize(
    "expected",
    [
        "Вкусно|но ждали час",
        "Tasty|but slow",
        "Недорого|однако грязно",
        "Nothing but trouble",
        "all but ruined",
        "We had no choice but to leave",
        "It felt as though we were invisible",
        "Не только дорого, но и грязно и шумно и скучно",
        "Not only slow, but also rude staff",
        "yes but no",
        "Извините, но это полный ужас",
        "The queue was so long that we left",
        "Never have I paid so much for a sandwich",
        "The app is down again|so I switched to another bank",
        "За три дня вай-фая так и не случилось",
    ],
)
def test_a_contrast_or_consequence_needs_two_sides(expected: str) -> None:
    check(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("• cold food • rude staff • dirty", "cold food|rude staff|dirty"),
        ("1. Cold food 2. Rude staff 3. Dirty", "1. Cold food|2. Rude staff|3. Dirty"),
        ("1) долго 2) дорого", "1) долго|2) дорого"),
        ("food 👍 staff 👎", "food 👍|staff 👎"),
        ("✅ tasty ✅ cheap ❌ slow", "✅ tasty|✅ cheap|❌ slow"),
        ("a) rude b) dirty c) pricey", "a) rude|b) dirty|c) pricey"),
        ("Минусы: а) грубят, б) грязно", "Минусы:|а) грубят|б) грязно"),
        ("We left as a) it was dirty b) rude", "We left as|a) it was dirty|b) rude"),
        ("Why: (1) rude (2) dirty", "Why:|(1) rude|(2) dirty"),
        ("1️⃣ rude 2️⃣ slow", "1️⃣ rude|2️⃣ slow"),
        ("Плюсы 1️⃣ быстро 2️⃣ дёшево", "Плюсы|1️⃣ быстро|2️⃣ дёшево"),
        ("тариф (вариант а) или вариант б) лучше)", None),
        ("рейтинг 5️⃣ из 5", None),
        ("звоните 8️⃣1️⃣2️⃣ всегда", None),
        ("версия 1.2 хуже чем 1.1", None),
    ],
)
def test_a_list_in_one_line(text: str, expected: str | None) -> None:
    assert marked(text) == (expected or text)


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\u2028", "\u3000"])
def test_a_wide_space_before_a_stop_is_no_error(space: str) -> None:
    assert marked(f"Plan A{space}.) is slow") == f"Plan A{space}.) is slow"
    assert marked(f"заплатил 1{space}500 руб. за кофе") == f"заплатил 1{space}500 руб. за кофе"


def test_an_exception_contrasts() -> None:
    assert all(map(contrasts, ("except for the queue", "кроме очереди")))
    assert not any(map(contrasts, ("кроме того, хамят", "exceptional food")))


@pytest.mark.parametrize(
    "sign",
    [
        *(" ", ",", ", ", "😡", "😡 ", "(", "... ", "1. ", "и ", "a😡 ", "!"),
        *(
            "a🔥 б💩 ",
            ";",
            "ab;",
            "&amp;",
            "&amp;amp;",
            "&",
            " / ",
            "a: b / ",
            "a) ",
            "1️⃣ ",
            "\ufe0f",
        ),
        *(", кстати, ", "please, ", "was, of course, ", "5 p.m. A ", "\u0301", "a"),
    ],
)
def test_a_long_run_of_one_sign_takes_no_time(sign: str) -> None:
    text = "a" + (sign * 20_000)[:20_000] + "b"
    began = time.process_time()
    split_clauses(text)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "expected",
    [
        "Dirty tables|and rude waiters",
        "expensive|and rude|and slow",
        "дорого|и грязно",
        "грязные столы|и хамы официанты",
        "не грубый|и не медленный",
        "быстро|и вкусно",
        "slow and rude waiter",
        "fish and chips",
        "not slow and rude",
        "nobody was rude or slow",
        "вежливый, внимательный персонал",
    ],
)
def test_opinions_of_two_things_are_apart(expected: str) -> None:
    check(expected)
