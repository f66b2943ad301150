"""Says a digest's facts: its subject and its sentences. Pure; claims nothing thin.

Each sentence is one message of the catalogue; what may be missing in it (a change, the usual) is
a clause of its own that the message has a place for, so a language may put it where it belongs.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from reports.digest_facts import DigestFacts, Kpi, TrendFact
from reports.interface import CauseFact
from reports.words import DASH, Words

_LEAST_FOR_MAIN_CAUSE = 2
_SHARES = frozenset({"negative_share", "share_of_voice"})


def words_for(facts: DigestFacts) -> Words:
    """The digest's language and zone, in plain words."""
    return Words(facts.lang, ZoneInfo(facts.zone))


def subject(facts: DigestFacts) -> str:
    """The news in one line."""
    words = words_for(facts)
    if not facts.totals.mentions:
        return words.say("subject_empty", brand=facts.brand, when=when(facts, words))
    change = change_of(facts.kpi("mentions"), words)
    share = facts.kpi("negative_share")
    usual = span_of(share, words)
    cause = main_cause(facts)
    start = words.say(
        f"subject_start_{facts.period}",
        brand=facts.brand,
        mentions=words.say("mentions", n=facts.totals.mentions),
        first=words.short_day(facts.day),
        month=words.month(facts.day),
    )
    clauses = [
        words.say("subject_change", change=change) if change else "",
        words.say("subject_negative", share=words.percent(share.value))
        if share.value is not None
        else "",
        words.say("subject_usual", span=usual) if share.value is not None and usual else "",
        words.say("subject_cause", cause=lowered(cause.name)) if cause else "",
        words.say("subject_quiet") if not cause and nothing_unusual(facts) else "",
    ]
    return "".join((start, *clauses))


def title(facts: DigestFacts, words: Words) -> str:
    """The period as a heading."""
    named = words.say(f"title_{facts.period}", **_dates(facts, words))
    return _begun(named)


def when(facts: DigestFacts, words: Words) -> str:
    """The period inside a sentence."""
    return words.say(f"when_{facts.period}", **_dates(facts, words))


def _dates(facts: DigestFacts, words: Words) -> dict[str, Any]:
    return {
        "day": words.day(facts.day),
        "month": words.month(facts.day),
        "first": words.short_day(facts.day),
        "last": words.short_day(facts.last_day),
    }


def lowered(name: str) -> str:
    """A name inside a sentence: its first letter small, unless it is an abbreviation."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def nothing_unusual(facts: DigestFacts) -> bool:
    """Every headline figure that has a usual band lies in it, and there is at least one."""
    known = [kpi.normal for kpi in facts.kpis if kpi.normal != "unknown"]
    return bool(known) and all(normal == "within" for normal in known)


def main_cause(facts: DigestFacts) -> CauseFact | None:
    """The main cause: the largest that rose beyond chance, else the one named most.

    On a day on which nothing is unusual only one that rose beyond chance is news.
    """
    named = [cause for cause in facts.causes if cause.mentions >= _LEAST_FOR_MAIN_CAUSE]
    notable = [cause for cause in named if cause.notable]
    return next(iter(notable or ([] if nothing_unusual(facts) else named)), None)


def sentences(facts: DigestFacts, words: Words | None = None) -> tuple[str, ...]:
    """How much, in what mood, and why; of a week or month also where it is going.

    Args:
        facts: the numbers.
        words: those of a page link each number to its list; default: plain.
    """
    words = words or words_for(facts)
    if not facts.totals.mentions:
        return _empty(facts, words)
    told = (_volume(facts, words), _mood(facts, words), _cause(facts, words))
    return told if facts.period == "day" else (*told, *_trends(facts, words))


def _empty(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    health = facts.health
    if not health.polls:
        doubt = words.say("say_none_idle")
    elif health.failed:
        doubt = words.say("say_none_doubt", failed=health.failed, polls=health.polls)
    else:
        doubt = words.say("say_none_watched", n=health.polls)
    return _begun(words.say("say_none", when=when(facts, words))), doubt


def _volume(facts: DigestFacts, words: Words) -> str:
    kpi = facts.kpi("mentions")
    change = ""
    if kpi.value and kpi.previous:
        ratio = kpi.value / kpi.previous - 1
        key = "same" if not ratio else "more" if ratio > 0 else "fewer"
        before = words.say(f"before_{facts.period}")
        change = words.say(f"change_{key}", change=words.percent(abs(ratio)), before=before)
    said = words.say(
        "say_volume",
        when=when(facts, words),
        mentions=words.link(words.say("mentions", n=facts.totals.mentions), "all"),
        authors=words.say("from_authors", n=facts.totals.authors),
        change=change,
        usual=_usual(kpi, words),
    )
    return _begun(said)


def _begun(sentence: str) -> str:
    """A sentence with its first letter large; in Russian it begins with the period."""
    return sentence[:1].upper() + sentence[1:]


def _mood(facts: DigestFacts, words: Words) -> str:
    share, net = facts.kpi("negative_share"), facts.kpi("net_sentiment")
    totals = facts.totals
    if share.value is None:
        scored = totals.negative + totals.neutral + totals.positive
        return mood_of(facts, words) if scored else words.say("say_unscored")
    return words.say(
        "say_negative",
        share=words.link(words.percent(share.value), "negative"),
        usual=_usual(share, words),
        net="" if net.value is None else words.say("say_net", net=words.net(net.value)),
    )


def mood_of(facts: DigestFacts, words: Words) -> str:
    """The three counts in words; also the text alternative of the mood chart."""
    return words.say("chart_mood", **moods(facts, words))


def moods(facts: DigestFacts, words: Words) -> dict[str, Any]:
    """The three counts, each linked to its list."""
    counts = {
        "negative": facts.totals.negative,
        "neutral": facts.totals.neutral,
        "positive": facts.totals.positive,
    }
    return {key: words.link(words.number(count), key) for key, count in counts.items()}


def _usual(kpi: Kpi, words: Words) -> str:
    return words.say(f"usual_{kpi.normal}", span=span_of(kpi, words))


def _cause(facts: DigestFacts, words: Words) -> str:
    cause = main_cause(facts)
    if cause is None:
        return _quiet(facts, words) if nothing_unusual(facts) else words.say("say_no_cause")
    lift = cause.lift if cause.notable else None
    key = "say_cause_top" if not cause.notable else "say_cause_lift" if lift else "say_cause_new"
    return words.say(
        key,
        cause=lowered(cause.name),
        count=words.link(words.number(cause.mentions), f"cause-{cause.cause}"),
        of=words.say("of_negative", n=facts.totals.negative),
        times=words.times(lift or 0.0),
        span=lift_span(cause, words),
    )


def _quiet(facts: DigestFacts, words: Words) -> str:
    """That nothing is unusual, and why to believe it."""
    health = facts.health
    if health.failed or not health.polls:
        return words.say("say_quiet_doubt", failed=health.failed, polls=health.polls)
    return words.say("say_quiet", n=health.polls)


def _trends(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    """Where mentions and the negative share are going; one sentence where neither is."""
    wanted = [trend for trend in facts.trends if trend.name in {"mentions", "negative_share"}]
    known = [trend for trend in wanted if trend.direction != "unknown"]
    moving = [trend for trend in known if trend.direction != "steady"]
    if not moving:
        return tuple(
            words.say("say_no_trend", length=words.say(f"trend_{facts.period}", n=trend.periods))
            for trend in known[:1]
        )
    return tuple(
        words.say(
            f"say_trend_{trend.direction}",
            name=words.say(f"kpi_{trend.name}"),
            length=words.say(f"trend_{facts.period}", n=trend.periods),
            slope=_slope(trend, words),
        )
        for trend in moving
    )


def _slope(trend: TrendFact, words: Words) -> str:
    """A change from one period to the next: of a share in points of a hundred."""
    slope = abs(trend.slope or 0.0)
    if trend.name in _SHARES:
        return words.say("points", n=round(100 * slope, 1))
    return words.number(slope, 0 if slope >= 10 else 1)


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
    return words.say("lift_notable", lift=text) if cause.notable else text


def margin_of(cause: CauseFact, words: Words) -> str:
    """The interval of a cause's share; empty where it is unknown."""
    if cause.share_low is None or cause.share_high is None:
        return ""
    span = words.span(words.percent(cause.share_low), words.percent(cause.share_high))
    return words.say("margin", span=span)


def change_of(kpi: Kpi, words: Words) -> str:
    """The relative change on the period before, or nothing where it is unknown or none."""
    if kpi.value is None or not kpi.previous or kpi.value == kpi.previous:
        return ""
    return words.percent(kpi.value / kpi.previous - 1, signed=True)


def value_of(kpi: Kpi, words: Words, value: float | None) -> str:
    """A headline figure in its own unit; a dash where unknown."""
    if value is None:
        return DASH
    if kpi.name in _SHARES:
        return words.percent(value)
    if kpi.name == "net_sentiment":
        return words.net(value)
    return words.short(round(value))


def span_of(kpi: Kpi, words: Words) -> str:
    """The usual band in the figure's unit; empty where unknown."""
    if kpi.low is None or kpi.high is None:
        return ""
    return words.span(value_of(kpi, words, kpi.low), value_of(kpi, words, kpi.high))
