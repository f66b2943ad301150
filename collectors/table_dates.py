"""Dates of imported tables, where `03/04/2026` may mean two days.

The rule: numbers around dots or hyphens (`03.04.2026`) are day first. Around slashes the column
decides: one date of it whose first number is above 12 makes it day first, one whose second is
makes it month first, and a column without either is read day first. `dates` in the configuration
overrules this. All other spellings, ISO 8601, month names and epochs among them, mean one moment
only and are read as everywhere in Molva.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from collectors.dates import from_epoch, parse_date

DateOrder = Literal["auto", "day-first", "month-first", "unix", "excel"]

_NUMBERS = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})"
    r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\.\d+)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?(?P<zone>Z| ?[+-]\d{2}:?\d{2})?"
)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_EXCEL_DAY_ZERO: Final = datetime(1899, 12, 30, tzinfo=UTC)


def order_of(values: Iterable[str]) -> tuple[DateOrder, bool]:
    """How the dates of a column are written, and whether that is certain.

    Returns:
        `day-first` or `month-first`. Uncertain means that every date around slashes could be read
        either way, so the rule and not the column has decided.
    """
    undecided = False
    for value in values:
        match = _NUMBERS.fullmatch(value.strip())
        if match is None or match["mark"] != "/":
            continue
        if int(match["one"]) > 12:
            return "day-first", True
        if int(match["two"]) > 12:
            return "month-first", True
        undecided = True
    return "day-first", not undecided


def read_date(value: str, order: DateOrder, *, now: datetime, zone: tzinfo) -> datetime | None:
    """The moment of a cell, in UTC; `None` if it names none, or an impossible one.

    Args:
        value: the cell.
        order: told, or found by `order_of`.
        now: aware; later than a day after it is impossible.
        zone: of dates that name none.
    """
    text = value.strip()
    if order in {"unix", "excel"} and _NUMBER.fullmatch(text):
        number = float(text.replace(",", "."))
        moment = from_epoch(number) if order == "unix" else _excel_day(number, zone)
        return parse_date(moment, now=now)
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return parse_date(text, now=now, zone=zone)
    month_first = order == "month-first" and match["mark"] == "/"
    return parse_date(_iso(match, month_first=month_first), now=now, zone=zone)


def _iso(match: re.Match[str], *, month_first: bool) -> datetime | None:
    day, month = (match["two"], match["one"]) if month_first else (match["one"], match["two"])
    year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"][0] in "Pp")
    clock = f"{hour:02}:{match['minute'] or '00'}:{match['second'] or '00'}"
    zone = (match["zone"] or "").strip()
    try:
        return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{clock}{zone}")
    except ValueError:
        return None


def _excel_day(days: float, zone: tzinfo) -> datetime | None:
    try:
        return (_EXCEL_DAY_ZERO + timedelta(days=days)).replace(tzinfo=zone)
    except OverflowError:
        return None
