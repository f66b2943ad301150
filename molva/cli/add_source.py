"""`molva sources add` and `molva sources import`: new sources in the file, tested first."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from collectors.feed_discovery import FoundFeed, find_feeds, nothing_found
from collectors.http import HttpClient
from collectors.interface import CollectorError, SourceSettings
from collectors.registry import collector_types
from collectors.sources.rss import RssSettings
from collectors.text import site_of
from molva.add_tables import append_sources
from molva.cli.common import CommandError, JsonOption, configure, console, write_line
from molva.cli.sources import OwnConfigOption, chosen_config, show_look
from molva.clock import utc_now
from molva.config import Config
from molva.opml import FeedList, NotOpmlError, read_opml, unique_name
from molva.source_fields import Question, WrongFieldsError, questions, settings_of, value_of

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="field=value of the source's table; repeatable."),
]


def add(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="A type (see the docs) or a web address.")],
    name: Annotated[str | None, typer.Option(help="The source's name; else one is made.")] = None,
    fields: SetOption = None,
    feed: Annotated[
        int | None, typer.Option(min=1, help="Which of a site's feeds; else asked, or the first.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Add it even if its test fails.")] = False,
    config: OwnConfigOption = None,
) -> None:
    """Add a source to the file: asks only what it needs, finds a site's feed, tests it."""
    path = chosen_config(context, config)
    loaded = configure(path)
    given = _told(what, fields or [], loaded, feed)
    taken = {source.name.casefold() for source in loaded.sources}
    if name is not None and name.casefold() in taken:
        raise CommandError(f"{path} has a source named {name!r}; choose another --name")
    given["name"] = name or unique_name(given.pop("name"), taken)
    given = {"name": given.pop("name"), "type": given.pop("type"), **given}
    settings = _settled(given)
    _try(loaded, settings, force=force)
    append_sources(path, [given])
    console.print(f"added {settings.name!r} to {path}", markup=False, soft_wrap=True)


def _told(what: str, sets: Sequence[str], config: Config, feed: int | None) -> dict[str, Any]:
    """The fields of the new table, as far as they were given or can be found out."""
    kinds = collector_types()
    if what not in kinds and ("." in what or "://" in what) and " " not in what:
        return _by_address(what, sets, config, feed)
    if what not in kinds:
        raise CommandError(f"{what!r} is no web address and no type; types: {', '.join(kinds)}")
    given = _parsed(what, sets)
    if what == "rss" and not given.keys() & {"url", "url_env"}:
        if not _can_ask():
            raise CommandError("give the address: molva sources add ADDRESS")
        return _by_address(
            typer.prompt("Address of the site or its feed", err=True), sets, config, feed
        )
    return {"name": what, "type": what, **given}


def _parsed(kind: str, sets: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for item in sets:
        field, found, value = item.partition("=")
        if not found:
            raise CommandError(f"--set {item}: write field=value, e.g. interval=30m")
        try:
            given[field.strip()] = value_of(collector_types()[kind], field.strip(), value.strip())
        except WrongFieldsError as error:
            raise CommandError(str(error)) from None
    return given


def _by_address(
    address: str, sets: Sequence[str], config: Config, feed: int | None
) -> dict[str, Any]:
    if site_of(address if "://" in address else f"https://{address}") in {"t.me", "telegram.me"}:
        channel = address.rstrip("/").rpartition("/")[2]
        return {
            "name": f"telegram {channel}",
            "type": "telegram",
            "channels": [channel],
            **_parsed("telegram", sets),
        }
    found = asyncio.run(_feeds(config, address))
    chosen = found[_which(found, feed)]
    title = chosen.title or site_of(chosen.url)
    name = title if site_of(chosen.url) in title else f"{site_of(chosen.url)} {title}".strip()
    return {"name": name, "type": "rss", "url": chosen.url, **_parsed("rss", sets)}


async def _feeds(config: Config, address: str) -> list[FoundFeed]:
    brand = next((one.name for one in config.brands if not one.rival), "")
    try:
        async with HttpClient(config.http, utc_now) as http:
            found = await find_feeds(http, address, utc_now(), search=brand)
        if not found:
            raise nothing_found(address)
    except CollectorError as error:
        raise CommandError(str(error)) from None
    return found


def _which(found: Sequence[FoundFeed], wanted: int | None) -> int:
    if len(found) > 1 or wanted is not None:
        for number, feed in enumerate(found, start=1):
            line = f"{number}. {feed.url} {feed.title!r}: {feed.posts} items, e.g. {feed.sample!r}"
            console.print(line, markup=False, soft_wrap=True)
    if wanted is None and len(found) > 1 and _can_ask():
        wanted = typer.prompt("Which feed", default=1, type=int, err=True)
    if wanted is not None and not 1 <= wanted <= len(found):
        raise CommandError(f"there is no feed {wanted}; there are {len(found)}")
    return (wanted or 1) - 1


def _settled(given: dict[str, Any]) -> SourceSettings:
    """The settings of the table, asking for what is missing where somebody can answer."""
    kind = collector_types()[given["type"]]
    wanted = questions(kind, given)
    if wanted and not _can_ask():
        told = "\n".join(f"--set {one.field}=…    {one.text}" for one in wanted)
        raise CommandError(f"a source of type {given['type']} also needs:\n{told}")
    for question in wanted:
        given[question.field] = value_of(kind, question.field, _answer(question))
    while True:
        try:
            return settings_of(given)
        except WrongFieldsError as error:
            if not _can_ask():
                raise CommandError(f"{error}\ngive it with --set field=value") from None
            console.print(str(error), markup=False)
            given |= _parsed(given["type"], [typer.prompt("field=value", err=True)])


def _answer(question: Question) -> str:
    return str(typer.prompt(question.text, default=question.suggestion or None, err=True))


def _try(config: Config, settings: SourceSettings, *, force: bool) -> None:
    """Test the source; one that cannot be read is added only if a person wants it so."""
    missing = settings.missing_variables
    if missing:
        told = f"not tested: set {', '.join(missing)} first, then: molva sources test"
        console.print(f"{told} {settings.name!r}", markup=False, soft_wrap=True)
        return
    if show_look(config, settings) or force:
        return
    if not (_can_ask() and typer.confirm("Add it all the same?", err=True)):
        raise CommandError("nothing was added; mend that, or add it all the same with --force")


def _can_ask() -> bool:
    return sys.stdin.isatty()


def import_feeds(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it.")],
    interval: Annotated[str | None, typer.Option(help="Of each feed, e.g. 30m.")] = None,
    config: OwnConfigOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Add the feeds of an OPML list to the file; those it has already are left out."""
    path = chosen_config(context, config)
    loaded = configure(path)
    found = _listed(file, loaded)
    every = {"interval": interval} if interval else {}
    fields = [{"name": one.name, "type": "rss", "url": one.url, **every} for one in found.feeds]
    if fields:
        append_sources(path, fields)
    if json_lines:
        _write_added(found)
        return
    for name in found.wrong:
        console.print(f"skipped {name!r}: its address is no web address", markup=False)
    console.print(
        f"{len(fields)} feeds added to {path}, {found.duplicates} were there already, "
        f"{len(found.wrong)} skipped, {found.unreadable} too broken to be read",
        soft_wrap=True,
    )
    if fields:
        console.print("next: molva check")


def _listed(file: Path, config: Config) -> FeedList:
    """The feeds of an OPML file that the configuration does not have."""
    known = [source.address for source in config.sources if isinstance(source, RssSettings)]
    names = [source.name for source in config.sources]
    try:
        return read_opml(file.read_bytes(), names=names, urls=known)
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror}") from error
    except NotOpmlError as error:
        raise CommandError(f"{file}: {error}") from None


def _write_added(found: FeedList) -> None:
    for one in found.feeds:
        write_line({"event": "added", "source": one.name})
    for name in found.wrong:
        write_line({"event": "skipped", "source": name, "reason": "no web address"})
    write_line(
        {
            "event": "summary",
            "added": len(found.feeds),
            "duplicates": found.duplicates,
            "skipped": len(found.wrong),
            "unreadable": found.unreadable,
        }
    )
