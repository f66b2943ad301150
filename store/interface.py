"""The values that enter and leave the store; plain and frozen, so no room sees a table.

Those of alerts, of exports, of products and places, and of what labels stand in `alert_rows`,
`export_records`, `facet_rows` and `model_rows`.
All times are aware UTC datetimes; every interval `[start, end)` includes its start and not its
end. Brands and sources are named by their opaque ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from store.facet_rows import FacetMatch, FacetSpec


class StoreError(Exception):
    """The store cannot be opened or used; the message says which one and what to do."""


@dataclass(frozen=True, slots=True)
class BrandSpec:
    """A brand as configured: its id, what it is called, its query.

    Attributes:
        facets: its products and places.
        rules: a digest of what decides which facets a mention names and who is the brand itself;
            where it is another than before, kept mentions are looked through again.
    """

    slug: str
    name: str
    query: str
    is_rival: bool = False
    facets: tuple[FacetSpec, ...] = ()
    rules: str = ""


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand as stored."""

    id: int
    slug: str
    name: str
    is_rival: bool
    query: str
    query_version: int


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source as configured."""

    name: str
    type: str
    scope: str
    terms: str
    interval_seconds: int
    rereads: bool = False
    """Whether its posts can be read again by their ids."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as stored: its cursor and how it has fared."""

    id: int
    name: str
    type: str
    scope: str
    active: bool
    cursor: Mapping[str, Any]
    interval_seconds: int
    next_poll_at: datetime
    created_at: datetime
    last_started_at: datetime | None
    last_success_at: datetime | None
    last_item_at: datetime | None
    last_error_at: datetime | None
    last_error: str
    last_error_kind: str
    error_count: int
    items_total: int
    note: str
    outcome_since: datetime | None = None
    """Since when polls have ended as the last one did."""


@dataclass(frozen=True, slots=True)
class PollRow:
    """What one finished poll brought."""

    started_at: datetime
    outcome: str
    fetched: int
    matched: int
    stored: int
    changed: int
    known: int
    skipped: int
    gaps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DueReread:
    """A mention whose source is to be asked for it again."""

    mention_id: int
    scope: str
    native_id: str


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """Which brand's query matched a post, by which term, at which character spans.

    Attributes:
        facets: the brand's products and places that it names.
        own: whether one of the brand's own accounts wrote it.
    """

    brand_id: int
    query_version: int
    term: str
    spans: tuple[tuple[int, int], ...]
    in_title: bool = False
    facets: tuple[FacetMatch, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class NewMention:
    """A matched post on its way into the store."""

    native_id: str
    kind: str
    title: str
    text: str
    url: str
    canonical_url: str
    site: str
    lang: str
    author_id: str
    author_handle: str
    author_name: str
    author_followers: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    rating: float | None
    rating_scale: float | None
    parent_id: str
    thread_id: str
    published_at: datetime | None
    edited_at: datetime | None
    matches: tuple[BrandMatch, ...]
    author_verified: bool | None = None
    author_created_at: datetime | None = None
    author_location: str = ""


@dataclass(frozen=True, slots=True)
class PageToKeep:
    """A collector's page after matching: kept whole, with its cursor, or not at all."""

    cursor: Mapping[str, Any]
    mentions: tuple[NewMention, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """`(native_id, reason)`."""
    deleted: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Native ids no brand matched; a mention kept earlier and edited away is still revised."""
    fetched: int = 0
    gaps: tuple[Mapping[str, Any], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """What became of a page. `known` were already stored unchanged."""

    stored: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    known: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class TextToLabel:
    """A revision that the current model has not labelled towards a brand yet.

    Attributes:
        terms: the words in it that the brand's query matched.
        others: the names that other brands' queries matched.
    """

    mention_id: int
    revision: int
    brand_id: int
    brand_name: str
    title: str
    text: str
    lang: str
    terms: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause or driver with its evidence, as stored."""

    cause: str
    polarity: str
    probability: float
    evidence: str
    start: int
    end: int
    stage: str | None = None
    expectation: str | None = None
    severity: int | None = None


@dataclass(frozen=True, slots=True)
class IntentRow:
    """An intent with its evidence, as stored."""

    intent: str
    probability: float
    evidence: str
    start: int
    end: int
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label on its way into the store.

    Attributes:
        others: the words for other brands that its causes were told apart by.
    """

    mention_id: int
    revision: int
    brand_id: int
    lang: str
    lang_confidence: float
    sentiment: str
    p_negative: float | None
    p_neutral: float | None
    p_positive: float | None
    low_confidence: bool
    causes: tuple[CauseRow, ...] = ()
    intents: tuple[IntentRow, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorrectedText:
    """A text and the sentiment that a person says it has.

    Attributes:
        cluster_id: texts of one story have the same.
    """

    text: TextToLabel
    sentiment: str
    author: str
    corrected_at: datetime
    cluster_id: int


@dataclass(frozen=True, slots=True)
class CauseChanges:
    """`(cause, polarity)` of what a person adds to the causes that count, and strikes out."""

    added: tuple[tuple[str, str], ...] = ()
    struck: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CorrectedCauses:
    """A text and what a person says of its causes.

    Attributes:
        causes: those that she named.
        struck: those that she struck out, the others being the model's; None: those that she named
            are all.
        cluster_id: texts of one story have the same.
    """

    text: TextToLabel
    causes: tuple[str, ...]
    struck: tuple[str, ...] | None
    cluster_id: int


@dataclass(frozen=True, slots=True)
class MentionBrand:
    """A mention and one brand it speaks of."""

    mention_id: int
    brand_id: int
    brand: str
    url: str


@dataclass(frozen=True, slots=True)
class MentionFilter:
    """Which mentions a report or export wants; `None` and empty mean all.

    Attributes:
        product: the id of a product that the mention speaks of; `place` likewise.
        own: written by the brand's own accounts (true), or by anybody else (false).
        source_types: from a source of one of these types.
    """

    brand_id: int | None = None
    mention_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    source_type: str | None = None
    lang: str | None = None
    sentiment: str | None = None
    cause: str | None = None
    text: str | None = None
    after_sequence: int | None = None
    include_deleted: bool = False
    product: str | None = None
    place: str | None = None
    own: bool | None = None
    source_types: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelledMention:
    """One mention towards one brand with everything known of it: the row of an export.

    Attributes:
        sentiment: a person's word if there is one, else the current model's, else `unlabelled`.
        model_sentiment: what the current model said, whoever was right.
        sequence: the last change of the mention; grows, for incremental exports.
        is_own_account: whether the brand itself wrote it.
        products: ids of the brand's products that it speaks of; `places` likewise.
        author_places: ids of places where its author says to be.
    """

    mention_id: int
    revision: int
    brand_id: int
    brand: str
    brand_name: str
    query_version: int
    matched_term: str
    match_spans: tuple[tuple[int, int], ...]
    source_type: str
    source_names: tuple[str, ...]
    scope: str
    native_id: str
    kind: str
    title: str
    text: str
    url: str
    canonical_url: str
    site: str
    lang: str
    lang_confidence: float | None
    author_id: str
    author_handle: str
    author_name: str
    author_followers: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    rating: float | None
    rating_scale: float | None
    parent_id: str
    thread_id: str
    published_at: datetime
    first_seen_at: datetime
    labelled_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    terms: str
    content_hash: str
    cluster_id: int
    is_canonical: bool
    cluster_size: int
    sentiment: str
    model_sentiment: str
    label_source: str
    corrected_at: datetime | None
    p_negative: float | None
    p_neutral: float | None
    p_positive: float | None
    low_confidence: bool
    model_version: str
    taxonomy_version: str
    sequence: int
    causes: tuple[CauseRow, ...] = ()
    intents: tuple[IntentRow, ...] = ()
    author_verified: bool | None = None
    author_created_at: datetime | None = None
    author_location: str = ""
    is_own_account: bool = False
    products: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    author_places: tuple[str, ...] = ()

    @property
    def reach(self) -> int:
        """Followers of the author, or views where they are more; 0 if neither is known."""
        return max(self.author_followers or 0, self.views or 0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one brand in one interval, each story (cluster) counted once.

    `sightings` counts every mention, reprints too; `reach` sums each author's followers once.
    """

    start: datetime
    end: datetime
    mentions: int = 0
    sightings: int = 0
    authors: int = 0
    reach: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    unscored: int = 0
    low_confidence: int = 0


class CausePart(NamedTuple):
    """A cause or driver in one source, product or place.

    Attributes:
        by: `source`, `product` or `place`.
        key: the type of the source, or the id of the product or place.
    """

    by: str
    key: str
    polarity: str
    cause: str


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many stories of one brand named a cause in an interval, and their summed reach."""

    cause: str
    polarity: str
    mentions: int
    reach: int
