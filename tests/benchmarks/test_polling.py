"""The polling benchmark: it measures what it says, on a server that really waits."""

import sys

import pytest

from benchmarks.polling import ideal, measure
from benchmarks.slow_server import FASTEST, SLOWEST, latency


def test_the_ideal_is_the_waits_shared_out_and_never_less_than_the_longest():
    waits = [latency(feed) for feed in range(50)]
    assert all(FASTEST <= wait <= SLOWEST for wait in waits)
    assert ideal(50, at_once=5) == pytest.approx(sum(waits) / 5)
    assert ideal(50, at_once=50) == max(waits)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no 127.0.1.0/24")
def test_every_feed_is_read_once_and_then_found_unchanged():
    first, second = measure(feeds=12, hosts=3, rounds=2)
    assert (first.answered, second.answered) == ({"200": 12}, {"304": 12})
    assert first.failed == second.failed == 0
