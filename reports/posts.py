"""Chooses what to quote and which posts to show: representative, diverse, one per story. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reports.interface import PostFact, Quote
from reports.words import plain, safe_url
from store.interface import CauseRow, IntentRow, LabelledMention

SAME_STORY = 0.5
"""Two sentences that share more of their words than this say the same."""
QUOTE_LENGTH = 240
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Story:
    """One cluster in an interval: the mention that stands for it, and how many told it.

    Attributes:
        farthest: the greatest reach of those that told it.
    """

    mention: LabelledMention
    sightings: int
    farthest: int = 0

    @property
    def reach(self) -> int:
        """How far it was told."""
        return max(self.farthest, self.mention.reach)

    @property
    def engagement(self) -> int:
        """Likes, comments and shares together, unknown ones as 0."""
        mention = self.mention
        return (mention.likes or 0) + (mention.comments or 0) + (mention.shares or 0)


def by_story(mentions: Iterable[LabelledMention]) -> list[Story]:
    """One entry per cluster, stood for by its canonical mention or else its farthest-reaching."""
    best: dict[int, LabelledMention] = {}
    counts: dict[int, int] = {}
    for mention in mentions:
        counts[mention.cluster_id] = counts.get(mention.cluster_id, 0) + 1
        held = best.get(mention.cluster_id)
        if held is None or _standing(mention) > _standing(held):
            best[mention.cluster_id] = mention
    return [Story(mention, counts[cluster]) for cluster, mention in best.items()]


def first_told(mentions: Iterable[LabelledMention]) -> list[Story]:
    """One entry per cluster, stood for by its first mention: as `store.counts` counts them.

    Args:
        mentions: by time of publication, as `labelled_mentions` gives them.
    """
    told: dict[int, list[LabelledMention]] = {}
    for mention in mentions:
        told.setdefault(mention.cluster_id, []).append(mention)
    return [Story(all_[0], len(all_), max(one.reach for one in all_)) for all_ in told.values()]


def _standing(mention: LabelledMention) -> tuple[bool, int, int]:
    return mention.is_canonical, mention.reach, -mention.mention_id


def post_fact(story: Story) -> PostFact:
    """A story as a report shows it: one line of text, a link that is safe to click."""
    mention = story.mention
    body = " ".join(part for part in (mention.title, mention.text) if part)
    if mention.title and mention.text.startswith(mention.title):
        body = mention.text
    return PostFact(
        mention_id=mention.mention_id,
        text=plain(body),
        url=safe_url(mention.url),
        author=plain(mention.author_name or mention.author_handle, 60),
        followers=mention.author_followers,
        source=mention.source_type,
        site=plain(mention.site, 60),
        published_at=mention.published_at,
        lang=mention.lang,
        sentiment=mention.sentiment,
        low_confidence=mention.low_confidence,
        reach=story.reach,
        sightings=story.sightings,
        causes=tuple(dict.fromkeys(cause.cause for cause in counted_causes(mention))),
        confidence=label_confidence(mention),
    )


def counted_causes(mention: LabelledMention) -> tuple[CauseRow, ...]:
    """The causes that are counted: the model's that agree with the sentiment, all of a person's.

    What is quoted, linked to and summed up follows it, as `store.counts.cause_counts` does in SQL:
    whatever is counted leads to its mentions. A person's carry probability 1, the model's never do.
    """
    return tuple(
        cause
        for cause in mention.causes
        if cause.polarity == mention.sentiment
        or (mention.label_source == "person" and cause.probability >= 1)
    )


def label_confidence(mention: LabelledMention) -> float | None:
    """The calibrated probability of the sentiment shown; none where a person said it."""
    if mention.sentiment != mention.model_sentiment:
        return None
    return label_probability(mention)


def label_probability(mention: LabelledMention) -> float | None:
    """The calibrated probability of the sentiment that the model gave."""
    given: dict[str, float | None] = {
        "negative": mention.p_negative,
        "neutral": mention.p_neutral,
        "positive": mention.p_positive,
    }
    return given.get(mention.model_sentiment)


def top_posts(
    stories: Iterable[Story], wanted: Callable[[Story], bool], limit: int
) -> tuple[PostFact, ...]:
    """The stories that reach farthest among those wanted, no two in nearly the same words.

    Equal reach is settled by engagement, then by confidence, then by age.
    """
    ranked = sorted(
        (story for story in stories if wanted(story)),
        key=lambda s: (
            -s.reach,
            -s.engagement,
            s.mention.low_confidence,
            s.mention.published_at,
        ),
    )
    chosen: list[Story] = []
    for story in ranked:
        if len(chosen) == limit:
            break
        words = _words(story.mention.text)
        if all(_overlap(words, _words(other.mention.text)) <= SAME_STORY for other in chosen):
            chosen.append(story)
    return tuple(post_fact(story) for story in chosen)


def is_question(story: Story) -> bool:
    """Whether the post asks something (a question mark that is not inside a link)."""
    text = re.sub(r"https?://\S+", " ", story.mention.text)
    return "?" in text


def quotes(
    stories: Sequence[Story], cause: str, limit: int, skip: frozenset[str] = frozenset()
) -> tuple[Quote, ...]:
    """The evidence sentences that speak best for a cause, each saying something different.

    A candidate scores its probability plus its mean word overlap with the other evidence (what
    many say); the next is taken only if it overlaps little with those taken (maximal marginal
    relevance, Carbonell and Goldstein, SIGIR 1998), from another author if there is one.
    """
    links = [
        (link, story.mention)
        for story in stories
        for link in counted_causes(story.mention)
        if link.cause == cause
    ]
    return _chosen(links, limit, skip)


def intent_quotes(stories: Sequence[Story], intent: str, limit: int) -> tuple[Quote, ...]:
    """The evidence that speaks best for an intent, chosen as `quotes` chooses."""
    links = [
        (link, story.mention)
        for story in stories
        for link in story.mention.intents
        if link.intent == intent
    ]
    return _chosen(links, limit, frozenset())


def _chosen(
    links: Sequence[tuple[CauseRow | IntentRow, LabelledMention]],
    limit: int,
    skip: frozenset[str],
) -> tuple[Quote, ...]:
    candidates = [
        (link, text, mention)
        for link, mention in links
        if (text := plain(link.evidence, QUOTE_LENGTH)) and text not in skip
    ][:400]
    words = [_words(text) for _, text, _ in candidates]
    scores = [
        link.probability + _mean_overlap(words, index) + 0.2 * (mention.reach > 0)
        for index, (link, _, mention) in enumerate(candidates)
    ]
    order = sorted(range(len(candidates)), key=lambda i: (-scores[i], candidates[i][2].mention_id))
    taken: list[int] = []
    for index in order:
        if len(taken) == limit:
            break
        author = candidates[index][2].author_id
        fresh = all(_overlap(words[index], words[other]) <= SAME_STORY for other in taken)
        repeated = author and any(candidates[other][2].author_id == author for other in taken)
        if fresh and not repeated:
            taken.append(index)
    return tuple(_quote(*candidates[index]) for index in taken)


def _quote(link: CauseRow | IntentRow, evidence: str, mention: LabelledMention) -> Quote:
    passage = plain(_passage(mention.text, link.start, link.end), 2 * QUOTE_LENGTH)
    return Quote(
        # An edit may have moved the words since; the evidence itself was kept.
        text=passage if evidence in passage else evidence,
        evidence=evidence,
        url=safe_url(mention.url),
        source=mention.source_type,
        mention_id=mention.mention_id,
    )


def _passage(text: str, start: int, end: int) -> str:
    """The evidence with what stands around it, cut at words: a clause alone says too little."""
    room = max(QUOTE_LENGTH - (end - start), 0)
    if len(text) <= QUOTE_LENGTH:
        return text
    before, after = text[:start], text[end:]
    kept_before = before[-(room // 2) :] if room else ""
    kept_after = after[: room - len(kept_before)]
    if len(kept_before) < len(before):
        kept_before = "…" + kept_before.partition(" ")[2]
    if len(kept_after) < len(after):
        kept_after = kept_after.rpartition(" ")[0] + "…"
    return f"{kept_before}{text[start:end]}{kept_after}"


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two sets of words."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _mean_overlap(words: Sequence[frozenset[str]], index: int) -> float:
    others = [*words[max(0, index - 20) : index], *words[index + 1 : index + 21]]
    if not others:
        return 0.0
    return sum(_overlap(words[index], other) for other in others) / len(others)
