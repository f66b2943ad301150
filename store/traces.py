"""Taking a person's traces out of what was made of their mentions, and out of the files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, delete, select, update

from store.engine import writing
from store.report_tables import ALERT_ACTION, ALERT_EVENT, DIGEST, EXPORT_RUN, OUTBOX
from store.scrub import Traces
from store.tables import FITTED_HEAD, POLL, SKIPPED_ITEM, SOURCE
from store.work_tables import MARK

_FACTS: tuple[Column[Any], ...] = (
    *(ALERT_EVENT.c.facts, DIGEST.c.facts, EXPORT_RUN.c.filters, FITTED_HEAD.c.report),
    *(POLL.c.gaps, POLL.c.error, SOURCE.c.last_error, SOURCE.c.note, OUTBOX.c.last_error),
    *(ALERT_ACTION.c.note, ALERT_ACTION.c.who, MARK.c.value),
)
WITHDRAWN = "not sent: it held words of a person who asked to be forgotten"


def erase_traces(conn: Connection, traces: Traces) -> int:
    """Empty every kept sentence, quote and page that holds any; returns how many records did."""
    changed = sum(_erase_facts(conn, column, traces) for column in _FACTS)
    changed += _erase_messages(conn, traces)
    _forget_positions(conn, traces)
    for row in conn.execute(select(SKIPPED_ITEM.c.id, SKIPPED_ITEM.c.reason)).all():
        if traces.in_text(row.reason):
            conn.execute(delete(SKIPPED_ITEM).where(SKIPPED_ITEM.c.id == row.id))
    return changed


def _erase_facts(conn: Connection, column: Column[Any], traces: Traces) -> int:
    key = _key(column.table)
    changed = 0
    for id_, value in conn.execute(select(key, column)).all():
        kept = traces.without(value)
        if kept != value:
            conn.execute(update(column.table).where(key == id_).values({column.name: kept}))
            changed += 1
    return changed


def _erase_messages(conn: Connection, traces: Traces) -> int:
    """Pages were rendered around the words: a page that holds any goes as a whole."""
    changed = 0
    for row in conn.execute(select(OUTBOX.c.id, OUTBOX.c.payload, OUTBOX.c.status)).all():
        if not traces.in_value(row.payload):
            continue
        kept = {
            name: "" if isinstance(value, str) and name != "kind" else traces.without(value)
            for name, value in row.payload.items()
        }
        values: dict[str, Any] = {"payload": kept}
        if row.status == "pending":
            values |= {"status": "cancelled", "last_error": WITHDRAWN}
        conn.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(values))
        changed += 1
    return changed


def _forget_positions(conn: Connection, traces: Traces) -> None:
    """A cursor that names them starts anew: known posts are recognised, so nothing is lost."""
    for row in conn.execute(select(SOURCE.c.id, SOURCE.c.cursor)).all():
        if traces.in_value(row.cursor):
            conn.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(cursor={}))


def _key(table: Table) -> Column[Any]:
    [column] = table.primary_key.columns
    return column


def wipe(engine: Engine) -> bool:
    """Take what was erased out of the database's files; may take minutes in a large store.

    SQLite is rewritten without its free pages, its search index without deleted words, its log
    emptied; PostgreSQL's tables are vacuumed. Backups and PostgreSQL's archived log are yours.

    Returns:
        False if another process was reading, so that the log could not be emptied yet.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM")
        return True
    with writing(engine) as conn:
        conn.exec_driver_sql("INSERT INTO mention_search (mention_search) VALUES ('optimize')")
    raw: Any = engine.raw_connection()
    try:
        raw.execute("PRAGMA query_only = 0")
        raw.execute("VACUUM")
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.close()
    return not busy
