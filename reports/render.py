"""Draws facts as a page, as plain text and as a message for the outbox."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reports import digest_words as said
from reports.charts import mood_chart, volume_chart
from reports.digest import DigestFacts, Kpi
from reports.interface import Message, PostFact
from reports.words import Words, isolated_html


@cache
def environment() -> Environment:
    """The templates of this room: pages escape everything, text parts nothing."""
    env = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["isolated"] = isolated_html
    return env


def render_html(facts: DigestFacts) -> str:
    """The digest as one self-contained page, for a telephone first."""
    return environment().get_template("digest.html.j2").render(_digest_view(facts))


def render_text(facts: DigestFacts) -> str:
    """The digest as plain text, to be read without any program that draws."""
    text = environment().get_template("digest.txt.j2").render(_digest_view(facts))
    return text.strip() + "\n"


def digest_message(facts: DigestFacts) -> Message:
    """The digest as a message; its key makes a brand's day go to a channel once."""
    return Message(
        key=f"digest:{facts.slug}:{facts.day}:{facts.zone}:{facts.lang}",
        kind="digest",
        subject=said.subject(facts),
        text=render_text(facts),
        html=render_html(facts),
        facts=facts.as_json(),
        created_at=facts.made_at,
        title=f"digest-{facts.slug}-{facts.day}-{facts.lang}",
    )


def post_line(post: PostFact, words: Words) -> str:
    """Who wrote a post, how far they reach, where and when."""
    parts = [post.author, post.site or post.source, words.moment(post.published_at)]
    if post.followers:
        parts.insert(1, words.say("followers", n=post.followers))
    if post.sightings > 1:
        parts.append(words.say("copies", n=post.sightings))
    if post.low_confidence:
        parts.append(words.say("low_confidence"))
    return " · ".join(part for part in parts if part)


def _digest_view(facts: DigestFacts) -> dict[str, Any]:
    words = said.words_for(facts)
    volume = facts.kpi("mentions")
    band = (volume.low, volume.high) if volume.low is not None and volume.high is not None else None
    totals = facts.totals
    known = [point for point in facts.history if point.known]
    return {
        "f": facts,
        "w": words,
        "say": words.say,
        "subject": said.subject(facts),
        "sentences": said.sentences(facts),
        "kpis": [_kpi_view(kpi, words) for kpi in facts.kpis],
        "chart": volume_chart(known, band, _volume_label(facts, words)) if len(known) > 1 else "",
        "chart_label": _volume_label(facts, words),
        "first_day": words.short_day(known[0].day) if known else "",
        "band": said.span_of(volume, words),
        "mood": mood_chart(
            totals.negative, totals.neutral, totals.positive, said.mood_of(facts, words)
        ),
        "lift": lambda cause: said.lift_of(cause, words),
        "line": lambda post: post_line(post, words),
        "health": said.health_lines(facts),
        "models": words.join(list(facts.models)),
        "taxonomies": words.join(list(facts.taxonomies)),
    }


def _volume_label(facts: DigestFacts, words: Words) -> str:
    kpi = facts.kpi("mentions")
    known = [point for point in facts.history if point.known]
    first = known[0].day if known else facts.day
    key = "chart_volume" if kpi.low is not None else "chart_volume_plain"
    return words.say(
        key,
        first=words.short_day(first),
        last=words.short_day(facts.day),
        value=said.value_of(kpi, words, kpi.value),
        span=said.span_of(kpi, words),
    )


def _kpi_view(kpi: Kpi, words: Words) -> dict[str, str]:
    span = said.span_of(kpi, words)
    margin = ""
    if kpi.margin_low is not None and kpi.margin_high is not None:
        margin = words.span(words.percent(kpi.margin_low), words.percent(kpi.margin_high))
    return {
        "name": words.say(f"kpi_{kpi.name}"),
        "value": said.value_of(kpi, words, kpi.value),
        "margin": margin,
        "change": said.change_of(kpi, words) if kpi.name in {"mentions", "authors"} else "",
        "yesterday": said.value_of(kpi, words, kpi.yesterday),
        "last_week": said.value_of(kpi, words, kpi.last_week),
        "span": span,
        "normal": kpi.normal,
        "normal_words": words.say(kpi.normal),
    }
