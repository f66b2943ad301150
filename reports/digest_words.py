"""Says a digest's facts: its subject, its sentences, its lines. Pure; claims nothing thin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reports.digest import DigestFacts, Kpi
from reports.interface import CauseFact
from reports.words import DASH, Words

_LEAST_FOR_MAIN_CAUSE = 2

NAMES_SHOWN = 10
"""Sources named in one line; of more the number is told, and `molva sources` lists them."""


def words_for(facts: DigestFacts) -> Words:
    """The digest's language and zone."""
    return Words(facts.lang, ZoneInfo(facts.zone))


def subject(facts: DigestFacts) -> str:
    """The news of the day in one line."""
    words = words_for(facts)
    if not facts.totals.mentions:
        return words.say("subject_empty", brand=facts.brand, day=words.short_day(facts.day))
    parts = [
        words.say(
            "subject_start",
            brand=facts.brand,
            mentions=words.say("mentions", n=facts.totals.mentions),
        )
    ]
    change = change_of(facts.kpi("mentions"), words)
    if change:
        parts.append(words.say("subject_change", change=change))
    share = facts.kpi("negative_share")
    if share.value is not None:
        parts.append(words.say("subject_negative", share=words.percent(share.value)))
        if share.low is not None and share.high is not None:
            parts.append(words.say("subject_usual", span=span_of(share, words)))
    cause = main_cause(facts)
    if cause:
        parts.append(words.say("subject_cause", cause=lowered(cause.name)))
    elif nothing_unusual(facts):
        parts.append(words.say("subject_quiet"))
    return "".join(parts)


def lowered(name: str) -> str:
    """A name inside a sentence: its first letter small, unless it is an abbreviation."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def nothing_unusual(facts: DigestFacts) -> bool:
    """Every headline figure that has a usual band lies in it, and there is at least one."""
    known = [kpi.normal for kpi in facts.kpis if kpi.normal != "unknown"]
    return bool(known) and all(normal == "within" for normal in known)


def main_cause(facts: DigestFacts) -> CauseFact | None:
    """The cause of the day: the largest that rose beyond chance, else the one named most."""
    named = [cause for cause in facts.causes if cause.mentions >= _LEAST_FOR_MAIN_CAUSE]
    notable = [cause for cause in named if cause.notable]
    return next(iter(notable or named), None)


def sentences(facts: DigestFacts) -> tuple[str, ...]:
    """Three sentences: how much, in what mood, and why."""
    words = words_for(facts)
    if not facts.totals.mentions:
        return _empty(facts, words)
    return _volume(facts, words), _mood(facts, words), _cause(facts, words)


def _empty(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    health = facts.health
    if not health.polls:
        doubt = words.say("say_none_idle")
    elif health.failed:
        doubt = words.say("say_none_doubt", failed=health.failed, polls=health.polls)
    else:
        doubt = words.say("say_none_watched", n=health.polls)
    return words.say("say_none", day=_day(facts, words)), doubt


def _day(facts: DigestFacts, words: Words) -> str:
    day = words.day(facts.day)
    return day[:1].upper() + day[1:]


def _volume(facts: DigestFacts, words: Words) -> str:
    kpi = facts.kpi("mentions")
    text = words.say(
        "say_volume",
        day=_day(facts, words),
        mentions=words.say("mentions", n=facts.totals.mentions),
        authors=words.say("from_authors", n=facts.totals.authors),
    )
    if kpi.value and kpi.yesterday and kpi.value != kpi.yesterday:
        change = kpi.value / kpi.yesterday - 1
        text += words.say(
            "say_more" if change > 0 else "say_fewer", change=words.percent(abs(change))
        )
    elif kpi.yesterday is not None and kpi.yesterday == kpi.value:
        text += words.say("say_same")
    return text + _against_usual(kpi, words)


def _mood(facts: DigestFacts, words: Words) -> str:
    share, net = facts.kpi("negative_share"), facts.kpi("net_sentiment")
    totals = facts.totals
    if share.value is None:
        scored = totals.negative + totals.neutral + totals.positive
        if not scored:
            return words.say("say_unscored")
        return mood_of(facts, words)
    text = words.say("say_negative", share=words.percent(share.value))
    text += _against_usual(share, words)
    if not text.endswith("."):
        text += "."
    if net.value is not None:
        text += words.say("say_net", net=words.net(net.value))
    return text


def mood_of(facts: DigestFacts, words: Words) -> str:
    """The three counts in words; also the text alternative of the mood chart."""
    totals = facts.totals
    return words.say(
        "chart_mood", negative=totals.negative, neutral=totals.neutral, positive=totals.positive
    )


def _against_usual(kpi: Kpi, words: Words) -> str:
    return words.say(f"say_{kpi.normal}", span=span_of(kpi, words))


def _cause(facts: DigestFacts, words: Words) -> str:
    cause = main_cause(facts)
    if cause is None:
        return words.say("say_no_cause")
    common: dict[str, Any] = {
        "cause": lowered(cause.name),
        "count": cause.mentions,
        "of": words.say("of_negative", n=facts.totals.negative),
    }
    if cause.notable and cause.lift is not None:
        return words.say(
            "say_cause_lift", times=words.times(cause.lift), span=lift_span(cause, words), **common
        )
    return words.say("say_cause_new" if cause.notable else "say_cause_top", **common)


def lift_span(cause: CauseFact, words: Words) -> str:
    """The interval of a lift; open above where the baseline is too thin to bound it."""
    low = words.ratio(cause.low or 0.0)
    return f"≥ {low}" if cause.high is None else f"{low}{DASH}{words.ratio(cause.high)}"


def lift_of(cause: CauseFact, words: Words) -> str:
    """A cause's lift in words, with its interval; says so where there is too little."""
    if cause.lift is not None:
        text = words.say("lift_line", times=words.times(cause.lift), span=lift_span(cause, words))
    elif cause.low is not None and cause.usual is not None:
        text = words.say("lift_new", low=words.times(cause.low))
    else:
        return words.say("lift_unknown")
    return f"{text}, {words.say('lift_notable')}" if cause.notable else text


def change_of(kpi: Kpi, words: Words) -> str:
    """The relative change on the day before, or nothing where it is unknown or none."""
    if kpi.value is None or not kpi.yesterday or kpi.value == kpi.yesterday:
        return ""
    return words.percent(kpi.value / kpi.yesterday - 1, signed=True)


def value_of(kpi: Kpi, words: Words, value: float | None) -> str:
    """A headline figure in its own unit; a dash where unknown."""
    if value is None:
        return DASH
    if kpi.name in {"negative_share", "share_of_voice"}:
        return words.percent(value)
    if kpi.name == "net_sentiment":
        return words.net(value)
    return words.short(round(value))


def span_of(kpi: Kpi, words: Words) -> str:
    """The usual band in the figure's unit; empty where unknown."""
    if kpi.low is None or kpi.high is None:
        return ""
    return words.span(value_of(kpi, words, kpi.low), value_of(kpi, words, kpi.high))


def health_lines(facts: DigestFacts) -> tuple[str, ...]:
    """How far the numbers can be trusted, line by line."""
    words, health, totals = words_for(facts), facts.health, facts.totals
    lines = [words.say("health_polls", n=health.polls, failed=health.failed)]
    if health.outage_minutes:
        length = words.duration(timedelta(minutes=health.outage_minutes))
        lines.append(words.say("health_outage", duration=length))
    elif health.polls:
        lines.append(words.say("health_no_outage"))
    lines += _named("health_failing", health.failing, words)
    lines += _named("health_silent", health.silent, words)
    if totals.mentions:
        share = totals.low_confidence / totals.mentions
        lines.append(words.say("health_low", share=words.percent(share)))
    counts = {
        "health_unlabelled": facts.unlabelled,
        "health_unscored": totals.unscored,
        "health_corrections": facts.corrections,
        "health_duplicates": max(0, totals.sightings - totals.mentions),
    }
    return (*lines, *(words.say(key, n=count) for key, count in counts.items() if count))


def _named(key: str, names: Sequence[str], words: Words) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:NAMES_SHOWN])
    if rest := len(names[NAMES_SHOWN:]):
        shown = words.say("health_and_more", n=rest, names=shown)
    return [words.say(key, names=shown)]
