"""Feeds to measure with: own texts in English and Russian, in the HTML that publishers write.

The same number gives the same bytes. Every entry is about exactly one of `COMPANIES`, so a
configuration decides by its brands how many entries match.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Final

NEWEST: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENTRY_BYTES: Final = 2_000
"""What an entry's body grows to, markup included."""

_HEADS = ["Amber", "Bright", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbor", "Indigo"]
_HEADS += ["Juniper"]
_TAILS = ["Bank", "Foods", "Mobile", "Airways", "Clinics"]
ENGLISH: Final = tuple(f"{head}{tail.lower()}" for head in _HEADS for tail in _TAILS)
"""Fifty made-up names."""

_RUSSIAN = (
    "Самовар Компас Маяк Причал Вокзал Экспресс Парус Янтарь Фонтан Колокол Рубин Север Восток "
    "Горизонт Метроном Ориентир Ракурс Спутник Телескоп Факел Циркуль Штурвал Эталон Якорь Барьер "
    "Вектор Гранит Диалог Импульс Каскад Лабиринт Магнит Навигатор Оазис Пилот Родник Сапфир "
    "Терминал Универсал Фрегат Хрусталь Чемпион Шатёр Эскиз Ястреб Бульвар Вымпел Гарант Дельфин "
    "Звездопад"
)
RUSSIAN: Final = tuple(re.findall(r"\w+", _RUSSIAN))
"""Fifty names that are declined as Russian words are."""

COMPANIES: Final = len(ENGLISH)

_EN = (
    "{name} opened a second service desk at the railway station on {day}.",
    "Customers of {name} waited up to {n} minutes in the queue, and some left without an answer.",
    "“I called support {n} times and had to repeat the whole story,” one visitor said.",
    "The company promised to refund the difference within {n} working days.",
    "Prices went up by {n} per cent in a month, the notice on the door explains.",
    "The mobile app was down for most of {day}, so people paid in cash.",
    "A courier left the parcel with a neighbour, and it took {n} days to find it.",
    "Not everyone complains: the new branch is clean, quiet and open until late.",
    "Analysts expect {n} thousand new contracts by the end of the quarter.",
    "Staff were polite and fixed the billing mistake on the spot.",
    "The regulator asked {name} for an explanation and will publish the reply on {day}.",
    "Half of the shelves were empty by noon, regular buyers noticed.",
)
_RU = (
    "Компания {name} открыла вторую точку обслуживания у вокзальной площади: она заработает {day}.",
    "Клиенты {name_of} ждали в очереди до {n} минут, и часть из них ушла без ответа.",
    "«Я звонил в поддержку {n} раз и каждый раз рассказывал всё заново», — говорит посетитель.",
    "В компании пообещали вернуть разницу в течение {n} рабочих дней.",
    "За месяц цены выросли на {n} процентов, объясняет объявление на двери.",
    "Приложение не работало почти весь день, {day} платили только наличными.",
    "Курьер оставил посылку соседям, и её искали {n} дней.",
    "Жалуются не все: в новом отделении чисто, тихо и открыто допоздна.",
    "Аналитики ждут {n} тысяч новых договоров до конца квартала.",
    "Сотрудники вежливо и сразу исправили ошибку в счёте.",
    "Надзорное ведомство запросило объяснения, а в {name_in} ответят {day}.",
    "К полудню половина полок опустела, заметили постоянные покупатели.",
)
_TEMPLATES = {"en": _EN, "ru": _RU}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "ru": ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу"),
}
_HEADLINES = {
    "en": ("{name}: what changed in {n} days", "Why buyers argue about {name}", "News, part {n}"),
    "ru": ("{name}: что изменилось за {n} дней", "О чём спорят покупатели", "Новости, часть {n}"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, with the number of the company it is about."""

    id: str
    title: str
    html: str
    author: str
    at: datetime
    company: int


def entries(feed: int, count: int) -> list[Entry]:
    """The entries of a feed, newest first; feeds with even numbers are English."""
    lang = "ru" if feed % 2 else "en"
    rng = random.Random(feed)
    return [_entry(rng, lang, feed, number) for number in range(count)]


def sentences(rng: random.Random, lang: str, count: int) -> list[str]:
    """Plain sentences in `lang` (`en` or `ru`) about random companies."""
    said = []
    for _ in range(count):
        company = rng.randrange(COMPANIES)
        said.append(_say(rng, lang, company, rng.choice(_TEMPLATES[lang])))
    return said


def rss(feed: int, count: int) -> bytes:
    """A feed as RSS 2.0 with whole articles in `content:encoded`."""
    items = "".join(map(_item, entries(feed, count)))
    lang = "ru" if feed % 2 else "en"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Feed {feed}</title><link>https://site{feed}.example/</link>"
        f"<description>Made to measure</description><language>{lang}</language>{items}"
        "</channel></rss>"
    ).encode()


def _entry(rng: random.Random, lang: str, feed: int, number: int) -> Entry:
    company = rng.randrange(COMPANIES)
    templates = _TEMPLATES[lang]
    first = [_say(rng, lang, company, template) for template in templates[:2]]
    paragraphs = [_paragraph(rng, lang, first)]
    while sum(len(part.encode()) for part in paragraphs) < ENTRY_BYTES:
        chosen = rng.choices(templates, k=rng.randrange(1, 4))
        said = [_say(rng, lang, company, template) for template in chosen]
        paragraphs.append(_paragraph(rng, lang, said))
    return Entry(
        id=f"https://site{feed}.example/{feed}/{number}",
        title=_say(rng, lang, company, rng.choice(_HEADLINES[lang])),
        html="\n".join(paragraphs),
        author=rng.choice(("Editors", "A. Reader", "Редакция", "И. Петрова")),
        at=NEWEST - timedelta(minutes=7 * number + feed),
        company=company,
    )


def _say(rng: random.Random, lang: str, company: int, template: str) -> str:
    russian = RUSSIAN[company]
    return template.format(
        n=rng.randrange(2, 90),
        day=rng.choice(_DAYS[lang]),
        name=russian if lang == "ru" else ENGLISH[company].title(),
        name_of=_declined(russian, "а", "я"),
        name_in=_declined(russian, "е", "е"),
    )


def _declined(noun: str, hard: str, soft: str) -> str:
    return noun[:-1] + soft if noun.endswith("ь") else noun + hard


def _paragraph(rng: random.Random, lang: str, sentences: list[str]) -> str:
    text = escape(" ".join(sentences), quote=False)
    kind = rng.randrange(6)
    link = f'<a href="/topic/{rng.randrange(99)}?utm_source=rss&amp;n={rng.randrange(9)}">'
    if kind == 0:
        more = "подробнее" if lang == "ru" else "read more"
        return f'<p class="lead">{text} {link}{more}</a></p>'
    if kind == 1:
        image = f'<img src="/i/{rng.randrange(9999)}.jpg" width="640" alt="">'
        return f'<figure class="wide">{image}</figure><p>{text}</p>'
    if kind == 2:
        points = "".join(f"<li>{escape(sentence, quote=False)}</li>" for sentence in sentences)
        return f'<ul style="margin: 0">{points}</ul>'
    if kind == 3:
        return f"<blockquote><p><em>{text}</em></p></blockquote>"
    return f"<p>{text.replace(' и ', '&nbsp;и ')}</p>"


def _item(entry: Entry) -> str:
    return (
        f"<item><title>{escape(entry.title)}</title><link>{entry.id}?utm_medium=feed</link>"
        f'<guid isPermaLink="true">{entry.id}</guid><dc:creator>{entry.author}</dc:creator>'
        f"<pubDate>{format_datetime(entry.at)}</pubDate>"
        f"<description><![CDATA[{entry.html[:300].rpartition('<')[0]}]]></description>"
        f"<content:encoded><![CDATA[{entry.html}]]></content:encoded></item>"
    )
