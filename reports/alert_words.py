"""Says and draws an alert's facts: subject, one-sentence reason, page, text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reports.digest_view import post_line
from reports.digest_words import lift_of, lift_span, lowered
from reports.environment import environment
from reports.explain import AlertFacts
from reports.interface import CauseFact, Message
from reports.words import DASH, Words


def alert_message(facts: AlertFacts, key: str, now: datetime) -> Message:
    """One message of an alert's thread, for the outbox."""
    return Message(
        key=key,
        kind="alert",
        subject=alert_subject(facts),
        text=render_alert_text(facts),
        html=render_alert_html(facts),
        facts=facts.as_json(),
        created_at=now,
        title=f"alert-{facts.slug}-{facts.started_at:%Y-%m-%d-%H%M}-{facts.action}",
    )


def render_alert_html(facts: AlertFacts) -> str:
    """The alert as one self-contained page."""
    return environment().get_template("alert.html.j2").render(_view(facts))


def render_alert_text(facts: AlertFacts) -> str:
    """The alert as plain text."""
    return environment().get_template("alert.txt.j2").render(_view(facts)).strip() + "\n"


def alert_subject(facts: AlertFacts) -> str:
    """The news in one line."""
    words = _words(facts)
    text = words.say(
        f"alert_subject_{facts.action}",
        brand=facts.brand,
        observed=words.say("negative_mentions", n=facts.observed),
        window=words.say("in_hours", n=facts.window_hours),
        expected=_expected(facts, words),
        since=words.moment(facts.started_at),
        duration=words.duration(facts.end - facts.started_at),
    )
    cause = _main_cause(facts)
    return text + words.say("alert_subject_cause", cause=lowered(cause.name)) if cause else text


def reason(facts: AlertFacts) -> str:
    """Why this was sent, in a sentence or two: how much, and what most of it is about."""
    words = _words(facts)
    text = words.say(
        f"say_alert_{facts.action}",
        observed=words.say("negative_mentions", n=facts.observed),
        window=words.say("last_hours", n=facts.window_hours),
        expected=_expected(facts, words),
        span=f"{facts.low}{DASH}{facts.high}",
        since=words.moment(facts.started_at),
        duration=words.duration(facts.end - facts.started_at),
        calm=words.say("last_hours", n=3),
    )
    return " ".join(
        part for part in (text, _why(facts, words), _cause_sentence(facts, words)) if part
    )


def _why(facts: AlertFacts, words: Words) -> str:
    return words.say(f"why_{facts.why}", cause=lowered(facts.new_cause)) if facts.why else ""


def _cause_sentence(facts: AlertFacts, words: Words) -> str:
    cause = _main_cause(facts)
    if cause is None:
        return words.say("say_alert_no_cause")
    text = words.say(
        "say_alert_cause",
        cause=lowered(cause.name),
        count=cause.mentions,
        of=words.say("of_negative", n=facts.negative),
    )
    if cause.lift is None or not cause.notable:
        return text + words.say("say_alert_stop")
    return text + words.say(
        "say_alert_cause_lift", times=words.times(cause.lift), span=lift_span(cause, words)
    )


def _main_cause(facts: AlertFacts) -> CauseFact | None:
    first = facts.causes[0] if facts.causes else None
    return first if first and first.mentions >= 2 else None


def _words(facts: AlertFacts) -> Words:
    return Words(facts.lang, ZoneInfo(facts.zone))


def _expected(facts: AlertFacts, words: Words) -> str:
    return words.number(facts.expected, 1 if facts.expected < 10 else 0)


def _view(facts: AlertFacts) -> dict[str, Any]:
    words = _words(facts)
    return {
        "f": facts,
        "w": words,
        "say": words.say,
        "subject": alert_subject(facts),
        "reason": reason(facts),
        "rows": [(words.say(f"f_{name}"), value) for name, value in _rows(facts, words)],
        "lift": lambda cause: lift_of(cause, words),
        "line": lambda post: post_line(post, words),
    }


def _rows(facts: AlertFacts, words: Words) -> list[tuple[str, str]]:
    """The table of facts: what changed, how sure, in the order a person asks."""
    rows = [
        ("observed", words.say("negative_mentions", n=facts.observed)),
        ("expected", _expected(facts, words)),
        ("interval", f"{facts.low}{DASH}{facts.high}"),
        ("ratio", f"×{words.ratio(facts.ratio)}" if facts.ratio is not None else DASH),
        ("started", words.moment(facts.started_at)),
        ("detected", words.moment(facts.detected_at)),
        ("delay", words.duration(timedelta(minutes=facts.delay_minutes))),
    ]
    if facts.closed_at:
        rows.append(("closed", words.moment(facts.closed_at)))
    rows += [
        ("share", _share(facts, words)),
        ("authors", words.number(facts.authors)),
        (
            "sightings",
            words.say("f_sightings_value", stories=facts.stories, sightings=facts.sightings),
        ),
        ("sources", ", ".join(f"{name} ({words.number(n)})" for name, n in facts.sources) or DASH),
        ("baseline", _baseline(facts, words)),
        ("rate", words.say("f_rate_value", rate=words.ratio(facts.false_alarms_per_month))),
        ("collectors", _collectors(facts, words)),
    ]
    if facts.low_confidence_share is not None:
        rows.append(("low", words.percent(facts.low_confidence_share)))
    return rows


def _share(facts: AlertFacts, words: Words) -> str:
    if facts.negative_share is None or facts.share_low is None or facts.share_high is None:
        return DASH
    share = words.percent(facts.negative_share)
    span = words.span(words.percent(facts.share_low), words.percent(facts.share_high))
    if facts.usual_share is None:
        return words.say("f_share_value_alone", share=share, span=span)
    return words.say(
        "f_share_value", share=share, span=span, usual=words.percent(facts.usual_share)
    )


def _baseline(facts: AlertFacts, words: Words) -> str:
    left_out = facts.baseline_left_out
    return words.say(
        "f_baseline_value",
        days=words.say("days", n=facts.baseline_days),
        season=words.say("f_baseline_season") if facts.baseline_seasonal else "",
        left_out=words.say("f_baseline_out", n=left_out) if left_out else "",
    )


def _collectors(facts: AlertFacts, words: Words) -> str:
    if not facts.outage_minutes:
        return words.say("f_collectors_ok")
    return words.say(
        "f_collectors_out", duration=words.duration(timedelta(minutes=facts.outage_minutes))
    )
