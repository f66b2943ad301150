"""Says and draws an alert's facts: subject, one-sentence reason, page, text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reports.alert_chart import alert_chart, chart_ends, chart_label
from reports.alert_facets import FacetFact
from reports.alert_facts import AlertFacts
from reports.baseline_words import baseline
from reports.digest_view import post_line
from reports.digest_words import lift_of, lift_span, lowered
from reports.interface import CauseFact
from reports.lasting import LONG, UNREAD
from reports.links import MUTE
from reports.words import DASH, Words, plain


def alert_subject(facts: AlertFacts) -> str:
    """The news in one line."""
    words = _words(facts)
    text = words.say(
        _key(f"alert_subject_{facts.action}", facts),
        brand=facts.brand,
        observed=_seen(facts, words),
        window=_window("in", facts.window_minutes, words),
        expected=_usual(facts, words),
        since=words.moment(facts.started_at),
        duration=words.duration(facts.end - facts.started_at),
        followers=words.short(facts.observed),
        complaint=_complaint(facts, words),
    )
    if story := _story(facts):
        return text + words.say("alert_subject_story", words=story)
    cause = _author_cause(facts) or _main_cause(facts)
    return text + words.say("alert_subject_cause", cause=lowered(cause.name)) if cause else text


def reason(facts: AlertFacts) -> str:
    """Why this was sent, in a sentence or two: how much, and what most of it is about."""
    words = _words(facts)
    text = words.say(
        _key(f"say_alert_{facts.action}", facts),
        observed=_seen(facts, words),
        window=_window("last", facts.window_minutes, words),
        expected=_usual(facts, words),
        around=_around(facts, words),
        since=words.moment(facts.started_at),
        duration=words.duration(facts.end - facts.started_at),
        calm=words.say("last_hours", n=3),
        followers=words.short(facts.observed),
        who=_author(facts) or words.say("alert_someone"),
    )
    story = _story(facts)
    parts = (
        text[:1].upper() + text[1:],
        words.say("say_alert_story", words=story) if story else "",
        _why(facts, words),
        _others(facts, words),
        _cause_sentence(facts, words),
        *_facet_sentences(facts, words),
    )
    return " ".join(part for part in parts if part)


NUMBER = "number"
"""Among the links of an alert: its number."""
LISTED = 5
STORY_WORDS = 60
"""So many characters of a story are enough to know which it is."""
NOTICEABLE = 1.05
"""A threshold that is stricter by less is not worth a line."""
_OWN_SENTENCES = {"author", "silence"}
"""Kinds of which `so many in such a window` says nothing."""
_SAID_ELSEWHERE = {"", "joined", LONG, UNREAD}
"""Reasons that other sentences tell."""
_ABOUT_NEGATIVE = {"negative_count", "negative_share", "cause", "product", "place", "author"}
LEAST_OF_ALL = 0.5
"""A place is told of in a sentence if so large a share of the negative stories speak of it."""


def link_lines(facts: AlertFacts, links: Mapping[str, str]) -> list[tuple[str, str]]:
    """What each link or command does, in the reader's words; once it is over, only the list."""
    words = _words(facts)
    useful = {"list"} if facts.action == "over" else links.keys() - {NUMBER}
    return [(words.say(f"link_{action}"), how) for action, how in links.items() if action in useful]


def commands(alert_id: int, now: datetime) -> dict[str, str]:
    """How an alert is looked into and answered where no links are served: commands by action."""
    return {
        "list": f"molva alerts mentions {alert_id}",
        "ack": f"molva alerts ack {alert_id}",
        "mute": f"molva alerts mute {alert_id} --hours {MUTE // timedelta(hours=1)}",
        "false": f"molva alerts false {alert_id}",
    }


def _number(facts: AlertFacts, links: Mapping[str, str], words: Words) -> str:
    """What an alert is called by: its number, which commands take, if it is known."""
    named = words.say("alert_number", alert=links[NUMBER]) if NUMBER in links else ""
    return " · ".join(part for part in (named, facts.thread, facts.zone) if part)


def _key(key: str, facts: AlertFacts) -> str:
    if facts.why in {"false", UNREAD}:
        return f"{key}_{facts.why}"
    if facts.why == LONG:
        return f"{key}_long_silence" if facts.kind == "silence" else f"{key}_long"
    return f"{key}_{facts.kind}" if facts.kind in _OWN_SENTENCES else key


def _seen(facts: AlertFacts, words: Words) -> str:
    """What was seen, by kind: `12 mentions`, `9 of 14 mentions negative`."""
    if facts.action != "opened" and facts.kind in {"negative_share", "author"}:
        return words.say("seen_negative_count", n=facts.observed)
    return seen(facts.kind, facts.observed, facts.trials, facts.about, words)


def seen(kind: str, observed: int, trials: int, subject: str, words: Words) -> str:
    """What a series held, in words.

    Args:
        trials: scored mentions among which a share was seen.
        subject: what the cause, product or place is called, if it is one.
    """
    return words.say(
        f"seen_{kind}",
        n=observed,
        cause=lowered(subject) if kind == "cause" else subject,
        trials=trials,
        share=words.percent(observed / trials) if trials else "",
        followers=words.short(observed),
    )


def _window(form: str, minutes: int, words: Words) -> str:
    """`the last 3 hours` or `3 hours`; in minutes below two hours, unless it is one."""
    if minutes < 120 and minutes != 60:
        return words.say(f"{form}_minutes", n=minutes)
    return words.say(f"{form}_hours", n=round(minutes / 60))


def _author(facts: AlertFacts) -> str:
    """Who complains to so many, if that is what an alert is about and its author has a name."""
    if facts.kind != "author" or facts.action != "opened":
        return ""
    return next((name for name, n in facts.top_authors if n == facts.observed), "")


def _complaint(facts: AlertFacts, words: Words) -> str:
    author = _author(facts)
    if author:
        return words.say("alert_complaint_by", author=author)
    return words.say("alert_complaint")


def _author_cause(facts: AlertFacts) -> CauseFact | None:
    """What that author complains of, which a single post is enough to say."""
    post = facts.farthest_post
    if post is None or not _author(facts) or post.author != _author(facts):
        return None
    return next((cause for cause in facts.causes if cause.cause in post.causes), None)


def _story(facts: AlertFacts) -> str:
    """The first words of the story that spreads, if an alert is about one."""
    if facts.kind != "story" or facts.first_post is None:
        return ""
    return plain(facts.first_post.text, STORY_WORDS)


def _usual(facts: AlertFacts, words: Words) -> str:
    """What is usual, inside a sentence."""
    told = _expected(facts, words)
    return words.say("usual_none") if told == words.number(0) else told


def _around(facts: AlertFacts, words: Words) -> str:
    """The interval behind what is usual; nothing where that is none, and never any."""
    if facts.high == 0:
        return ""
    return words.say("around", span=_span(facts, words))


def _expected(facts: AlertFacts, words: Words) -> str:
    if facts.kind == "negative_share" and facts.action == "opened" and facts.trials:
        return words.percent(facts.expected / facts.trials)
    return words.number(facts.expected, 1 if facts.expected < 10 else 0)


def _span(facts: AlertFacts, words: Words) -> str:
    if facts.kind == "negative_share" and facts.action == "opened" and facts.trials:
        ends = (words.percent(end / facts.trials) for end in (facts.low, facts.high))
        return words.span(*ends)
    return f"{words.number(facts.low)}{DASH}{words.number(facts.high)}"


def _others(facts: AlertFacts, words: Words) -> str:
    """What stands out besides, three at most; of an update only what it is the first to name.

    The end names all that had joined.
    """
    others = facts.others if facts.action == "opened" else facts.joined
    if not others:
        return ""
    over = facts.action == "over"
    named = [
        seen(other.kind, other.observed, other.trials, other.name, words)
        for other in (others if over else others[:3])
    ]
    key = "why_joined" if facts.action == "updated" else "say_alert_others"
    if over:
        goes_on = facts.why in {LONG, UNREAD}
        key = "say_alert_joined_long" if goes_on else "say_alert_joined_over"
    return words.say(key, others=words.join(named))


def _why(facts: AlertFacts, words: Words) -> str:
    """All that is new, the most important first."""
    news = ((facts.why, facts.detail), *facts.also)
    return " ".join(_news(*one, facts, words) for one in news if one[0] not in _SAID_ELSEWHERE)


def _news(why: str, detail: str, facts: AlertFacts, words: Words) -> str:
    n = 0
    if why == "new_language":
        detail = words.language(detail)
    elif why == "big_author":
        detail = words.short(int(detail or 0))
    elif why == "new_outlets":
        sites = detail.split(", ")
        detail, n = ", ".join(sites[:LISTED]), len(sites)
        if n > LISTED:
            detail = words.say("health_and_more", names=detail, n=n - LISTED)
    return words.say(
        f"why_{why}",
        n=n,
        cause=lowered(facts.new_cause),
        detail=detail,
        times=words.times(facts.stricter),
    )


def _cause_sentence(facts: AlertFacts, words: Words) -> str:
    if said := _author_cause(facts):
        return words.say("say_alert_cause_author", cause=lowered(said.name))
    cause = _main_cause(facts)
    if cause is None:
        # One post of one is all of them: the list of causes below would contradict it.
        none = facts.kind in _ABOUT_NEGATIVE and not (facts.kind == "author" and facts.causes)
        return words.say("say_alert_no_cause") if none else ""
    text = words.say(
        _how_common(cause, facts),
        cause=lowered(cause.name),
        count=cause.mentions,
        of=_of_negative(_negative(facts), facts, words),
    )
    if cause.lift is None or not cause.notable:
        return text + words.say("say_alert_stop")
    return text + words.say(
        "say_alert_cause_lift", times=words.times(cause.lift), span=lift_span(cause, words)
    )


def _how_common(cause: CauseFact, facts: AlertFacts) -> str:
    """The sentence for the cause named most: that of most, of a part, or as many as another."""
    if 2 * cause.mentions > _negative(facts):
        return "say_alert_cause_most"
    tied = any(other.mentions == cause.mentions for other in facts.causes[1:])
    return "say_alert_cause_tied" if tied else "say_alert_cause"


def _negative(facts: AlertFacts) -> int:
    """The negative stories that causes are counted among: those of the place, if it leads."""
    parts = {"product": facts.products, "place": facts.places}.get(facts.kind, ())
    return next((p.mentions for p in parts if p.facet == facts.about_id), facts.negative)


def _facet_sentences(facts: AlertFacts, words: Words) -> list[str]:
    """The product and the place that most of the negative stories speak of, if there is one."""
    if facts.kind not in _ABOUT_NEGATIVE or facts.action == "over":
        return []
    led = ((facts.kind == "product", facts.products), (facts.kind == "place", facts.places))
    return [
        _facet_sentence(parts[0], _of_negative(facts.negative, facts, words), words)
        for leads, parts in led
        if parts and not leads and parts[0].mentions >= 2 and parts[0].share >= LEAST_OF_ALL
    ]


def _of_negative(negative: int, facts: AlertFacts, words: Words) -> str:
    """Of how many: where that is not the number told before, of what and since when too.

    A series counts a story again after a day without it, and only in its window.
    """
    if facts.kind != "negative_count" or negative == facts.observed:
        return words.say("of_negative", n=negative)
    return words.say("of_negative_stories", n=negative, since=words.moment(facts.start))


def _facet_sentence(part: FacetFact, of: str, words: Words) -> str:
    text = words.say("say_alert_facet", name=part.name, count=part.mentions, of=of)
    if part.lift is None or part.low is None or not part.notable:
        return text + words.say("say_alert_stop")
    high = words.ratio(part.high) if part.high is not None else "∞"
    span = words.span(words.ratio(part.low), high)
    return text + words.say("say_alert_cause_lift", times=words.times(part.lift), span=span)


def _main_cause(facts: AlertFacts) -> CauseFact | None:
    first = facts.causes[0] if facts.causes and facts.kind != "cause" else None
    return first if first and first.mentions >= 2 else None


def _words(facts: AlertFacts) -> Words:
    return Words(facts.lang, ZoneInfo(facts.zone))


def alert_view(facts: AlertFacts, links: Mapping[str, str]) -> dict[str, Any]:
    """What the templates of an alert are given."""
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
        "links": link_lines(facts, links),
        "identity": _number(facts, links, words),
        "chart": alert_chart(facts.points, chart_label(facts.points, words)),
        "chart_ends": chart_ends(facts.points, words),
        "chart_label": chart_label(facts.points, words),
    }


def _rows(facts: AlertFacts, words: Words) -> list[tuple[str, str]]:
    """The table of facts: what changed, how sure, in the order a person asks."""
    rows = [
        ("observed", _seen(facts, words)),
        ("expected", _expected(facts, words)),
        ("interval", _span(facts, words)),
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
        ("sightings", _sightings(facts, words)),
        *_reached(facts, words),
        ("baseline", baseline(facts, words)),
        ("rate", words.say("f_rate_value", rate=words.ratio(facts.false_alarms_per_month))),
        ("collectors", _collectors(facts, words)),
    ]
    if facts.stricter > NOTICEABLE:
        rows.append(("stricter", words.say("f_stricter_value", times=words.times(facts.stricter))))
    if facts.low_confidence_share is not None:
        rows.append(("low", words.percent(facts.low_confidence_share)))
    return rows


def _sightings(facts: AlertFacts, words: Words) -> str:
    merged = max(0, facts.sightings - facts.stories)
    return words.say(
        "f_sightings_value",
        stories=words.say("stories", n=facts.stories),
        sightings=words.say("f_seen_places", n=facts.sightings),
        merged=words.say("f_merged", n=merged) if merged else "",
    )


def _reached(facts: AlertFacts, words: Words) -> list[tuple[str, str]]:
    """Where it spread and who spoke; languages and authors only where there is news in them."""

    def counted(pairs: list[tuple[str, int]]) -> str:
        return ", ".join(f"{name} ({words.number(n)})" for name, n in pairs)

    rows = [("sources", counted(list(facts.sources[:LISTED])) or DASH)]
    if facts.languages:
        named = [(words.language(code), n) for code, n in facts.languages[:LISTED]]
        rows.append(("languages", counted(named)))
    for name, parts in (("products", facts.products), ("places", facts.places)):
        if parts:
            rows.append((name, counted([(part.name, part.mentions) for part in parts])))
    if facts.top_authors:
        voices = [f"{name} ({words.short(n)})" for name, n in facts.top_authors]
        rows.append(("top_authors", ", ".join(voices)))
    if facts.new_terms:
        rows.append(("terms", ", ".join(facts.new_terms)))
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


def _collectors(facts: AlertFacts, words: Words) -> str:
    told = words.say("f_collectors_ok")
    if facts.outage_minutes:
        length = words.duration(timedelta(minutes=facts.outage_minutes))
        told = words.say("f_collectors_out", duration=length)
    if facts.collectors_down:
        told += "; " + words.say(
            "f_collectors_down", names=", ".join(facts.collectors_down[:LISTED])
        )
    return told
