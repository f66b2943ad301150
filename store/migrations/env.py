"""Run by Alembic for every command; the connection comes from `store.migrate`."""

from __future__ import annotations

from alembic import context

from store import facet_tables, report_tables, work_tables  # noqa: F401 - fill the metadata
from store.migrate import include
from store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    include_object=include,
)
with context.begin_transaction():
    context.run_migrations()
