"""Who writes in the demo's world: invented names, most of them read by few."""

from __future__ import annotations

from random import Random

from molva.demo.posts import WorldAuthor
from molva.demo.texts import load

STAR = WorldAuthor(number=9001, handle="marta.talks", name="Марта Ветрогорская", followers=184_000)
"""The one author whom very many read."""


class People:
    """A town's worth of authors; a few of them write far more than the rest."""

    def __init__(self, random: Random, size: int = 320) -> None:
        self._random = random
        self._authors = [self._somebody(number) for number in range(1, size + 1)]

    def _somebody(self, number: int) -> WorldAuthor:
        latin, cyrillic = self._random.choice(load("people")["first"])
        handle = f"{latin.lower()}_{self._random.choice(load('people')['second'])}"
        name = self._random.choice((latin, cyrillic))
        followers = min(9_000, int(self._random.lognormvariate(4.6, 1.3)))
        return WorldAuthor(number, f"{handle}{number}", name, followers)

    def anyone(self) -> WorldAuthor:
        """Return an author; low numbers come up more often."""
        place = int(len(self._authors) * self._random.random() ** 1.6)
        return self._authors[place]

    def desk(self, name: str, number: int) -> WorldAuthor:
        """Return a newsroom or channel."""
        return WorldAuthor(number, name.lower().replace(" ", "-"), name, followers=0)
