"""Scores detectors as the Numenta Anomaly Benchmark's standard profile does.

    python -m benchmarks.nab FOLDER
    python -m benchmarks.nab FOLDER --rates 0.7 1.2

FOLDER holds series as CSV (`timestamp,value`) and `combined_windows.json` (file -> list of
`[start, end]`), as NAB publishes them; nothing of it is kept here. The scoring is that of Lavin and
Ahmad, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark" (ICMLA
2015), and of NAB's own program where the paper is silent:

- the first 15 % of a file (750 rows at most) are not scored;
- in a window the first detection counts: `2·sigmoid(-5·y) - 1` over its value at the left edge,
  `y` from -1 at the left edge to 0 at the right;
- each detection outside costs 0.11 times the same sigmoid of its distance behind the last window
  in widths of that window, 1 from three widths on (or before the first window);
- a window without a detection costs 1;
- the score of a set is `100·(score - null)/(perfect - null)`, the null detector finds nothing;
- one threshold for all files, the one with the highest score.

The *Windowed Gaussian* detector is built to check the scorer: at NAB's published threshold it must
give the published score of each file (they are in NAB's repository under `results/`).
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from reports.spikes import Reading, SpikeSettings, detect_spikes
from reports.surges import MONTH

FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_POSITIVE = 0.11, 1.0, 1.0
PROBATION, MOST_PROBATION_ROWS = 0.15, 5000
RATES = (0.3, 1.0, 3.0, 10.0)
GAUSSIAN_ROWS, GAUSSIAN_STEP = 6400, 100
PUBLISHED_GAUSSIAN = {
    "Twitter_volume_AAPL.csv": 1.5139968362565832,
    "Twitter_volume_AMZN.csv": 1.5584829945714498,
    "Twitter_volume_CRM.csv": 0.7638457640937151,
    "Twitter_volume_CVS.csv": 0.77368206139354,
    "Twitter_volume_FB.csv": 0.11975027819081463,
}
"""What NAB published for its Windowed Gaussian at its threshold of 1.0 (raw scores)."""


@dataclass(frozen=True)
class Series:
    """One file: its rows and the windows in which something was going on, as row numbers."""

    name: str
    times: tuple[datetime, ...]
    values: tuple[float, ...]
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> float:
        """Rows at the start that are not scored."""
        return min(math.floor(PROBATION * len(self.times)), PROBATION * MOST_PROBATION_ROWS)


def sigmoid(position: float) -> float:
    """NAB's scaled sigmoid: nearly 1 at -1, 0 at 0, nearly -1 at 1, -1 from 3 on."""
    return -1.0 if position >= 3 else 2 / (1 + math.exp(5 * position)) - 1


def row_scores(series: Series) -> list[tuple[float, int | None]]:
    """What a detection at each row is worth, and in which window it is (None: in none)."""
    found: list[tuple[float, int | None]] = []
    before: tuple[int, int] | None = None
    number = 0
    for row in range(len(series.times)):
        if number < len(series.windows) and row > series.windows[number][1]:
            before, number = series.windows[number], number + 1
        inside = number < len(series.windows) and row >= series.windows[number][0]
        if inside:
            left, right = series.windows[number]
            position = -(right - row + 1) / (right - left + 1)
            found.append((sigmoid(position) / sigmoid(-1) * TRUE_POSITIVE, number))
        else:
            distance = 3.0 if before is None else (row - before[1]) / (before[1] - before[0])
            found.append((sigmoid(distance) * FALSE_POSITIVE, None))
    return found


def score(series: Series, detected: Sequence[int]) -> float:
    """The raw score of a file for the rows that were detected."""
    worth = row_scores(series)
    best: dict[int, float] = {
        number: -FALSE_NEGATIVE
        for number, (_, right) in enumerate(series.windows)
        if right >= series.probation
    }
    wrong = 0.0
    for row in detected:
        if row < series.probation:
            continue
        value, window = worth[row]
        if window is None:
            wrong += value
        else:
            best[window] = max(best[window], value)
    return wrong + sum(best.values())


@dataclass(frozen=True)
class Outcome:
    """What a detector has told of some files.

    Attributes:
        score: 100 for a perfect detector, 0 for one that finds nothing.
        found: for each file, the numbers of the windows with an alarm.
        outside: alarms in no window.
        months: that were scored.
    """

    score: float
    found: tuple[frozenset[int], ...]
    outside: int
    months: float

    @property
    def a_month(self) -> float:
        """Alarms outside of the windows a month."""
        return self.outside / self.months


def outcome(all_series: Sequence[Series], detected: Sequence[Sequence[int]]) -> Outcome:
    """Judge the rows that were detected in each file."""
    raw, found, outside, months = 0.0, [], 0, 0.0
    for series, rows in zip(all_series, detected, strict=True):
        raw += score(series, rows)
        worth = row_scores(series)
        windows = [worth[row][1] for row in rows if row >= series.probation]
        found.append(frozenset(window for window in windows if window is not None))
        outside += windows.count(None)
        months += (series.times[-1] - series.times[math.floor(series.probation)]) / MONTH
    return Outcome(normalised(all_series, raw), tuple(found), outside, months)


def normalised(all_series: Sequence[Series], raw: float) -> float:
    """100 for a perfect detector, 0 for one that finds nothing."""
    windows = sum(len(series.windows) for series in all_series)
    return 100 * (raw + windows * FALSE_NEGATIVE) / (windows * (TRUE_POSITIVE + FALSE_NEGATIVE))


def windowed_gaussian(series: Series) -> list[float]:
    """The probability of less than each row under a normal law of the 6,400 rows before it.

    The window grows row by row and then moves on by a hundred; scores have twelve decimals, so
    that NAB's threshold of 1.0 is met by rounding.
    """
    values = np.array(series.values)
    found = [0.0]
    for row in range(1, len(values)):
        moved = max(0, row - GAUSSIAN_ROWS) // GAUSSIAN_STEP * GAUSSIAN_STEP
        if row <= GAUSSIAN_ROWS or row == GAUSSIAN_ROWS + moved:
            window = values[moved : min(row, GAUSSIAN_ROWS + moved)]
            mean, spread = float(window.mean()), float(window.std()) or 1e-6
        found.append(round(1 - 0.5 * math.erfc((values[row] - mean) / spread / 1.4142), 12))
    return found


def molva(series: Series, rate: float) -> list[int]:
    """Rows at which Molva raises an alarm, at that stated rate of false alarms a month."""
    readings = (Reading(at, v) for at, v in zip(series.times, series.values, strict=True))
    place = {at: row for row, at in enumerate(series.times)}
    settings = SpikeSettings(false_alarms_per_month=rate)
    return [place[spike.detected_at] for spike in detect_spikes(readings, settings)]


def load(folder: Path) -> list[Series]:
    """The series of a folder that have windows, by name.

    Raises:
        FileNotFoundError: there is no combined_windows.json.
    """
    named: Mapping[str, list[list[str]]] = json.loads(
        (folder / "combined_windows.json").read_text(encoding="utf-8")
    )
    return [_series(folder, name, windows) for name, windows in sorted(named.items())]


def _series(folder: Path, name: str, windows: list[list[str]]) -> Series:
    with (folder / name.rpartition("/")[2]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = tuple(_time(row["timestamp"]) for row in rows)
    place = {at: row for row, at in enumerate(times)}
    return Series(
        name=name.rpartition("/")[2],
        times=times,
        values=tuple(float(row["value"]) for row in rows),
        windows=tuple((place[_time(a)], place[_time(b)]) for a, b in windows),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.partition(".")[0]).replace(tzinfo=UTC)


def main(arguments: list[str] | None = None) -> int:
    """Check the scorer, then score Molva at several stated rates; 1 if the check fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nab", description=__doc__)
    parser.add_argument("folder", type=Path, help="the series and combined_windows.json")
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, help="stated, a month")
    options = parser.parse_args(arguments)
    corpus = load(options.folder)
    off = 0.0
    for series in corpus:
        found = score(series, [r for r, s in enumerate(windowed_gaussian(series)) if s >= 1.0])
        published = PUBLISHED_GAUSSIAN.get(series.name)
        off = max(off, abs(found - published) if published is not None else 0.0)
        print(f"check {series.name}: Windowed Gaussian {found:.4f}, published {published}")
    known = sum(PUBLISHED_GAUSSIAN.get(series.name, 0.0) for series in corpus)
    print(f"Windowed Gaussian as published: {normalised(corpus, known):.1f}")
    windows = sum(len(series.windows) for series in corpus)
    best = 0.0
    for rate in options.rates:
        told = [molva(series, rate) for series in corpus]
        judged = outcome(corpus, told)
        best = max(best, judged.score)
        parts = ", ".join(
            f"{series.name.removesuffix('.csv')} {score(series, rows):.2f}"
            for series, rows in zip(corpus, told, strict=True)
        )
        print(
            f"Molva at {rate:g} a month: {judged.score:.1f} ({parts}); "
            f"{sum(map(len, judged.found))} of {windows} windows found, "
            f"{judged.a_month:.1f} alarms a month outside",
            flush=True,
        )
    print(f"Molva, threshold chosen over all files as NAB does: {best:.1f}")
    return int(off > 0.01)


if __name__ == "__main__":
    sys.exit(main())
