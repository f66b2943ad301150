"""Whether examples that are whole letters are about one matter each, or name several.

A letter to a bank is about one matter, all of it: letters are best compared whole, and by the
second reader. A review of a restaurant names several, each in a clause; compared whole, half of its
reasons are missed. Which of the two a user's examples are, they tell themselves: each is left out
in turn, and that way of comparing is taken under which the others tell its cause likelier
(leave-one-out likelihood). Plain lines cannot tell, and are taken for what names several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import geometric_mean
from typing import Final, NamedTuple

import numpy as np

from sentiment.classifier import softmax
from sentiment.clauses import split_clauses
from sentiment.encoder import EncodedText
from sentiment.language import languages_of
from sentiment.likeness import SEVERAL, Likeness, Second, Weights
from sentiment.passages import Clauses, read_clauses
from sentiment.taxonomy import Taxonomy

ONE: Final = Weights(whole=0.6, second=0.85)
"""Of texts about one matter."""
LONG: Final = 3.0
"""Clauses of the usual example from which on it is asked."""
LANGUAGES: Final = ("en",)
"""Of which it is asked: it was tried with no other."""


class Example(NamedTuple):
    """An example of a cause, and its row among the cause's examples by either reader."""

    text: str
    cause: int
    row: int
    second_row: int


def usual_clauses(taxonomy: Taxonomy) -> float:
    """How many clauses an example has, the geometric mean; 1 without examples."""
    numbers = [
        max(1, len(split_clauses(text)))
        for cause in taxonomy.findable
        for own in cause.examples.values()
        for text in own
    ]
    return geometric_mean(numbers) if numbers else 1.0


def weights_of(
    read: Mapping[str, EncodedText], taxonomy: Taxonomy, few: Likeness
) -> dict[str, Weights]:
    """By language, what counts where letters are about one matter each; `read` by the encoder."""
    asked = [lang for lang in LANGUAGES if lang in few.seconds]
    return {lang: ONE for lang in asked if about_one_matter(read, taxonomy, few, lang)}


def about_one_matter(
    read: Mapping[str, EncodedText], taxonomy: Taxonomy, few: Likeness, lang: str
) -> bool:
    """Whether the letters of a language are told better as texts about one matter."""
    found = list(_examples(taxonomy, few.seconds[lang], lang))
    items = [(read[own.text], own.text, lang) for own in found]
    clauses = read_clauses(items)
    clauses.read_again(lang, few.seconds[lang].reader, items)
    one, several = (
        sum(_told(few, clauses, at, own, lang, weights) for at, own in enumerate(found))
        for weights in (ONE, SEVERAL)
    )
    return one > several


def _examples(taxonomy: Taxonomy, second: Second, lang: str) -> Iterator[Example]:
    """A language's own examples; names and descriptions help to tell, but are not asked."""
    for number, cause in enumerate(taxonomy.findable):
        texts = cause.texts()
        spoken = languages_of(texts)
        own = {text for group in cause.examples.values() for text in group}
        second_rows = np.cumsum(np.isin(spoken, list(second.reader.compares))) - 1
        for row, text in enumerate(texts):
            if text in own and spoken[row] == lang:
                yield Example(text, number, row, int(second_rows[row]))


def _told(
    few: Likeness, clauses: Clauses, at: int, example: Example, lang: str, weights: Weights
) -> float:
    """The logarithm of the share of its cause in what the other examples say of a text."""
    others = replace(_without(few, example, lang), weights={lang: weights})
    own = slice(clauses.bounds[at], clauses.bounds[at + 1])
    by_second = {lang: clauses.by_second[lang][own]}
    scores = others.scores(clauses.embeddings[own], clauses.langs[own], by_second)
    whole = others.of_wholes(clauses, np.array([at]))
    chances = softmax(scores + weights.whole * (whole - scores))[:, :-1].max(axis=0)
    return float(np.log(chances[example.cause] / chances.sum()))


def _without(few: Likeness, example: Example, lang: str) -> Likeness:
    """What one example does not help to tell."""
    causes, second = list(few.causes), few.seconds[lang]
    examples = list(second.examples)
    causes[example.cause] = np.delete(causes[example.cause], example.row, axis=0)
    examples[example.cause] = np.delete(examples[example.cause], example.second_row, axis=0)
    return replace(
        few, causes=tuple(causes), seconds={lang: Second(second.reader, tuple(examples))}
    )
