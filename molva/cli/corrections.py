"""`molva correct`: a person's word on a mention, or on a file of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

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
from molva.clock import utc_now
from molva.config import Config
from molva.rooms import config_taxonomy
from sentiment.labeller import CLASSES
from store.corrections import find_mentions
from store.engine import open_store, writing
from store.history import labelled_mentions
from store.interface import MentionBrand, MentionFilter
from store.labels import correct as keep_correction

_ID_COLUMNS = ("mention", "mention_id", "id", "url")
NO_CAUSES = "none"
"""What a file writes for "no cause applies"; an empty field leaves them to the model."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody says of a mention: None leaves a part to the model.

    `added` and `dropped` change the causes it has now instead of naming all of them.
    """

    mention: str
    brand: str | None
    sentiment: str | None
    causes: tuple[str, ...] | None
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def changes_causes(self) -> bool:
        """Whether it changes the causes there are."""
        return bool(self.added or self.dropped)

    @property
    def says_something(self) -> bool:
        """Whether it takes any part from the model."""
        return self.sentiment is not None or self.causes is not None or self.changes_causes


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

    It replaces an earlier correction of the same mention and brand. Confirm right labels, too: a
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
    wish = _Wish(str(mention), brand, sentiment, causes, *changes)
    _correct_one(loaded, wish, who, withdraw=withdraw)


def _correct_one(config: Config, wish: _Wish, author: str, *, withdraw: bool) -> None:
    if withdraw == wish.says_something:
        raise CommandError(
            "say what it is: --sentiment, --cause, --add-cause, --drop-cause, --no-causes or "
            "--withdraw"
        )
    with writing(open_store(config.store_url)) as conn:
        found = _keep(conn, config, wish, author)
    console.print(f"{_named(found)}: {_said(wish)}", markup=False, soft_wrap=True)


def _correct_file(config: Config, file: str, brand: str | None, author: str) -> None:
    bad = kept = 0
    with input_file(file) as stream, writing(open_store(config.store_url)) as conn:
        for number, row in _rows(file, stream):
            try:
                _keep(conn, config, _wish(row, brand), author)
                kept += 1
            except CommandError as error:
                bad += 1
                console.print(
                    f"{file}:{number}: {error}; row skipped", markup=False, soft_wrap=True
                )
    console.print(f"{kept} corrections kept")
    if bad:
        raise typer.Exit(1)


def _keep(conn: Connection, config: Config, wish: _Wish, author: str) -> MentionBrand:
    """Check a wish against what there is, and keep it."""
    if wish.sentiment is not None and wish.sentiment not in CLASSES:
        raise CommandError(f"{wish.sentiment!r} is no sentiment; one of: {', '.join(CLASSES)}")
    polarities = {cause.id: cause.polarity for cause in config_taxonomy(config).findable}
    found = _only(find_mentions(conn, wish.mention), wish)
    causes = _changed(conn, found, wish) if wish.changes_causes else wish.causes
    unknown = [cause for cause in causes or () if cause not in polarities]
    if unknown:
        raise CommandError(f"no cause {unknown[0]!r}; there are: {', '.join(polarities)}")
    keep_correction(
        conn,
        found.mention_id,
        found.brand_id,
        sentiment=wish.sentiment,
        causes=None if causes is None else [(id_, polarities[id_]) for id_ in causes],
        author=author,
        now=utc_now(),
    )
    return found


def _changed(conn: Connection, found: MentionBrand, wish: _Wish) -> tuple[str, ...]:
    """The causes a mention has now, a person's or the model's, with the changes wished for."""
    wanted = MentionFilter(brand_id=found.brand_id, mention_id=found.mention_id)
    now = [own.cause for row in labelled_mentions(conn, wanted) for own in row.causes]
    absent = [cause for cause in wish.dropped if cause not in now]
    if absent:
        has = ", ".join(now) or "none"
        raise CommandError(f"{_named(found)} has no cause {absent[0]!r}; it has: {has}")
    kept = [cause for cause in now if cause not in wish.dropped]
    return tuple(dict.fromkeys((*kept, *wish.added)))


def _only(found: Sequence[MentionBrand], wish: _Wish) -> MentionBrand:
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


def _rows(name: str, stream: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a CSV or JSON Lines file with their line numbers; told apart by the first line.

    Raises:
        CommandError: the header or a JSON line cannot be read.
    """
    lines = iter(stream)
    first = next(lines, "")
    if first.lstrip().startswith("{"):
        for number, line in enumerate((first, *lines), start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise CommandError(f"{name}:{number}: not JSON: {error}; nothing kept") from error
            if not isinstance(value, dict):
                raise CommandError(f"{name}:{number}: not a JSON object; nothing kept")
            yield number, value
        return
    header = next(csv.reader([first]), [])
    names = [column.strip().casefold() for column in header]
    if not set(names) & set(_ID_COLUMNS) or not {"sentiment", "causes"} & set(names):
        raise CommandError(
            f"{name}:1: the header must name mention (or mention_id, id, url), and sentiment or "
            "causes; brand, too, where a mention has several"
        )
    rows = csv.DictReader(lines, fieldnames=names)
    for row in rows:
        yield rows.line_num + 1, row


def _wish(row: Mapping[str, Any], brand: str | None) -> _Wish:
    place = next((row[name] for name in _ID_COLUMNS if row.get(name) not in {None, ""}), None)
    if place is None:
        raise CommandError("it names no mention")
    sentiment = str(row.get("sentiment") or "").strip().casefold() or None
    causes = _causes(row.get("causes"))
    if sentiment is None and causes is None:
        raise CommandError("it says neither sentiment nor causes")
    return _Wish(
        str(place).strip(), str(row.get("brand") or "").strip() or brand, sentiment, causes
    )


def _causes(value: object) -> tuple[str, ...] | None:
    """Causes as a list, as an export writes them, or separated by commas, bars or semicolons."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise CommandError(f"its causes are not JSON: {error}") from error
    if isinstance(value, list):
        named = [item.get("cause_id") if isinstance(item, dict) else item for item in value]
        return tuple(str(item) for item in named)
    written = str(value or "").replace(";", ",").replace("|", ",").split(",")
    said = tuple(part.strip() for part in written if part.strip())
    if not said:
        return None
    return () if said == (NO_CAUSES,) else said


def _named(found: MentionBrand) -> str:
    return f"mention {found.mention_id} towards {found.brand}"


def _said(wish: _Wish) -> str:
    if not wish.says_something:
        return "left to the model again"
    sentiment = wish.sentiment or "sentiment as the model sees it"
    if wish.changes_causes:
        signs = [*(f"+{own}" for own in wish.added), *(f"-{own}" for own in wish.dropped)]
        return f"{sentiment}, causes {' '.join(signs)}"
    if wish.causes is None:
        return f"{sentiment}, causes as the model sees them"
    return f"{sentiment}, {', '.join(wish.causes) or 'no causes'}"
