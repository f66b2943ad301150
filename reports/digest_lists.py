"""The mentions behind each number of a digest, and their parts by source and site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from sqlalchemy import Connection

from reports.digest_facts import ListedFact, PartFact
from reports.posts import Story, counted_causes
from reports.words import plain, safe_url
from store.history import mentions_by_id
from store.interface import LabelledMention

LISTED = 30
"""Mentions shown of one list; the JSON has the ids of all."""
LISTED_LENGTH = 140

By = Literal["source", "site"]


def lists_of(stories: Sequence[Story]) -> dict[str, tuple[int, ...]]:
    """The stories by what they are counted under, the farthest reaching first."""
    found: dict[str, list[int]] = defaultdict(list)
    ranked = sorted(stories, key=lambda s: (-s.reach, s.mention.published_at, s.mention.mention_id))
    for story in ranked:
        for key in _keys(story):
            found[key].append(story.mention.mention_id)
    return {key: tuple(ids) for key, ids in sorted(found.items())}


def parts(stories: Iterable[Story], by: By) -> tuple[PartFact, ...]:
    """Stories and their sentiments by source or site, the most frequent first."""
    found: dict[str, list[str]] = defaultdict(list)
    for story in stories:
        for key in _parts_of(story, by):
            found[key].append(story.mention.sentiment)
    rows = [
        PartFact(key, key, len(moods), moods.count("negative"), moods.count("positive"))
        for key, moods in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.mentions, row.key)))


def listed(
    conn: Connection,
    brand_id: int,
    stories: Iterable[Story],
    lists: Mapping[str, Sequence[int]],
) -> tuple[ListedFact, ...]:
    """What a page shows of the lists: the first `LISTED` of each."""
    wanted = {mention_id for ids in lists.values() for mention_id in ids[:LISTED]}
    known = {story.mention.mention_id: story.mention for story in stories}
    late = mentions_by_id(conn, brand_id, sorted(wanted - known.keys()))
    known |= {mention.mention_id: mention for mention in late}
    return tuple(_listed(known[mention_id]) for mention_id in sorted(wanted & known.keys()))


def _listed(mention: LabelledMention) -> ListedFact:
    return ListedFact(
        mention_id=mention.mention_id,
        text=plain(mention.text or mention.title, LISTED_LENGTH),
        url=safe_url(mention.url),
        source=mention.source_type,
        published_at=mention.published_at,
    )


def _keys(story: Story) -> set[str]:
    mention = story.mention
    keys = {"all", mention.sentiment, *(f"intent-{link.intent}" for link in mention.intents)}
    for cause in counted_causes(mention):
        keys.add(f"{'driver' if cause.polarity == 'positive' else 'cause'}-{cause.cause}")
        if cause.stage and cause.polarity == mention.sentiment:
            keys.add(f"stage-{cause.stage}")
    for by in ("source", "site", "place", "product"):
        keys |= {f"{by}-{part}" for part in _parts_of(story, by)}
    return keys


def _parts_of(story: Story, by: str) -> set[str]:
    mention = story.mention
    if by == "source":
        return {mention.source_type}
    if by == "site":
        return {plain(mention.site, 60)} - {""}
    return set(mention.places if by == "place" else mention.products)
