"""Full-text search that finds Russian and English in any grammatical form.

Both databases index the same words and stems (`store.words`), so they find the same mentions:
SQLite in an FTS5 table without content of its own, PostgreSQL in a tsvector where stems are
marked by `~`. A query is read as on the web: words must all occur, in any form; `"a phrase"`
exactly so; `word*` is a beginning; `-word` must not occur; `OR` is either side.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    String,
    column,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.expression import cast

from store.engine import reading, writing
from store.marks import get_mark, set_mark
from store.tables import MENTION
from store.words import index_version, stem, words

_SEARCH = table("mention_search", column("mention_id"), column("words"), column("rowid"))
_FTS: ColumnElement[str] = column("mention_search", String, is_literal=True)
_TOKEN = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_BATCH = 1000
_MARK = "search-index"

Document = tuple[int, str, str]
"""A mention's id, title and text."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a query: words in a row, by their stems, exactly, or by a beginning."""

    words: tuple[str, ...]
    exact: bool = False
    prefix: bool = False
    excluded: bool = False


def matching(conn: Connection, query: str) -> Select[tuple[int]]:
    """A SELECT of the ids that a query finds, for use inside other queries."""
    alternatives = parse(query)
    if conn.dialect.name == "sqlite":
        ids = select(_SEARCH.c.rowid.label("id"))
        expression = _fts(alternatives)
        if not expression:
            return ids.where(text("0 = 1"))
        return ids.where(_FTS.op("MATCH")(expression))
    ids = select(_SEARCH.c.mention_id.label("id"))
    expression = _tsquery(alternatives)
    if not expression:
        return ids.where(text("0 = 1"))
    return ids.where(_SEARCH.c.words.op("@@")(cast(literal(expression), TSQUERY)))


def add(conn: Connection, documents: Sequence[Document]) -> None:
    """Index mentions that are not in the index."""
    if not documents:
        return
    if conn.dialect.name == "sqlite":
        rows = [(i, *_columns(title, body)) for i, title, body in documents]
        conn.exec_driver_sql(
            "INSERT INTO mention_search (rowid, words, stems) VALUES (?, ?, ?)", rows
        )
        return
    conn.execute(
        text("INSERT INTO mention_search VALUES (:id, CAST(:words AS tsvector))"),
        [{"id": i, "words": _tsvector(title, body)} for i, title, body in documents],
    )


def remove(conn: Connection, documents: Sequence[Document]) -> None:
    """Take mentions out of the index; title and text must be those it was given."""
    if not documents:
        return
    if conn.dialect.name == "sqlite":
        rows = [("delete", i, *_columns(title, body)) for i, title, body in documents]
        conn.exec_driver_sql(
            "INSERT INTO mention_search (mention_search, rowid, words, stems) VALUES (?, ?, ?, ?)",
            rows,
        )
        return
    conn.execute(
        text("DELETE FROM mention_search WHERE mention_id = :id"),
        [{"id": i} for i, _title, _body in documents],
    )


def refresh(engine: Engine) -> int:
    """Index everything anew if other rules or another stemmer made the index.

    Words are taken out of the index as they were put in, so both must be made alike.

    Returns:
        How many mentions were indexed anew.
    """
    current = {"version": index_version()}
    with reading(engine) as conn:
        if get_mark(conn, _MARK) == current:
            return 0
    with writing(engine) as conn:
        if get_mark(conn, _MARK) == current:
            return 0
        count = rebuild(conn)
        set_mark(conn, _MARK, current)
        return count


def rebuild(conn: Connection) -> int:
    """Index every living mention anew.

    Returns:
        How many mentions were indexed.
    """
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("INSERT INTO mention_search (mention_search) VALUES ('delete-all')")
    else:
        conn.exec_driver_sql("DELETE FROM mention_search")
    page = (
        select(MENTION.c.id, MENTION.c.title, MENTION.c.text)
        .where(MENTION.c.deleted_at.is_(None))
        .order_by(MENTION.c.id)
        .limit(_BATCH)
    )
    last, count = 0, 0
    while rows := conn.execute(page.where(MENTION.c.id > last)).all():
        add(conn, [(row.id, row.title, row.text) for row in rows])
        last, count = rows[-1].id, count + len(rows)
    return count


def parse(query: str) -> list[list[Term]]:
    """A query as alternatives of conditions that must all hold."""
    alternatives: list[list[Term]] = [[]]
    for minus, phrase, word in _TOKEN.findall(query):
        if word == "OR":
            alternatives.append([])
        elif word:
            bare = word.lstrip("-")
            prefix = bare.endswith("*")
            parts = tuple(words(bare))
            term = Term(parts, exact=prefix, prefix=prefix, excluded=word.startswith("-"))
            alternatives[-1] += [term] if parts else []
        elif parts := tuple(words(phrase)):
            alternatives[-1].append(Term(parts, exact=True, excluded=bool(minus)))
    # "Everything but this word" would be the whole store; a search needs something to find.
    return [terms for terms in alternatives if any(not term.excluded for term in terms)]


def _fts(alternatives: Iterable[Sequence[Term]]) -> str:
    return " OR ".join(f"({_fts_all(terms)})" for terms in alternatives)


def _fts_all(terms: Sequence[Term]) -> str:
    wanted = " AND ".join(_fts_term(term) for term in terms if not term.excluded)
    unwanted = " OR ".join(_fts_term(term) for term in terms if term.excluded)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _fts_term(term: Term) -> str:
    # Words hold letters and digits only, so nothing in them needs to be escaped.
    if term.exact:
        return f'words : "{" ".join(term.words)}"' + ("*" if term.prefix else "")
    return f'stems : "{" ".join(stem(word) for word in term.words)}"'


def _tsquery(alternatives: Iterable[Sequence[Term]]) -> str:
    return " | ".join(
        "(" + " & ".join(_ts_term(term) for term in terms) + ")" for terms in alternatives
    )


def _ts_term(term: Term) -> str:
    marked = [f"'{word}'" if term.exact else f"'~{stem(word)}'" for word in term.words]
    if term.prefix:
        marked[-1] += ":*"
    return ("!" if term.excluded else "") + "(" + " <-> ".join(marked) + ")"


def _columns(title: str, body: str) -> tuple[str, str]:
    found = words(f"{title}\n{body}")
    return " ".join(found), " ".join(map(stem, found))


def _tsvector(title: str, body: str) -> str:
    places: dict[str, list[str]] = defaultdict(list)
    for place, word in enumerate(words(f"{title}\n{body}"), start=1):
        places[word].append(str(place))
        places[f"~{stem(word)}"].append(str(place))
    # PostgreSQL keeps 255 positions of a word; more of them would only be parsed and dropped.
    return " ".join(f"'{word}':{','.join(where[:255])}" for word, where in places.items())
