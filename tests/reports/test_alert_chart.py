"""The chart of an alert says where it ends and how high it is."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from reports.alert_chart import HourPoint, chart_ends, chart_label
from reports.words import Words
from tests.reports.world import NOON

WORDS = Words("en", ZoneInfo("UTC"))
POINTS = [
    HourPoint(NOON + timedelta(hours=hour), seen, 0, 3, wave=hour == 2)
    for hour, seen in enumerate((1, None, 23))
]


def test_its_last_hour_ends_where_the_label_says() -> None:
    assert chart_ends(POINTS, WORDS) == ["3 Mar, 12:00", "3 Mar, 15:00"]
    assert chart_ends([], WORDS) == []


def test_it_has_a_scale() -> None:
    label = chart_label(POINTS, WORDS)
    assert "23 in the highest bar" in label
    assert "0–3 in the last one" in label
    assert chart_label([], WORDS) == ""
