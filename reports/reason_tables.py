"""The causes report as tables: headings and rows in the reader's language, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from reports.causes import LEAST_TO_CLAIM
from reports.reason_parts import By, PartFact
from reports.reasons import ReasonFact, ReasonsFacts
from reports.words import DASH, Words


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """A table; `notes` stand under the row of the same place, columns of `left` hold words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, ...], ...] = ()
    left: tuple[int, ...] = (0, 3)


def opening(facts: ReasonsFacts, words: Words) -> list[str]:
    """The lines above the tables."""
    lines = [
        words.say("r_title", brand=facts.brand),
        words.say(
            "r_period",
            start=words.moment(facts.start),
            end=words.moment(facts.end),
            stories=words.say("stories", n=facts.stories),
            negative=facts.negative,
            positive=facts.positive,
        ),
    ]
    if facts.only:
        lines.append(words.say("r_only", names=words.join(list(facts.only))))
    if facts.unexplained:
        lines.append(words.say("r_unexplained", n=len(facts.unexplained)))
    if not facts.baseline_periods:
        lines.append(words.say("r_no_baseline"))
    return lines


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
    """The tables that have a row.

    Args:
        facts: the numbers.
        words: in whose language.
        name: cause id -> what it is called.
        by: how the last table divides the negative stories, if it is asked for.
    """
    found = [
        _reasons("r_causes", facts.causes, words),
        _wider("r_wider_causes", facts, "negative", words, name),
        _reasons("r_drivers", facts.drivers, words),
        _wider("r_wider_drivers", facts, "positive", words, name),
        _helps(facts, words),
        _journey(facts, words, name),
        _together(facts, words, name),
        _intents(facts, words),
    ]
    if by is not None:
        found.append(_parts(facts, words, name, by))
    return [table for table in found if table.rows]


def _columns(words: Words, *keys: str) -> tuple[str, ...]:
    return tuple(words.say(f"c_{key}") for key in keys)


def _reasons(title: str, reasons: Sequence[ReasonFact], words: Words) -> ReasonTable:
    rows = [
        (
            reason.fact.name + (" ▲" if reason.fact.notable else ""),
            words.number(reason.fact.mentions),
            words.percent(reason.fact.share),
            _lift(reason, words),
            words.short(reason.reach),
            words.number(reason.severity, 1) if reason.severity else DASH,
            words.number(reason.leaving),
        )
        for reason in reasons
    ]
    columns = _columns(words, "cause", "count", "share", "lift", "reach", "severity", "leaving")
    notes = tuple(tuple(quote.evidence for quote in reason.fact.quotes) for reason in reasons)
    return ReasonTable(words.say(title), columns, tuple(rows), notes)


def _lift(reason: ReasonFact, words: Words) -> str:
    fact = reason.fact
    if fact.lift is None or fact.low is None:
        return DASH
    high = words.ratio(fact.high) if fact.high is not None else "∞"
    return f"{words.ratio(fact.lift)} ({words.span(words.ratio(fact.low), high)})"


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
    columns = _columns(words, "cause", "unhappy", "of_leaving", "of_reach")
    return ReasonTable(words.say("r_helps"), columns, tuple(rows))


def _mostly(causes: Sequence[tuple[str, int]], words: Words, name: Callable[[str], str]) -> str:
    return ", ".join(f"{name(cause)} {words.number(count)}" for cause, count in causes)


def _wider(
    title: str, facts: ReasonsFacts, polarity: str, words: Words, name: Callable[[str], str]
) -> ReasonTable:
    rows = [
        (
            group.name,
            words.number(group.mentions),
            words.percent(group.share),
            _mostly(group.causes, words, name),
        )
        for group in facts.wider
        if group.polarity == polarity
    ]
    columns = _columns(words, "cause", "count", "share", "mostly")
    return ReasonTable(words.say(title), columns, tuple(rows))


def _journey(facts: ReasonsFacts, words: Words, name: Callable[[str], str]) -> ReasonTable:
    rows = [
        (
            words.named("stage", stage.stage),
            words.number(stage.negative),
            words.number(stage.positive),
            _mostly(stage.causes, words, name),
        )
        for stage in facts.journey
    ]
    columns = _columns(words, "stage", "negative", "positive", "mostly")
    return ReasonTable(words.say("r_journey"), columns, tuple(rows))


def _together(facts: ReasonsFacts, words: Words, name: Callable[[str], str]) -> ReasonTable:
    rows = [
        (
            " + ".join(map(name, pair.causes)),
            words.number(pair.mentions),
            words.number(pair.expected, 1),
        )
        for pair in facts.together
    ]
    columns = _columns(words, "cause", "count", "expected")
    return ReasonTable(words.say("r_together"), columns, tuple(rows))


def _intents(facts: ReasonsFacts, words: Words) -> ReasonTable:
    rows = [
        (
            words.named("intent", fact.intent),
            words.number(fact.mentions),
            words.number(fact.previous),
            ", ".join(f"{rival} {words.number(count)}" for rival, count in fact.rivals),
        )
        for fact in facts.intents
    ]
    columns = _columns(words, "intent", "count", "before", "rivals")
    notes = tuple(tuple(quote.evidence for quote in fact.quotes) for fact in facts.intents)
    return ReasonTable(words.say("r_intents"), columns, tuple(rows), notes)


def _parts(facts: ReasonsFacts, words: Words, name: Callable[[str], str], by: By) -> ReasonTable:
    rows = []
    for part in facts.parts:
        called = words.named("stage", part.key) if by == "stage" else part.name
        before = DASH if part.previous is None else words.number(part.previous)
        mostly = _mostly(part.causes, words, name)
        rows.append((called, words.number(part.negative), before, _change(part, words), mostly))
    columns = _columns(words, "part", "negative", "before", "change", "mostly")
    return ReasonTable(words.say(f"r_by_{by}"), columns, tuple(rows), left=(0, 4))


def _change(part: PartFact, words: Words) -> str:
    """How many times as many as before, with its interval; nothing is claimed of a handful."""
    if part.ratio is None or part.negative + (part.previous or 0) < LEAST_TO_CLAIM:
        return DASH
    value, low, high = (
        words.ratio(bound) if isfinite(bound) else "∞"
        for bound in (part.ratio.value, part.ratio.low, part.ratio.high)
    )
    return f"×{value} ({words.span(low, high)})"
