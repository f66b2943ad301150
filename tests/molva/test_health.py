"""Every state of a source, told from what the store recorded: since when, why, what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from collectors.interface import SourceSettings
from molva.health import Health, Record, State, health_of, patience
from molva.source_states import in_words
from reports.interface import Lang
from reports.words import Words
from store.interface import PollRow, SourceRow

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ROW = SourceRow(
    id=1,
    name="news",
    type="rss",
    scope="rss",
    active=True,
    cursor={},
    interval_seconds=900,
    next_poll_at=NOW + HOUR,
    created_at=NOW - 30 * DAY,
    last_started_at=NOW - HOUR,
    last_success_at=NOW - HOUR,
    last_item_at=NOW - HOUR,
    last_error_at=None,
    last_error="",
    last_error_kind="",
    error_count=0,
    items_total=40,
    note="",
    outcome_since=NOW - 9 * DAY,
)
POLL = PollRow(NOW - HOUR, "ok", 10, 2, 2, 0, 0, 0, ())
SETTINGS = SourceSettings(name="news", type="rss")


def health(
    row: SourceRow | None = ROW,
    poll: PollRow | None = POLL,
    *,
    settings: SourceSettings | None = SETTINGS,
    missing: tuple[str, ...] = (),
    usual: timedelta | None = HOUR,
) -> Health:
    return health_of("news", settings, missing, Record(row, poll, usual), NOW)


def why(found: Health, lang: Lang = "en") -> str:
    return in_words(found.why, Words(lang, ZoneInfo("UTC")))


def failed(kind: str, **values: Any) -> SourceRow:
    return replace(ROW, error_count=3, last_error="HTTP 503", last_error_kind=kind, **values)


@pytest.mark.parametrize(
    ("kind", "state"),
    [("fatal", State.BLOCKED), ("retriable", State.FAILING), ("throttled", State.THROTTLED)],
)
def test_a_failure_says_its_kind_since_when_and_what_was_said(kind: str, state: State) -> None:
    found = health(failed(kind))
    assert (found.state, found.since, why(found)) == (state, NOW - 9 * DAY, "HTTP 503")
    assert found.advice.key


def test_a_source_without_its_variables_is_not_configured_whatever_it_did_before() -> None:
    found = health(failed("fatal"), missing=("VK_TOKEN", "OTHER"))
    assert found.state is State.NOT_CONFIGURED
    assert "VK_TOKEN, OTHER" in why(found)
    assert "VK_TOKEN" in why(found, "ru")


def test_a_source_switched_off_or_never_polled_says_so() -> None:
    off = SourceSettings(name="news", type="rss", enabled=False)
    assert health(settings=off).state is State.OFF
    assert health(None, None).state is State.CONFIGURED
    fresh = replace(ROW, last_started_at=None)
    assert health(fresh, None).since == ROW.created_at
    assert why(health(fresh, None)) == "not polled yet"


def test_a_working_source_is_healthy_since_it_works() -> None:
    found = health()
    assert (found.state, found.since, why(found)) == (State.HEALTHY, NOW - 9 * DAY, "")


@pytest.mark.parametrize(
    ("poll", "said"),
    [
        (replace(POLL, fetched=0, stored=0), "it answered, and had nothing new"),
        (
            replace(POLL, fetched=12, stored=0, known=3, skipped=1),
            "12 read, none new: 3 known already, 8 without a brand, 1 skipped",
        ),
        (
            replace(POLL, gaps=({"reason": "a cap of pages"},)),
            "a stretch could not be read: a cap of pages",
        ),
    ],
)
def test_a_poll_without_news_never_stands_without_a_reason(poll: PollRow, said: str) -> None:
    assert why(health(poll=poll)) == said


def test_a_note_of_the_collector_is_the_reason() -> None:
    assert why(health(replace(ROW, note="unchanged (304)"))) == "unchanged (304)"


def test_a_source_is_silent_after_several_of_its_own_gaps() -> None:
    quiet = replace(ROW, last_item_at=NOW - 3 * DAY)
    found = health(quiet, usual=HOUR)
    assert (found.state, found.since) == (State.SILENT, NOW - 3 * DAY)
    assert why(found) == "no new mention for 3 days; usually one comes every 60 minutes"
    assert health(quiet, usual=DAY).state is State.HEALTHY
    assert patience(900, None) == DAY
    assert patience(7200, None) == 100 * HOUR


def test_a_source_that_reads_posts_of_others_is_alive_and_one_that_reads_none_is_silent() -> None:
    never = replace(ROW, last_item_at=None, items_total=0)
    unmatched = replace(POLL, fetched=40, stored=0)
    assert health(never, unmatched).state is State.HEALTHY
    assert why(health(never, unmatched)) == "40 read, none new: 40 without a brand"
    empty = replace(POLL, fetched=0, stored=0)
    found = health(never, empty)
    assert (found.state, found.since) == (State.SILENT, never.created_at)


def test_every_state_has_its_word_in_both_languages() -> None:
    for lang in get_args(Lang):
        words = Words(lang, ZoneInfo("UTC"))
        assert len({words.say(f"source_{state}") for state in State}) == len(State)
