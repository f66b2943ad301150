"""The command `spikes`: rows of `timestamp,value` in, one JSON object a spike out."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Annotated, Any

import typer

from molva.cli.common import CommandError, console, input_file, write_line
from reports.spikes import (
    LARGEST_VALUE,
    WARM_UP_ROWS,
    Reading,
    Spike,
    SpikeSettings,
    detect_spikes,
)

_COLUMNS = ("timestamp", "value")


def spikes(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="timestamp,value rows; -: stdin")],
    false_alarms_per_month: Annotated[
        float,
        typer.Option(
            help="How many false alarms a month are acceptable; where surges have no typical size "
            "(cascades of reposts), the three greatest are told for each.",
            min=0.001,
            max=1000,
        ),
    ] = 1.0,
    minimum: Annotated[
        int,
        typer.Option(
            help="A window (one row or the sum of several) that holds less than this is never "
            "announced. Series with fractions have no such bound.",
            min=0,
        ),
    ] = SpikeSettings().minimum_count,
) -> None:
    """Find spikes in a regular series; each decided only from the rows up to it.

    An empty value is a gap: not known, not zero. `value` to `high` are of the row at detected_at;
    window_rows to window_high are of what was unusual, the sum of so many rows up to it.
    """
    try:
        settings = SpikeSettings(false_alarms_per_month, minimum)
    except ValueError as error:  # nan passes every range
        raise CommandError(f"--false-alarms-per-month: {error}") from error
    rows = _Rows(file)
    with input_file(file) as stream:
        for spike in detect_spikes(rows.read(stream), settings):
            write_line(_spike_json(spike, rows.written))
            sys.stdout.flush()
    rows.say_if_too_few()


def _spike_json(spike: Spike, written: dict[datetime, str]) -> dict[str, Any]:
    """A spike as the command-line contract writes it; new fields come last."""
    return {
        "detected_at": written[spike.detected_at],
        "start": written[spike.start],
        "value": spike.value,
        "expected": round(spike.expected, 2),
        "low": round(spike.low, 2),
        "high": round(spike.high, 2),
        "severity": spike.severity,
        "window_rows": spike.window_rows,
        "window_value": round(spike.window_value, 6),
        "window_expected": round(spike.window_expected, 2),
        "window_low": round(spike.window_low, 2),
        "window_high": round(spike.window_high, 2),
    }


@dataclass
class _Rows:
    """Reads the rows of a file, and names the line of the first that cannot be judged.

    Attributes:
        written: how the file spells each time, to answer in its spelling.
        known: rows with a value.
    """

    name: str
    written: dict[datetime, str] = field(default_factory=dict)
    known: int = 0

    def read(self, stream: IO[str]) -> Iterator[Reading]:
        """The rows, in the order of the file.

        Raises:
            CommandError: one is no time with a number, or is not later than the one before.
        """
        table = csv.DictReader(stream)
        last: datetime | None = None
        for row in self._named(table):
            at = self._time(row["timestamp"], table.line_num, last)
            value = self._value(row["value"], table.line_num)
            self.known += math.isfinite(value)
            last = at
            yield Reading(at, value)

    def say_if_too_few(self) -> None:
        """Say on stderr if there were no more rows than it takes to learn what is usual."""
        if self.known > WARM_UP_ROWS:
            return
        console.print(
            f"{self.name}: rows with a value: {self.known}; the first {WARM_UP_ROWS} only teach "
            f"what is usual, so nothing was judged: give at least {WARM_UP_ROWS + 1}",
            markup=False,
            soft_wrap=True,
        )

    def _named(self, table: csv.DictReader[str]) -> Iterator[dict[str, str | None]]:
        """The rows with their columns by the names we know, however the header writes them."""
        try:
            header = [name.strip().lower() for name in table.fieldnames or ()]
            if not set(_COLUMNS) <= set(header):
                raise self._problem(
                    1, "the header must name the columns timestamp and value, with a comma between"
                )
            table.fieldnames = header
            yield from table
        except csv.Error as error:
            raise self._problem(
                max(1, table.line_num), f"not readable as CSV: {error}; save it as plain CSV"
            ) from error

    def _time(self, text: str | None, line: int, last: datetime | None) -> datetime:
        spelt = (text or "").strip()
        try:
            at = datetime.fromisoformat(spelt)
        except ValueError as error:
            raise self._problem(
                line, f"{spelt!r} is not a time; write it like 2026-01-05T13:00"
            ) from error
        naive = at.tzinfo is None
        at = at.replace(tzinfo=UTC) if naive else at
        if last is not None and at <= last:
            raise self._problem(line, self._disorder(spelt, self.written[last], at == last, naive))
        self.written[at] = spelt
        return at

    @staticmethod
    def _disorder(spelt: str, before: str, same: bool, naive: bool) -> str:
        told = "is the same moment as" if same else "is earlier than"
        clock = (
            "; where clocks were set back, write times with their offset, like "
            "2026-10-25T02:00:00+01:00"
        )
        return (
            f"{spelt} {told} the row before it, {before}; sort the rows by time and keep one for "
            f"each{clock if naive else ''}"
        )

    def _value(self, text: str | None, line: int) -> float:
        if text is None:
            raise self._problem(line, "the row has no value; leave it empty after the comma")
        if not text.strip():
            return math.nan
        try:
            value = float(text)
        except ValueError as error:
            raise self._problem(
                line, f"{text!r} is not a number; write one like 12 or 0.5, or nothing for a gap"
            ) from error
        if math.isinf(value) or value < 0:
            raise self._problem(
                line,
                f"{text} is no count or amount; write a finite one from 0 on, nothing for a gap",
            )
        if value > LARGEST_VALUE:
            raise self._problem(
                line, f"{text} is too large; the largest value is {LARGEST_VALUE:.0e}"
            )
        return value

    def _problem(self, line: int, what: str) -> CommandError:
        return CommandError(f"{self.name}:{line}: {what}")
