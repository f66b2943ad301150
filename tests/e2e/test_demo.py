"""The demo, shortened to nine days: posts come in and people are told, once, of the real trouble.

Everything is real here: the server's formats, the collectors, the store, the model, the alerts.
Only the days are fewer than in `molva demo`. One test, so that the weeks pass but once however
many processes share the suite.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from molva.demo.days import Calendar
from molva.demo.outcome import DemoResult
from molva.demo.run import DemoFolderError, run_demo
from molva.demo.world import World, build_world

CALENDAR = Calendar(days=9)
DETECTED_WITHIN = timedelta(minutes=45)

Rows = list[dict[str, object]]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nine_days_of_the_demo_end_to_end(tmp_path: Path) -> None:
    demo = run_demo(tmp_path / "demo", calendar=CALENDAR)
    world = build_world(CALENDAR)
    with demo.exports["jsonl"].open(encoding="utf-8") as lines:
        rows: Rows = [json.loads(line) for line in lines]
    the_bad_day_is_told_once_soon_and_nothing_else_is(demo)
    the_alert_and_every_days_digest_are_delivered(demo)
    the_digest_names_the_double_charges_first_in_both_languages(demo)
    no_namesake_is_taken_for_a_mention(demo)
    nothing_is_lost_and_nothing_is_there_twice(world, rows)
    an_edit_is_a_revision_and_a_deletion_a_tombstone(world, demo, rows)
    an_outage_costs_polls_and_raises_nothing(demo)
    other_languages_are_left_unscored(world, rows)
    the_exports_hold_the_same_rows(demo, rows)
    the_terminal_is_shown_figures_and_paths_that_exist(demo)


def the_bad_day_is_told_once_soon_and_nothing_else_is(demo: DemoResult) -> None:
    assert len(demo.alerts) == 1, demo.alerts
    (alert,) = demo.alerts
    assert alert.delay is not None, alert
    assert timedelta(0) < alert.delay <= DETECTED_WITHIN
    assert abs(alert.started_at - CALENDAR.bad_start) <= timedelta(hours=3)


def the_alert_and_every_days_digest_are_delivered(demo: DemoResult) -> None:
    assert list(demo.messages.glob("alert*.html"))
    assert len(list(demo.messages.glob("digest*.html"))) == CALENDAR.days - 1


def the_digest_names_the_double_charges_first_in_both_languages(demo: DemoResult) -> None:
    assert "billing or payment error" in demo.subjects["en"]
    assert "оплате" in demo.subjects["ru"]
    # Most who were charged twice also say that nobody answers them.
    assert "billing_error" in dict(demo.top_causes[:2])
    for path in demo.digests.values():
        assert "</html>" in path.read_text(encoding="utf-8")


def no_namesake_is_taken_for_a_mention(demo: DemoResult) -> None:
    assert demo.namesakes >= 25
    assert demo.namesakes_kept == 0


def nothing_is_lost_and_nothing_is_there_twice(world: World, rows: Rows) -> None:
    keys = Counter((row["brand"], row["scope"], row["native_id"]) for row in rows)
    assert [key for key, times in keys.items() if times > 1] == []
    expected = Counter(
        brand for post in world.posts if post.appears <= CALENDAR.end for brand in post.brands
    )
    assert Counter(str(row["brand"]) for row in rows) == expected


def an_edit_is_a_revision_and_a_deletion_a_tombstone(
    world: World, demo: DemoResult, rows: Rows
) -> None:
    # Read long enough before the end for the next poll to have seen it.
    settled = CALENDAR.end - timedelta(hours=3)
    edits = {edit.text for post in world.posts for edit in post.edits if edit.at < settled}
    assert len(edits & {str(row["text"]) for row in rows}) >= 5
    assert demo.tally.changed >= 5
    gone = [row for row in rows if row["deleted_at"]]
    assert gone
    assert len({row["native_id"] for row in gone}) == demo.tally.deleted
    assert not any(row["text"] for row in gone)


def an_outage_costs_polls_and_raises_nothing(demo: DemoResult) -> None:
    start, end = CALENDAR.outage
    assert demo.tally.failed_polls >= 2
    caught_up = end + timedelta(hours=12)
    assert not any(start <= alert.detected_at <= caught_up for alert in demo.alerts)


def other_languages_are_left_unscored(world: World, rows: Rows) -> None:
    foreign = {post.text for post in world.posts if post.lang not in {"en", "ru"}}
    labels = {str(row["sentiment"]) for row in rows if row["text"] in foreign}
    assert labels == {"unscored"}


def the_exports_hold_the_same_rows(demo: DemoResult, rows: Rows) -> None:
    assert pq.read_table(demo.exports["parquet"]).num_rows == len(rows)  # type: ignore[no-untyped-call]
    assert demo.exports["csv"].stat().st_size > 10_000


def the_terminal_is_shown_figures_and_paths_that_exist(demo: DemoResult) -> None:
    lines = demo.lines()
    assert any("minutes after the trouble began" in line for line in lines)
    for path in (*demo.digests.values(), *demo.exports.values(), demo.messages, demo.config):
        assert path.exists()
        assert any(str(path) in line for line in lines)


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DemoFolderError, match="not empty"):
        run_demo(tmp_path, calendar=CALENDAR)
    assert (tmp_path / "thesis.txt").exists()
