"""Words that a wave uses and the time before it hardly did. Pure.

Each story counts a word once, by its stem; what every text holds (`reports.common_words`) is left
out, and so is what more than a few stories before had. A word's weight is the log-odds ratio of its
share of the stories now against before, with half a story added to each side, divided by its
standard error (Monroe, Colaresi and Quinn, Political Analysis 16 (2008), with a flat prior): a word
of three stories among four beats one of three among three hundred.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from reports.common_words import common_stems
from store.words import stem, words

LEAST_BEFORE: Final = 30
"""With fewer stories before, ordinary words would pass for new ones."""
LEAST_STORIES: Final = 3
HARDLY: Final = 0.02
"""Share of the stories before up to which a word counts as new."""
SURE: Final = 3.0
SHORTEST: Final = 3
SHOWN: Final = 5


def new_terms(
    now: Sequence[str], before: Sequence[str], skip: Iterable[str] = ()
) -> tuple[str, ...]:
    """The words that set the stories now apart from those before, the strongest first.

    Args:
        skip: names, such as the brand's, that are no news.
    """
    if len(before) < LEAST_BEFORE or len(now) < LEAST_STORIES:
        return ()
    known = common_stems() | {stem(word) for name in skip for word in words(name)}
    then = Counter(key for text in before for key in _stems(text))
    forms: dict[str, Counter[str]] = {}
    for text in now:
        for key, form in _stems(text).items():
            forms.setdefault(key, Counter())[form] += 1
    weights = {
        key: weight
        for key, seen in forms.items()
        if key not in known
        and seen.total() >= LEAST_STORIES
        and then[key] <= HARDLY * len(before)
        and (weight := _weight(seen.total(), len(now), then[key], len(before))) >= SURE
    }
    best = sorted(weights, key=lambda key: (-weights[key], key))[:SHOWN]
    return tuple(forms[key].most_common(1)[0][0] for key in best)


def _stems(text: str) -> dict[str, str]:
    """The stems of a text, each with the first form it has there."""
    found: dict[str, str] = {}
    for word in words(text):
        if len(word) >= SHORTEST and not word.isdigit():
            found.setdefault(stem(word), word)
    return found


def _weight(now: int, all_now: int, before: int, all_before: int) -> float:
    odds_now = (now + 0.5) / (all_now - now + 0.5)
    odds_before = (before + 0.5) / (all_before - before + 0.5)
    error = math.sqrt(1 / (now + 0.5) + 1 / (before + 0.5))
    return math.log(odds_now / odds_before) / error
