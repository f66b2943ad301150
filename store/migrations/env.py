"""Run by Alembic for every command; the connection comes from `store.migrate`."""

from __future__ import annotations

from typing import Any

from alembic import context

from store.tables import metadata


def include(_object: Any, name: str | None, kind: str, _reflected: bool, _compare: Any) -> bool:
    """Leave out the search index: it differs by database, so migrations write it by hand."""
    return not (kind == "table" and (name or "").startswith("mention_search"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    include_object=include,
)
with context.begin_transaction():
    context.run_migrations()
