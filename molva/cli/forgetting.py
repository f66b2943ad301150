"""`molva forget`: a person's words and name leave the store and the messages it wrote."""

from __future__ import annotations

from pathlib import Path
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
from molva.clock import utc_now
from molva.config import Config
from molva.forgetting import empty_files
from reports.channels import FileChannel
from store.engine import open_store, reading, writing
from store.export_records import Erasure
from store.forget import forget, mentions_at, mentions_of_author, retold_by_others
from store.traces import wipe


def forget_person(
    author: Annotated[
        list[str] | None,
        typer.Option(help="SOURCE:ID or SOURCE:HANDLE of who is to be forgotten; repeatable."),
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option(help="The address of a post to forget; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be erased.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """Erase a person's words, name and traces for good, and never collect them again.

    Lists the exports that held them: those files are yours to delete. Exits with 1 if nothing of
    them is stored.
    """
    if not (author or url):
        raise CommandError("name whom to forget with --author, or a post with --url")
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    with reading(engine) as conn:
        people = sorted({i for one in author or () for i in mentions_of_author(conn, one)})
        posts = sorted({i for one in url or () for i in mentions_at(conn, one)} - set(people))
        others = retold_by_others(conn, [*people, *posts])
    if not (people or posts):
        tables.print("nothing of theirs is stored", markup=False)
        raise typer.Exit(1)
    if dry_run:
        tables.print(f"would erase {len(people) + len(posts)} mentions", markup=False)
        return
    erasures = _erased(engine, people, posts)
    files = [path for one in erasures for path in empty_files(_folders(loaded), one)]
    wiped = wipe(engine)
    engine.dispose()
    if json_lines:
        retold = [{"mention_id": i, "url": address} for i, address in others]
        facts = {"files": files, "wiped": wiped, "retold_by_others": retold}
        write_line(_facts(erasures) | facts)
    else:
        _tell(erasures, [str(path) for path in files], others, wiped=wiped)


def _erased(engine: Engine, people: list[int], posts: list[int]) -> list[Erasure]:
    """Erase all of some people, by their mentions, and some posts."""
    with writing(engine) as conn:
        return [
            forget(conn, ids, utc_now(), authors=whole)
            for ids, whole in ((people, True), (posts, False))
            if ids
        ]


def _folders(config: Config) -> list[Path]:
    channels = config.channels_by_name.values()
    return [channel.path for channel in channels if isinstance(channel, FileChannel)]


def _facts(erasures: list[Erasure]) -> dict[str, object]:
    return {
        "mentions": [i for one in erasures for i in one.mention_ids],
        "revisions": sum(one.revisions for one in erasures),
        "messages": sum(one.messages for one in erasures),
        "exports": [
            {
                "export": held.export.id,
                "path": held.export.path,
                "made_at": held.export.made_at,
                "mentions": list(held.mention_ids),
                "certain": held.certain,
            }
            for one in erasures
            for held in one.exports
        ],
    }


def _tell(
    erasures: list[Erasure], files: list[str], others: list[tuple[int, str]], *, wiped: bool
) -> None:
    lines = [
        f"erased: {sum(len(one.mention_ids) for one in erasures)} mentions, "
        f"{sum(one.revisions for one in erasures)} earlier versions, "
        f"{sum(one.messages for one in erasures)} kept messages and facts, {len(files)} files"
    ]
    lines += [f"emptied: {path}" for path in files]
    for held in (held for one in erasures for held in one.exports):
        word = "held" if held.certain else "may have held"
        made = held.export.made_at.date().isoformat()
        lines.append(f"export {held.export.id} of {made} {word} them: {held.export.path}")
    lines += [f"told by others, too: mention {i} {address}" for i, address in others]
    if not wiped:
        lines.append(
            "another process was reading, so the write-ahead log may hold erased words until it "
            "ends; run this again with molva run stopped, or wait for its next checkpoint"
        )
    for line in lines:
        tables.print(line, markup=False, soft_wrap=True)
