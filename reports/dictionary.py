"""The data dictionary of an export, made from its columns, as JSON, Markdown and rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reports.columns import (
    CAUSE_COLUMNS,
    INTENT_COLUMNS,
    NESTED,
    Column,
    TableName,
)

_HEADS = {
    "en": ("column", "type", "unit", "meaning"),
    "ru": ("столбец", "тип", "единица", "значение"),
}


def dictionary(tables: Mapping[TableName, tuple[Column, ...]], zone: str) -> dict[str, Any]:
    """Every column of every table: name, type, unit, meaning in both languages."""
    return {
        "time_zone": zone,
        "tables": {
            table: [_entry(column) for column in columns] for table, columns in tables.items()
        },
    }


def as_json(tables: Mapping[TableName, tuple[Column, ...]], zone: str) -> str:
    """`dictionary.json`."""
    return json.dumps(dictionary(tables, zone), ensure_ascii=False, indent=2) + "\n"


def as_markdown(tables: Mapping[TableName, tuple[Column, ...]], zone: str) -> str:
    """`dictionary.md`: every table in English, then in Russian."""
    lines = ["# Data dictionary", "", f"Times are in {zone}. Время дано в поясе {zone}."]
    for lang, head in _HEADS.items():
        for table, columns in tables.items():
            lines += [
                "",
                f"## {table} ({lang})",
                "",
                f"| {' | '.join(head)} |",
                "|---|---|---|---|",
            ]
            lines += [f"| `{c.name}` | {_type(c)} | {c.unit} | {c.about[lang]} |" for c in columns]
    return "\n".join(lines) + "\n"


def as_rows(tables: Mapping[TableName, tuple[Column, ...]]) -> list[list[str]]:
    """The dictionary as the rows of a sheet, with a heading."""
    head = ["table", "column", "type", "unit", "meaning", "значение"]
    return [
        head,
        *(
            [table, c.name, _type(c), c.unit, c.about["en"], c.about["ru"]]
            for table, columns in tables.items()
            for c in columns
        ),
    ]


def _entry(column: Column) -> dict[str, Any]:
    fields = {"causes": CAUSE_COLUMNS, "intents": INTENT_COLUMNS}.get(column.type)
    entry: dict[str, Any] = {
        "name": column.name,
        "type": _type(column),
        "unit": column.unit or None,
        "meaning": dict(column.about),
    }
    if column in NESTED and fields:
        entry["fields"] = [_entry(field) for field in fields]
    return entry


def _type(column: Column) -> str:
    shown = {"spans": "list of [integer, integer]", "texts": "list of text"}
    if column.type in {"causes", "intents"}:
        return "list of records"
    return shown.get(column.type, column.type)
