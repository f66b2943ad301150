"""The manifest of an export: what was asked, what is in it, what made it, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from reports.columns import TableName
from reports.export_formats import Format
from reports.interface import as_json
from store.export_records import QueryVersion
from store.facet_rows import FACET_KINDS, FacetKind, FacetRow
from store.interface import MentionFilter
from store.model_rows import VersionRow

MANIFEST_VERSION = 1
FORMULA_RULE = (
    "In CSV, a text that begins with = + - @, tab or carriage return, or with apostrophes followed "
    "by one of them, has one more apostrophe before it; take it away to read the text. Other "
    "formats hold every text as it is."
)


@dataclass(slots=True)
class Facts:
    """What a manifest is made of; rows and cut cells grow while the export is written."""

    made_at: datetime
    format: Format
    zone: str
    pseudonymous: bool
    wanted: MentionFilter
    queries: Sequence[QueryVersion]
    facets: Sequence[FacetRow]
    labels: Sequence[VersionRow]
    last_sequence: int
    code_version: str
    rows: dict[TableName, int]
    cut_cells: int = 0


def manifest(facts: Facts) -> dict[str, Any]:
    """The manifest as JSON values, without the files it lies beside."""
    filters = {name: value for name, value in asdict(facts.wanted).items() if value is not None}
    return {
        "molva_export": MANIFEST_VERSION,
        "made_at": facts.made_at.isoformat(),
        "format": facts.format,
        "time_zone": facts.zone,
        "pseudonymous": facts.pseudonymous,
        "filters": as_json(filters),
        "queries": as_json(facts.queries),
        **{f"{kind}s": _named(facts.facets, kind) for kind in FACET_KINDS},
        "rows": dict(facts.rows),
        "cut_cells": facts.cut_cells,
        "since_sequence": facts.wanted.after_sequence,
        "next_sequence": facts.last_sequence,
        "versions": {
            "code": facts.code_version,
            "labels": [
                {"model": row.model, "taxonomy": row.taxonomy, "current": row.current}
                for row in facts.labels
            ],
        },
        "formula_rule": FORMULA_RULE,
    }


def _named(facets: Sequence[FacetRow], kind: FacetKind) -> list[dict[str, Any]]:
    """What the ids of products, or places, stand for."""
    return [
        {"id": row.slug, "brand": row.brand, "name": row.name, "names": dict(row.names)}
        for row in facets
        if row.kind == kind
    ]
