"""What detection decided about an alert, and everything that its messages say, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from reports.alert_chart import HourPoint
from reports.alert_facets import FacetFact
from reports.interface import CauseFact, Lang, PostFact, ReportError, as_json
from reports.usual import Baseline

Action = Literal["opened", "updated", "over"]


@dataclass(frozen=True, slots=True)
class Other:
    """Another series that stands out beside the one that leads an alert.

    Attributes:
        subject: the id of the cause, product or place; empty for the other kinds.
        trials: scored stories, for a share.
        name: what that is called.
    """

    kind: str
    subject: str
    observed: int
    expected: float
    trials: int
    window_minutes: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """What detection decided about an alert at one moment, before it is explained.

    Attributes:
        kind: which series stands out; see `reports.series`.
        subject: the id of the cause, product or place, if it is one.
        start: `end` with it bounds the stretch that is explained.
        window_minutes: the window that was found, or how long the alert lasts.
        observed: what that series holds in the window (or since the alert started): stories, or
            followers of the author.
        trials: scored stories among which a share was seen.
        left_out: hours of the baseline that were not known.
        why: what made an update worth sending: `doubled`, `new_cause`, `joined`, `new_language`,
            `new_source`, `new_outlets` (sites) or `big_author`; `false` where a person ended the
            thread, `long` where it ends though its wave goes on, `unread` where nobody knows.
        others: what stands out besides.
        joined: which of the others no message of the thread has named yet, if it is an update; at
            its end all that joined after the opening.
        detail: the new language, the new source, all new sites or the author's followers.
        also: what else is new, as pairs of the same, the most important first.
        stricter: how many times more surprising this series must be for its false alarms.
        points: the series hour by hour.
    """

    action: Action
    fingerprint: str
    kind: str
    subject: str
    severity: int
    started_at: datetime
    detected_at: datetime
    start: datetime
    end: datetime
    window_minutes: int
    observed: int
    trials: int
    baseline: Baseline
    left_out: int
    false_alarms_per_month: float
    why: str = ""
    others: tuple[Other, ...] = ()
    joined: tuple[Other, ...] = ()
    detail: str = ""
    stricter: float = 1.0
    points: tuple[HourPoint, ...] = ()
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """Everything an alert message says, in numbers; times are UTC.

    Attributes:
        thread: the alert's fingerprint, the same for every message about it.
        about: what the cause, product or place is called, if one stands out; `about_id` is its id.
        expected: what is usual in the window, `low`-`high` its 95 % interval.
        stories: all stories of the stretch, reprints merged; `sightings` counts the reprints.
        usual_share: the negative share of the eight weeks before, earlier alerts left out; `None`
            without scored stories.
        shared_post: the one passed on most, where that is another than the farthest.
        posts: what stands for the wave where no cause has evidence.
        languages: stories by language code, the most first; `sources` likewise.
        top_authors: name and followers of those who reach farthest.
        widest_reach: the most followers of any author of the stretch.
        products: which of the brand's products the stories (the negative ones, unless the alert is
            about all) speak of; `places` likewise.
        new_terms: words that set these stories apart from those before.
        collectors_down: sources that fail now.
        stricter: see `Stage`.
        joined: see `Stage`; `also` likewise.
        baseline_until: see `reports.usual.Baseline`; none in facts that were kept before it was.
        baseline_points: likewise.
    """

    thread: str
    action: Action
    kind: str
    about: str
    about_id: str
    brand: str
    slug: str
    lang: Lang
    zone: str
    severity: int
    started_at: datetime
    detected_at: datetime
    closed_at: datetime | None
    delay_minutes: int
    start: datetime
    end: datetime
    window_minutes: int
    observed: int
    trials: int
    expected: float
    low: int
    high: int
    ratio: float | None
    false_alarms_per_month: float
    baseline_days: int
    baseline_seasonal: bool
    baseline_left_out: int
    negative: int
    stories: int
    sightings: int
    authors: int
    negative_share: float | None
    share_low: float | None
    share_high: float | None
    usual_share: float | None
    causes: tuple[CauseFact, ...]
    first_post: PostFact | None
    farthest_post: PostFact | None
    sources: tuple[tuple[str, int], ...]
    low_confidence_share: float | None
    outage_minutes: int
    why: str
    new_cause: str
    others: tuple[Other, ...]
    shared_post: PostFact | None = None
    posts: tuple[PostFact, ...] = ()
    languages: tuple[tuple[str, int], ...] = ()
    top_authors: tuple[tuple[str, int], ...] = ()
    widest_reach: int = 0
    new_terms: tuple[str, ...] = ()
    collectors_down: tuple[str, ...] = ()
    detail: str = ""
    stricter: float = 1.0
    points: tuple[HourPoint, ...] = ()
    products: tuple[FacetFact, ...] = ()
    places: tuple[FacetFact, ...] = ()
    joined: tuple[Other, ...] = ()
    baseline_until: datetime | None = None
    baseline_points: int | None = None
    also: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        value: dict[str, Any] = as_json(self)
        return value


def facts_of_json(kept: Mapping[str, Any]) -> AlertFacts:
    """The facts of a message as an alert's thread keeps them.

    Raises:
        ReportError: they were written by a version that kept others.
    """
    try:
        return TypeAdapter(AlertFacts).validate_python(dict(kept))
    except ValidationError as error:
        what = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise ReportError(
            f"its facts were kept by another version of Molva ({what}); --json shows them"
        ) from error
