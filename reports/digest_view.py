"""A digest's facts laid out for the templates: what to show, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reports import digest_notes as notes
from reports import digest_words as said
from reports.charts import mood_chart, volume_chart
from reports.digest_facts import DigestFacts, Kpi, ListedFact, PartFact
from reports.digest_lists import LISTED
from reports.digest_work import LATE_SHOWN
from reports.interface import PostFact
from reports.reading import POSTS
from reports.words import DASH, HtmlWords, Words, list_anchor


def page_words(facts: DigestFacts, page: str = "", *, linked: bool = True) -> HtmlWords:
    """Words for HTML; numbers are linked to the lists of the page at that address."""
    return HtmlWords(facts.lang, ZoneInfo(facts.zone), facts.lists if linked else (), page)


def digest_view(facts: DigestFacts, words: Words) -> dict[str, Any]:
    """Everything the digest's templates read."""
    charts = charts_of(facts)
    known = [point for point in facts.history if point.known]
    return {
        "f": facts,
        "w": words,
        "say": words.say,
        "title": said.title(facts, words),
        "subject": said.subject(facts),
        "sentences": said.sentences(facts, words),
        "kpis": [_kpi_view(facts, kpi, words) for kpi in facts.kpis],
        "chart": charts["volume"],
        "mood": charts["mood"],
        "alt": chart_labels(facts),
        "moods": said.moods(facts, words),
        "first_day": words.short_day(known[0].day) if known else "",
        "last_bar": words.short_day(facts.day),
        "band": said.span_of(facts.kpi("mentions"), words),
        "lift": lambda cause: said.lift_of(cause, words),
        "line": lambda post: post_line(post, words, facts.names),
        "previous": f"change_previous_{facts.period}",
        "h_posts": words.say("h_posts" if len(facts.posts) == POSTS else "h_posts_fewer"),
        "why": lambda read: words.say(_why(facts, read.why)),
        "parts_": _parts(facts, words),
        "journey": _journey(facts, words),
        "intents": _intents(facts, words),
        "work": notes.work_lines(facts, words),
        "late": notes.late_lines(facts, words),
        "late_more": facts.late is not None and facts.late.mentions > LATE_SHOWN,
        "health": notes.health_lines(facts, words),
        "footer": notes.footer_lines(facts, words),
        "lists": _lists(facts, words),
        "since": facts.day.isoformat(),
        "until": (facts.last_day + timedelta(days=1)).isoformat(),
    }


def charts_of(facts: DigestFacts) -> dict[str, str]:
    """The charts as SVG by name; empty where there is nothing to draw."""
    volume = facts.kpi("mentions")
    band = (volume.low, volume.high) if volume.low is not None and volume.high is not None else None
    known = [point for point in facts.history if point.known]
    labels, totals = chart_labels(facts), facts.totals
    return {
        "volume": volume_chart(known, band, labels["volume"]) if len(known) > 1 else "",
        "mood": mood_chart(totals.negative, totals.neutral, totals.positive, labels["mood"]),
    }


def chart_labels(facts: DigestFacts) -> dict[str, str]:
    """The charts in words."""
    words, kpi = said.words_for(facts), facts.kpi("mentions")
    known = [point for point in facts.history if point.known]
    volume = words.say(
        "chart_volume" if kpi.low is not None else "chart_volume_plain",
        first=words.short_day(known[0].day if known else facts.day),
        last=words.short_day(facts.last_day),
        value=said.value_of(kpi, words, kpi.value),
        span=said.span_of(kpi, words),
    )
    return {"volume": volume, "mood": said.mood_of(facts, words)}


def post_line(post: PostFact, words: Words, names: Any = None) -> str:
    """Who wrote a post, their reach, where and when; how sure its label is, and its causes."""
    parts = [
        post.author,
        words.say("followers", n=post.followers) if post.followers else "",
        post.site or post.source,
        words.moment(post.published_at),
        words.say("copies", n=post.sightings) if post.sightings > 1 else "",
        _sureness(post, words),
        *(names.get(cause, cause) for cause in post.causes[:2] if names),
    ]
    return " · ".join(part for part in parts if part)


def _sureness(post: PostFact, words: Words) -> str:
    if post.low_confidence:
        return words.say("low_confidence")
    if post.confidence is None:
        return ""
    return words.say("confidence", share=words.percent(post.confidence))


def _kpi_view(facts: DigestFacts, kpi: Kpi, words: Words) -> dict[str, str]:
    value = said.value_of(kpi, words, kpi.value)
    key = "negative" if kpi.name == "negative_share" else "all"
    margin = ""
    if kpi.margin_low is not None and kpi.margin_high is not None:
        margin = words.span(words.percent(kpi.margin_low), words.percent(kpi.margin_high))
    return {
        "name": words.say(f"kpi_{kpi.name}"),
        "value": words.link(value, key) if kpi.name != "share_of_voice" else value,
        "margin": margin,
        "change": said.change_of(kpi, words) if kpi.name in {"mentions", "authors"} else "",
        "previous_words": words.say(f"previous_{facts.period}"),
        "previous": said.value_of(kpi, words, kpi.previous),
        "season_words": words.say(f"season_{facts.period}"),
        "season": said.value_of(kpi, words, kpi.season),
        "span": said.span_of(kpi, words),
        "normal": kpi.normal,
        "normal_words": words.say(kpi.normal),
    }


def _why(facts: DigestFacts, why: str) -> str:
    return "why_question_plain" if why == "question" and facts.work is None else f"why_{why}"


def _parts(facts: DigestFacts, words: Words) -> list[dict[str, Any]]:
    """The tables by source, site, product and place that say something."""
    sites = facts.sites if len(facts.sites) > 1 else ()
    tables = (
        ("source", facts.sources),
        ("site", sites),
        ("product", facts.products),
        ("place", facts.places),
    )
    return [_part(by, rows, words) for by, rows in tables if rows]


def _part(by: str, parts: Sequence[PartFact], words: Words) -> dict[str, Any]:
    columns = ["mentions", "negative", "positive"]
    compared = by in {"product", "place"}
    rows = [
        (
            part.name,
            words.link(words.number(part.mentions), f"{by}-{part.key}"),
            words.number(part.negative),
            words.number(part.positive),
            *((_lift(part, words),) if compared else ()),
        )
        for part in parts
    ]
    if compared:
        columns.append("lift")
    return {
        "heading": words.say(f"h_{by}s"),
        "heads": [words.say(f"col_{column}") for column in (by, *columns)],
        "rows": rows,
    }


def _lift(part: PartFact, words: Words) -> str:
    """How many times the usual, with its interval; nothing is claimed of too little."""
    if part.low is None:
        return DASH
    high = words.ratio(part.high) if part.high is not None else "∞"
    span = words.span(words.ratio(part.low), high)
    told = f"×{words.ratio(part.lift)} ({span})" if part.lift is not None else f"({span})"
    return f"{told} ▲" if part.notable else told


def _journey(facts: DigestFacts, words: Words) -> list[tuple[str, ...]]:
    return [
        (
            words.named("stage", stage.stage),
            words.link(words.number(stage.negative), f"stage-{stage.stage}"),
            words.number(stage.positive),
            ", ".join(
                f"{said.lowered(facts.names.get(cause, cause))} {words.number(count)}"
                for cause, count in stage.causes
            ),
        )
        for stage in facts.journey
    ]


def _intents(facts: DigestFacts, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "name": words.named("intent", intent.intent),
            "count": words.link(words.number(intent.mentions), f"intent-{intent.intent}"),
            "previous": words.say(f"change_previous_{facts.period}", count=intent.previous),
            "rivals": ", ".join(f"{rival} {words.number(n)}" for rival, n in intent.rivals),
            "quotes": intent.quotes[:1],
        }
        for intent in facts.intents
    ]


def _lists(facts: DigestFacts, words: Words) -> list[dict[str, Any]]:
    """Each list with what the page shows of it and how many are left out."""
    shown = {row.mention_id: row for row in facts.listed}
    found = []
    for key, ids in facts.lists.items():
        rows: list[ListedFact] = [shown[i] for i in ids[:LISTED] if i in shown]
        rest = len(ids) - len(rows)
        found.append(
            {
                "anchor": list_anchor(key),
                "name": list_name(key, facts, words),
                "count": words.number(len(ids)),
                "rows": rows,
                "rest": words.say("list_rest", n=rest) if rest else "",
            }
        )
    return found


def list_name(key: str, facts: DigestFacts, words: Words) -> str:
    """What a list holds, in words."""
    kind, _, name = key.partition("-")
    if kind in {"cause", "driver"}:
        return facts.names.get(name, name)
    if kind in {"stage", "intent"}:
        return words.named(kind, name)
    if kind in {"source", "site"}:
        return name
    if kind in {"place", "product"}:
        parts = facts.places if kind == "place" else facts.products
        return next((part.name for part in parts if part.key == name), name)
    return words.say({"all": "kpi_mentions", "late": "h_late"}.get(key, key))
