"""The causes report as tables: headings and rows in the reader's language, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from reports.reason_change_tables import change_table, part_table
from reports.reason_changes import LEAST_BASELINE
from reports.reason_drawing import ReasonTable, columns_of, dated, mostly, times_usual
from reports.reason_matrix_table import matrix_table
from reports.reason_parts import By
from reports.reasons import ReasonFact, ReasonsFacts
from reports.words import DASH, Words


def opening(facts: ReasonsFacts, words: Words) -> list[str]:
    """The lines above the tables."""
    lines = [
        words.say("r_title", brand=facts.brand),
        words.say(
            "r_period",
            start=dated(facts.start, words),
            end=dated(facts.end, words),
            stories=words.say("stories", n=facts.stories),
            negative=facts.negative,
            positive=facts.positive,
        ),
    ]
    if facts.only:
        lines.append(words.say("r_only", names=words.join(list(facts.only))))
    if facts.sources:
        lines.append(words.say("r_only_sources", names=words.join(list(facts.sources))))
    if facts.unlabelled:
        lines.append(words.say("r_unlabelled", n=len(facts.unlabelled)))
    if facts.unexplained:
        lines.append(words.say("r_unexplained", n=len(facts.unexplained)))
    lines.append(_usual(facts, words))
    if facts.young:
        lines.append(words.say("r_young", names=words.join(list(facts.young))))
    return lines


def _usual(facts: ReasonsFacts, words: Words) -> str:
    """What the figures are held against, or why they are not."""
    baseline = facts.baseline
    if facts.baseline_periods:
        return words.say(
            "r_baseline",
            start=dated(baseline.start, words),
            end=dated(facts.start, words),
            mentions=words.say("mentions", n=baseline.mentions),
            times=words.number(facts.baseline_periods, 1),
        )
    long_enough = facts.start - baseline.start >= LEAST_BASELINE * (facts.end - facts.start)
    if long_enough and not baseline.read:
        return words.say("r_baseline_unlabelled", n=baseline.unlabelled)
    return words.say("r_no_baseline")


def closing(facts: ReasonsFacts, words: Words) -> list[str]:
    """The lines below the tables: what the counts leave out, and where the mentions are."""
    lines = []
    if facts.elsewhere:
        told = [f"{own.name} {words.number(own.mentions)}" for own in facts.elsewhere]
        lines.append(words.say("r_elsewhere", causes=", ".join(told)))
    return [*lines, words.say("r_mentions")]


def tables(
    facts: ReasonsFacts, words: Words, name: Callable[[str], str], by: By | None
) -> list[ReasonTable]:
    """The tables that have a row, or something to say of having none.

    Args:
        facts: the numbers.
        words: in whose language.
        name: cause id -> what it is called.
        by: how the last table divides the negative stories, if it is asked for.
    """
    found = [
        _reasons("r_causes", facts.causes, words, severe=True),
        _wider("r_wider_causes", facts, "negative", words),
        _reasons("r_drivers", facts.drivers, words),
        _wider("r_wider_drivers", facts, "positive", words),
        _helps(facts, words),
        change_table(facts, words),
        matrix_table(facts.matrix, words),
        _expectations(facts, words),
        _together(facts, words, name),
        _intents(facts, words),
    ]
    if by is not None:
        found.append(part_table(facts, words, by))
    return [table for table in found if table.rows or table.foot]


def _reasons(
    title: str, reasons: Sequence[ReasonFact], words: Words, *, severe: bool = False
) -> ReasonTable:
    """Causes or drivers; only complaints are `severe` to some degree."""
    rows = [
        (
            reason.fact.name + (" ▲" if reason.fact.notable else ""),
            words.number(reason.fact.mentions),
            words.percent(reason.fact.share),
            _lift(reason, words),
            words.short(reason.reach) if reason.reach else DASH,
            *([words.number(reason.severity, 1) if reason.severity else DASH] if severe else []),
            words.number(reason.leaving),
        )
        for reason in reasons
    ]
    severity = ["severity"] if severe else []
    columns = columns_of(words, "cause", "count", "share", "lift", "reach", *severity, "leaving")
    notes = tuple(tuple(quote.evidence for quote in reason.fact.quotes) for reason in reasons)
    return ReasonTable(words.say(title), columns, tuple(rows), notes)


def _lift(reason: ReasonFact, words: Words) -> str:
    fact = reason.fact
    if fact.low is None:
        return DASH
    # What was never named before has no finite ratio, but a lower bound: the surest of news.
    value, high = (inf if own is None else own for own in (fact.lift, fact.high))
    return times_usual(words, (value, fact.low, high))


def _helps(facts: ReasonsFacts, words: Words) -> ReasonTable:
    rows = [
        (
            fact.name,
            f"{words.percent(fact.unhappy.value)} "
            f"({words.span(words.percent(fact.unhappy.low), words.percent(fact.unhappy.high))})",
            DASH if fact.leaving is None else words.percent(fact.leaving),
            DASH if fact.reach is None else words.percent(fact.reach),
        )
        for fact in facts.helps
    ]
    columns = columns_of(words, "cause", "unhappy", "of_leaving", "of_reach")
    return ReasonTable(words.say("r_helps"), columns, tuple(rows))


def _wider(title: str, facts: ReasonsFacts, polarity: str, words: Words) -> ReasonTable:
    rows = [
        (
            group.name,
            words.number(group.mentions),
            words.percent(group.share),
            mostly(group.causes, words),
        )
        for group in facts.wider
        if group.polarity == polarity
    ]
    columns = columns_of(words, "cause", "count", "share", "mostly")
    return ReasonTable(words.say(title), columns, tuple(rows))


def _expectations(facts: ReasonsFacts, words: Words) -> ReasonTable:
    rows = [
        (
            words.named("expectation", fact.expectation),
            words.number(fact.mentions),
            mostly(fact.causes, words),
        )
        for fact in facts.expectations
    ]
    columns = columns_of(words, "expectation", "count", "mostly")
    notes = tuple(tuple(quote.evidence for quote in own.quotes) for own in facts.expectations)
    return ReasonTable(words.say("r_expectations"), columns, tuple(rows), notes, left=(0, 2))


def _together(facts: ReasonsFacts, words: Words, name: Callable[[str], str]) -> ReasonTable:
    rows = [
        (
            " + ".join(map(name, pair.causes)),
            words.number(pair.mentions),
            words.number(pair.expected, 1),
        )
        for pair in facts.together
    ]
    columns = columns_of(words, "cause", "count", "expected")
    return ReasonTable(words.say("r_together"), columns, tuple(rows))


def _intents(facts: ReasonsFacts, words: Words) -> ReasonTable:
    rows = [
        (
            words.named("intent", fact.intent),
            words.number(fact.mentions),
            words.number(fact.previous) if facts.baseline_periods else DASH,
            ", ".join(f"{rival} {words.number(count)}" for rival, count in fact.rivals),
        )
        for fact in facts.intents
    ]
    columns = columns_of(words, "intent", "count", "before", "rivals")
    notes = tuple(tuple(quote.evidence for quote in fact.quotes) for fact in facts.intents)
    return ReasonTable(words.say("r_intents"), columns, tuple(rows), notes)
