"""When a digest is due: once, late rather than never, across restarts and clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from molva.clock import SimulatedClock
from molva.config import ConfigError, load_config
from molva.digests import options_for, plan_for
from molva.model_card import measures, shipped_measures
from molva.pipeline.tell import write_digests
from molva.rooms import Rooms, open_rooms
from store.engine import reading
from store.outbox import due

CONFIG = """
timezone = "Europe/Berlin"

[[brand]]
id = "zerno"
name = "Zerno"
accounts = ["@zernohelp"]

[[brand]]
id = "rost"
name = "Rost"

[brand.digest]
hour = {hour}
timezone = "Asia/Tokyo"
language = "ru"
periods = ["day", "week", "month"]
weekday = "wednesday"
channels = ["files"]
recipients = ["rost@acme.example"]

[[source]]
name = "town"
type = "rss"
url = "https://feed.example/"

[[channel]]
name = "files"
type = "file"
path = "out"

[[channel]]
name = "mail"
type = "email"
host = "localhost"
sender = "molva@acme.example"
to = ["team@acme.example"]

[digest]
hour = {hour}
"""


def configured(folder: Path, hour: int = 9, more: str = "") -> Path:
    path = folder / "molva.toml"
    path.write_text(CONFIG.format(hour=hour) + more)
    return path


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def rooms_at(tmp_path: Path) -> Iterator[tuple[Rooms, SimulatedClock]]:
    clock = SimulatedClock(at("2026-03-27T00:00:00+01:00"))
    rooms = open_rooms(load_config(configured(tmp_path, hour=2)), clock, seed=1)
    yield rooms, clock
    rooms.writer.close()
    rooms.engine.dispose()


def keys(rooms: Rooms) -> list[tuple[str, str]]:
    with reading(rooms.engine) as conn:
        return [(row.key, row.channel) for row in due(conn, rooms.clock(), 1000)]


def test_berlin_over_both_clock_changes(rooms_at: tuple[Rooms, SimulatedClock]) -> None:
    """Two o'clock does not strike on 29 March and strikes twice on 25 October."""
    rooms, clock = rooms_at
    for start in ("2026-03-27T00:00:00+01:00", "2026-10-23T00:00:00+02:00"):
        if at(start) > clock():
            clock.advance(at(start) - clock())
        for _ in range(4 * 24 * 2):
            write_digests(rooms)
            clock.advance(timedelta(minutes=30))
    daily = [key for key, channel in keys(rooms) if ":zerno:" in key and channel == "files"]
    assert len(daily) == len(set(daily))
    told = {key.split(":")[3] for key in daily}
    march = {f"2026-03-{day}" for day in (27, 28, 29)}
    october = {f"2026-10-{day}" for day in (22, 23, 24, 25)}
    assert march | october <= told


def test_written_at_its_hour_and_not_before(rooms_at: tuple[Rooms, SimulatedClock]) -> None:
    plan = plan_for(rooms_at[0].config, "zerno")
    for moment, day in (
        ("2026-03-29T01:59:00+01:00", date(2026, 3, 27)),
        ("2026-03-29T03:00:00+02:00", date(2026, 3, 28)),
        ("2026-10-25T01:59:00+02:00", date(2026, 10, 23)),
        ("2026-10-25T02:00:00+02:00", date(2026, 10, 24)),
        ("2026-10-25T02:00:00+01:00", date(2026, 10, 24)),
    ):
        assert [period.first for period in plan.due(at(moment))] == [day]


def test_a_missed_hour_is_made_good_once(tmp_path: Path) -> None:
    clock = SimulatedClock(at("2026-03-10T12:00:00+01:00"))
    config = load_config(configured(tmp_path))
    open_rooms(config, clock, seed=1).engine.dispose()
    for moment, written in (
        ("2026-03-11T08:59:00+01:00", 0),
        ("2026-03-11T09:00:00+01:00", 1),
        ("2026-03-11T09:01:00+01:00", 1),  # a restart a minute later
        ("2026-03-13T03:00:00+01:00", 2),  # down over nine o'clock of the 12th
        ("2026-03-13T09:00:00+01:00", 3),
    ):
        clock.advance(at(moment) - clock())
        rooms = open_rooms(config, clock, seed=1)
        write_digests(rooms)
        mine = [key for key, channel in keys(rooms) if ":zerno:" in key and channel == "files"]
        assert len(mine) == written, moment
        rooms.writer.close()
        rooms.engine.dispose()


def test_a_brands_own_plan(tmp_path: Path) -> None:
    config = load_config(configured(tmp_path))
    plan = plan_for(config, "rost")
    assert (plan.lang, plan.zone.key, plan.recipients) == (
        "ru",
        "Asia/Tokyo",
        ("rost@acme.example",),
    )
    assert plan.takes("files")
    assert not plan.takes("mail")
    assert plan_for(config, "zerno").takes("mail")
    wednesday = at("2026-03-11T09:00:00+09:00")
    before, now = ([p.first for p in plan.due(t)] for t in (wednesday - timedelta(1e-5), wednesday))
    assert before == [date(2026, 3, 9), date(2026, 2, 23), date(2026, 2, 1)]
    assert now == [date(2026, 3, 10), date(2026, 3, 2), date(2026, 2, 1)]
    assert options_for(config, "zerno", wednesday).accounts == ("@zernohelp",)


def test_a_channel_nobody_configured_is_refused(tmp_path: Path) -> None:
    path = configured(tmp_path, more='channels = ["pager"]\n')
    with pytest.raises(ConfigError, match=r"digest.channels: no channel is called 'pager'"):
        load_config(path)


def test_the_card_of_the_shipped_model_is_read(tmp_path: Path) -> None:
    facts = shipped_measures()
    assert {fact.lang for fact in facts} == {"en", "ru"}
    assert all(0.5 < fact.negative < 1 and fact.texts > 1000 for fact in facts)
    assert measures(tmp_path / "no-card.md") == ()
