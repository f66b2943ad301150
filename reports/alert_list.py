"""The mentions that an alert is about, as its signed link and `molva alerts mentions` show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from reports.alert_facets import subject_name
from reports.digest_view import post_line
from reports.environment import environment
from reports.explain import about
from reports.interface import CauseNames, PostFact
from reports.posts import QUOTE_LENGTH, Story, by_story, counted_causes, post_fact
from reports.thread import Thread
from reports.words import Words, plain
from store.alert_rows import AlertRow
from store.alerts import alert_events
from store.history import labelled_mentions
from store.interface import LabelledMention

SHOWN: Final = 200
"""Stories of a list, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story of an alert, reprints merged.

    Attributes:
        evidence: cause and the words that name it.
        by_person: whether a person said what it is.
    """

    post: PostFact
    evidence: tuple[tuple[str, str], ...]
    by_person: bool


@dataclass(frozen=True, slots=True)
class AlertList:
    """An alert's stories, the newest first, cut; how many there are, and how many sightings."""

    alert: AlertRow
    shown: tuple[ListedStory, ...]
    stories: int
    sightings: int


def alert_list(conn: Connection, alert: AlertRow, now: datetime, limit: int = SHOWN) -> AlertList:
    """What an alert and all that joined it are about, from its start to its end or to now.

    The reprints of a story are merged, save those of the one that spreads where the alert is about
    that: they are what there is to see. Where a spreading story joined, that story did.

    Args:
        limit: so many stories at most; 0 is all.
    """
    events = alert_events(conn, alert.id)
    series = (alert.kind, str(alert.facts.get("about_id") or ""))
    told = Thread(*series, events)
    begin = datetime.fromisoformat(events[0].facts.get("start") or alert.started_at.isoformat())

    def read(one: tuple[str, str]) -> dict[int, LabelledMention]:
        wanted = about(alert.brand_id, one, begin, alert.closed_at or now)
        found = list(labelled_mentions(conn, wanted))
        return {own.mention_id: own for own in (_reprints(found) if one[0] == "story" else found)}

    own = read(series)
    joined = {key: one for other in told.joined for key, one in read(other).items()}
    stories = (
        _spreading(own, joined) if alert.kind == "story" else by_story((own | joined).values())
    )
    stories.sort(key=lambda s: (s.mention.published_at, s.mention.mention_id), reverse=True)
    shown = tuple(_listed(story) for story in stories[: limit or None])
    return AlertList(alert, shown, len(stories), sum(story.sightings for story in stories))


def _reprints(found: Sequence[LabelledMention]) -> list[LabelledMention]:
    """The mentions of the story told most."""
    most = max(by_story(found), key=lambda story: story.sightings, default=None)
    spread = most.mention.cluster_id if most else 0
    return [one for one in found if one.cluster_id == spread]


def _spreading(
    own: Mapping[int, LabelledMention], joined: Mapping[int, LabelledMention]
) -> list[Story]:
    """Each reprint of the story that spreads, and the stories of what joined it."""
    spread = {one.cluster_id for one in own.values()}
    reprints = [Story(one, 1) for one in own.values()]
    return reprints + by_story(one for one in joined.values() if one.cluster_id not in spread)


def _listed(story: Story) -> ListedStory:
    mention: LabelledMention = story.mention
    causes = tuple(
        (cause.cause, plain(cause.evidence, QUOTE_LENGTH)) for cause in counted_causes(mention)
    )
    return ListedStory(post_fact(story), causes, mention.label_source == "person")


def list_page(found: AlertList, words: Words, names: CauseNames) -> str:
    """The list as a page."""
    return _rendered("alert_list.html.j2", found, words, names)


def list_text(found: AlertList, words: Words, names: CauseNames) -> str:
    """The list as text."""
    return _rendered("alert_list.txt.j2", found, words, names).strip()


def _rendered(template: str, found: AlertList, words: Words, names: CauseNames) -> str:
    rest = found.stories - len(found.shown)
    view: dict[str, Any] = {
        "w": words,
        "say": words.say,
        "subject": str(found.alert.facts.get("subject", "")),
        "alert": found.alert,
        "count": words.say(
            "list_count",
            stories=words.say("stories", n=found.stories),
            sightings=words.say("f_seen_places", n=found.sightings),
        ),
        "rows": [_row(story, words, names) for story in found.shown],
        "rest": words.say("list_older", n=rest) if rest else "",
        "command": f"molva alerts mentions {found.alert.id} --limit 0",
        "zone": words.zone.key,
    }
    return environment().get_template(template).render(view)


def _row(story: ListedStory, words: Words, names: CauseNames) -> dict[str, Any]:
    """A story in words; the label comes first, with how sure it is."""
    return {
        "post": story.post,
        "label": ", ".join(_label(story, words)),
        # How sure the label is stands beside it.
        "line": post_line(replace(story.post, confidence=None, low_confidence=False), words),
        "evidence": [
            (subject_name("cause", cause, names, (), words.lang), said)
            for cause, said in story.evidence
        ],
    }


def _label(story: ListedStory, words: Words) -> Sequence[str]:
    post = story.post
    parts = [words.say(post.sentiment)]
    if post.confidence is not None:
        parts.append(words.say("confidence", share=words.percent(post.confidence)))
    if post.low_confidence:
        parts.append(words.say("low_confidence"))
    return [*parts, words.say("person_said")] if story.by_person else parts
