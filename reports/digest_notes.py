"""The lines under a digest: how sure it is, what is open, what came late, what made it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from reports.digest_facts import DigestFacts
from reports.words import Words

NAMES_SHOWN = 10
"""Sources named in one line; of more the number is told, and `molva sources` lists them."""


def health_lines(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    """How far the numbers can be trusted, line by line."""
    health, totals = facts.health, facts.totals
    lines = [words.say("health_polls", n=health.polls, failed=health.failed)]
    if health.outage_minutes:
        length = words.duration(timedelta(minutes=health.outage_minutes))
        lines.append(words.say("health_outage", duration=length))
    elif health.polls:
        lines.append(words.say("health_no_outage"))
    for key, names in (
        ("health_failing", health.failing),
        ("health_late", health.late),
        ("health_silent", health.silent),
    ):
        lines += _named(key, names, words)
    if totals.mentions:
        share = totals.low_confidence / totals.mentions
        lines.append(words.say("health_low", share=words.percent(share)))
    counts = {
        "health_incomplete": health.incomplete,
        "health_unlabelled": facts.unlabelled,
        "health_unscored": totals.unscored,
        "health_own": facts.own_mentions,
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


def work_lines(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    """What waits for an answer; nothing where no reply of the brand's own is known."""
    work = facts.work
    if work is None:
        return ()
    days = words.say("days", n=work.days)
    lines = [
        words.say("work_open", n=work.unanswered, days=days)
        if work.unanswered
        else words.say("work_none", days=days)
    ]
    if work.median_minutes is not None:
        length = words.duration(timedelta(minutes=work.median_minutes))
        lines.append(words.say("work_median", n=work.answered, duration=length))
    return (*lines, words.say("work_known"))


def late_lines(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    """What the digests of earlier days could not know."""
    late = facts.late
    if late is None:
        return ()
    count = words.say("late_line", n=late.mentions, negative=late.negative)
    days = [
        words.say("late_day", day=words.short_day(day), mentions=words.say("mentions", n=n))
        for day, n in late.days[-7:]
    ]
    return count, *days


def footer_lines(facts: DigestFacts, words: Words) -> tuple[str, ...]:
    """Versions, corrections, label error, methods: what the reader may hold the numbers to."""
    lines = []
    if facts.models:
        model, taxonomy = words.join(list(facts.models)), words.join(list(facts.taxonomies))
        lines.append(words.say("footer_model", model=model, taxonomy=taxonomy))
    error = facts.label_error
    if error.expected is not None:
        share = words.percent(error.expected)
        lines.append(words.say("footer_error", n=error.labels, share=share))
    lines += [
        words.say(
            "footer_measured",
            texts=fact.texts,
            lang=words.named("lang", fact.lang),
            negative=words.percent(fact.negative),
            neutral=words.percent(fact.neutral),
            positive=words.percent(fact.positive),
        )
        for fact in error.measured
    ]
    lines.append(words.say("health_corrections", n=facts.corrections))
    lines += [words.say("footer_reach"), words.say(f"footer_method_{facts.period}")]
    if facts.masked:
        lines.append(words.say("footer_masked"))
    made = words.say("footer_made", moment=words.moment(facts.made_at), zone=facts.zone)
    return (*lines, made)
