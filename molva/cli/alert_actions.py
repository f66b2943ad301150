"""Commands about an alert: show, mentions, ack, mute, unmute, false, open; test a channel."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from molva.cli.alerts import BrandOption, SinceOption, app, write_alerts
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    brand_row,
    configure,
    console,
    tables,
    user_name,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from molva.pipeline.tell import link_secret, reporting_names
from reports.alert_actions import (
    LONGEST_MUTE,
    Done,
    acknowledge,
    mark_false,
    mute,
    stricter_series,
    unmute,
)
from reports.alert_facts import facts_of_json
from reports.alert_list import SHOWN, alert_list, list_text
from reports.alert_message import alert_message, notice_message
from reports.alert_words import NUMBER, commands
from reports.channels import send
from reports.interface import ChannelError, ReportError, as_json
from reports.links import open_link
from reports.words import Words
from store.alert_actions import actions_of, muted_until
from store.alert_rows import AlertActionRow, AlertEventRow, AlertRow
from store.alerts import alert_by_id, alert_events
from store.engine import open_store, reading, writing

__all__ = ["app"]

LARGEST_NUMBER = 2**63 - 1
"""Of an alert, in either database; neither can be asked for a larger one."""
SHORTEST_HOURS = 1 / 60
LONGEST_HOURS = LONGEST_MUTE / timedelta(hours=1)


def _possible(number: int) -> int:
    """The number, if an alert can have it.

    Raises:
        CommandError: it is beyond what a database can be asked for.
    """
    if not 0 < number <= LARGEST_NUMBER:
        raise CommandError(f"there is no alert {number}; molva alerts list shows their numbers")
    return number


AlertArgument = Annotated[
    int,
    typer.Argument(help="The alert's number, from molva alerts list.", callback=_possible),
]


@app.command("list")
def list_alerts(
    brand: BrandOption = None,
    since: SinceOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """The alerts so far: number, when, how severe, open or over, what."""
    write_alerts(brand, since, config, json_lines=json_lines)


@app.command("show")
def show(
    alert: AlertArgument, config: ConfigOption = DEFAULT_CONFIG, json_lines: JsonOption = False
) -> None:
    """One alert: its thread, what people did about it, what its series is judged by now."""
    loaded = configure(config)
    with reading(open_store(loaded.store_url)) as conn:
        row = _alert(conn, alert)
        events = alert_events(conn, alert)
        done = actions_of(conn, alert)
        stricter = stricter_series(conn, row.brand_id, utc_now())
    if json_lines:
        _write_thread(events, done)
        write_line({"event": "thresholds", "stricter": stricter})
        return
    zone = loaded.timezone
    _say(f"{row.id}  {row.severity}/10  {row.state}  {row.fingerprint}")
    for event in events:
        _say(
            f"{event.at.astimezone(zone):%Y-%m-%d %H:%M}  {event.action:<8} "
            f"{event.facts['subject']}"
        )
    for act in done:
        until = f" until {act.until.astimezone(zone):%Y-%m-%d %H:%M}" if act.until else ""
        by = f" by {act.who}" if act.who else ""
        note = f": {act.note}" if act.note else ""
        _say(f"{act.at.astimezone(zone):%Y-%m-%d %H:%M}  {act.action:<8}{until}{by}{note}")
    for series, factor in sorted(stricter.items()):
        _say(f"{series}: {factor:.2f} times as surprising as usual is asked for now")
    if events:
        _explain(alert, events[-1])


def _explain(alert: int, event: AlertEventRow) -> None:
    """Say again what a message of an alert said."""
    try:
        facts = facts_of_json(event.facts)
    except ReportError as error:
        console.print(f"alert {alert}: {error}", markup=False, soft_wrap=True)
        return
    ways = {NUMBER: str(alert), **commands(alert, event.at)}
    message = alert_message(facts, f"alert:{alert}:{event.number}", event.at, ways)
    _say("\n" + message.text.rstrip())


def _write_thread(events: Sequence[AlertEventRow], done: Sequence[AlertActionRow]) -> None:
    for event in events:
        write_line(
            {"event": event.action, "number": event.number, "at": event.at, "facts": event.facts}
        )
    for act in done:
        acted = {"at": act.at, "until": act.until, "who": act.who, "note": act.note}
        write_line({"event": act.action, **acted})


@app.command("mentions")
def mentions(
    alert: AlertArgument,
    limit: Annotated[int, typer.Option(help="So many stories at most; 0: all.", min=0)] = SHOWN,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """The mentions of one alert, newest first, reprints merged: label, cause, evidence, link."""
    loaded = configure(config)
    with reading(open_store(loaded.store_url)) as conn:
        found = alert_list(conn, _alert(conn, alert), utc_now(), limit)
    if not json_lines:
        words = Words(loaded.language, ZoneInfo(loaded.timezone.key))
        _say(list_text(found, words, reporting_names(loaded)))
        return
    for story in found.shown:
        write_line({"event": "story", **as_json(story.post), "evidence": story.evidence})
    write_line({"event": "summary", "stories": found.stories, "sightings": found.sightings})


@app.command("ack")
def ack(alert: AlertArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say that somebody is at it: nobody else is called; updates still come."""
    loaded = configure(config)
    with writing(open_store(loaded.store_url)) as conn:
        done = _or_fail(lambda: acknowledge(conn, alert, utc_now(), user_name()))
    _tell(done, loaded)


@app.command("mute")
def mute_alerts(
    what: Annotated[str, typer.Argument(help="A brand's id, or an alert's number.")],
    hours: Annotated[float, typer.Option(help="For how long; 744 (31 days) at most.")] = 4,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Hold back messages for some hours; what happened meanwhile is told in one afterwards."""
    if not SHORTEST_HOURS <= hours <= LONGEST_HOURS:  # nan and inf are no times either
        raise CommandError(
            f"--hours {hours:g}: a mute lasts from a minute (0.017) to 31 days "
            f"({LONGEST_HOURS:g} hours); for longer, change the channel"
        )
    loaded = configure(config)
    length = timedelta(hours=hours)
    with writing(open_store(loaded.store_url)) as conn:
        brand_id, alert_id = _target(conn, what, loaded)
        done = _or_fail(
            lambda: mute(conn, utc_now(), user_name(), length, brand_id=brand_id, alert_id=alert_id)
        )
    _tell(done, loaded)


@app.command("unmute")
def unmute_alerts(
    what: Annotated[str, typer.Argument(help="A brand's id, or an alert's number.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """End a mute; what it held back is sent with the next delivery."""
    loaded = configure(config)
    with writing(open_store(loaded.store_url)) as conn:
        brand_id, alert_id = _target(conn, what, loaded)
        now = utc_now()
        which = f"alert {alert_id}" if alert_id else "the brand"
        if muted_until(conn, brand_id, alert_id, now) is None:
            _say(f"{which}: was not muted, so nothing has changed")
            return
        unmute(conn, now, user_name(), brand_id=brand_id, alert_id=alert_id)
        until = muted_until(conn, brand_id, alert_id, now)
    if until is None:
        _say(f"{which}: no longer muted")
        return
    _say(
        f"{which}: still muted until {until.astimezone(loaded.timezone):%Y-%m-%d %H:%M}, with all "
        "alerts of its brand; to end that, unmute the brand by its id"
    )


@app.command("false")
def false_alarm(
    alert: AlertArgument,
    note: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Mark a false alarm: its thread ends, and its series must be more surprising from now on."""
    loaded = configure(config)
    with writing(open_store(loaded.store_url)) as conn:
        done = _or_fail(lambda: mark_false(conn, alert, utc_now(), user_name(), note))
    _tell(done, loaded)


@app.command("open")
def open_signed(
    link: Annotated[str, typer.Argument(help="A link of a message, or its token.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Do what a signed link of a message asks for, where no web page is served."""
    loaded = configure(config)
    secret = link_secret(loaded)
    with writing(open_store(loaded.store_url)) as conn:
        done = _or_fail(lambda: open_link(conn, link, secret, utc_now()))
    _tell(done, loaded)


@app.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="A channel's name in the configuration.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send a short message to one channel now, and say whether it was taken."""
    loaded = configure(config)
    chosen = loaded.channels_by_name.get(channel)
    if chosen is None:
        known = ", ".join(loaded.channels_by_name) or "none"
        raise CommandError(f"no channel {channel!r}; {loaded.path} names: {known}")
    words = Words(loaded.language, ZoneInfo(loaded.timezone.key))
    now = utc_now()
    message = notice_message(
        f"test:{channel}:{now:%Y-%m-%dT%H:%M:%S.%f}",
        words.say("test_subject", channel=channel),
        words.say("test_text", channel=channel),
        words,
        now,
    )
    try:
        send(chosen, message, os.environ)
    except ChannelError as error:
        raise CommandError(f"{channel}: {error}") from error
    console.print(f"{channel}: taken", markup=False)


def _target(conn: Connection, what: str, config: Config) -> tuple[int, int | None]:
    """The ids of the brand and, if it is a number, of the alert."""
    known = {brand.id for brand in config.brands}
    if what.isdecimal() and what not in known:
        number = _possible(int(what))
        return _alert(conn, number).brand_id, number
    return brand_row(conn, config, what).id, None


def _alert(conn: Connection, alert_id: int) -> AlertRow:
    found = alert_by_id(conn, alert_id)
    if found is None:
        raise CommandError(f"there is no alert {alert_id}; molva alerts list shows their numbers")
    return found


def _or_fail(act: Callable[[], Done]) -> Done:
    try:
        return act()
    except ReportError as error:
        raise CommandError(str(error)) from error


def _tell(done: Done, config: Config) -> None:
    which = f"alert {done.alert.id}" if done.alert else "the brand"
    if done.action == "mute" and done.until:
        until = done.until.astimezone(config.timezone)
        was = "was muted by this link before," if done.again else "muted"
        _say(f"{which}: {was} until {until:%Y-%m-%d %H:%M}")
    elif done.action == "ack":
        _say(f"{which}: {'was acknowledged before' if done.again else 'acknowledged'}")
    else:
        was = "was marked false before" if done.again else "marked false"
        _say(
            f"{which}: {was}; {done.series} must now be {done.stricter:.2f} times as surprising; "
            "half of that is gone in four weeks, and the other series are judged as before"
        )


def _say(text: str) -> None:
    tables.print(text, markup=False, soft_wrap=True)
