"""The small chart of an alert: what its series held hour by hour, over the band that is usual."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup
from resvg_py import svg_to_bytes

from reports.series import series_of
from reports.statistics import negative_binomial_quantile
from reports.usual import PER_HOUR, SIZE, Board, learn
from reports.words import Words

HOURS: Final = 48
WIDTH, HEIGHT = 600.0, 120.0
PICTURE_WIDTH: Final = 1200
"""Pixels: twice the width of a mail, for sharp screens."""
_COLOURS: Final = ".band{fill:#ece8dc}.all{fill:#b9b4a7}.now{fill:#c2410c}"
"""The page's light colours, for where its style does not reach."""


@dataclass(frozen=True, slots=True)
class HourPoint:
    """An hour of an alert's series.

    Attributes:
        start: when the hour began.
        observed: stories of the series in it; None where the collectors were down.
        low: with `high` the 95 % prediction interval, learnt from before the alert began.
        wave: whether the alert had begun.
    """

    start: datetime
    observed: int | None
    low: int
    high: int
    wave: bool


def hour_points(
    board: Board, end: datetime, kind: str, subject: str, began: int
) -> tuple[HourPoint, ...]:
    """The hours before `end` of the series that an alert is about; longer ago if it began earlier.

    Args:
        end: when the newest bucket of the board ends.
        began: how many buckets ago the alert began.
    """
    name = series_of(kind, subject)
    known = board.known.copy()
    known[-min(began, SIZE) :] = False
    row = board.row(name)
    usual = learn(Board({name: row}, known), (name,))
    spread = float(usual.spread[PER_HOUR][0])
    points = []
    for back in range(HOURS):
        seen = slice(SIZE - (back + 1) * PER_HOUR, SIZE - back * PER_HOUR)
        expected = max(0.0, float(usual.level[0] * usual.shape[0, back % usual.shape.shape[1]]))
        whole = bool(board.known[seen].all())
        points.append(
            HourPoint(
                start=end - (back + 1) * timedelta(hours=1),
                observed=int(row[seen].sum()) if whole or row[seen].any() else None,
                low=negative_binomial_quantile(0.025, expected, spread),
                high=negative_binomial_quantile(0.975, expected, spread),
                wave=back * PER_HOUR < began,
            )
        )
    return tuple(reversed(points))


def alert_chart(points: Sequence[HourPoint], label: str) -> Markup:
    """Bars over a band, as SVG without script or outside request; empty without points."""
    if not points:
        return Markup("")
    top = max(max(point.observed or 0, point.high) for point in points) or 1
    slot = WIDTH / len(points)
    band = [_bar("band", i * slot, slot, p.low, p.high, top) for i, p in enumerate(points)]
    bars = [
        _bar("now" if p.wave else "all", i * slot + slot * 0.15, slot * 0.7, 0, p.observed, top)
        for i, p in enumerate(points)
        if p.observed
    ]
    return Markup(
        '<svg class="volume" role="img" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" '
        'preserveAspectRatio="none" xmlns="http://www.w3.org/2000/svg"><title>{}</title>{}</svg>'
    ).format(label, WIDTH, HEIGHT, label, Markup("").join(band + bars))


def chart_ends(points: Sequence[HourPoint], words: Words) -> list[str]:
    """What stands below the chart's two ends: when its first hour began and its last one ended."""
    if not points:
        return []
    return [words.moment(points[0].start), words.moment(points[-1].start + timedelta(hours=1))]


def chart_label(points: Sequence[HourPoint], words: Words) -> str:
    """What the chart shows, with its scale: the greatest bar, and what is usual at its end."""
    if not points:
        return ""
    most = max(point.observed or 0 for point in points)
    usual = words.span(words.number(points[-1].low), words.number(points[-1].high))
    return words.say("chart_alert", most=words.number(most), usual=usual)


def alert_picture(points: Sequence[HourPoint]) -> str:
    """The same as PNG in base64, for mail programs, which drop SVG; empty without points."""
    if not points:
        return ""
    picture = svg_to_bytes(
        svg_string=str(alert_chart(points, "")),
        style_sheet=_COLOURS,
        background="#ffffff",
        width=PICTURE_WIDTH,
        skip_system_fonts=True,
    )
    return base64.b64encode(bytes(picture)).decode("ascii")


def _bar(name: str, x: float, width: float, low: float, high: float, top: float) -> Markup:
    y = HEIGHT - high / top * (HEIGHT - 4)
    bottom = HEIGHT - low / top * (HEIGHT - 4)
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        name, x, y, width, max(bottom - y, 1.5)
    )
