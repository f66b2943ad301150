"""alerts and alerts replay, on a store with a wave in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.engine import writing
from tests.molva.conftest import Ran
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
    assert summary["alarms_per_month"] == pytest.approx(30.4 / 28, abs=0.05)
    strict = molva("alerts", "replay", "-c", config, "--json", "--minimum", "100").out
    assert json.loads(strict)["alarms"] == 0


def test_a_replay_speaks_the_readers_language(molva: Molva, config: Path) -> None:
    assert "zerno: 6 negative mentions" in molva("alerts", "replay", "-c", config).out
    config.write_text(CONFIG.format(lang="ru"), encoding="utf-8")
    assert "zerno: 6 негативных упоминаний" in molva("alerts", "replay", "-c", config).out


def test_a_wrong_rate_is_refused_in_words(molva: Molva, config: Path) -> None:
    ran = molva("alerts", "replay", "-c", config, "--rate", "0")
    assert ran.status == 2
    assert "--rate must be above 0" in ran.err
