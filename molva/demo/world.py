"""The demo's world: five weeks of a fictional town, its coffee chains and one bad day.

Everything is invented: Vetrogorsk, the chain Ottepel («Оттепель», a thaw), its rival Snegir
(«Снегирь», a bullfinch). Both names are common words, so weather and birds must not match. The
same seed and dates give the same world, without a look at the clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from random import Random

from molva.demo.badday import BadDay
from molva.demo.days import Calendar
from molva.demo.draft import Draft, finish
from molva.demo.everyday import Everyday
from molva.demo.people import People
from molva.demo.posts import PLACES, Edit, Place, WorldPost
from molva.demo.texts import BRANDS, Writer

_LATE = 0.07
_EDITED = 16
_DELETED = 8
_UPDATES = {
    "en": ("\n\nUPD: they've written to me, let's see.", " Edit: typo.", "\n\nUPD: still true."),
    "ru": ("\n\nUPD: мне ответили, посмотрим.", " Правка: опечатка.", "\n\nUPD: всё ещё так."),
}


@dataclass(frozen=True)
class World:
    """Every post of the town, in the order of appearance, and the dates that matter."""

    calendar: Calendar
    posts: tuple[WorldPost, ...]
    seed: int = 0
    outage_place: Place = field(default="mastodon")

    @cached_property
    def by_place(self) -> dict[Place, tuple[WorldPost, ...]]:
        """The posts of each place, in the order of appearance."""
        places: dict[Place, list[WorldPost]] = defaultdict(list)
        for post in self.posts:
            places[post.place].append(post)
        return {place: tuple(places[place]) for place in PLACES}


def build_world(calendar: Calendar | None = None, *, seed: int = 3) -> World:
    """Write the world anew; the same arguments give the same posts."""
    calendar = calendar or Calendar()
    random = Random(seed)  # noqa: S311 - a story is told here, no secret kept
    writer = Writer(random)
    everyday = Everyday(random, writer, People(random))
    # The bad day is written first: its lines must not be used up by anybody else.
    drafts = list(BadDay(random, writer, everyday, calendar).all())
    ordinary = list(everyday.all(calendar))
    _arrive_late(random, ordinary)
    _change(random, ordinary, calendar)
    drafts += ordinary
    drafts += _odd(everyday, calendar)
    return World(calendar, finish(drafts), seed)


def _arrive_late(random: Random, drafts: Sequence[Draft]) -> None:
    """Let a few posts show up hours after they were written, as federated ones do."""
    for draft in drafts:
        if draft.place in {"mastodon", "hackernews"} and random.random() < _LATE:
            draft.appears = draft.published + timedelta(minutes=random.randrange(90, 1500))


def _change(random: Random, drafts: Sequence[Draft], calendar: Calendar) -> None:
    """Edit some posts and take a few down."""
    able = [
        one
        for one in drafts
        if one.brands and one.lang in _UPDATES and one.place in {"mastodon", "telegram"}
    ]
    able.sort(key=lambda one: one.published)
    for draft in random.sample(able[10:], min(_EDITED, len(able) // 4)):
        at = draft.shown + timedelta(minutes=random.randrange(70, 400))
        draft.edits.append(Edit(at, draft.text + random.choice(_UPDATES[draft.lang])))
    _take_down(random, [one for one in able if one.place == "telegram"], calendar)


def _take_down(random: Random, drafts: Sequence[Draft], calendar: Calendar) -> None:
    """Delete a few messages of a channel, each after a later one has come.

    In the flood of the bad day a channel's page turns over before anybody could notice.
    """
    quiet = calendar.bad_start - timedelta(days=1)
    pairs = [
        (one, later)
        for one, later in pairwise(drafts)
        if later.shown < quiet and not one.edits and later.shown - one.shown < timedelta(hours=8)
    ]
    for draft, later in random.sample(pairs, min(_DELETED, len(pairs) // 4)):
        after = max(later.shown, draft.shown + timedelta(minutes=130))
        draft.deleted_at = after + timedelta(minutes=random.randrange(1, 100))


def _odd(everyday: Everyday, calendar: Calendar) -> list[Draft]:
    """Items such as real feeds have: broken markup, no id, a date in 2099."""
    start = calendar.start

    def article(place: Place, day: int, text: str, lang: str) -> Draft:
        moment = start + timedelta(days=min(day, calendar.days - 5), hours=11)
        return everyday.article(place, moment, lang, text, ("ottepel",), "neutral")

    malformed = article(
        "city-news",
        6,
        "Tea & coffee fair at the port | Ottepel, Snegir & nine others bring coffee to the fair.",
        "en",
    )
    malformed.oddity, malformed.brands = "malformed", ("ottepel", "snegir")
    future = article(
        "city-news-ru",
        9,
        "«Оттепель» откроет кофейню на Марсе | Первоапрельская шутка сети кофеен вышла заранее.",
        "ru",
    )
    future.oddity = "future"
    nameless = article("reviews", 12, "No id | Coffee at Ottepel was fine, service was fine.", "en")
    nameless.oddity, nameless.rating = "no-id", 4
    bare = article(
        "blog", 15, "A note without an address | Ottepel has lemon cake and coffee again.", "en"
    )
    bare.oddity = "no-id"
    return [malformed, future, nameless, bare]


def namesakes(world: World) -> set[str]:
    """Return the texts that use a brand's name for something else."""
    stems = [forms[case].casefold()[:6] for forms in BRANDS.values() for case in ("B", "и")]
    return {
        post.text
        for post in world.posts
        if not post.brands and any(stem in f"{post.title} {post.text}".casefold() for stem in stems)
    }
