"""The bad day: the loyalty app charges people twice, and the town says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from molva.demo.days import Calendar
from molva.demo.draft import Draft
from molva.demo.everyday import NEWSROOM, Everyday, named
from molva.demo.people import STAR
from molva.demo.posts import Edit, Mood, Place
from molva.demo.texts import Line, Writer, lines_of, load

_COMPLAINTS = 104
_FIRST_WAVE = 0.5
_PLACES: tuple[Place, ...] = ("bluesky", "mastodon", "telegram", "reviews")
_SHARES = (0.46, 0.25, 0.21, 0.08)
_SITES: dict[Place, str] = {
    "city-news": "https://vetrogorsk-post.example",
    "city-news-ru": "https://vetrogorsk-segodnya.example",
    "blog": "https://crumbs.example",
}
_REPRINTED = "ottepel-double-charges"
_TITLES = {"en": "Charged twice", "ru": "Списали дважды"}
_ANSWER = {
    "en": " Updated: the company says the payment has been switched off and promises refunds.",
    "ru": " Обновлено: в компании сообщили, что оплату отключили, и пообещали вернуть деньги.",
}


@dataclass(slots=True)
class BadDay:
    """Writes the posts that the double charges caused, on the day and the day after."""

    random: Random
    writer: Writer
    everyday: Everyday
    calendar: Calendar

    def all(self) -> Iterator[Draft]:
        """Yield the drafts, in no particular order."""
        groups = lines_of(load("bad_day")["group"])
        complaints = [line for line in groups if line.mood == "negative"]
        questions = [line for line in groups if line.mood == "neutral" and not line.cause]
        aftermath = [line for line in groups if line.cause == "aftermath"]
        for number in range(_COMPLAINTS):
            yield from self._said(complaints, self._moment(number))
        for line in questions:
            yield from self._said([line], self._moment(_COMPLAINTS))
        for line in aftermath:
            minutes = self.random.randrange(22 * 60, 32 * 60)
            yield from self._said([line], self.calendar.bad_start + timedelta(minutes=minutes))
        yield from self._retold()
        yield from self._published()

    def _moment(self, number: int) -> datetime:
        """Half the complaints come within the first hour and a half, the rest trail off."""
        if number < 4:
            return self.calendar.bad_start + timedelta(minutes=2 * number + 1)
        first = self.random.random() < _FIRST_WAVE
        minutes = self.random.uniform(4, 90) if first else 60 + self.random.expovariate(1 / 130)
        return self.calendar.bad_start + timedelta(minutes=min(minutes, 560 - number % 60))

    def _said(self, lines: list[Line], moment: datetime) -> Iterator[Draft]:
        place = self.random.choices(_PLACES, _SHARES)[0]
        russian = self.random.random() < (0.8 if place == "telegram" else 0.48)
        own = [line for line in lines if line.lang == ("ru" if russian else "en")] or lines
        hours = max(2, int((moment - self.calendar.bad_start).total_seconds() // 3600))
        written = self.writer.pick(own, "ottepel", late=str(hours))
        if not written:
            return
        line, text = written
        draft = self.everyday.post(place, moment, line, text, named(text) or ("ottepel",))
        if place == "reviews":
            draft.title, draft.rating = _TITLES.get(line.lang, ""), 1
        yield draft

    def _retold(self) -> Iterator[Draft]:
        """The same warning, word for word, in many places."""
        for repost in load("bad_day")["repost"]:
            line = Line(repost["lang"], "negative", "billing", repost["text"])
            for number, place in enumerate(repost["places"]):
                minutes = 25 + 22 * number + self.random.uniform(0, 15)
                moment = self.calendar.bad_start + timedelta(minutes=minutes)
                draft = self.everyday.post(place, moment, line, line.text, ("ottepel",))
                draft.text, draft.story = line.text, f"retold-{line.lang}"
                yield draft

    def _published(self) -> Iterator[Draft]:
        """Newspapers, the blog, Hacker News and the one author whom very many read."""
        tables = load("bad_day")
        for item in tables["large"]:
            line = Line(item["lang"], "negative", "billing", item["text"])
            draft = self.everyday.post(
                item["place"], self._after(item), line, line.text, ("ottepel",)
            )
            draft.text, draft.author = line.text, STAR
            draft.likes, draft.comments, draft.shares = 2140, 388, 912
            yield draft
        for item in tables["news"]:
            yield from self._news(item)
        for item in tables["hn"]:
            text = f"{item['title']} | {item['text']}" if "title" in item else item["text"]
            draft = self.everyday.article(
                "hn", self._after(item), "en", text, ("ottepel",), "negative"
            )
            draft.cause = "billing"
            yield draft

    def _news(self, item: dict[str, str]) -> Iterator[Draft]:
        moment, place = self._after(item), item["place"]
        recovered = moment > self.calendar.bad_start + timedelta(hours=20)
        text = f"{item['title']} | {item['text']}"
        mood: Mood = "neutral" if recovered else "negative"
        first = self.everyday.article(place, moment, item["lang"], text, ("ottepel",), mood)
        first.cause, first.slug = "aftermath" if recovered else "billing", item["slug"]
        first.story = item["slug"]
        first.link = f"{_SITES[first.place]}/{item['slug']}/"
        yield first
        if place != "blog" and not recovered:
            first.edits.append(
                Edit(moment + timedelta(hours=4), first.text + _ANSWER[item["lang"]])
            )
        if item["slug"] == _REPRINTED:
            reprint = self.everyday.article(
                "blog", moment + timedelta(minutes=50), item["lang"], text, ("ottepel",), mood
            )
            reprint.cause, reprint.story = first.cause, first.story
            reprint.link = f"{first.link}?utm_source=crumbs&utm_medium=rss"
            reprint.author = self.everyday.people.desk(NEWSROOM["city-news"], 9100)
            yield reprint

    def _after(self, item: dict[str, str]) -> datetime:
        return self.calendar.bad_start + timedelta(minutes=float(item["after_minutes"]))
