"""`molva causes`: which there are, why people are unhappy, and what the taxonomy does not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from molva.cause_learning import learn_causes, write_taxonomy
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
from reports.causes import cause_name
from reports.interface import Audience, Lang
from reports.reason_parts import By
from reports.reason_tables import ReasonTable, closing, opening
from reports.reason_tables import tables as reason_tables
from reports.reasons import Period, ReasonsFacts, build_reasons
from reports.words import Words
from sentiment.choice import load_models
from sentiment.suggest import Suggestion, suggest
from store.engine import open_store, reading
from store.history import labelled_mentions
from store.interface import MentionFilter

app = typer.Typer(
    name="causes", help="Why people are unhappy or glad: the causes, a report, new ones to add."
)

DEFAULT_DAYS = 28
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
LangOption = Annotated[
    Lang | None, typer.Option("--lang", help="en or ru; default: the configured one.")
]


@app.command("list")
def list_causes(
    config: ConfigOption = DEFAULT_CONFIG, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """The causes and drivers in use, by the wider cause they belong to."""
    loaded = configure(config)
    names = reporting_names(loaded)
    for cause in config_taxonomy(loaded).findable:
        called = cause_name(names, cause.id, lang or loaded.language)
        wider = cause_name(names, cause.parent, lang or loaded.language) if cause.parent else ""
        if as_json:
            row = {"cause": cause.id, "polarity": cause.polarity, "name": called}
            write_line({**row, "parent": cause.parent})
        else:
            tables.print(f"{cause.polarity:<9} {cause.id:<22} {called:<32} {wider}", markup=False)


@app.command()
def report(
    brand: BrandOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    by: Annotated[
        By | None, typer.Option(help="Divide the negative stories by this, against before.")
    ] = None,
    product: ProductOption = None,
    place: PlaceOption = None,
    lang: LangOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Causes with lift and evidence, drivers, journey, intents, and what would help most.

    A rise is marked where it stands after control of false discoveries at 5 %. With --json every
    figure comes with the ids of its mentions.
    """
    loaded = configure(config)
    names, language = reporting_names(loaded), lang or loaded.language
    taxonomy = config_taxonomy(loaded)
    with reading(open_store(loaded.store_url)) as conn:
        row = brand_row(conn, loaded, brand)
        end = moment(until, loaded) or utc_now()
        start = moment(since, loaded) or end - timedelta(days=DEFAULT_DAYS)
        if start >= end:
            raise CommandError("the period is empty: --since must be before --until")
        parents = tuple((own.id, own.parent) for own in taxonomy.causes if own.parent)
        audience = Audience(language, loaded.timezone, cause_names=names)
        only = asked_facets(conn, product, place, row.id)
        facts = build_reasons(conn, row, Period(start, end, audience, by, parents, only))
    if as_json:
        write_line(facts.as_json())
        return
    _print(
        facts, Words(language, loaded.timezone), lambda own: cause_name(names, own, language), by
    )


def _print(facts: ReasonsFacts, words: Words, name: Callable[[str], str], by: By | None) -> None:
    for line in opening(facts, words):
        tables.print(line, markup=False, soft_wrap=True)
    for table in reason_tables(facts, words, name, by):
        _draw(table)
    for line in closing(facts, words):
        tables.print(line, markup=False, soft_wrap=True, style="dim")


def _draw(table: ReasonTable) -> None:
    shown = Table(title=table.title, title_justify="left", title_style="bold", box=None)
    for at, column in enumerate(table.columns):
        shown.add_column(column, justify="left" if at in table.left else "right", overflow="fold")
    for at, row in enumerate(table.rows):
        shown.add_row(*row)
        for note in table.notes[at] if table.notes else ():
            shown.add_row(f"  “{note}”", *[""] * (len(row) - 1), style="dim")
    tables.print()
    tables.print(shown, markup=False)


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
    taxonomy = config_taxonomy(loaded)
    encoder = load_models(loaded.sentiment.choice(loaded.folder)).encoder
    found = learn_causes(open_store(loaded.store_url), encoder, taxonomy)
    written = found.gain.gained or anyway
    if written:
        own = loaded.sentiment.taxonomy
        source = loaded.resolve(own) if own else None
        write_taxonomy(source, taxonomy, found.new, output)
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
    found = suggest(encoder, list(texts.values()), least)
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
    console.print(
        f"{len(texts)} unhappy mentions name no cause; {len(found)} new causes explain "
        f"{sum(len(own.members) for own in found)} of them",
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


def _entry(own: Suggestion, number: int) -> str:
    """A suggestion as an entry of a taxonomy file."""
    examples = "".join(f"    {_quoted(text)},\n" for text in own.examples[:_SHOWN_EXAMPLES])
    return (
        f"# {len(own.members)} mentions; typical words: {', '.join(own.words[:_SHOWN_WORDS])}\n"
        f'[[cause]]\nid = "new_{number}"\npolarity = "negative"\n'
        f"name.en = {_quoted(', '.join(own.words[:3]))}\n"
        f"examples.{own.lang} = [\n{examples}]\n"
    )


def _quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'
