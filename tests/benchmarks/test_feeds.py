"""The feeds that speed is measured with: the work they promise is really there."""

import tomllib

import pytest

from benchmarks.feeds import ENTRY_BYTES, entries, rss
from benchmarks.ingest_molva import brands
from benchmarks.measure import ratio, table
from collectors.query import Document, Matcher
from collectors.text import html_to_text
from molva.config import BrandConfig


def matcher(*, every: bool) -> Matcher:
    tables = tomllib.loads(brands(every=every))["brand"]
    assert len(tables) == 50
    return Matcher({table["id"]: BrandConfig(**table).compiled() for table in tables})


def matched(matcher: Matcher, feed: int) -> list[int]:
    found = []
    for entry in entries(feed, 60):
        matches = matcher.match(Document(f"{entry.title}\n{html_to_text(entry.html)}"))
        assert {match.key for match in matches} <= {f"brand-{entry.company}"}
        found += [entry.company] if matches else []
    return found


@pytest.mark.parametrize("feed", [0, 1])
def test_every_entry_matches_its_company_or_only_every_tenth_company_does(feed: int):
    companies = [entry.company for entry in entries(feed, 60)]
    assert matched(matcher(every=True), feed) == companies
    tenth = [company for company in companies if company % 10 == 0]
    assert tenth
    assert matched(matcher(every=False), feed) == tenth


def test_the_same_number_is_the_same_feed_and_entries_are_large_enough():
    assert rss(3, 5) == rss(3, 5) != rss(5, 5)
    assert all(len(entry.html.encode()) >= ENTRY_BYTES for entry in entries(4, 20))


def test_a_ratio_is_the_median_of_neighbouring_runs():
    row = ratio("poll", "peer", [1.0, 3.0, 2.0], [2.0, 2.0, 2.0], target=1.5, note="in short")
    assert (row.ratio, row.lowest, row.highest, row.runs) == (1.0, 0.5, 1.5, 3)
    assert "| poll | peer | 2 | 2 | **1.00** (0.50–1.50) | ≤ 1.5 | 3 |" in table([row])
    assert table([row]).endswith("poll: in short.")
