"""The ordinary posts of the world: small talk, reviews, articles, adverts, namesakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from molva.demo.days import Calendar, moments
from molva.demo.draft import Draft
from molva.demo.people import People
from molva.demo.posts import Mood, Place
from molva.demo.texts import Line, Writer, lines_of, load, split

_SOCIAL_A_DAY = 32.0
_REVIEWS_A_DAY = 3.8
_BLOG_A_DAY = 0.45
_SOCIAL: tuple[Place, ...] = ("bluesky", "mastodon", "telegram")
_SOCIAL_SHARES = (0.5, 0.29, 0.21)
_MOODS: tuple[Mood, ...] = ("negative", "positive", "neutral", "mixed")
_MOOD_SHARES = (0.24, 0.35, 0.36, 0.05)
_TAILS = {
    "en": ("", "", "", "", "", "", "", " ☕", " #coffee"),
    "ru": ("", "", "", "", "", "", "", " ☕", " #кофе"),
}
_SENTENCE = re.compile(r"(?<=[.!?] )[^\W\d_]")
_RATING = {"negative": (1, 2), "neutral": (3, 4), "positive": (4, 5)}
TOWN = {"en": "vetrogorsk", "ru": "ветрогорск"}
"""The hashtag under which Mastodon talks of the town."""
NEWSROOM: dict[Place, str] = {
    "city-news": "Vetrogorsk Post",
    "city-news-ru": "Ветрогорск сегодня",
    "blog": "Crumbs on the Keyboard",
    "telegram": "Кофейный Ветрогорск",
}


def named(text: str) -> tuple[str, ...]:
    """Return which chains a text names."""
    return tuple(
        brand
        for brand, stems in (("ottepel", ("Ottepel", "Оттепел")), ("snegir", ("Snegir", "Снегир")))
        if any(stem in text for stem in stems)
    )


@dataclass(slots=True)
class Everyday:
    """Writes every post of the world that has nothing to do with the bad day."""

    random: Random
    writer: Writer
    people: People

    def all(self, calendar: Calendar) -> Iterator[Draft]:
        """Yield the drafts of all days, in no particular order."""
        for hour in calendar.hours():
            for moment in moments(self.random, hour, _SOCIAL_A_DAY):
                place = self.random.choices(_SOCIAL, _SOCIAL_SHARES)[0]
                yield from self._small_talk(place, moment)
            for moment in moments(self.random, hour, _REVIEWS_A_DAY):
                yield self._review("reviews", moment, self.random.choice((1, 1, 2)))
            for moment in moments(self.random, hour, _BLOG_A_DAY):
                yield self._review("blog", moment, 5)
        yield from self._articles(calendar)

    def _small_talk(self, place: Place, moment: datetime) -> Iterator[Draft]:
        russian = self.random.random() < (0.85 if place == "telegram" else 0.45)
        brand = "snegir" if self.random.random() < 0.17 else "ottepel"
        mood = self.random.choices(_MOODS, _MOOD_SHARES)[0]
        written = self.writer.everyday("ru" if russian else "en", mood, brand)
        if written:
            line, text = written
            yield self.post(place, moment, line, text, line.brands or (brand,))

    def post(
        self, place: Place, moment: datetime, line: Line, text: str, brands: tuple[str, ...]
    ) -> Draft:
        """Return a social post by anyone, with the hashtags that its place needs."""
        lang = line.lang if line.lang in _TAILS else "en"
        tags = (TOWN[lang],) if place == "mastodon" else ()
        plain = line.lang in _TAILS and line.cause not in {"advert", "billing", "aftermath"}
        tail = self.random.choice(_TAILS[lang]) if plain and text[-1] in ".!?" else ""
        author = self.people.anyone()
        return Draft(
            place=place,
            published=moment,
            lang=line.lang,
            text=text + tail + "".join(f" #{tag}" for tag in tags),
            author=author,
            brands=brands,
            mood=line.mood,
            cause=line.cause,
            likes=int(self.random.expovariate(1 / (1 + author.followers / 120))),
            comments=int(self.random.expovariate(0.9)),
            shares=int(self.random.expovariate(1.3)),
            reply=place == "telegram" or self.random.random() < 0.2,
            tags=tags,
        )

    def _review(self, place: Place, moment: datetime, remarks: int) -> Draft:
        lang = self.random.choice(("en", "ru"))
        mood: Mood = self.random.choices(_MOODS[:3], (0.3, 0.48, 0.22))[0]
        brand = "snegir" if self.random.random() < 0.17 else "ottepel"
        title = self.random.choice(load("reviews")["titles"][lang][mood])
        text = ""
        while not text:
            text = self.writer.unique(self._told(lang, mood, remarks), lang, brand)
        text = _SENTENCE.sub(lambda start: start[0].upper(), text)
        newsroom = place in NEWSROOM
        return Draft(
            place=place,
            published=moment,
            lang=lang,
            text=text,
            author=self.people.desk(NEWSROOM[place], 9100) if newsroom else self.people.anyone(),
            title=self.writer.fill(title, lang, brand),
            brands=(brand,),
            mood=mood,
            rating=None if newsroom else self.random.choice(_RATING[mood]),
            comments=self.random.randrange(4),
        )

    def _told(self, lang: str, mood: Mood, remarks: int) -> str:
        """Return the template of a review: an opening, some remarks, an ending."""
        pieces = load("reviews")[lang]
        said = split(pieces["remark"][mood])
        return " ".join(
            (
                self.random.choice(split(pieces["opening"]["any"])),
                *self.random.sample(said, min(remarks, len(said))),
                self.random.choice(split(pieces["ending"][mood])),
            )
        )

    def _articles(self, calendar: Calendar) -> Iterator[Draft]:
        """Spread the lines that are written once over the ordinary days."""
        for line in (*lines_of(load("articles")["group"]), *lines_of(load("noise")["group"])):
            day = self.random.randrange(calendar.days - 4)
            moment = calendar.start + timedelta(days=day, minutes=self.random.randrange(420, 1320))
            yield self._once(line, moment)

    def _once(self, line: Line, moment: datetime) -> Draft:
        brands = named(line.text) if line.place == "other" or line.mood != "none" else ()
        if line.place in {"social", "other"}:
            place = self.random.choice(_SOCIAL[:2] if line.place == "other" else _SOCIAL)
            return self.post(place, moment, line, line.text, brands)
        return self.article(line.place, moment, line.lang, line.text, brands, line.mood)

    def article(
        self,
        place: str,
        moment: datetime,
        lang: str,
        text: str,
        brands: tuple[str, ...],
        mood: Mood,
    ) -> Draft:
        """Return an article, a channel's own message or a Hacker News item."""
        title, _, body = text.rpartition(" | ")
        where: Place = "hackernews" if place == "hn" else place  # type: ignore[assignment]
        newsroom = where in NEWSROOM
        return Draft(
            place=where,
            published=moment,
            lang=lang,
            text=body,
            author=self.people.desk(NEWSROOM[where], 9100) if newsroom else self.people.anyone(),
            title=title,
            brands=brands,
            mood=mood,
            likes=self.random.randrange(30),
        )
