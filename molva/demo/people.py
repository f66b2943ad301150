"""Who writes in the demo's world: invented names, most of them read by few."""

from __future__ import annotations

from random import Random

from molva.demo.posts import WorldAuthor

_FIRST = (
    "Anna Boris Vera Gleb Dina Egor Zhanna Zoya Ivan Kira Lev Maya Nikita Olga Pavel Rita Stepan "
    "Tanya Ulyana Fyodor Yana Oleg Polina Roman Sveta Kate Tom Priya Jonas Ines Malik Hanna Omar"
).split()
_FIRST_RU = (
    "Анна Борис Вера Глеб Дина Егор Жанна Зоя Иван Кира Лев Майя Никита Ольга Павел Рита Степан "
    "Таня Ульяна Фёдор Яна Олег Полина Роман Света Катя Том Алия Тимофей Инна Малик Ганна Омар"
).split()
_SECOND = (
    "draws reads by_the_river on_tram_3 codes and_a_cat knits runs late again at_sea hums "
    "in_vetrogorsk bakes sketches of_mill_road cycles naps writes plays_chess with_umbrella"
).split()

STAR = WorldAuthor(number=9001, handle="marta.talks", name="Марта Ветрогорская", followers=184_000)
"""The one author whom very many read."""


class People:
    """A town's worth of authors; a few of them write far more than the rest."""

    def __init__(self, random: Random, size: int = 320) -> None:
        self._random = random
        self._authors = [self._somebody(number) for number in range(1, size + 1)]

    def _somebody(self, number: int) -> WorldAuthor:
        first = self._random.randrange(len(_FIRST))
        handle = f"{_FIRST[first].lower()}_{self._random.choice(_SECOND)}"
        name = self._random.choice((_FIRST[first], _FIRST_RU[first]))
        followers = min(9_000, int(self._random.lognormvariate(4.6, 1.3)))
        return WorldAuthor(number, f"{handle}{number}", name, followers)

    def anyone(self) -> WorldAuthor:
        """Return an author; low numbers come up more often."""
        place = int(len(self._authors) * self._random.random() ** 1.6)
        return self._authors[place]

    def desk(self, name: str, number: int, followers: int = 0) -> WorldAuthor:
        """Return a newsroom or channel."""
        return WorldAuthor(number, name.lower().replace(" ", "-"), name, followers)
