"""The tables of an export: their columns, types, units, and what they mean in both languages.

The data dictionary, the Arrow schema and the order of every file come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import pyarrow as pa

Type = Literal[
    "text", "integer", "number", "boolean", "time", "spans", "texts", "causes", "intents"
]
TableName = Literal["mentions", "causes", "intents", "labels", "tombstones"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `about` says what it holds, by language; `unit` is empty if it has none."""

    name: str
    type: Type
    about: Mapping[str, str] = field(hash=False)
    unit: str = ""

    @property
    def nested(self) -> bool:
        """Whether a cell holds a list."""
        return self.type in {"spans", "texts", "causes", "intents"}


def _c(name: str, type_: Type, en: str, ru: str, unit: str = "") -> Column:
    return Column(name, type_, {"en": en, "ru": ru}, unit)


_CHANCE = ("Calibrated probability.", "Калиброванная вероятность.", "0–1")
_SEQUENCE = _c(
    "sequence",
    "integer",
    "The number of the mention's last change; grows.",
    "Номер последнего изменения упоминания; растёт.",
)

_KEYS = (
    _c(
        "mention_id",
        "integer",
        "Molva's number of the mention; never given twice.",
        "Номер упоминания в Молве; дважды не выдаётся.",
    ),
    _c("brand", "text", "The brand's id in the configuration.", "Код бренда в настройках."),
)
_MENTION_KEYS = (
    *_KEYS,
    _c("brand_name", "text", "What the brand is called.", "Как бренд называется."),
    _c(
        "query_version",
        "integer",
        "Which version of the brand's query matched; the manifest holds its text.",
        "Какая версия запроса бренда сработала; её текст в манифесте.",
    ),
    _c("source", "text", "The type of source.", "Вид источника."),
    _c(
        "source_instances",
        "texts",
        "The configured sources it was seen through.",
        "Настроенные источники, через которые оно видно.",
    ),
    _c(
        "native_id",
        "text",
        "The source's own id, unique inside `scope`.",
        "Номер в самом источнике, единственный внутри `scope`.",
    ),
    _c(
        "scope",
        "text",
        "Inside what `native_id` is unique.",
        "Внутри чего `native_id` единственный.",
    ),
    _c("url", "text", "Where it can be read.", "Где его прочесть."),
    _c(
        "canonical_url",
        "text",
        "The same without tracking and variants.",
        "Тот же адрес без меток и вариантов.",
    ),
    _c("site", "text", "The site it stands on.", "Сайт, на котором оно стоит."),
    _c("thread_id", "text", "The conversation it belongs to.", "Разговор, к которому относится."),
    _c("parent_id", "text", "What it answers.", "На что отвечает."),
    _c(
        "kind",
        "text",
        "post, comment, review, article, issue, video or message.",
        "post, comment, review, article, issue, video или message.",
    ),
)
_TIMES = (
    _c(
        "published_at",
        "time",
        "When its author says it was published; when Molva first saw it if that is unknown.",
        "Когда опубликовано по словам автора; если неизвестно, когда Молва увидела его впервые.",
    ),
    _c("first_seen_at", "time", "When Molva first saw it.", "Когда Молва увидела его впервые."),
    _c(
        "collected_at",
        "time",
        "When the text as it reads now was collected.",
        "Когда собран текст в его нынешнем виде.",
    ),
    _c(
        "labelled_at",
        "time",
        "When the model's current label was made.",
        "Когда модель дала нынешнюю метку.",
    ),
    _c(
        "edited_at",
        "time",
        "When its author last edited it.",
        "Когда автор правил его в последний раз.",
    ),
    _c(
        "deleted_at",
        "time",
        "When it was found gone: a tombstone.",
        "Когда обнаружено, что его больше нет: надгробие.",
    ),
)
_TEXT = (
    _c("title", "text", "Its title.", "Заголовок."),
    _c("text", "text", "Its text, without markup.", "Текст без разметки."),
    _c(
        "revision",
        "integer",
        "How many versions of the text were seen.",
        "Сколько версий текста замечено.",
    ),
    _c(
        "lang",
        "text",
        "The language found in the text, else the declared one; ISO 639-1.",
        "Язык, найденный в тексте, иначе заявленный; ISO 639-1.",
    ),
    _c("lang_confidence", "number", "How sure the language is.", "Насколько язык ясен.", "0–1"),
    _c(
        "lang_declared",
        "text",
        "The language its author or source declared.",
        "Язык, заявленный автором или источником.",
    ),
    _c(
        "matched_term",
        "text",
        "The term of the query that matched.",
        "Какое слово запроса сработало.",
    ),
    _c(
        "match_spans",
        "spans",
        "Where it matched, as [start, end].",
        "Где сработало, как [начало, конец].",
        "characters",
    ),
    _c(
        "match_in_title",
        "boolean",
        "Whether the spans count in the title, not the text.",
        "Считаются ли места в заголовке, а не в тексте.",
    ),
)
_ABOUT = (
    _c(
        "products",
        "texts",
        "The brand's products it speaks of, by their ids; the manifest names them.",
        "О каких продуктах бренда в нём речь, по их кодам; названия в манифесте.",
    ),
    _c(
        "places",
        "texts",
        "The brand's places it speaks of, by their ids; the manifest names them.",
        "О каких местах бренда в нём речь, по их кодам; названия в манифесте.",
    ),
)
_AUTHOR = (
    _c(
        "author_id",
        "text",
        "The author's id at the source, or a pseudonym.",
        "Код автора в источнике или псевдоним.",
    ),
    _c("author_handle", "text", "The author's handle.", "Имя автора для упоминаний."),
    _c("author_name", "text", "The author's name as shown.", "Имя автора, как оно показано."),
    _c(
        "author_followers",
        "integer",
        "Followers, if the source tells.",
        "Подписчики, если источник их сообщает.",
        "people",
    ),
    _c(
        "author_verified",
        "boolean",
        "Whether the source has verified the author, if it tells.",
        "Подтверждён ли автор источником, если источник это сообщает.",
    ),
    _c(
        "author_created_at",
        "time",
        "When the author's account was made, if the source tells.",
        "Когда заведена учётная запись автора, если источник это сообщает.",
    ),
    _c(
        "author_location",
        "text",
        "Where the author says to be, as written.",
        "Где автор, по его словам: как написано.",
    ),
    _c(
        "author_places",
        "texts",
        "The brand's places where the author says to be; the mention need not be about them.",
        "В каких местах бренда автор, по его словам; речь может быть и не о них.",
    ),
    _c(
        "is_own_account",
        "boolean",
        "Whether one of the brand's own accounts wrote it: no customer's voice, counted nowhere.",
        "Написано ли от имени самого бренда: это не голос клиента и нигде не считается.",
    ),
)
_REACH = (
    _c("likes", "integer", "Likes; empty is unknown.", "Отметки «нравится»; пусто — неизвестно."),
    _c("comments", "integer", "Answers; empty is unknown.", "Ответы; пусто — неизвестно."),
    _c("shares", "integer", "Shares; empty is unknown.", "Пересылки; пусто — неизвестно."),
    _c("views", "integer", "Views; empty is unknown.", "Просмотры; пусто — неизвестно."),
    _c(
        "engagement",
        "integer",
        "Known likes, comments and shares together; empty if none is known.",
        "Известные отметки, ответы и пересылки вместе; пусто, если неизвестно ничего.",
    ),
    _c("rating", "number", "Stars or points given.", "Поставленные звёзды или баллы.", "points"),
    _c("rating_scale", "number", "The most that could be given.", "Наибольшая оценка.", "points"),
    _c(
        "reach_estimate",
        "integer",
        "The greater of the author's followers and the views; 0 if both are unknown.",
        "Большее из числа подписчиков автора и просмотров; 0, если неизвестно ни то ни другое.",
        "people",
    ),
    _c(
        "reach_method",
        "text",
        "Which of the two it is: followers or views; empty if unknown.",
        "Что из двух взято: followers или views; пусто, если неизвестно.",
    ),
)
_STORY = (
    _c(
        "cluster_id", "integer", "The story: reprints share it.", "История: у перепечаток она одна."
    ),
    _c(
        "is_canonical",
        "boolean",
        "Whether it stands for its story.",
        "Представляет ли оно свою историю.",
    ),
    _c(
        "cluster_size",
        "integer",
        "How many living mentions tell the story.",
        "Сколько живых упоминаний рассказывают эту историю.",
        "mentions",
    ),
)
_LABEL = (
    _c(
        "sentiment",
        "text",
        "A person's word, else the model's (negative, neutral, positive, unscored) or unlabelled.",
        "Слово человека, иначе модели (negative, neutral, positive, unscored), иначе unlabelled.",
    ),
    _c("p_negative", "number", *_CHANCE),
    _c("p_neutral", "number", *_CHANCE),
    _c("p_positive", "number", *_CHANCE),
    _c("low_confidence", "boolean", "Whether the model was unsure.", "Сомневалась ли модель."),
    _c(
        "label_source",
        "text",
        "model or person; empty: not labelled.",
        "model или person; пусто: метки нет.",
    ),
    _c(
        "model_sentiment",
        "text",
        "What the model said, whoever was right.",
        "Что сказала модель, кто бы ни был прав.",
    ),
    _c(
        "previous_label",
        "text",
        "The sentiment that counted before this one; empty if there was none.",
        "Тональность, которая считалась до этой; пусто, если её не было.",
    ),
    _c("corrected_at", "time", "When a person corrected it.", "Когда её поправил человек."),
)
NESTED = (
    _c(
        "causes",
        "causes",
        "Causes and drivers with probability and evidence (offsets into the text).",
        "Причины с вероятностью и доказательством (места в тексте).",
    ),
    _c(
        "intents",
        "intents",
        "What the writer is about to do, with probability and evidence.",
        "Что автор собирается делать, с вероятностью и доказательством.",
    ),
)
"""Child tables as lists, for a file that stands alone."""

_PROVENANCE = (
    _c("model_version", "text", "The model that made the label.", "Модель, давшая метку."),
    _c(
        "taxonomy_version", "text", "The causes it chose from.", "Причины, из которых она выбирала."
    ),
    _c(
        "other_brands",
        "texts",
        "How the text names other watched brands; their causes and intents are not told here.",
        "Как в тексте названы другие бренды, за которыми следят; их причин и намерений здесь нет.",
    ),
    _c("code_version", "text", "The Molva that wrote this.", "Молва, записавшая это."),
    _c(
        "terms",
        "text",
        "The source's terms class: what may be kept, and for how long.",
        "Вид условий источника: что и как долго можно хранить.",
    ),
    _c("content_hash", "text", "Hash of the title and text.", "Хэш заголовка и текста."),
    _c(
        "row_hash",
        "text",
        "Hash of what was said and how it is labelled; equal rows have equal hashes.",
        "Хэш сказанного и его метки; у равных строк он равен.",
    ),
    _SEQUENCE,
)
MENTION_COLUMNS = (
    *(*_MENTION_KEYS, *_TIMES, *_TEXT, *_ABOUT, *_AUTHOR, *_REACH, *_STORY, *_LABEL),
    *_PROVENANCE,
)
FLAT_COLUMNS = (*MENTION_COLUMNS[: -len(_PROVENANCE)], *NESTED, *_PROVENANCE)
"""The columns of a file that stands alone."""

_EVIDENCE = (
    _c("probability", "number", *_CHANCE),
    _c("evidence_text", "text", "The words that say it.", "Слова, которые об этом говорят."),
    _c(
        "evidence_start",
        "integer",
        "Where they begin in the text.",
        "Где они начинаются в тексте.",
        "characters",
    ),
    _c(
        "evidence_end",
        "integer",
        "Where they end, not included.",
        "Где кончаются, не включая.",
        "characters",
    ),
)
CAUSE_COLUMNS = (
    _c("cause_id", "text", "The cause or driver.", "Причина."),
    _c("polarity", "text", "negative or positive.", "negative или positive."),
    *_EVIDENCE,
    _c(
        "journey_stage",
        "text",
        "Where in the customer's journey it happened.",
        "На каком шаге пути клиента это случилось.",
    ),
    _c(
        "expectation",
        "text",
        "broken_promise, unmet_default or wow.",
        "broken_promise, unmet_default или wow.",
    ),
    _c(
        "severity",
        "integer",
        "1 (mild annoyance) to 4 (danger); empty for praise.",
        "От 1 (досада) до 4 (опасность); для похвалы пусто.",
        "1–4",
    ),
)
INTENT_COLUMNS = (
    _c(
        "intent",
        "text",
        "leaving, switched, warns, recommends, asks_help, threatens, requests_feature.",
        "leaving, switched, warns, recommends, asks_help, threatens, requests_feature.",
    ),
    _EVIDENCE[0],
    _c(
        "switched_to",
        "text",
        "To whom the writer has switched, as the text spells it.",
        "К кому автор ушёл, как написано в тексте.",
    ),
    *_EVIDENCE[1:],
)
HISTORY_COLUMNS = (
    *_KEYS,
    _c(
        "revision",
        "integer",
        "Which version of the text it is about.",
        "О какой версии текста речь.",
    ),
    _c("label_source", "text", "model or person.", "model или person."),
    _c(
        "sentiment",
        "text",
        "What was said; empty where a person only named causes.",
        "Что сказано; пусто, если человек назвал только причины.",
    ),
    *_LABEL[1:5],
    _c("lang", "text", "The language found.", "Найденный язык."),
    *_PROVENANCE[:2],
    _c("labelled_at", "time", "When.", "Когда."),
)
TOMBSTONE_COLUMNS = (
    *_KEYS,
    _MENTION_KEYS[4],
    _MENTION_KEYS[7],
    _MENTION_KEYS[6],
    _TIMES[-1],
    _c(
        "reason",
        "text",
        "deleted, expired, forgotten, no_longer_matches or no_longer_passes (the filter).",
        "deleted, expired, forgotten, no_longer_matches или no_longer_passes (сквозь отбор).",
    ),
    _SEQUENCE,
)
COLUMNS: Mapping[TableName, tuple[Column, ...]] = {
    "mentions": MENTION_COLUMNS,
    "causes": (*_KEYS, *CAUSE_COLUMNS),
    "intents": (*_KEYS, *INTENT_COLUMNS),
    "labels": HISTORY_COLUMNS,
    "tombstones": TOMBSTONE_COLUMNS,
}
"""The columns of every table of an archive."""


def arrow_type(column: Column, zone: str = "UTC") -> pa.DataType:
    """The Arrow type of a column; times are instants shown in `zone`."""
    simple = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "spans": pa.list_(pa.list_(pa.int32())),
        "texts": pa.list_(pa.string()),
        "time": pa.timestamp("us", tz=zone),
    }
    nested = {"causes": CAUSE_COLUMNS, "intents": INTENT_COLUMNS}
    if column.type in nested:
        return pa.list_(pa.struct(_fields(nested[column.type], zone)))
    return simple[column.type]


@cache
def arrow_schema(columns: tuple[Column, ...], zone: str = "UTC") -> pa.Schema:
    """Columns as an Arrow schema; the meaning of each is its field's metadata."""
    return pa.schema(_fields(columns, zone))


def _fields(columns: tuple[Column, ...], zone: str) -> list[Any]:
    return [
        pa.field(
            column.name,
            arrow_type(column, zone),
            metadata={
                **{f"about.{lang}": text for lang, text in column.about.items()},
                **({"unit": column.unit} if column.unit else {}),
            },
        )
        for column in columns
    ]
