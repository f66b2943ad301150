"""What the pages behind a signed link promise holds of the alert as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.alert_actions import Done
from reports.link_page import Standing, done_page, question_page
from reports.links import Wanted
from reports.words import Words
from store.alert_rows import AlertRow
from tests.reports.world import NOON

WORDS = Words("en", ZoneInfo("UTC"))
ALERT = AlertRow(1, "zerno:1", 1, "negative_count", 7, "open", NOON, NOON, None, 1)


@pytest.mark.parametrize(
    ("state", "said"),
    [("open", "Its updates still come"), ("over", "no more updates of it come")],
)
def test_updates_are_promised_of_an_open_alert_only(state: str, said: str) -> None:
    alert = replace(ALERT, state=state)
    found = Standing(Wanted("ack", 1, 0, NOON + timedelta(hours=1)), alert, [], None)
    told = ("Its updates still come", "no more updates of it come")
    for page in (question_page(found, "t", WORDS), done_page(Done("ack", alert), found, WORDS)):
        assert [text for text in told if text in page] == [said]
