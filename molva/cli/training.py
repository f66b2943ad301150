"""`molva train`: a head for the model, learnt from what people corrected."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Engine

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    configure,
    tables,
    write_line,
)
from molva.cli.models import in_words, put_into_use
from molva.clock import utc_now
from molva.learning import STEM, Lesson, check_name, learn_from_corrections
from molva.rooms import config_taxonomy
from sentiment.choice import Models, load_models
from sentiment.labeller import CLASSES
from store.engine import open_store, reading, writing
from store.heads import free_head_name, head_by_name, save_head
from store.model_rows import FittedHeadRow, NewHead


def train(
    from_corrections: Annotated[
        bool, typer.Option("--from-corrections", help="Learn from what people corrected.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="What to call the result; default: corrections-1 and so on.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would gain; keep nothing.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json_line: JsonOption = False,
) -> None:
    """Fit a head on your corrections, show what it gains, and use it only if it gained.

    It is judged on corrections it was not fitted on, against the model without a head. It is kept
    either way, and `molva models use` puts it into use or back.
    """
    if not from_corrections:
        raise CommandError(
            "say what to learn from: molva train --from-corrections (to train a model from the "
            "start, see sentiment/training/README.md)"
        )
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    models = load_models(loaded.sentiment.choice(loaded.folder))
    if name is not None:
        _check_free(engine, models, name)
    lesson = learn_from_corrections(engine, models, config_taxonomy(loaded))
    head = None if dry_run or lesson.adapter.is_neutral else _save(engine, lesson, name)
    used = head is not None and lesson.gain.gained
    if as_json_line:
        version = {"name": head.name, "version": head.version} if head else {}
        write_line({**version, **lesson.as_json(), "saved": head is not None, "in_use": used})
    else:
        _tell(lesson)
        tables.print(_verdict(lesson, head, dry_run=dry_run), markup=False, soft_wrap=True)
    if head is not None and used:
        put_into_use(loaded, engine, models, head)


def _check_free(engine: Engine, models: Models, name: str) -> None:
    check_name(name, models)
    with reading(engine) as conn:
        if head_by_name(conn, name) is not None:
            raise CommandError(f"there is a model {name!r} already; choose another name")


def _save(engine: Engine, lesson: Lesson, name: str | None) -> FittedHeadRow:
    with writing(engine) as conn:
        chosen = name or free_head_name(conn, STEM)
        version = lesson.adapter.version(chosen)
        content = lesson.adapter.to_bytes()
        return save_head(
            conn, NewHead(chosen, version, lesson.base, content, lesson.as_json()), utc_now()
        )


def _tell(lesson: Lesson) -> None:
    gain = lesson.gain
    classes = ", ".join(
        f"{count} {name}" for count, name in zip(gain.classes, CLASSES, strict=True)
    )
    lines = [f"learnt from {lesson.learnt} corrections ({classes}); model: {lesson.base}"]
    if lesson.unread:
        lines.append(f"{lesson.unread} left out: in a language the model does not know")
    if lesson.edited:
        lines.append(f"{lesson.edited} left out: their text was edited since")
    lines += [
        "on corrections it was not fitted on, before and after:",
        f"  right           {in_words(gain.accuracy)}",
        f"  right, by class {in_words(gain.macro_recall)}",
        f"  {gain.mended} mended, {gain.broken} broken of {gain.texts}",
    ]
    if lesson.watched:
        lines.append(
            f"of {lesson.watched} other mentions {lesson.moved} would get another sentiment"
        )
    if gain.accuracy.before < 0.1:
        lines.append(
            "your corrections are nearly all errors of the model, so they cannot show what would "
            "break: confirm some right labels too (molva correct)"
        )
    for line in lines:
        tables.print(line, markup=False, soft_wrap=True)


def _verdict(lesson: Lesson, head: FittedHeadRow | None, *, dry_run: bool) -> str:
    if lesson.adapter.is_neutral:
        return "nothing was learnt: no change is better than the model as it is; nothing saved"
    gained = "gained" if lesson.gain.gained else "no certain gain: the interval reaches down to 0"
    if head is None:
        return f"{gained}; nothing saved{' (--dry-run)' if dry_run else ''}"
    if lesson.gain.gained:
        return f"{gained}; saved as {head.version}"
    return (
        f"{gained}; saved as {head.version}, not in use; what labels now goes on (to use it all "
        f"the same: molva models use {head.name})"
    )
