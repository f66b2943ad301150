"""Bringing a database to the newest schema, from inside the program and quietly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from store.engine import writing
from store.interface import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema; does nothing (and takes no lock) if it is there already.

    Safe when several processes do it at once: the first migrates, the others wait and find it done.

    Raises:
        StoreError: the database was made by a newer Molva.
    """
    newest = ScriptDirectory.from_config(config()).get_current_head()
    with engine.connect() as conn:
        if MigrationContext.configure(conn).get_current_revision() == newest:
            return
    with writing(engine, foreign_keys=False) as conn:
        try:
            command.upgrade(config(conn), "head")
        except CommandError as error:
            raise StoreError(
                f"{engine.url.render_as_string(hide_password=True)}: made by a newer version of "
                f"Molva ({error}); update Molva or name another database"
            ) from error


def config(conn: Connection | None = None) -> Config:
    """Alembic's configuration; migrations run on `conn`, inside its transaction."""
    settings = Config()
    # Config interpolates percent signs, which a path may hold.
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = conn
    return settings


def include(_object: Any, name: str | None, kind: str, _reflected: bool, _compare: Any) -> bool:
    """Leave out the search index: it differs by database, so migrations write it by hand."""
    return not (kind == "table" and (name or "").startswith("mention_search"))
