"""Posts that stand for a wave of which no cause speaks: many-voiced, not one text thrice. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.interface import PostFact
from reports.posts import Story, author_of, post_fact
from store.words import stem, words

MOST: Final = 200
"""Candidates looked at; of more, the farthest-reaching."""
ALIKE: Final = 0.5


def representative(stories: Sequence[Story], limit: int) -> tuple[PostFact, ...]:
    """The posts most like all others, each unlike those taken and of another author.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over stems: a post's standing
    is how many of the other posts share its words; a post that says what one taken says already
    (half of the words) is passed over.
    """
    ranked = sorted(stories, key=lambda s: (-s.mention.reach, s.mention.mention_id))[:MOST]
    stems = [frozenset(map(stem, words(f"{s.mention.title} {s.mention.text}"))) for s in ranked]
    share: dict[str, int] = {}
    for own in stems:
        for key in own:
            share[key] = share.get(key, 0) + 1
    standing = [sum(share[key] - 1 for key in own) / max(len(own), 8) for own in stems]
    order = sorted(range(len(ranked)), key=lambda i: (-standing[i], ranked[i].mention.mention_id))
    taken: list[int] = []
    for index in order:
        if len(taken) == limit:
            break
        author = author_of(ranked[index].mention)
        repeated = author and any(author_of(ranked[other].mention) == author for other in taken)
        if not repeated and all(_alike(stems[index], stems[other]) <= ALIKE for other in taken):
            taken.append(index)
    return tuple(post_fact(ranked[index]) for index in taken)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0
