"""`molva models`: the models that label, which is in use, how two differ."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Engine

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    brand_row,
    configure,
    console,
    moment,
    tables,
    user_name,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from molva.learning import own_name
from molva.pipeline.label import LABEL_BATCH, add_labels, with_head
from molva.rooms import config_taxonomy
from sentiment.causes import version_with
from sentiment.choice import Models, load_models
from sentiment.gain import Measure
from store.compare import compare_versions, versions
from store.engine import open_store, reading, writing
from store.heads import heads, use_head
from store.labels import add_version, count_unlabelled, missing, use_version
from store.model_rows import Comparison, FittedHeadRow, VersionRow

app = typer.Typer(
    name="models", help="The models that label: which there are, which is in use, how they differ."
)

_SHOWN_CHARACTERS = 100


def in_words(measure: Measure) -> str:
    """What a head gained: before, after, the difference and its interval."""
    difference = measure.after - measure.before
    return (
        f"{measure.before:.1%} -> {measure.after:.1%}: {100 * difference:+.1f} points "
        f"(95 % interval {100 * measure.low:+.1f} to {100 * measure.high:+.1f})"
    )


@app.command("list")
def list_models(config: ConfigOption = DEFAULT_CONFIG, json_lines: JsonOption = False) -> None:
    """The model, the heads fitted on corrections, and every earlier version that made labels."""
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    base = load_models(loaded.sentiment.choice(loaded.folder)).judge.version
    with reading(engine) as conn:
        known, made = heads(conn), versions(conn)
    rows = _entries(base, known, made)
    if json_lines:
        for row in rows:
            write_line(row)
        return
    table = Table("model", "in use", "labels", "corrections", "gain", "made", "", box=None)
    for row in rows:
        made_at = row["created_at"]
        table.add_row(
            row["version"],
            "yes" if row["in_use"] else "",
            str(row["labels"]),
            str(row["corrections"] or ""),
            row["gain"] or "",
            made_at.astimezone(loaded.timezone).strftime("%Y-%m-%d %H:%M") if made_at else "",
            row["note"],
        )
    tables.print(table)


def _entries(base: str, known: list[FittedHeadRow], made: list[VersionRow]) -> list[dict[str, Any]]:
    labels: dict[str, int] = {}
    for version in made:
        labels[version.model] = labels.get(version.model, 0) + version.labels
    # A head of another model stays chosen, but the model labels without it.
    used = next((head.version for head in known if head.in_use and head.base == base), base)
    first = {version.model: version.created_at for version in reversed(made)}
    entries = [_entry(base, None, "the model itself", first.get(base))]
    entries += [_entry(head.version, head, _note(head, base), head.created_at) for head in known]
    named = {entry["version"] for entry in entries}
    entries += [
        _entry(model, None, "an earlier model", at) for model, at in first.items()
        if model not in named
    ]  # fmt: skip
    for entry in entries:
        entry["labels"] = labels.get(entry["version"], 0)
        entry["in_use"] = entry["version"] == used
    return entries


def _entry(
    version: str, head: FittedHeadRow | None, note: str, at: datetime | None
) -> dict[str, Any]:
    gain = Measure(**head.report["accuracy"]) if head else None
    return {
        "version": version,
        "name": head.name if head else version.partition("+")[0],
        "base": head.base if head else None,
        "in_use": False,
        "labels": 0,
        "corrections": head.report["corrections"] if head else None,
        "gain": in_words(gain) if gain else None,
        "created_at": at,
        "used_at": head.used_at if head else None,
        "used_by": head.used_by if head else None,
        "note": note,
    }


def _note(head: FittedHeadRow, base: str) -> str:
    if head.base != base:
        return f"fitted on {head.base}: cannot be used with this model"
    if head.in_use:
        return f"put into use by {head.used_by}" if head.used_by else ""
    return ""


@app.command()
def use(
    name: Annotated[str, typer.Argument(help="A name of `molva models list`.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Label with this model from now on; its own name puts all heads aside.

    Labels it has made before count again at once. A running `molva run` notices within its next
    cycle and labels the rest of the history, newest first. Corrections stay as they are.
    """
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    models = load_models(loaded.sentiment.choice(loaded.folder))
    head = _head(engine, models, name)
    if head is not None:
        with reading(engine) as conn:
            # Refuses what is damaged or fits another model, before anything is switched.
            with_head(conn, models, head)
    put_into_use(loaded, engine, models, head)


def put_into_use(
    config: Config, engine: Engine, models: Models, head: FittedHeadRow | None
) -> None:
    """Put a head (or none) into use and make its labels count, in one transaction."""
    version = head.version if head else models.judge.version
    now = utc_now()
    with writing(engine) as conn:
        use_head(conn, head.name if head else None, user_name(), now)
        id_ = use_version(conn, version, version_with(config_taxonomy(config)), now)
        waiting = count_unlabelled(conn, id_)
    follow = (
        f"{waiting} mentions wait for its labels: molva run labels them in the background, newest "
        "first, from its next cycle on"
        if waiting
        else "every mention has its label already"
    )
    console.print(f"{version} is in use; {follow}", markup=False, soft_wrap=True)


def _head(engine: Engine, models: Models, name: str) -> FittedHeadRow | None:
    """The head of a name or version; None for the model itself.

    Raises:
        CommandError: there is no such model.
    """
    if name in {own_name(models), models.judge.version}:
        return None
    with reading(engine) as conn:
        known = heads(conn)
    found = next((head for head in known if name in {head.name, head.version}), None)
    if found is None:
        names = ", ".join([own_name(models), *(head.name for head in known)])
        raise CommandError(f"no model {name!r} to use; there are: {names}")
    return found


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A name or version of `molva models list`.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    brand: Annotated[str | None, typer.Option(help="Only this brand.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this day or time on, in the configured zone.")
    ] = None,
    label: Annotated[
        int,
        typer.Option(min=0, help="Label up to so many of the newest mentions that one has not."),
    ] = 500,
    examples: Annotated[int, typer.Option(min=0, help="Texts to show of each kind of change.")] = 3,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json_line: JsonOption = False,
) -> None:
    """Two models on the same mentions: how often they agree, what changed, which way."""
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    models = load_models(loaded.sentiment.choice(loaded.folder))
    with reading(engine) as conn:
        brand_id = None if brand is None else brand_row(conn, loaded, brand).id
    start = moment(since, loaded)
    ids = [
        _prepared(loaded, engine, models, name, brand_id, start, label) for name in (first, second)
    ]
    with reading(engine) as conn:
        found = compare_versions(
            conn, ids[0], ids[1], brand_id=brand_id, since=start, examples=examples
        )
    if as_json_line:
        write_line(_comparison_json(first, second, found))
    else:
        _show(first, second, found)


def _prepared(
    config: Config,
    engine: Engine,
    models: Models,
    name: str,
    brand_id: int | None,
    since: datetime | None,
    most: int,
) -> int:
    """The stored id of a version, with labels for the newest mentions if it can make them."""
    taxonomy = config_taxonomy(config)
    with reading(engine) as conn:
        head = next((row for row in heads(conn) if name in {row.name, row.version}), None)
        earlier = versions(conn)
    own = name in {own_name(models), models.judge.version}
    if not own and (head is None or head.base != models.judge.version):
        known = version_with(taxonomy)
        return _earlier(name if head is None else head.version, earlier, known)
    with writing(engine) as conn:
        model = models.judge.version if own or head is None else head.version
        version = add_version(conn, model, version_with(taxonomy), utc_now())
        waiting = missing(conn, version, most, brand_id=brand_id, since=since)
    if waiting:
        console.print(f"labelling {len(waiting)} mentions with {model}")
        with reading(engine) as conn:
            chosen = models if own or head is None else with_head(conn, models, head)
        labeller = chosen.labeller(taxonomy)
        for at in range(0, len(waiting), LABEL_BATCH):
            batch = waiting[at : at + LABEL_BATCH]
            add_labels(engine, labeller, batch, version, utc_now())
    return version


def _earlier(name: str, known: list[VersionRow], taxonomy: str) -> int:
    """The id of an earlier version by its full name, or by a name that only one has."""
    found = [row for row in known if name in {row.model, row.model.partition("+")[0]}]
    models = {row.model for row in found}
    if len(models) > 1:
        raise CommandError(f"{name} is the name of several; name one: {', '.join(sorted(models))}")
    if not found:
        names = ", ".join(sorted({row.model for row in known}))
        raise CommandError(f"no model {name!r} has made labels; there are: {names or 'none yet'}")
    # Of several taxonomies the one in use, else the newest.
    return next((row.id for row in found if row.taxonomy == taxonomy), found[-1].id)


def _comparison_json(first: str, second: str, found: Comparison) -> dict[str, Any]:
    said, first_right, second_right = found.corrected
    return {
        "first": first,
        "second": second,
        "both": found.both,
        "agree": found.agree,
        "pairs": [
            {"first": one, "second": two, "mentions": count}
            for (one, two), count in sorted(found.pairs.items())
        ],
        "only_first": found.only_first,
        "only_second": found.only_second,
        "corrected": {"mentions": said, "first_right": first_right, "second_right": second_right},
        "examples": [
            {
                "mention_id": example.mention_id,
                "brand": example.brand,
                "url": example.url,
                "text": example.text,
                "first": example.before,
                "second": example.after,
                "corrected": example.corrected,
            }
            for example in found.examples
        ],
    }


def _show(first: str, second: str, found: Comparison) -> None:
    if not found.both:
        tables.print("no mention is labelled by both", markup=False)
        return
    lines = [f"{found.agree} of {found.both} mentions have the same sentiment by both"]
    if found.only_first or found.only_second:
        lines.append(
            f"not compared: {found.only_first} labelled by {first} alone, {found.only_second} by "
            f"{second} alone"
        )
    said, first_right, second_right = found.corrected
    if said:
        lines.append(
            f"of {said} that people corrected, {first} is right on {first_right}, {second} on "
            f"{second_right} (a head has learnt from them: molva train tells what it gains)"
        )
    for (one, two), count in sorted(found.pairs.items()):
        if one != two:
            lines.append(f"{one} -> {two}: {count}")
            lines += [
                f"  {example.mention_id} [{example.brand}] {_short(example.text)}"
                for example in found.examples
                if (example.before, example.after) == (one, two)
            ]
    for line in lines:
        tables.print(line, markup=False, soft_wrap=True)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    cut = len(flat) > _SHOWN_CHARACTERS
    return flat[: _SHOWN_CHARACTERS - 1] + "…" if cut else flat
