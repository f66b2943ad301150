"""Dates as sources write them, in English and Russian, to aware UTC.

Not feedparser's dates: it reads `MSK` as UTC, an epoch as the year 1764, and Russian months not
at all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from dateutil import parser as dateutil_parser

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Posts claimed to be older carry a broken date, not a memory."""

AHEAD: Final = timedelta(days=1)
"""How far in the future a date may lie: every time zone's today."""

_HOURS = {
    "UT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4, "SAMT": 4, "YEKT": 5, "OMST": 6, "KRAT": 7,
    "NOVT": 7, "IRKT": 8, "YAKT": 9, "VLAT": 10, "MAGT": 11, "PETT": 12, "MCK": 3, "МСК": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AST": -4, "ADT": -3, "BRT": -3, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_ZONES = {name: hours * 3600 for name, hours in _HOURS.items()} | {"IST": 19800}

_MONTHS = ["янв", "фев", "мар", "апр", "ма[йяе]", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]
_RU_MONTH = re.compile(r"\b(?:" + "|".join(f"({month})" for month in _MONTHS) + r")[а-яё]*\.?")
_RU_WEEKDAY = re.compile(
    r"\b(?:понедельник|вторник|сред[ау]|четверг|пятниц[ау]|суббот[ау]|воскресенье|пн|вт|ср|чт|пт|"
    r"сб|вс)\b\.?,?"
)
_RU_FILLER = re.compile(r"\b(?:года|год|г|в)\b\.?")
_EN_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_EPOCH = re.compile(r"\d{9,19}(?:\.\d+)?")
_RFC_822 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{4})\s+"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d{4}|GMT|UTC|MSK|MSD|Z)"
)
_DAY_FIRST = re.compile(r"\d{1,2}[.-]\d{1,2}[.-]\d{2,4}")


def parse_date(value: object, *, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The moment `value` names, in UTC; `None` if it names none, or one before 2000 or to come.

    Args:
        value: an RFC 822, ISO 8601 or Russian date, an epoch in seconds to nanoseconds, or a
            datetime.
        now: aware; later than a day after it is impossible.
        zone: what a date without a zone is taken to be in.
    """
    moment = _moment(value)
    if moment is None:
        return None
    try:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= now + AHEAD else None


def from_epoch(seconds: float) -> datetime | None:
    """The moment of an epoch in seconds, or in a finer unit told by its size."""
    magnitude = abs(seconds)
    unit = next((10.0**power for power in (9, 6, 3) if magnitude >= 10.0 ** (power + 8.5)), 1.0)
    try:
        return datetime.fromtimestamp(seconds / unit, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return from_epoch(value)
    text = str(value).strip()
    if not text or len(text) > 100:
        return None
    if _EPOCH.fullmatch(text):
        return from_epoch(float(text))
    return _rfc_822(text) or _iso(text) or _free(text)


def _rfc_822(text: str) -> datetime | None:
    match = _RFC_822.fullmatch(text)
    if not match or match[2].title() not in _EN_MONTHS:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    if zone[0] in "+-":
        offset = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
    else:
        offset = timedelta(hours=_HOURS.get(zone, 0))
    try:
        moment = datetime(
            int(year), _EN_MONTHS.index(month.title()) + 1, int(day), tzinfo=UTC
        ) + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
        return moment - offset
    except (OverflowError, ValueError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _free(text: str) -> datetime | None:
    """Any other spelling; only one that names its year, month and day.

    dateutil fills what is missing from a default, so it is asked with two defaults.
    """
    plain = _in_english(text)
    readings = []
    for default in (datetime(1996, 1, 1), datetime(1992, 2, 2)):  # noqa: DTZ001 - zone comes later
        try:
            readings.append(
                dateutil_parser.parse(
                    plain,
                    default=default,
                    dayfirst=bool(_DAY_FIRST.search(plain)),
                    tzinfos=_ZONES,
                )
            )
        except (ValueError, OverflowError, TypeError, AttributeError):
            return None
    return readings[0] if readings[0] == readings[1] else None


def _in_english(text: str) -> str:
    lowered = text.lower()
    if not any("а" <= letter <= "я" for letter in lowered):
        return text
    lowered = _RU_FILLER.sub(" ", _RU_WEEKDAY.sub(" ", lowered))
    lowered = _RU_MONTH.sub(lambda found: f" {_EN_MONTHS[(found.lastindex or 1) - 1]} ", lowered)
    return re.sub(r"\bмск\b", "MSK", lowered).upper()
