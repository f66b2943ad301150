"""Small charts as SVG strings: no script, no outside request, colours from the page's style.

Shapes stretch to the width of the page and carry no text of their own; labels are HTML beside
them, so they stay readable on a telephone. Each chart has a role and a text alternative.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reports.digest_facts import HistoryPoint

WIDTH, HEIGHT = 600.0, 120.0
COLOURS = {
    "band": "#ece8dc",
    "all": "#c9c4b6",
    "today": "#6b6f76",
    "neg": "#e59a78",
    "now": "#c2410c",
    "neu": "#b9b4a7",
    "pos": "#1f6feb",
}
"""Light colours for where the page's style does not reach: pictures and PDF.

Orange, grey and blue stay apart for every common kind of colour blindness.
"""


def volume_chart(
    points: Sequence[HistoryPoint], band: tuple[float, float] | None, label: str
) -> Markup:
    """Bars of mentions a day, their negative part below, over the usual band.

    Args:
        points: consecutive days; the last one is drawn in full strength.
        band: the usual range of mentions a day, if known.
        label: the text alternative.
    """
    if not points:
        return Markup("")
    top = max([point.mentions for point in points] + ([band[1]] if band else []) + [1.0])
    slot = WIDTH / len(points)
    shapes = []
    if band:
        high, low = _y(band[1], top), _y(band[0], top)
        shapes.append(_rect("band", 0, high, WIDTH, max(2.0, low - high)))
    for index, point in enumerate(points):
        last = index == len(points) - 1
        all_, negative = ("today", "now") if last else ("all", "neg")
        shapes.append(_bar(index * slot, slot, point.mentions, top, all_))
        shapes.append(_bar(index * slot, slot, point.negative, top, negative))
    return _svg(shapes, HEIGHT, label, "volume")


def mood_chart(negative: int, neutral: int, positive: int, label: str) -> Markup:
    """One bar split by sentiment; nothing where nothing was scored."""
    total = negative + neutral + positive
    if not total:
        return Markup("")
    shapes, x = [], 0.0
    for name, count in (("now", negative), ("neu", neutral), ("pos", positive)):
        width = WIDTH * count / total
        if count:
            shapes.append(_rect(name, x, 0, width, 16))
        x += width
    return _svg(shapes, 16, label, "mood")


def _y(value: float, top: float) -> float:
    return HEIGHT - value / top * (HEIGHT - 4)


def _bar(x: float, slot: float, value: float, top: float, name: str) -> Markup:
    if value <= 0:
        return Markup("")
    y = min(_y(value, top), HEIGHT - 1)
    return _rect(name, x + slot * 0.14, y, slot * 0.72, HEIGHT - y)


def _rect(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup(
        '<rect class="{}" fill="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
    ).format(name, COLOURS[name], x, y, width, height)


def _svg(shapes: list[Markup], height: float, label: str, name: str) -> Markup:
    return Markup(
        '<svg class="{}" role="img" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}" '
        'preserveAspectRatio="none" xmlns="http://www.w3.org/2000/svg"><title>{}</title>{}</svg>'
    ).format(name, label, WIDTH, height, label, Markup("").join(shapes))
