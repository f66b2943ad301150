"""The ten kinds of sources: what of a service's behaviour its stand-in may be asked to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

_NONE: Final = timedelta(0)


@dataclass(frozen=True)
class Kind:
    """How the posts of a kind behave.

    Attributes:
        type: of the collector and of its conformance kit.
        late: how much later than its own date a post may arrive and has to be found.
        settings: what the source's table says beside its kit's.
        claims: whether a post's own date is shown whatever it is, so that it may be 2099.
        edits: whether a post keeps its id when it is edited.
        nameless: whether a post without an id cannot be kept.
        salvaged: whether a document that breaks off is read as far as it goes.
        burst: posts within an hour, at the first source of the kind.
        window: newest posts that are shown at all; 0 for every one.
        redirects: whether redirects are followed; if not, one means that the source is gone.
        climbs: whether a walk goes from the oldest new post to the newest, which it has seen.
        place: the parameter that says where a page begins, where pages may overlap.
        back: how much it has to change to begin `3` posts earlier in the walk.
        shared: whether all its sources are one service, which knows the posts of each by id.
        signs_in: whether it asks for a session by POST, which follows no redirect.
    """

    type: str
    late: timedelta
    settings: Mapping[str, Any] = field(default_factory=dict)
    claims: bool = True
    edits: bool = True
    nameless: bool = True
    salvaged: bool = False
    burst: int = 300
    window: int = 0
    redirects: bool = True
    shared: bool = False
    signs_in: bool = False
    climbs: bool = False
    place: str = ""
    back: int = 0


_DAYS: Final = timedelta(days=5)
_PAID: Final = {"page_size": 50, "spend_per_day": 1000, "spend_per_month": 10_000}

KINDS: Final = (
    Kind("rss", _DAYS, nameless=False, salvaged=True, burst=200, window=40),
    Kind(
        "mastodon",
        _DAYS,
        {"page_size": 40},
        burst=10_000,
        climbs=True,
        place="min_id",
        back=-3,
    ),
    Kind(
        "bluesky",
        timedelta(minutes=8),
        {"page_size": 25},
        shared=True,
        signs_in=True,
        place="cursor",
        back=-3,
    ),
    Kind(
        "hackernews",
        timedelta(hours=4),
        {"page_size": 20},
        claims=False,
        shared=True,
    ),
    Kind("lemmy", timedelta(hours=4), {"page_size": 20}),
    Kind("discourse", _DAYS, redirects=False, place="before", back=3),
    Kind("telegram", _DAYS, redirects=False, shared=True, place="before", back=3),
    Kind("wordpress", timedelta(hours=18), nameless=False, burst=150),
    Kind(
        "vk",
        timedelta(minutes=90),
        {"page_size": 20},
        claims=False,
        shared=True,
        place="start_from",
        back=-3,
    ),
    Kind(
        "x",
        timedelta(days=2),
        _PAID,
        edits=False,
        shared=True,
        place="next_token",
        back=3,
    ),
)
