"""The screen of the alarm benchmark drops no look that the decision would tell."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quiet import Event, QuietKind, brand, rates, walk
from reports.signals import Watch
from reports.usual import HISTORY_DAYS, PER_DAY, SIZE


@pytest.mark.parametrize("kind", ["zero-inflated", "cycles"])
def test_screened_looks_tell_what_all_looks_tell(kind: QuietKind) -> None:
    dice = np.random.default_rng(1)
    days = HISTORY_DAYS + 3
    event = Event(SIZE + 150, 20, 3.0)
    series = brand(rates(kind, days, 300, dice), dice, event)
    # A stated rate so loose that much is told.
    watch = Watch(false_alarms_per_month=20)
    told = walk(series, SIZE, days * PER_DAY, watch)
    assert told
    assert told == walk(series, SIZE, days * PER_DAY, watch, screened=False)
