"""The columns of an export: name, type, what they hold. The data dictionary is this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from store.interface import CauseRow, IntentRow, LabelledMention

Type = Literal[
    "text", "integer", "number", "boolean", "time", "spans", "texts", "causes", "intents"
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `value` takes it from a mention."""

    name: str
    type: Type
    about: str
    value: Callable[[LabelledMention], Any]

    @property
    def nested(self) -> bool:
        """Whether a cell holds a list."""
        return self.type in {"spans", "texts", "causes", "intents"}


def _field(name: str, type_: Type, about: str) -> Column:
    return Column(name, type_, about, lambda mention: getattr(mention, name))


def _engagement(mention: LabelledMention) -> int | None:
    known = [n for n in (mention.likes, mention.comments, mention.shares) if n is not None]
    return sum(known) if known else None


def _cause(cause: CauseRow) -> dict[str, Any]:
    return {
        "cause_id": cause.cause,
        "polarity": cause.polarity,
        "probability": cause.probability,
        "evidence_text": cause.evidence,
        "evidence_start": cause.start,
        "evidence_end": cause.end,
        "journey_stage": cause.stage,
        "expectation": cause.expectation,
        "severity": cause.severity,
    }


def _intent(intent: IntentRow) -> dict[str, Any]:
    return {
        "intent": intent.intent,
        "probability": intent.probability,
        "rival": intent.rival,
        "evidence_text": intent.evidence,
        "evidence_start": intent.start,
        "evidence_end": intent.end,
    }


COLUMNS: tuple[Column, ...] = (
    _field("mention_id", "integer", "Molva's number of the mention."),
    _field("brand", "text", "The brand's id in the configuration."),
    _field("brand_name", "text", "What the brand is called."),
    _field("query_version", "integer", "Which version of the brand's query matched."),
    Column("source", "text", "The type of source.", lambda m: m.source_type),
    Column(
        "source_instances",
        "texts",
        "The configured sources it was seen through.",
        lambda m: list(m.source_names),
    ),
    _field("native_id", "text", "The source's own id, unique inside `scope`."),
    _field("scope", "text", "Inside what `native_id` is unique."),
    _field("url", "text", "Where it can be read."),
    _field("canonical_url", "text", "The same without tracking and variants."),
    _field("site", "text", "The site it stands on."),
    _field("thread_id", "text", "The conversation it belongs to."),
    _field("parent_id", "text", "What it answers."),
    _field("kind", "text", "post, comment, review, article, issue, video or message."),
    _field("published_at", "time", "When its author says it was published."),
    _field("first_seen_at", "time", "When Molva first saw it."),
    _field("labelled_at", "time", "When the current label was made."),
    _field("edited_at", "time", "When its author last edited it."),
    _field("deleted_at", "time", "When it was found gone: a tombstone."),
    _field("title", "text", "Its title."),
    _field("text", "text", "Its text, without markup."),
    _field("revision", "integer", "How many versions of the text were seen."),
    _field("lang", "text", "Language, ISO 639-1."),
    _field("lang_confidence", "number", "How sure the language is, 0-1."),
    _field("matched_term", "text", "The term of the query that matched."),
    Column(
        "match_spans",
        "spans",
        "Where it matched, as [start, end] character offsets.",
        lambda m: [list(span) for span in m.match_spans],
    ),
    _field("author_id", "text", "The author's id at the source."),
    _field("author_handle", "text", "The author's handle."),
    _field("author_name", "text", "The author's name as shown."),
    _field("author_followers", "integer", "Followers, if the source tells."),
    _field(
        "author_verified", "boolean", "Whether the source has verified the author, if it tells."
    ),
    _field("author_created_at", "time", "When the author's account was made, if the source tells."),
    _field("author_location", "text", "Where the author says to be, as written."),
    _field("likes", "integer", "Likes; empty is unknown."),
    _field("comments", "integer", "Answers; empty is unknown."),
    _field("shares", "integer", "Shares; empty is unknown."),
    _field("views", "integer", "Views; empty is unknown."),
    Column("engagement", "integer", "Known likes, comments and shares together.", _engagement),
    _field("rating", "number", "Stars or points given."),
    _field("rating_scale", "number", "The most that could be given."),
    Column(
        "reach_estimate",
        "integer",
        "The greater of the author's followers and the views; 0 if both are unknown.",
        lambda m: m.reach,
    ),
    _field("cluster_id", "integer", "The story: reprints share it."),
    _field("is_canonical", "boolean", "Whether it stands for its story."),
    _field("cluster_size", "integer", "How many mentions tell the story."),
    _field("sentiment", "text", "A person's word, else the model's, else `unlabelled`."),
    _field("p_negative", "number", "Calibrated probability."),
    _field("p_neutral", "number", "Calibrated probability."),
    _field("p_positive", "number", "Calibrated probability."),
    _field("low_confidence", "boolean", "Whether the model was unsure."),
    _field("label_source", "text", "`model` or `person`."),
    _field("model_sentiment", "text", "What the model said, whoever was right."),
    _field("corrected_at", "time", "When a person corrected it."),
    Column(
        "causes",
        "causes",
        "Causes and drivers with probability and evidence (offsets into the text).",
        lambda m: [_cause(cause) for cause in m.causes],
    ),
    Column(
        "intents",
        "intents",
        "What the writer is about to do, with probability and evidence.",
        lambda m: [_intent(intent) for intent in m.intents],
    ),
    _field("model_version", "text", "The model that made the label."),
    _field("taxonomy_version", "text", "The causes it chose from."),
    _field("terms", "text", "The source's terms class."),
    _field("content_hash", "text", "Hash of the title and text."),
    _field("sequence", "integer", "The mention's last change; grows."),
)


def record(mention: LabelledMention) -> dict[str, Any]:
    """A mention as a row."""
    return {column.name: column.value(mention) for column in COLUMNS}


def arrow_schema() -> Any:
    """The columns as an Arrow schema; the meaning of each is its field's metadata."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import, needed for Parquet alone

    cause = pa.struct(
        [
            ("cause_id", pa.string()),
            ("polarity", pa.string()),
            ("probability", pa.float64()),
            ("evidence_text", pa.string()),
            ("evidence_start", pa.int32()),
            ("evidence_end", pa.int32()),
            ("journey_stage", pa.string()),
            ("expectation", pa.string()),
            ("severity", pa.int8()),
        ]
    )
    intent = pa.struct(
        [
            ("intent", pa.string()),
            ("probability", pa.float64()),
            ("rival", pa.string()),
            ("evidence_text", pa.string()),
            ("evidence_start", pa.int32()),
            ("evidence_end", pa.int32()),
        ]
    )
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "spans": pa.list_(pa.list_(pa.int32())),
        "texts": pa.list_(pa.string()),
        "causes": pa.list_(cause),
        "intents": pa.list_(intent),
    }
    return pa.schema(
        [
            pa.field(column.name, types[column.type], metadata={"about": column.about})
            for column in COLUMNS
        ]
    )
