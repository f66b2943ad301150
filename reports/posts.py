"""Chooses what to quote and which posts to show: representative, diverse, one per story."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from reports.interface import PostFact, Quote
from reports.words import plain, safe_url
from store.clusters import first_of
from store.history import mentions_by_id
from store.interface import CauseRow, IntentRow, LabelledMention
from store.words import stem, words

SAME_STORY = 0.5
"""Two sentences that share more of their words than this say the same."""
WHOLE_EVIDENCE = 4
"""So many words of an evidence in another text are no chance."""
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


def earliest(conn: Connection, story: Story) -> Story:
    """The story with its very first telling for its mention, which may lie before the interval."""
    mention = story.mention
    first = first_of(conn, mention.brand_id, mention.cluster_id)
    found = mentions_by_id(conn, mention.brand_id, [first] if first else [])
    return replace(story, mention=found[0], farthest=story.reach) if found else story


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
        said = _words(story.mention.text)
        if all(_overlap(said, _words(other.mention.text)) <= SAME_STORY for other in chosen):
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
    many say), less the likeness of what is shown of it to what was taken (maximal marginal
    relevance, Carbonell and Goldstein, SIGIR 1998). No mention and no author comes twice.

    Args:
        skip: evidence or whole quotes that were told before.
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


_Candidate = tuple[CauseRow | IntentRow, str, LabelledMention]
"""What names a cause or an intent, its words on one line, and where they stand."""


def _chosen(
    links: Sequence[tuple[CauseRow | IntentRow, LabelledMention]],
    limit: int,
    skip: frozenset[str],
) -> tuple[Quote, ...]:
    candidates: list[_Candidate] = [
        (link, text, mention)
        for link, mention in links
        if (text := plain(link.evidence, QUOTE_LENGTH)) and text not in skip
    ][:400]
    scores = _scores(candidates)
    left = sorted(range(len(candidates)), key=lambda i: (-scores[i], candidates[i][2].mention_id))
    shown = [_quote(*candidate) for candidate in candidates]
    stems = [_stems(quote.text) for quote in shown]
    told = [_stems(text) for text in skip]
    taken: list[int] = []
    while left and len(taken) < limit:
        likeness = {i: max((_likeness(stems[i], own) for own in told), default=0.0) for i in left}
        left = [i for i in left if likeness[i] <= SAME_STORY]
        if not left:
            break
        best = max(left, key=lambda i: scores[i] - likeness[i])
        taken.append(best)
        told.append(stems[best])
        left = [i for i in left if not _is_same_voice(candidates[i][2], candidates[best][2])]
    return tuple(shown[index] for index in taken)


def _scores(candidates: Sequence[_Candidate]) -> list[float]:
    said = [_words(text) for _, text, _ in candidates]
    return [
        link.probability + _mean_overlap(said, index) + 0.2 * (mention.reach > 0)
        for index, (link, _, mention) in enumerate(candidates)
    ]


def _is_same_voice(one: LabelledMention, other: LabelledMention) -> bool:
    """Whether it is one mention, or two of one author."""
    author = author_of(one)
    return one.mention_id == other.mention_id or bool(author and author == author_of(other))


def author_of(mention: LabelledMention) -> tuple[str, ...]:
    """Who wrote it, as `store.decide.author_key` tells authors apart; empty if unknown."""
    known = mention.author_id or mention.author_handle
    if known:
        return mention.scope, known
    name = mention.author_name
    return (mention.scope, mention.site, name) if name else ()


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


def _stems(text: str) -> frozenset[str]:
    """What a text says apart from its numbers, which differ in every copy of a template."""
    return frozenset(stem(word) for word in words(text) if not any(map(str.isdigit, word)))


def _likeness(shown: frozenset[str], told: frozenset[str]) -> float:
    """How far a text says what was told: all of it, if it holds the words of that evidence."""
    if len(told) >= WHOLE_EVIDENCE and told <= shown:
        return 1.0
    return _overlap(shown, told)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two sets of words."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _mean_overlap(said: Sequence[frozenset[str]], index: int) -> float:
    others = [*said[max(0, index - 20) : index], *said[index + 1 : index + 21]]
    if not others:
        return 0.0
    return sum(_overlap(said[index], other) for other in others) / len(others)
