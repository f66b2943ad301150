"""The words that are typical of groups of texts: what a new cause is called by until it has a name.

Class-based tf-idf (Grootendorst 2022, "BERTopic"): in how many texts of the group a word is, times
the logarithm of how rare it is. Rare is measured on the examples of the shipped taxonomy beside the
given texts, so that one group alone has typical words as well. A word counts in any of its forms.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from sentiment.bare import BARE
from sentiment.proper_names import WORD, folded, is_thing
from sentiment.taxonomy import Taxonomy
from sentiment.words import stem

MOST: Final = 10
COMMON: Final = 0.005
"""Share of all texts from which on a word is too common to be typical of any new cause."""
EMPTY: Final = (
    "too now only using just still even here there already again also want have need says asked"
)
"""English words that name nothing, though rarer; of Russian ones only nouns are taken."""
LEAST_LETTERS: Final = 3


def typical_words(groups: Sequence[Sequence[str]], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The words of each group of texts, the most typical first; `texts` are all there are.

    Names must have been taken out (`sentiment.proper_names`).
    """
    usual, count = _usual()
    common = usual + Counter(own for text in texts for own in forms(text))
    total = count + len(texts)
    return [_of_group(own, usual, count, common, total) for own in groups]


def _of_group(
    group: Sequence[str], usual: Counter[str], count: int, common: Counter[str], total: int
) -> tuple[str, ...]:
    said = [forms(text) for text in group]
    within = Counter(own for words in said for own in words)
    written = Counter(word for words in said for word in words.values())
    apart = [own for own in within if usual[own] < COMMON * count and own not in _bare()]

    def rank(own: str) -> tuple[bool, float, str]:
        # What one text alone says comes last, however rare it is.
        return within[own] == 1, -within[own] * math.log(total / common[own]), own

    ranked = sorted(apart, key=rank)
    named = (_commonest(own, said, written) for own in ranked)
    return tuple(word for word in named if is_thing(word))[:MOST]


def _commonest(own: str, said: Iterable[dict[str, str]], written: Counter[str]) -> str:
    """The form that a word is written in most often."""
    return max((words[own] for words in said if own in words), key=lambda w: (written[w], w))


def forms(text: str) -> dict[str, str]:
    """The words of a text by their stems, each as it is first written there."""
    found: dict[str, str] = {}
    for word in map(folded, WORD.findall(text)):
        if len(word) >= LEAST_LETTERS:
            found.setdefault(stem(word), word)
    return found


@cache
def _usual() -> tuple[Counter[str], int]:
    """In how many of the shipped taxonomy's texts each stem is, and how many texts there are."""
    taxonomy = Taxonomy.load()
    texts = [text for cause in taxonomy.findable for text in cause.texts()]
    texts += [text for own in taxonomy.background.values() for text in own]
    return Counter(own for text in texts for own in forms(text)), len(texts)


@cache
def _bare() -> frozenset[str]:
    """The stems of words of bare dislike, and of those that name nothing."""
    phrases = [text for own in BARE.values() for text in own]
    return frozenset(own for text in [*phrases, EMPTY] for own in forms(text))
