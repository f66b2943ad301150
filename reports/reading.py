"""Five posts to read: the unhappy and the happy that reach farthest, and open questions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from reports.digest_facts import ReadFact, Why
from reports.posts import Story, is_question, label_confidence, top_posts

POSTS = 5
LEAST_SURE = 0.6
"""A label less probable than that is a guess, and no post is held up for a guess."""
_SHARES: tuple[tuple[Why, int], ...] = (("negative", 2), ("positive", 1), ("question", 2))


def posts_to_read(stories: Sequence[Story], answered: Collection[int]) -> tuple[ReadFact, ...]:
    """At most five posts, none twice, no two in nearly the same words.

    Two unhappy, one happy, two questions; where a kind has fewer, the others have more.

    Args:
        stories: fit to be shown, one a story.
        answered: mentions to which the brand has replied.
    """
    found: dict[Why, list[ReadFact]] = {}
    taken: set[int] = set()
    for why, _ in _SHARES:
        wanted = _wanted(why, answered)
        rest = [story for story in stories if story.mention.mention_id not in taken]
        posts = top_posts(rest, wanted, POSTS)
        found[why] = [ReadFact(why, post) for post in posts]
        # A question that is also the loudest complaint is read once, as the complaint.
        taken |= {post.mention_id for post in posts[: dict(_SHARES)[why]]}
    chosen = {why: found[why][:share] for why, share in _SHARES}
    for why, _ in _SHARES:
        seen = {fact.post.mention_id for facts in chosen.values() for fact in facts}
        free = POSTS - len(seen)
        more = [fact for fact in found[why] if fact.post.mention_id not in seen]
        chosen[why] += more[: max(0, free)]
    return tuple(fact for facts in chosen.values() for fact in facts)


def _wanted(why: Why, answered: Collection[int]) -> Callable[[Story], bool]:
    if why == "question":
        return lambda story: (
            is_question(story)
            and story.mention.kind != "article"
            and story.mention.mention_id not in answered
        )
    return lambda story: story.mention.sentiment == why and _is_sure(story)


def _is_sure(story: Story) -> bool:
    confidence = label_confidence(story.mention)
    return confidence is None or confidence >= LEAST_SURE
