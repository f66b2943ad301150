"""alerts and alerts replay, on a store with a wave in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from molva.config import load_config
from molva.pipeline.tell import alert_links
from reports.alerts import run_detection
from reports.interface import Audience
from reports.links import make_token
from store.brands import brand_by_slug
from store.engine import open_store, writing
from tests.molva.conftest import Ran
from tests.reports import test_alerts as worlds_noon
from tests.reports import world as worlds
from tests.reports.test_alerts import quiet_month, wave

Molva = Callable[..., Ran]
CONFIG = """language = "{lang}"

[[brand]]
id = "zerno"
name = "Zerno"

[alerts]
trust_history = true
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    noon = (datetime.now(UTC) - timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    monkeypatch.setattr("tests.reports.test_alerts.NOON", noon)
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG.format(lang="en"), encoding="utf-8")
    world = worlds.new_world(tmp_path / "molva.db", born=noon - timedelta(days=40))
    quiet_month(world)
    wave(world, 9, 1)
    world.save(noon)
    with writing(world.engine) as conn:
        conn.exec_driver_sql("update source set active = 1")
    world.engine.dispose()
    return path


def test_a_replay_tells_what_a_setting_would_have_told(molva: Molva, config: Path) -> None:
    ran = molva("alerts", "replay", "-c", config, "--json")
    assert ran.status == 0, ran.err
    *alarms, summary = map(json.loads, ran.out.splitlines())
    (alarm,) = alarms
    assert (alarm["brand"], alarm["kind"], alarm["observed"]) == ("zerno", "negative_count", 6)
    assert alarm["false_alarms_per_month"] < 1
    assert summary["alarms"] == 1
    assert summary["series"] == 1 + len(alarm["others"]) + len(alarm["joined"])
    assert summary["alarms_per_month"] == pytest.approx(30.4 / 28, abs=0.05)
    strict = molva("alerts", "replay", "-c", config, "--json", "--minimum", "100").out
    assert json.loads(strict)["alarms"] == 0


def test_a_replay_speaks_the_readers_language(molva: Molva, config: Path) -> None:
    assert "zerno: 6 negative mentions" in molva("alerts", "replay", "-c", config).out
    config.write_text('timezone = "Asia/Tokyo"\n' + CONFIG.format(lang="ru"), encoding="utf-8")
    since = "2026-01-01T00:00+00:00"
    out = molva("alerts", "replay", "-c", config, "--since", since).out
    assert "zerno: 6 негативных упоминаний" in out
    assert "zerno: 1 тревога с 20" in out
    assert "ложных при этой настройке не больше 1 в месяц" in out
    assert ", рядов в них: " in out
    assert "UTC" not in out


def test_a_replay_begins_with_the_first_mention_that_is_stored(molva: Molva, config: Path) -> None:
    ran = molva("alerts", "replay", "-c", config, "--json", "--since", "2000-01-01")
    *_, summary = map(json.loads, ran.out.splitlines())
    first = worlds_noon.NOON - timedelta(days=28, hours=9)
    assert datetime.fromisoformat(summary["since"]) == first
    assert summary["alarms"] == 1
    told = molva("alerts", "replay", "-c", config, "--since", "2000-01-01").out
    assert f"zerno: 1 alarm from {first:%Y-%m-%d %H:%M} to " in told
    assert ", 1.1 a month, real ones included" in told
    assert "at most 1 a month are false" in told


@pytest.mark.parametrize(
    ("since", "said"),
    [("2999-01-01", "--since 2999-01-01 is in the future"), ("0001-01-01", "")],
)
def test_a_replay_needs_a_time_that_is_past(
    molva: Molva, config: Path, since: str, said: str
) -> None:
    ran = molva("alerts", "replay", "-c", config, "--since", since)
    assert ran.status == (2 if said else 0)
    assert said in ran.err


def test_an_empty_store_has_nothing_to_replay(molva: Molva, tmp_path: Path) -> None:
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG.format(lang="en"), encoding="utf-8")
    worlds.new_world(tmp_path / "molva.db").engine.dispose()
    ran = molva("alerts", "replay", "-c", path, "--since", "2000-01-01")
    said = "no mentions from 2000-01-01 00:00 on are stored, so there is nothing to replay"
    assert ran.out == f"zerno: {said}\n"


def test_a_wrong_rate_is_refused_in_words(molva: Molva, config: Path) -> None:
    ran = molva("alerts", "replay", "-c", config, "--rate", "0")
    assert ran.status == 2
    assert "--rate must be above 0" in ran.err


def alert_in(config: Path) -> None:
    """Look once, so that the wave becomes an alert."""
    loaded = load_config(config)
    engine = open_store(loaded.store_url)
    with writing(engine) as conn:
        brand = brand_by_slug(conn, "zerno")
        assert brand is not None
        noon = worlds_noon.NOON
        audience = Audience("en", ZoneInfo("UTC"), ("pr",))
        assert run_detection(conn, [brand], noon, loaded.alerts, audience) == 1
    engine.dispose()


def test_an_alert_is_listed_answered_and_shown(molva: Molva, config: Path) -> None:
    alert_in(config)
    listed = molva("alerts", "list", "-c", config, "--json").out
    number = json.loads(listed)["alert"]
    assert f"alert {number}: acknowledged" in molva("alerts", "ack", number, "-c", config).out
    assert "acknowledged before" in molva("alerts", "ack", number, "-c", config).out
    assert "the brand: muted until" in molva("alerts", "mute", "zerno", "-c", config).out
    muted = molva("alerts", "mute", number, "--hours", "1", "-c", config).out
    assert f"alert {number}: muted until" in muted
    still = molva("alerts", "unmute", number, "-c", config).out
    assert f"alert {number}: still muted until" in still
    assert "no longer muted" in molva("alerts", "unmute", "zerno", "-c", config).out
    for what in (number, "zerno"):
        again = molva("alerts", "unmute", what, "-c", config).out
        assert "was not muted, so nothing has changed" in again
    marked = molva("alerts", "false", number, "--note", "a sale", "-c", config).out
    assert "negative_count must now be 2.00 times as surprising" in marked
    shown = molva("alerts", "show", number, "-c", config).out
    for part in ("opened", "ack", "mute", "unmute", "false", ": a sale", "2.00 times"):
        assert part in shown
    for part in ("9 negative mentions in the last hour; ", "WHY", f"molva alerts ack {number}"):
        assert part in shown
    gone = molva("alerts", "ack", 999, "-c", config)
    assert gone.status == 2
    assert "there is no alert 999" in gone.err


def test_the_mentions_of_an_alert_are_listed_by_command(molva: Molva, config: Path) -> None:
    alert_in(config)
    out = molva("alerts", "mentions", 1, "-c", config, "--limit", 2).out
    assert "9 stories, 9 sightings" in out
    assert out.count("* Zerno again: ") == 2
    assert "https://news.example/p" in out
    assert "7 older stories are not shown" in out
    *rows, summary = map(
        json.loads, molva("alerts", "mentions", 1, "-c", config, "--json").out.splitlines()
    )
    assert summary == {"event": "summary", "stories": 9, "sightings": 9}
    assert (rows[0]["sentiment"], rows[0]["confidence"]) == ("negative", 0.8)
    assert rows[0]["evidence"][0][0] == "late"
    assert "there is no alert 7" in molva("alerts", "mentions", 7, "-c", config).err


def test_a_link_is_opened_by_command(
    molva: Molva, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert_in(config)
    number = json.loads(molva("alerts", "list", "-c", config, "--json").out)["alert"]
    secret = "not for the repository"
    token = make_token("ack", number, secret, datetime.now(UTC) + timedelta(hours=1))
    refused = molva("alerts", "open", token, "-c", config)
    assert refused.status == 2
    assert "no [links] table" in refused.err
    with config.open("a", encoding="utf-8") as stream:
        stream.write('\n[links]\nbase_url = "https://molva.example"\n')
    assert "MOLVA_LINK_SECRET to at least 16" in molva("alerts", "open", token, "-c", config).err
    monkeypatch.setenv("MOLVA_LINK_SECRET", secret)
    opened = molva(
        "alerts", "open", f"https://molva.example/alerts/act?token={token}", "-c", config
    )
    assert f"alert {number}: acknowledged" in opened.out


def test_a_channel_is_tried(molva: Molva, config: Path, tmp_path: Path) -> None:
    with config.open("a", encoding="utf-8") as stream:
        stream.write('\n[[channel]]\nname = "box"\ntype = "file"\npath = "box"\n')
    ran = molva("alerts", "test", "box", "-c", config)
    assert ran.status == 0
    assert len(list((tmp_path / "box").glob("*.txt"))) == 1
    unknown = molva("alerts", "test", "bax", "-c", config)
    assert unknown.status == 2
    assert "names: box" in unknown.err


@pytest.mark.parametrize("hours", ["nan", "inf", "1e300", "0", "-1", "745"])
def test_a_mute_of_no_possible_length_is_refused_in_words(
    molva: Molva, config: Path, hours: str
) -> None:
    ran = molva("alerts", "mute", "zerno", "--hours", hours, "-c", config)
    assert ran.status == 2
    assert "a mute lasts from a minute (0.017) to 31 days (744 hours)" in ran.err


@pytest.mark.parametrize("command", ["ack", "show", "false", "mute", "unmute"])
def test_a_number_no_alert_can_have_is_refused_in_words(
    molva: Molva, config: Path, command: str
) -> None:
    ran = molva("alerts", command, "99999999999999999999", "-c", config)
    assert ran.status == 2
    assert "there is no alert 99999999999999999999; molva alerts list" in ran.err


def test_an_alert_says_its_number_and_the_way_to_answer(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    without = alert_links(load_config(config))(12, now)
    assert without["number"] == "12"
    assert without["ack"] == "molva alerts ack 12"
    with config.open("a", encoding="utf-8") as stream:
        stream.write('\n[links]\nbase_url = "https://molva.example"\n')
    monkeypatch.delenv("MOLVA_LINK_SECRET", raising=False)
    assert alert_links(load_config(config))(12, now) == without
    monkeypatch.setenv("MOLVA_LINK_SECRET", "not for the repository")
    linked = alert_links(load_config(config))(12, now)
    assert linked["number"] == "12"
    assert linked["ack"].startswith("https://molva.example/alerts/act?token=ack.12.")


@pytest.mark.parametrize("given", [("-c", "other.toml"), ("--brand", "zerno"), ("--json",)])
def test_options_before_a_subcommand_are_refused(
    molva: Molva, config: Path, given: tuple[str, ...]
) -> None:
    alert_in(config)
    ran = molva("alerts", *given, "ack", 1)
    assert ran.status == 2
    name = {"-c": "--config"}.get(given[0], given[0])
    assert f"{name} stands before ack" in ran.err
    assert f"alerts ack … {name}" in ran.err


def test_who_marked_an_alert_false_has_not_acknowledged_it(molva: Molva, config: Path) -> None:
    alert_in(config)
    molva("alerts", "false", 1, "-c", config)
    said = molva("alerts", "ack", 1, "-c", config).out
    assert "alert 1: was marked false before; negative_count must now be 2.00 times" in said


def test_a_replay_of_an_old_store_looks_at_its_last_weeks(
    molva: Molva, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    years_later = datetime.now(UTC) + timedelta(days=700)
    monkeypatch.setattr("molva.cli.alerts.utc_now", lambda: years_later)
    *_, summary = map(
        json.loads, molva("alerts", "replay", "-c", config, "--json").out.splitlines()
    )
    assert summary["alarms"] == 1
    until = datetime.fromisoformat(summary["until"])
    assert until - worlds_noon.NOON < timedelta(hours=1)
