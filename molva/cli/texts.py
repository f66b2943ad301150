"""Commands that read texts and write JSON Lines: label, match."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from collectors.query import Document, Matcher, compile_query
from molva.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    configure,
    console,
    input_file,
    output_file,
    progress_bar,
    write_line,
)
from molva.pipeline.label import models_in_use
from molva.rooms import config_taxonomy
from sentiment.choice import ModelChoice, load_models
from sentiment.interface import Label, Text
from sentiment.labeller import Labeller
from sentiment.taxonomy import Taxonomy
from store.engine import open_store, reading
from store.history import labelled_mentions
from store.interface import MentionFilter

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdin.")]


@dataclass
class _Reader:
    """Reads JSON Lines; a bad line is reported and counted, never fatal."""

    name: str
    bad: int = 0

    def objects(self, stream: IO[str], *required: str) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                self._report(number, f"not JSON: {error}")
                continue
            missing = [key for key in required if not isinstance(value, dict) or key not in value]
            if missing:
                self._report(number, f'no "{missing[0]}" in the object')
            elif not isinstance(value["text"], str):
                self._report(number, '"text" is not a string')
            else:
                yield value

    def _report(self, number: int, what: str) -> None:
        self.bad += 1
        console.print(f"{self.name}:{number}: {what}; line skipped", markup=False, soft_wrap=True)


def label(
    file: FileArgument,
    taxonomy: Annotated[
        Path | None, typer.Option(help="A taxonomy TOML file instead of the one in use.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model folder or hub id instead of the model in use.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write here instead of stdout.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Label texts: JSON Lines with id, text and maybe lang and target in; labels out, in order.

    Labels with the model that the configuration and its store have in use, or with the shipped one
    where there is no configuration. Exits with 1 if a line could not be read; the others are
    labelled all the same.
    """
    labeller = _labeller(config, model, taxonomy)
    reader = _Reader(file)
    with input_file(file) as stream, output_file(output) as out, progress_bar() as progress:
        task = progress.add_task("labelling", total=None)
        ids: list[Any] = []

        def texts() -> Iterator[Text]:
            for item in reader.objects(stream, "id", "text"):
                ids.append(item["id"])
                yield Text(str(item["id"]), item["text"], item.get("lang"), item.get("target"))

        for number, found in enumerate(labeller.label(texts())):
            write_line({**label_json(found), "id": ids[number]}, out)
            ids[number] = None
            progress.advance(task)
    if reader.bad:
        raise typer.Exit(1)


def _labeller(config: Path, model: str | None, taxonomy: Path | None) -> Labeller:
    """What was asked for on the command line, else what the configuration has in use."""
    loaded = configure(config) if config != DEFAULT_CONFIG or config.exists() else None
    if loaded is None or model is not None:
        models = load_models(ModelChoice(model))
    else:
        models = models_in_use(loaded)
    if loaded is None or taxonomy is not None:
        return models.labeller(Taxonomy.load(taxonomy))
    return models.labeller(config_taxonomy(loaded))


def label_json(found: Label) -> dict[str, Any]:
    """A label as the command-line contract writes it; the field order is part of it."""
    return {
        "id": found.id,
        "lang": found.lang,
        "sentiment": found.sentiment,
        "p_negative": _rounded(found.p_negative),
        "p_neutral": _rounded(found.p_neutral),
        "p_positive": _rounded(found.p_positive),
        "low_confidence": found.low_confidence,
        "causes": [
            {
                "cause": cause.cause,
                "polarity": cause.polarity,
                "probability": _rounded(cause.probability),
                "evidence": cause.evidence,
                "start": cause.start,
                "end": cause.end,
                "stage": cause.stage,
                "expectation": cause.expectation,
                "severity": cause.severity,
            }
            for cause in found.causes
        ],
        "model_version": found.model_version,
        "taxonomy_version": found.taxonomy_version,
        "intents": [
            {**asdict(intent), "probability": _rounded(intent.probability)}
            for intent in found.intents
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def match(
    query: Annotated[str, typer.Argument(help="A brand query; see docs/queries.md.")],
    file: Annotated[
        str | None,
        typer.Argument(help="Texts, one a line or JSON Lines; - is stdin; none: the history."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(help="Mentions of the history to try, newest first.")] = (
        10_000
    ),
) -> None:
    """Try a query on texts or on the stored history; writes each match with its term and spans."""
    matcher = Matcher({"query": compile_query(query)})
    tried = matched = 0
    for identity, document in _documents(file, config, limit):
        tried += 1
        for found in matcher.match(document):
            matched += 1
            source = document.title if found.in_title else document.text
            write_line(
                {
                    "id": identity,
                    "term": found.term,
                    "spans": found.spans,
                    "in_title": found.in_title,
                    "matched": [source[start:end] for start, end in found.spans],
                    "text": document.text[:280],
                }
            )
    console.print(f"{matched} of {tried} texts match")


def _documents(file: str | None, config: Path, limit: int) -> Iterator[tuple[Any, Document]]:
    if file is not None:
        with input_file(file) as stream:
            for number, line in enumerate(stream, start=1):
                yield _document_of_line(number, line.rstrip("\r\n"))
        return
    engine = open_store(configure(config).store_url)
    with reading(engine) as conn:
        for row in labelled_mentions(conn, MentionFilter(), limit=limit, newest_first=True):
            yield (
                row.mention_id,
                Document(
                    text=row.text,
                    title=row.title,
                    lang=row.lang,
                    source=row.source_type,
                    author=row.author_handle,
                    site=row.site or row.url,
                    thread=row.thread_id,
                ),
            )


def _document_of_line(number: int, line: str) -> tuple[Any, Document]:
    if line.startswith("{"):
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            value = None
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            return value.get("id", number), _document(value)
    return number, Document(text=line)


def _document(value: dict[str, Any]) -> Document:
    return Document(
        text=value["text"],
        title=str(value.get("title") or ""),
        lang=str(value.get("lang") or ""),
        source=str(value.get("source") or ""),
        author=str(value.get("author") or ""),
        site=str(value.get("site") or ""),
        thread=str(value.get("thread_id") or ""),
    )
