"""`molva correct`: a person's word on a mention, or on a file of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from sqlalchemy import Connection

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    configure,
    console,
    input_file,
    user_name,
)
from molva.cli.wishes import Wish, in_words, read_rows, wish_of
from molva.clock import utc_now
from molva.config import Config
from molva.rooms import config_taxonomy
from sentiment.labeller import CLASSES
from store.corrections import find_mentions
from store.engine import open_store, writing
from store.history import labelled_mentions
from store.interface import CauseChanges, MentionBrand, MentionFilter
from store.labels import correct as keep_correction


def correct(
    mention: Annotated[
        str | None,
        typer.Argument(help="The mention_id of an export, or the URL of the post."),
    ] = None,
    brand: Annotated[
        str | None, typer.Option(help="The brand's id; needed if the mention has several.")
    ] = None,
    sentiment: Annotated[
        str | None, typer.Option(help="negative, neutral or positive, towards the brand.")
    ] = None,
    cause: Annotated[
        list[str] | None, typer.Option(help="The id of a cause that applies; repeatable.")
    ] = None,
    add_cause: Annotated[
        list[str] | None, typer.Option(help="One more cause than it has now; repeatable.")
    ] = None,
    drop_cause: Annotated[
        list[str] | None,
        typer.Option(help="A cause it has now and should not; with --add-cause it moves."),
    ] = None,
    no_causes: Annotated[
        bool, typer.Option("--no-causes", help="No cause applies at all.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take an earlier correction back.")
    ] = False,
    file: Annotated[
        str | None,
        typer.Option(
            help="CSV or JSON Lines with mention (or mention_id, url), brand, sentiment, causes; "
            "- is stdin."
        ),
    ] = None,
    author: Annotated[
        str | None, typer.Option(help="Who says so; default: who is logged in.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say what a mention really is; your word outlives every model and teaches `molva train`.

    It replaces an earlier correction of the same mention and brand; --add-cause and --drop-cause
    change what is said of causes, by you or the model. Confirm right labels, too: a
    file of errors alone cannot show how often the model is right. Exits with 1 if a row of a file
    could not be used; the others are kept all the same.
    """
    if (mention is None) == (file is None):
        raise CommandError("name one mention (by mention_id or URL), or a file with --file")
    loaded = configure(config)
    who = user_name() if author is None else author
    if file is not None:
        _correct_file(loaded, file, brand, who)
        return
    if sum(map(bool, (cause, no_causes, add_cause or drop_cause))) > 1:
        raise CommandError("give one of --cause, --no-causes, and --add-cause or --drop-cause")
    causes = tuple(cause) if cause else () if no_causes else None
    changes = tuple(add_cause or ()), tuple(drop_cause or ())
    wish = Wish(str(mention), brand, sentiment, causes, *changes)
    _correct_one(loaded, wish, who, withdraw=withdraw)


def _correct_one(config: Config, wish: Wish, author: str, *, withdraw: bool) -> None:
    if withdraw == wish.says_something:
        raise CommandError(
            "say what it is: --sentiment, --cause, --add-cause, --drop-cause, --no-causes or "
            "--withdraw"
        )
    with writing(open_store(config.store_url)) as conn:
        found = _keep(conn, config, wish, author)
    console.print(f"{_named(found)}: {in_words(wish)}", markup=False, soft_wrap=True)


def _correct_file(config: Config, file: str, brand: str | None, author: str) -> None:
    bad = kept = 0
    with input_file(file) as stream, writing(open_store(config.store_url)) as conn:
        for number, row in read_rows(file, stream):
            try:
                _keep(conn, config, wish_of(row, brand), author)
                kept += 1
            except CommandError as error:
                bad += 1
                console.print(
                    f"{file}:{number}: {error}; row skipped", markup=False, soft_wrap=True
                )
    console.print(f"{kept} corrections kept")
    if bad:
        raise typer.Exit(1)


def _keep(conn: Connection, config: Config, wish: Wish, author: str) -> MentionBrand:
    """Check a wish against what there is, and keep it."""
    if wish.sentiment is not None and wish.sentiment not in CLASSES:
        raise CommandError(f"{wish.sentiment!r} is no sentiment; one of: {', '.join(CLASSES)}")
    polarities = {cause.id: cause.polarity for cause in config_taxonomy(config).findable}
    found = _only(find_mentions(conn, wish.mention), wish)
    unknown = [own for own in (*(wish.causes or ()), *wish.added) if own not in polarities]
    if unknown:
        raise CommandError(f"no cause {unknown[0]!r}; there are: {', '.join(polarities)}")
    named = None if wish.causes is None else [(own, polarities[own]) for own in wish.causes]
    keep_correction(
        conn,
        found.mention_id,
        found.brand_id,
        sentiment=wish.sentiment,
        causes=_changes(conn, found, wish, polarities) if wish.changes_causes else named,
        author=author,
        now=utc_now(),
    )
    return found


def _changes(
    conn: Connection, found: MentionBrand, wish: Wish, polarities: Mapping[str, str]
) -> CauseChanges:
    """The changes wished for, of the causes a mention has now, a person's or the model's."""
    wanted = MentionFilter(brand_id=found.brand_id, mention_id=found.mention_id)
    now = {own.cause: own.polarity for row in labelled_mentions(conn, wanted) for own in row.causes}
    absent = [cause for cause in wish.dropped if cause not in now]
    if absent:
        has = ", ".join(now) or "none"
        raise CommandError(f"{_named(found)} has no cause {absent[0]!r}; it has: {has}")
    return CauseChanges(
        added=tuple((cause, polarities[cause]) for cause in wish.added),
        struck=tuple((cause, now[cause]) for cause in wish.dropped),
    )


def _only(found: Sequence[MentionBrand], wish: Wish) -> MentionBrand:
    """The one mention and brand that is meant."""
    if not found:
        raise CommandError(
            f"no mention {wish.mention!r} in the store; give the mention_id of an export, or the "
            "exact URL of the post"
        )
    own = [item for item in found if wish.brand in {None, item.brand}]
    brands = ", ".join(sorted({item.brand for item in found}))
    if not own:
        raise CommandError(
            f"mention {wish.mention} does not speak of {wish.brand!r}, but of {brands}"
        )
    if len({item.mention_id for item in own}) > 1:
        ids = ", ".join(str(item.mention_id) for item in own)
        raise CommandError(f"{wish.mention} is the URL of several mentions; name one: {ids}")
    if len(own) > 1:
        raise CommandError(f"mention {wish.mention} speaks of {brands}; name one with --brand")
    return own[0]


def _named(found: MentionBrand) -> str:
    return f"mention {found.mention_id} towards {found.brand}"
