"""The tables of what is collected and labelled, as SQLModel classes.

Those of what is told to people stand in `store.report_tables`, those of products and places in
`store.facet_tables`, those of the work itself in `store.work_tables`; no other module knows a
table.

The same classes make SQLite and PostgreSQL; migrations are generated from them. Times are aware
UTC datetimes. A *mention* is one post of one source that at least one brand's query matched; what
its text said at each edit is a *revision*; each configured source it was seen through is a
*sighting*; the same story told in several mentions is a *cluster*.

Queries use the Core tables at the end of this module (`MENTION.c.id`): an object per row would
cost more than the row. The search index (`mention_search`) differs by database and is made by the
migrations; see `store.search`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from store.table_parts import json_column as _json
from store.table_parts import key as _key

metadata = SQLModel.metadata


class Brand(SQLModel, table=True):
    """A brand that is watched; `slug` is its opaque id in configuration and exports."""

    __tablename__ = "brand"
    id: int | None = _key()
    slug: str = Field(unique=True)
    name: str
    is_rival: bool = False
    active: bool = True
    query_version: int = 1
    """The current `BrandQuery.version`."""


class BrandQuery(SQLModel, table=True):
    """Each query a brand has had; matches name the version that found them."""

    __tablename__ = "brand_query"
    __table_args__ = (UniqueConstraint("brand_id", "version"),)
    id: int | None = _key()
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    version: int
    query: str = Field(sa_type=Text)
    created_at: datetime


class Source(SQLModel, table=True):
    """A configured source: where its walk stands and how it has fared. The scheduler's memory."""

    __tablename__ = "source"
    id: int | None = _key()
    name: str = Field(unique=True)
    type: str
    scope: str
    terms: str
    active: bool = True
    cursor: dict[str, Any] = _json()
    interval_seconds: int
    next_poll_at: datetime = Field(index=True)
    created_at: datetime
    last_started_at: datetime | None = None
    last_success_at: datetime | None = None
    last_item_at: datetime | None = None
    """When a poll last brought an item never seen before."""
    last_error_at: datetime | None = None
    last_error: str = ""
    last_error_kind: str = ""
    """`fatal`, `retriable`, `throttled` or empty."""
    error_count: int = 0
    """Consecutive failures; reset only at the end of a success."""
    items_total: int = 0
    note: str = ""
    """Why the last poll brought nothing, in the collector's words."""
    outcome_since: datetime | None = None
    """Since when polls have ended as the last one did."""
    rereads: bool = False
    """Whether its posts can be read again by their ids."""


class Poll(SQLModel, table=True):
    """One run of a source: tells an outage from a quiet hour."""

    __tablename__ = "poll"
    __table_args__ = (Index("ix_poll_source_started", "source_id", "started_at"),)
    id: int | None = _key()
    source_id: int = Field(foreign_key="source.id", sa_type=BigInteger)
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = "running"
    """`running`, `ok`, `fatal`, `retriable`, `throttled`, or `crashed` (found so at a start)."""
    pages: int = 0
    fetched: int = 0
    matched: int = 0
    stored: int = 0
    changed: int = 0
    known: int = 0
    deleted: int = 0
    skipped: int = 0
    gaps: list[dict[str, Any]] = _json()
    error: str = ""


class SkippedItem(SQLModel, table=True):
    """An item that could not be kept, and why."""

    __tablename__ = "skipped_item"
    __table_args__ = (UniqueConstraint("source_id", "native_id", "reason"),)
    id: int | None = _key()
    source_id: int = Field(foreign_key="source.id", sa_type=BigInteger)
    native_id: str
    reason: str
    times: int = 1
    last_at: datetime


class Cluster(SQLModel, table=True):
    """One story in many places; the first seen is canonical and the others never deleted."""

    __tablename__ = "cluster"
    id: int | None = _key()
    created_at: datetime


class ClusterKey(SQLModel, table=True):
    """What makes two mentions one story; a mention has several, so each key points to a cluster."""

    __tablename__ = "cluster_key"
    __table_args__ = {"sqlite_with_rowid": False}
    key: str = Field(primary_key=True)
    """A hash of the canonical URL (`url:…`), the normalised text (`text:…`) or the identity."""
    cluster_id: int = Field(foreign_key="cluster.id", index=True, sa_type=BigInteger)


class NearKey(SQLModel, table=True):
    """A part of a text's MinHash signature: texts that share one are worth comparing.

    Only of texts seen lately and first: an exact copy finds its story by `ClusterKey`.
    """

    __tablename__ = "near_key"
    __table_args__ = {"sqlite_with_rowid": False}
    band: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """A hash of the part, its place, and the algorithm that made it."""
    mention_id: int = Field(
        sa_column=Column(
            BigInteger,
            ForeignKey("mention.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
            index=True,
        )
    )


class Mention(SQLModel, table=True):
    """A post that a brand's query matched, as it reads now."""

    __tablename__ = "mention"
    __table_args__ = (
        UniqueConstraint("scope", "native_id"),
        Index("ix_mention_published", "published_at", "id"),
        Index(
            "ix_mention_reread",
            "reread_at",
            sqlite_where=text("reread_at IS NOT NULL"),
            postgresql_where=text("reread_at IS NOT NULL"),
        ),
        # An id is never given twice, even after an erasure: exports and the outbox remember ids.
        {"sqlite_autoincrement": True},
    )
    id: int | None = _key()
    scope: str
    native_id: str
    source_type: str
    terms: str
    kind: str
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    url: str
    canonical_url: str
    site: str
    lang: str
    """Declared by the author or source; the label holds the detected one."""
    author_id: str
    author_handle: str
    author_name: str
    author_followers: int | None = Field(default=None, sa_type=BigInteger)
    author_verified: bool | None = None
    author_created_at: datetime | None = None
    """When the author's account was made."""
    author_location: str = ""
    """As the author wrote it."""
    likes: int | None = Field(default=None, sa_type=BigInteger)
    comments: int | None = Field(default=None, sa_type=BigInteger)
    shares: int | None = Field(default=None, sa_type=BigInteger)
    views: int | None = Field(default=None, sa_type=BigInteger)
    rating: float | None = None
    rating_scale: float | None = None
    parent_id: str
    thread_id: str
    published_at: datetime
    """The author's claim, or when we first saw it if the claim is missing or impossible."""
    published_at_claimed: bool = True
    edited_at: datetime | None = None
    first_seen_at: datetime
    revised_at: datetime
    """When the current revision was first seen."""
    deleted_at: datetime | None = None
    reread_at: datetime | None = None
    """When to ask the source for it again; none if never."""
    revision: int = 1
    content_hash: str
    cluster_id: int = Field(foreign_key="cluster.id", index=True, sa_type=BigInteger)


class Revision(SQLModel, table=True):
    """What a mention said before an edit; the current revision is in the mention itself.

    Numbers start at 1. Most mentions are never edited and have no row here.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("mention_id", "number"),)
    id: int | None = _key()
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    number: int
    content_hash: str
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    seen_at: datetime


class Sighting(SQLModel, table=True):
    """A configured source through which a mention was seen."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("mention_id", "source_id"),)
    id: int | None = _key()
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    source_id: int = Field(foreign_key="source.id", sa_type=BigInteger)
    first_seen_at: datetime


class BrandMention(SQLModel, table=True):
    """A brand's query matched a mention: which version, by which term, where.

    `published_at`, `cluster_id`, `author_key`, `followers`, `revision` and `deleted` repeat the
    mention's, so that one covering index serves every count without touching the wide table.
    """

    __tablename__ = "brand_mention"
    __table_args__ = (
        UniqueConstraint("mention_id", "brand_id"),
        Index(
            "ix_brand_mention_series",
            "brand_id",
            "published_at",
            "mention_id",
            "cluster_id",
            "author_key",
            "followers",
            "revision",
            "deleted",
            "own",
        ),
        Index("ix_brand_mention_pending", "labelled_by", "published_at", "id"),
    )
    id: int | None = _key()
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    published_at: datetime
    query_version: int
    matched_term: str
    spans: list[list[int]] = _json()
    """`[start, end]` offsets into the current text (or title, if `in_title`)."""
    in_title: bool = False
    cluster_id: int = Field(foreign_key="cluster.id", sa_type=BigInteger)
    author_key: int = Field(default=0, sa_type=BigInteger)
    """A hash of scope and author; 0 is an unknown author."""
    followers: int = Field(default=0, sa_type=BigInteger)
    revision: int = 1
    deleted: bool = False
    own: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Written by one of the brand's own accounts: no customer's voice, so it is never counted."""
    labelled_by: int = Field(default=0, sa_type=BigInteger)
    """The version that last labelled this revision; 0 is none yet, -1 a tombstone.

    It only makes the queue of unlabelled revisions quick to find; `label` decides.
    """


class ModelVersion(SQLModel, table=True):
    """A pair of model and taxonomy that made labels; exactly one is current."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("model", "taxonomy"),)
    id: int | None = _key()
    model: str
    taxonomy: str
    current: bool = False
    created_at: datetime


class Label(SQLModel, table=True):
    """What one model version says of one revision, towards one brand."""

    __tablename__ = "label"
    __table_args__ = (
        UniqueConstraint("mention_id", "revision", "brand_id", "version_id"),
        Index(
            "ix_label_effective",
            "version_id",
            "brand_id",
            "mention_id",
            "revision",
            "sentiment",
            "low_confidence",
        ),
    )
    id: int | None = _key()
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    revision: int
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    version_id: int = Field(foreign_key="model_version.id", sa_type=BigInteger)
    lang: str
    lang_confidence: float
    sentiment: str
    p_negative: float | None = None
    p_neutral: float | None = None
    p_positive: float | None = None
    low_confidence: bool = False
    labelled_at: datetime
    others: list[str] = _json()
    """How the text names other brands, which causes were told apart by."""


class CauseLink(SQLModel, table=True):
    """A cause or driver of a label with its evidence in the revision's text."""

    __tablename__ = "cause_link"
    __table_args__ = (
        Index("ix_cause_link_cause", "cause", "label_id"),
        Index("ix_cause_link_label", "label_id", "cause", "polarity"),
    )
    id: int | None = _key()
    label_id: int = Field(foreign_key="label.id", sa_type=BigInteger)
    cause: str
    polarity: str
    probability: float
    evidence: str = Field(sa_type=Text)
    evidence_start: int
    evidence_end: int
    stage: str | None = None
    """Where in the customer's journey the evidence happened."""
    expectation: str | None = None
    severity: int | None = None
    """1 (mild annoyance) to 4 (danger); none for praise."""


class IntentLink(SQLModel, table=True):
    """What a label's writer is about to do, with the evidence in the revision's text."""

    __tablename__ = "intent_link"
    __table_args__ = (Index("ix_intent_link_label", "label_id", "intent"),)
    id: int | None = _key()
    label_id: int = Field(foreign_key="label.id", sa_type=BigInteger)
    intent: str
    probability: float
    evidence: str = Field(sa_type=Text)
    evidence_start: int
    evidence_end: int
    rival: str | None = None
    """To whom the writer has switched, as the text spells it."""


class Correction(SQLModel, table=True):
    """A person's word on a mention towards a brand; it outlives every re-labelling."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("mention_id", "brand_id"),)
    id: int | None = _key()
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    sentiment: str | None = None
    has_causes: bool = False
    """Whether the person named all causes (perhaps none); else what she said of some of them
    changes what the model says."""
    author: str = ""
    corrected_at: datetime


class CorrectionCause(SQLModel, table=True):
    """A cause that a person named, or struck out, for a mention towards a brand."""

    __tablename__ = "correction_cause"
    __table_args__ = (UniqueConstraint("correction_id", "cause"),)
    id: int | None = _key()
    correction_id: int = Field(foreign_key="correction.id", sa_type=BigInteger)
    cause: str
    polarity: str
    applies: bool = True
    """False: it was struck out, whatever model names it."""


class FittedHead(SQLModel, table=True):
    """A head fitted on people's corrections, to be put on the model it names; at most one in use.

    None in use means that the model labels alone.
    """

    __tablename__ = "fitted_head"
    id: int | None = _key()
    name: str = Field(unique=True)
    version: str = Field(unique=True)
    """Name and content hash: the `ModelVersion.model` of the labels it makes."""
    base: str
    """The version of the model it was fitted on."""
    weights: bytes = Field(sa_type=LargeBinary)
    report: dict[str, Any] = _json()
    """How it fared on corrections it was not fitted on."""
    created_at: datetime
    in_use: bool = False
    used_at: datetime | None = None
    used_by: str = ""
    """Who last put it into use."""


class Change(SQLModel, table=True):
    """What happened to mentions, in order: the sequence that incremental exports follow."""

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_mention", "mention_id", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _key()
    mention_id: int = Field(foreign_key="mention.id", sa_type=BigInteger)
    action: str
    """`stored`, `edited`, `labelled`, `corrected`, `remarked` (names other facets than before, or
    has another writer), `deleted`, `expired` or `forgotten`."""
    at: datetime


def core(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    return metadata.tables[str(model.__tablename__)]


BRAND = core(Brand)
BRAND_QUERY = core(BrandQuery)
SOURCE = core(Source)
POLL = core(Poll)
SKIPPED_ITEM = core(SkippedItem)
CLUSTER = core(Cluster)
CLUSTER_KEY = core(ClusterKey)
NEAR_KEY = core(NearKey)
MENTION = core(Mention)
REVISION = core(Revision)
SIGHTING = core(Sighting)
BRAND_MENTION = core(BrandMention)
MODEL_VERSION = core(ModelVersion)
LABEL = core(Label)
CAUSE_LINK = core(CauseLink)
INTENT_LINK = core(IntentLink)
CORRECTION = core(Correction)
CORRECTION_CAUSE = core(CorrectionCause)
FITTED_HEAD = core(FittedHead)
CHANGE = core(Change)
