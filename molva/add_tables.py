"""Adding `[[source]]` tables to a `molva.toml` of people: its comments stay as they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from molva.config import ConfigError, load_config


def source_table(fields: Mapping[str, Any]) -> str:
    """A `[[source]]` table as TOML."""
    table = tomlkit.table()
    for name, value in fields.items():
        table.add(name, list(value) if isinstance(value, tuple) else value)
    return f"[[source]]\n{tomlkit.dumps({'s': table}).partition(chr(10))[2]}"


def append_sources(path: Path, tables: Iterable[Mapping[str, Any]]) -> None:
    """Write tables to the end of a configuration, which is replaced whole or not at all.

    Raises:
        ConfigError: with the tables the file would not be valid; it is as it was.
        OSError: it cannot be written.
    """
    path = path.resolve()
    before = path.read_bytes()
    added = "\n".join(source_table(fields) for fields in tables)
    gap = "\n" if before.endswith(b"\n") or not before else "\n\n"
    text = gap + added
    if b"\r\n" in before:
        text = text.replace("\n", "\r\n")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(before + text.encode())
        _checked(draft, path)
        shutil.copymode(path, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _checked(draft: Path, path: Path) -> None:
    try:
        load_config(draft)
    except ConfigError as error:
        problems = [problem.replace(str(draft), str(path)) for problem in error.problems]
        head = f"{path} was left as it is; with what is to be added it would not be valid:"
        raise ConfigError([head, *problems]) from error
