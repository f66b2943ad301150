"""`molva causes`: which there are, why people are unhappy, and what the taxonomy does not know."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Connection, Engine

from collectors.registry import collector_types
from molva.cause_learning import CauseLearning, learn_causes, write_taxonomy
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    PlaceOption,
    ProductOption,
    asked_facets,
    brand_row,
    configure,
    console,
    moment,
    tables,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from molva.pipeline.tell import reporting_names
from molva.rooms import config_taxonomy
from reports.causes import cause_name, cause_namer
from reports.interface import Audience, Lang
from reports.reason_drawing import ReasonTable
from reports.reason_parts import By
from reports.reason_period import Period
from reports.reason_tables import closing, opening
from reports.reason_tables import tables as reason_tables
from reports.reasons import ReasonsFacts, build_reasons
from reports.words import Words
from sentiment.choice import load_models
from sentiment.suggest import Suggestion, suggest
from sentiment.taxonomy import Taxonomy
from sentiment.taxonomy_words import did_you_mean
from store.engine import open_store, reading
from store.history import first_by_source, labelled_mentions
from store.interface import MentionFilter

app = typer.Typer(
    name="causes", help="Why people are unhappy or glad: the causes, a report, new ones to add."
)

DEFAULT_DAYS = 28
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No mention is older; four periods before an earlier one would begin before all dates."""
_SHOWN_WORDS = 6
_SHOWN_EXAMPLES = 8

BrandOption = Annotated[
    str | None, typer.Option("--brand", help="The brand's id; default: the first.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help=f"From this day or time on; default: {DEFAULT_DAYS} days ago."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Up to, not including; default: now.")
]
ByOption = Annotated[
    By | None, typer.Option(help="Divide the negative stories by this, against before.")
]
SourcesOption = Annotated[
    list[str] | None,
    typer.Option(help="Only what comes from this type of source; may be repeated."),
]
LangOption = Annotated[
    Lang | None, typer.Option("--lang", help="en or ru; default: the configured one.")
]


@app.command("list")
def list_causes(
    taxonomy: Annotated[
        Path | None, typer.Option(help="A taxonomy TOML file instead of the one in use.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """The causes and drivers in use, by the wider cause they belong to.

    Without a configuration, those that Molva comes with.
    """
    loaded = configure(config) if config != DEFAULT_CONFIG or config.exists() else None
    listed = config_taxonomy(loaded) if loaded and not taxonomy else Taxonomy.load(taxonomy)
    names, language = listed.names(), lang or (loaded.language if loaded else "en")
    for cause in listed.findable:
        called = cause_name(names, cause.id, language)
        wider = cause_name(names, cause.parent, language) if cause.parent else ""
        if as_json:
            row = {"cause": cause.id, "polarity": cause.polarity, "name": called}
            write_line({**row, "parent": cause.parent})
        else:
            tables.print(
                f"{cause.polarity:<9} {cause.id:<22} {called:<32} {wider}",
                markup=False,
                soft_wrap=True,
            )


@app.command()
def report(
    brand: BrandOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    by: ByOption = None,
    product: ProductOption = None,
    place: PlaceOption = None,
    source: SourcesOption = None,
    lang: LangOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Causes with lift and evidence, drivers, journey, intents, and what would help most.

    A rise is marked where it stands after control of false discoveries at 5 %. With --json every
    figure comes with the ids of its mentions.
    """
    loaded = configure(config)
    audience = Audience(
        lang or loaded.language, loaded.timezone, cause_names=reporting_names(loaded)
    )
    start, end = _interval(since, until, loaded)
    parents = tuple((o.id, o.parent) for o in config_taxonomy(loaded).causes if o.parent)
    with reading(open_store(loaded.store_url)) as conn:
        row = brand_row(conn, loaded, brand)
        only = asked_facets(conn, product, place, row.id)
        sources = _asked_sources(conn, row.id, loaded, source or ())
        period = Period(start, end, audience, by, parents, only, sources)
        facts = build_reasons(conn, row, period)
    if as_json:
        write_line(facts.as_json())
    else:
        _print(facts, Words(audience.lang, loaded.timezone), cause_namer(audience), by)


def _interval(since: str | None, until: str | None, loaded: Config) -> tuple[datetime, datetime]:
    """The period; it ends now at the latest, for days to come would count as quiet ones."""
    now = utc_now()
    end = min(moment(until, loaded) or now, now)
    start = max(moment(since, loaded) or end - timedelta(days=DEFAULT_DAYS), _EARLIEST)
    if start >= end:
        raise CommandError("the period is empty: --since must be before --until, and before now")
    return start, end


def _asked_sources(
    conn: Connection, brand_id: int, loaded: Config, asked: Iterable[str]
) -> tuple[str, ...]:
    """The types of sources that were asked for, each once.

    Raises:
        CommandError: there is no such type; says which the brand was mentioned in.
    """
    heard = first_by_source(conn, brand_id)
    configured = {own.name: own.type for own in loaded.sources}
    known = sorted({*heard, *collector_types()})
    for name in asked:
        if name in known:
            continue
        if name in configured:
            said = f"is the name of a source; --source takes its type: {configured[name]}"
        else:
            there = ", ".join(sorted({*heard, *configured.values()})) or "none yet"
            said = f"is no type of source{did_you_mean(name, known) or f'; there are: {there}'}"
        raise CommandError(f"{name!r} {said}")
    return tuple(dict.fromkeys(asked))


def _print(facts: ReasonsFacts, words: Words, name: Callable[[str], str], by: By | None) -> None:
    for line in opening(facts, words):
        tables.print(line, markup=False, soft_wrap=True)
    for table in reason_tables(facts, words, name, by):
        _draw(table)
    tables.print()
    for line in closing(facts, words):
        tables.print(line, markup=False, soft_wrap=True, style="dim")


def _draw(table: ReasonTable) -> None:
    shown = Table(
        title=table.title,
        title_justify="left",
        title_style="bold",
        box=None,
        collapse_padding=table.tight,
        pad_edge=not table.tight,
    )
    for at, column in enumerate(table.columns):
        shown.add_column(column, justify="left" if at in table.left else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(*row)
    tables.print()
    if table.rows:
        tables.print(shown, markup=False)
    else:
        tables.print(table.title, markup=False, style="bold")
    # Below the table: in its first, narrow column a sentence would be a ladder of words.
    noted = zip(table.rows, table.notes, strict=False)
    said = [f"  {row[0]} › {own}" for row, notes in noted for own in notes]
    for line in (*said, *table.foot):
        tables.print(line, markup=False, soft_wrap=True, style="dim")


@app.command()
def learn(
    output: Annotated[Path, typer.Option(help="The taxonomy file to write.")],
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Write it even if nothing was gained.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Write a taxonomy that has learnt from your corrections of causes, if it gained by it.

    The clauses that show what you named become examples, and the evidence of causes you struck out
    becomes background. Before and after are measured on corrections not learnt from.
    """
    loaded = configure(config)
    _check_place(output)
    taxonomy = config_taxonomy(loaded)
    encoder = load_models(loaded.sentiment.choice(loaded.folder)).encoder
    found = learn_causes(open_store(loaded.store_url), encoder, taxonomy)
    written = found.gain.gained or anyway
    if written:
        _write_taught(loaded, taxonomy, found, output)
    if as_json:
        told = {"lessons": found.lessons, "examples": len(found.new), **found.gain.as_json()}
        write_line({**told, "written": str(output) if written else None})
        return
    f1 = found.gain.micro_f1
    tables.print(
        f"{found.lessons} corrected mentions teach {len(found.new)} examples\n"
        f"micro F1 of causes on corrections not learnt from: {100 * f1.before:.1f} before, "
        f"{100 * f1.after:.1f} after (difference {100 * f1.low:+.1f} to {100 * f1.high:+.1f})",
        markup=False,
    )
    if written:
        console.print(f'written; to use it: [sentiment] taxonomy = "{output}"', markup=False)
    else:
        console.print("nothing written: no gain beyond doubt (--anyway writes it)", markup=False)


def _write_taught(loaded: Config, taxonomy: Taxonomy, found: CauseLearning, output: Path) -> None:
    own = loaded.sentiment.taxonomy
    try:
        write_taxonomy(loaded.resolve(own) if own else None, taxonomy, found.new, output)
    except OSError as error:
        raise CommandError(f"{output}: cannot be written: {error.strerror}") from error


def _check_place(output: Path) -> None:
    """Before minutes of computation.

    Raises:
        CommandError: no file can be written there.
    """
    if output.is_dir():
        raise CommandError(f"{output} is a folder; name a file in it")
    if not output.parent.is_dir():
        raise CommandError(f"{output}: there is no folder {output.parent}; make it first")
    if not os.access(output.parent, os.W_OK):
        raise CommandError(f"{output}: the folder {output.parent} cannot be written to")


@app.command("suggest")
def suggest_causes(
    brand: BrandOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    least: Annotated[
        int, typer.Option(help="Mentions that a new cause must explain, at least.", min=2)
    ] = 5,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """New causes for unhappy mentions that no cause explains, with examples to paste.

    Prints entries for the taxonomy file: give them an id and names of your own, and the examples
    are what Molva learns from.
    """
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    texts = _unexplained(engine, loaded, brand, since, until)
    encoder = load_models(loaded.sentiment.choice(loaded.folder)).encoder
    found = suggest(encoder, list(texts.values()), least, _names(loaded))
    ids = list(texts)
    for number, own in enumerate(found, start=1):
        if as_json:
            write_line(
                {
                    "words": own.words,
                    "examples": own.examples,
                    "mention_ids": [ids[at] for at in own.members],
                }
            )
        else:
            tables.print(_entry(own, number), markup=False, soft_wrap=True)
    explained = {at for own in found for at in own.members}
    console.print(
        f"{len(texts)} unhappy mentions name no cause; {len(found)} new causes explain "
        f"{len(explained)} of them",
        markup=False,
    )


def _unexplained(
    engine: Engine, loaded: Config, brand: str | None, since: str | None, until: str | None
) -> dict[int, str]:
    """Texts by mention of the negative mentions that name no cause of unhappiness."""
    with reading(engine) as conn:
        wanted = MentionFilter(
            brand_id=brand_row(conn, loaded, brand).id,
            since=moment(since, loaded),
            until=moment(until, loaded),
            sentiment="negative",
            own=False,
        )
        return {
            row.mention_id: row.text
            for row in labelled_mentions(conn, wanted)
            if row.is_canonical and not any(own.polarity == "negative" for own in row.causes)
        }


def _names(loaded: Config) -> list[str]:
    """What brands, rivals and places are called: it says nothing of what is complained of."""
    brands = [name for own in loaded.brands for name in (own.name, *own.aliases)]
    places = [place for own in loaded.brands for place in own.places]
    return [*brands, *(name for own in places for name in own.name.values())]


def _entry(own: Suggestion, number: int) -> str:
    """A suggestion as an entry of a taxonomy file."""
    examples = "".join(f"    {_quoted(text)},\n" for text in own.examples[:_SHOWN_EXAMPLES])
    name = f"name.{own.lang} = {_quoted(', '.join(own.words[:3]))}\n" if own.words else ""
    return (
        f"# {len(own.members)} mentions; typical words: {', '.join(own.words[:_SHOWN_WORDS])}\n"
        f'[[cause]]\nid = "new_{number}"\npolarity = "negative"\n{name}'
        f"examples.{own.lang} = [\n{examples}]\n"
    )


def _quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'
