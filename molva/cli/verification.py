"""`molva verify`: whether an export is whole and its labels come out the same again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from molva.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    configure,
    console,
    tables,
    write_line,
)
from molva.config import Config
from molva.pipeline.label import with_head
from molva.rooms import config_taxonomy
from molva.verify import TOLERANCE, Verdict, verify
from reports.export_archive import sha256
from reports.export_read import ReadableExport, open_export
from sentiment.choice import load_models
from sentiment.interface import ModelError
from sentiment.labeller import Labeller
from store.engine import open_store, reading, store_exists
from store.exports import export_by_sum
from store.heads import heads

DIFFERS, UNCHECKED = 1, 3


def verify_export(
    export: Annotated[Path, typer.Argument(help="A file, folder or zip archive of molva export.")],
    sample: Annotated[
        int | None, typer.Option(help="Label only so many anew; default: all.", min=1)
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """Check an export: checksums, then its labels by the same model and taxonomy.

    Exit status: 0 everything holds, 1 something differs, 3 no label could be checked because the
    version that made it is not installed.
    """
    loaded = configure(config)
    with open_export(export) as opened:
        recorded = _recorded(loaded, opened)
        verdict = verify(opened, _installed(loaded), sample)
    if json_lines:
        write_line(_facts(verdict, recorded))
    else:
        _tell(verdict, recorded)
    if not verdict.holds:
        raise typer.Exit(DIFFERS)
    if verdict.other_versions and not verdict.checked:
        raise typer.Exit(UNCHECKED)


def _installed(config: Config) -> dict[tuple[str, str], Labeller]:
    """The configured model alone, and with every head that the store keeps for it."""
    models = load_models(config.sentiment.choice(config.folder))
    taxonomy = config_taxonomy(config)
    made = [models.labeller(taxonomy)]
    if store_exists(config.store_url):
        engine = open_store(config.store_url)
        with reading(engine) as conn:
            for head in heads(conn):
                try:
                    made.append(with_head(conn, models, head).labeller(taxonomy))
                except ModelError as error:
                    console.print(f"note: {error}", markup=False, soft_wrap=True)
        engine.dispose()
    return {(one.model_version, one.taxonomy_version): one for one in made}


def _recorded(config: Config, export: ReadableExport) -> int | None:
    """The number under which the store recorded this very export, byte for byte."""
    if not store_exists(config.store_url):
        return None
    sealed = export.place
    if sealed.is_dir():
        sealed = export.files["manifest.json"]
    engine = open_store(config.store_url)
    try:
        with reading(engine) as conn:
            row = export_by_sum(conn, sha256(sealed))
    finally:
        engine.dispose()
    return row.id if row else None


def _facts(verdict: Verdict, recorded: int | None) -> dict[str, object]:
    return {
        "holds": verdict.holds,
        "export": recorded,
        "damaged": list(verdict.damaged),
        "checked": verdict.checked,
        "differing": verdict.differing,
        "unlabelled": verdict.unlabelled,
        "tolerance": TOLERANCE,
        "not_installed": [
            {"model": model, "taxonomy": taxonomy, "labels": count}
            for (model, taxonomy), count in verdict.other_versions.items()
        ],
        "differences": [asdict(one) for one in verdict.differences],
    }


def _tell(verdict: Verdict, recorded: int | None) -> None:
    lines = [
        f"export {recorded} of this store, byte for byte"
        if recorded
        else "this store has no record of these very bytes"
    ]
    lines += [f"damaged or missing: {name}" for name in verdict.damaged]
    for (model, taxonomy), count in verdict.other_versions.items():
        lines.append(
            f"{count} labels were made by model {model} with taxonomy {taxonomy}, which are not "
            "installed here: name that model in [sentiment], or use the Molva that had it"
        )
    for one in verdict.differences:
        lines.append(
            f"mention {one.mention_id} ({one.brand}): {one.what} was {one.exported}, "
            f"now {one.found}"
        )
    lines.append(
        f"{verdict.checked} labels made anew, {verdict.differing} differ "
        f"(probabilities to {TOLERANCE:g}); {verdict.unlabelled} mentions had none"
    )
    for line in lines:
        tables.print(line, markup=False, soft_wrap=True)
