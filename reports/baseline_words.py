"""Says what an alert was compared with: which weekday and hours, how many points. Pure."""

from __future__ import annotations

from datetime import timedelta

from reports.alert_facts import AlertFacts
from reports.usual import HISTORY_DAYS
from reports.words import DASH, Words


def baseline(facts: AlertFacts, words: Words) -> str:
    """`Tuesdays 14:00–15:00, last 8 weeks: 7 points; ...`, with what it really was made of."""
    days = words.say("days", n=facts.baseline_days)
    left_out = facts.baseline_left_out
    out = words.say("f_baseline_out", n=left_out) if left_out else ""
    if not facts.baseline_seasonal:
        return words.say(f"f_baseline_{facts.kind}", n=facts.baseline_points, days=days) + out
    points = ""
    if facts.baseline_points is not None:
        weeks = words.say("weeks", n=HISTORY_DAYS / 7)
        points = words.say("f_baseline_points", n=facts.baseline_points, weeks=weeks)
    return words.say("f_baseline_value", slot=_slot(facts, words), points=points, days=days) + out


def _slot(facts: AlertFacts, words: Words) -> str:
    """The window's place in the week, in the reader's zone."""
    length = timedelta(minutes=facts.window_minutes)
    end = (facts.baseline_until or facts.end).astimezone(words.zone)
    start = (end - length).astimezone(words.zone)
    day = words.say(f"weekdays_{start.isoweekday()}")
    if (end - timedelta(minutes=1)).date() == start.date():
        return words.say("f_slot", day=day, hours=f"{words.clock(start)}{DASH}{words.clock(end)}")
    return words.say(
        "f_slot_long", day=day, start=words.clock(start), length=words.duration(length)
    )
