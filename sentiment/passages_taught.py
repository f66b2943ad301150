"""Which passage of a text becomes an example of a cause that a person says it names.

The clause that shows the cause best within its text is the model's guess, and people correct what
it guesses badly: of "two treadmills out of eight. two." it may be "two." So the clauses are read
once more, each alone, as examples are, and the likeliest is the best one. It is taken if it is
clearly that: likelier alone than the cause was told with in the whole text, and likelier than any
other clause. Else nobody knows which it is, and a text of up to three clauses is taken whole,
unless another of its clauses shows another cause, for then it would teach the one by the other. Of
a longer text, which as an example would be like anything, the likeliest is taken all the same. What
has fewer than three words says nothing by itself: it is taken with its neighbours, those of its
sentence first. Of 216 posts of two trades, a third held back in turn, micro F1 is 1 point above
that with the clause that is best within its text: within chance, so it was the plain reason that
decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentiment.causes import CauseFinder
from sentiment.clauses import Span, split_clauses
from sentiment.encoder import Encoder
from sentiment.interface import CauseLink

FEWEST_WORDS = 3
"""Words from which on a clause says something by itself."""

SHORT = 3
"""Clauses up to which a text may be an example as a whole."""

_WORD = re.compile(r"[^\W_][\w'’-]*")
_SENTENCE_END = re.compile(r"[.!?…\n][\W_]*$")


def says_something(passage: str) -> bool:
    """Whether a passage has words enough to be understood alone."""
    return len(_WORD.findall(passage)) >= FEWEST_WORDS


def shown_best(
    finder: CauseFinder,
    encoder: Encoder,
    item: tuple[str, str],
    named: Sequence[CauseLink],
    told: Sequence[CauseLink],
) -> dict[str, str]:
    """The passages that show the causes a person named.

    Args:
        finder: answers with every cause (threshold 0).
        encoder: reads clauses alone.
        item: the text and its language.
        named: those causes, each with its best clause.
        told: all that is told of the text by default.
    """
    text, lang = item
    spans = split_clauses(text)
    if not named or len(spans) < 2:
        return {link.cause: link.evidence for link in named}
    alone = _alone(finder, encoder, [text[own.start : own.end] for own in spans], lang)
    found = {}
    for link in named:
        chances = [own.get(link.cause, 0.0) for own in alone]
        mixed = any(own.start != link.start for own in told)
        found[link.cause] = _passage(text, spans, link.probability, chances, whole=not mixed)
    return found


def _alone(
    finder: CauseFinder, encoder: Encoder, clauses: Sequence[str], lang: str
) -> list[dict[str, float]]:
    """The probabilities of all causes in clauses that are read without their text."""
    encoded = encoder.encode((clause, ()) for clause in clauses)
    items = [(own, clause, lang) for own, clause in zip(encoded, clauses, strict=True)]
    return [{link.cause: link.probability for link in own.causes} for own in finder.read(items)]


def _passage(
    text: str, spans: Sequence[Span], told: float, chances: Sequence[float], *, whole: bool
) -> str:
    """What of a text shows a cause that it is `told` with; `chances` are its clauses' alone."""
    likeliest = max(chances)
    clear = likeliest > told and chances.count(likeliest) == 1
    if not clear and whole and len(spans) <= SHORT:
        return text[spans[0].start : spans[-1].end]
    return _widened(text, spans, chances.index(likeliest))


def _widened(text: str, spans: Sequence[Span], at: int) -> str:
    """A clause; of too few words with its neighbours, those of its sentence first."""
    first = last = at
    while not says_something(text[spans[first].start : spans[last].end]):
        before, after = first > 0, last + 1 < len(spans)
        begun = before and not _SENTENCE_END.search(text[: spans[first].start])
        goes_on = after and not _SENTENCE_END.search(text[: spans[last + 1].start])
        if begun or (before and not goes_on):
            first -= 1
        elif after:
            last += 1
        else:
            break
    return text[spans[first].start : spans[last].end]
