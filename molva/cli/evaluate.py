"""`molva evaluate`: how often the labels are wrong, on labelled texts of one's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from molva.cli.common import CommandError, JsonOption, console, progress_bar, write_line
from sentiment.behaviour import Outcome, all_checks
from sentiment.choice import ModelChoice, Models, load_models
from sentiment.labelled import LabelledFile, LabelledFileError, read_labelled
from sentiment.measure import Measurement, as_json, markdown, measure, write_card_part

_SHOWN = 20
"""Bad rows named of each file, unless all are asked for."""


def evaluate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="CSV, TSV or JSON Lines (.gz too): text and label."),
    ],
    model: Annotated[
        str | None, typer.Option(help="A model folder or hub id instead of the shipped model.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="Write what was measured into this model card, too.")
    ] = None,
    behaviour: Annotated[
        bool, typer.Option(help="Run the behavioural tests, too (about a minute).")
    ] = True,
    vader: Annotated[
        bool, typer.Option("--vader", help="Compare with VADER on the English rows.")
    ] = False,
    lang: Annotated[
        Literal["en", "ru"] | None, typer.Option(help="Language of rows that do not say theirs.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of the text.")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of the label.")] = None,
    target_column: Annotated[str | None, typer.Option(help="The column of the brand.")] = None,
    lang_column: Annotated[str | None, typer.Option(help="The column of the language.")] = None,
    as_json_line: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name all bad rows and all failed tests.")
    ] = False,
) -> None:
    """Measure the labels on labelled texts: recall, F1, calibration, slices, with intervals.

    A label is negative, neutral or positive in any usual spelling, or -1, 0, 1, or 0, 1, 2. Columns
    target, lang, source and slice are used if there are any. Exits with 1 if a row could not be
    read; the others are measured all the same.
    """
    columns = {
        "text": text_column, "label": label_column, "target": target_column, "lang": lang_column,
    }  # fmt: skip
    given = {role: name for role, name in columns.items() if name is not None}
    read = _understood(files, given, lang or "", verbose=verbose)
    models = load_models(ModelChoice(model))
    found = _measured(models, read, vader=vader)
    if behaviour:
        found = replace(found, outcomes=tuple(all_checks(models.encoder, models.judge)))
    if as_json_line:
        write_line(as_json(found))
    else:
        sys.stdout.write(markdown(found) + "\n")
    if verbose:
        _tell_failures(found.outcomes)
    if card is not None:
        _write_card(card, found)
    if any(file.bad for file in read):
        raise typer.Exit(1)


def _understood(
    files: Sequence[Path], columns: Mapping[str, str], lang: str, *, verbose: bool
) -> list[LabelledFile]:
    """Read the files, and say how each was understood.

    Raises:
        CommandError: one cannot be read, or none holds a row that can.
    """
    read = [_read(path, columns, lang) for path in files]
    for file in read:
        _tell(file, verbose=verbose)
    if not any(file.examples for file in read):
        raise CommandError("no row could be read, so there is nothing to measure")
    return read


def _read(path: Path, columns: Mapping[str, str], lang: str) -> LabelledFile:
    try:
        return read_labelled(path, columns, lang)
    except LabelledFileError as error:
        raise CommandError(str(error)) from error


def _tell(file: LabelledFile, *, verbose: bool) -> None:
    """Say on stderr how a file was understood, and name its bad rows."""
    _say(f"{file.name}: {len(file.examples)} texts; {file.reading}")
    shown = file.bad if verbose else file.bad[:_SHOWN]
    for bad in shown:
        _say(f"{file.name}, {bad}; row skipped")
    if len(shown) < len(file.bad):
        _say(f"{file.name}: {len(file.bad) - len(shown)} more bad rows; --verbose names them")


def _measured(models: Models, files: Sequence[LabelledFile], *, vader: bool) -> Measurement:
    if vader:
        _need_vader()
    total = sum(len(file.examples) for file in files)
    with progress_bar() as progress:
        task = progress.add_task("labelling", total=total)
        return measure(
            models.encoder,
            models.judge,
            files,
            against_vader=vader,
            advance=lambda: progress.advance(task),
        )


def _need_vader() -> None:
    """Find out before the long part.

    Raises:
        CommandError: the package is not installed.
    """
    try:
        import vaderSentiment.vaderSentiment  # noqa: F401, PLC0415 - an option needs it, not Molva
    except ImportError as error:
        raise CommandError(
            "--vader compares with the package vaderSentiment, which is not installed: "
            "pip install vaderSentiment"
        ) from error


def _tell_failures(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        for failure in outcome.failures:
            _say(f"{outcome.name}: {json.dumps(failure, ensure_ascii=False)}")


def _write_card(path: Path, found: Measurement) -> None:
    try:
        write_card_part(path, found)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: the card cannot be written: {error}") from error
    _say(f"written into {path}")


def _say(message: str) -> None:
    console.print(message, markup=False, soft_wrap=True)
