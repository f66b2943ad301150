"""Makes messages of alerts: one of a thread, several folded into one, a notice about a channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from reports.alert_chart import alert_picture
from reports.alert_facts import AlertFacts
from reports.alert_words import alert_subject, alert_view, link_lines, reason
from reports.environment import environment
from reports.interface import Lang, Message
from reports.words import Words

BRIEF_QUOTES = 2


def alert_message(
    facts: AlertFacts, key: str, now: datetime, links: Mapping[str, str] | None = None
) -> Message:
    """One message of an alert's thread, for the outbox.

    Args:
        links: signed links by action; they stand in the texts, never in the facts.
    """
    view = alert_view(facts, links or {})
    chart = f"chart.{key.replace(':', '-')}@molva.invalid"
    picture = alert_picture(facts.points)
    return Message(
        key=key,
        kind="alert",
        subject=alert_subject(facts),
        text=_render("alert.txt.j2", view).strip() + "\n",
        html=_render("alert.html.j2", view),
        facts=facts.as_json(),
        created_at=now,
        title=f"alert-{facts.slug}-{facts.started_at:%Y-%m-%d-%H%M}-{facts.action}",
        mail=_render("alert.mail.html.j2", {**view, "cid": chart if picture else ""}),
        pictures={chart: picture} if picture else {},
        brief=_brief(facts, links or {}),
    )


def folded_message(key: str, messages: Sequence[Message], now: datetime) -> Message:
    """Several alerts as one message, the most important first; each is told in full."""
    first = messages[0]
    lang: Lang = "ru" if first.facts.get("lang") == "ru" else "en"
    words = Words(lang, ZoneInfo(str(first.facts.get("zone") or "UTC")))
    subject = words.say("alerts_folded", n=len(messages), first=first.subject)
    view = {"w": words, "say": words.say, "subject": subject}
    pages = [_inside("main", message.html) for message in messages]
    mails = [_inside("body", message.mail or message.html) for message in messages]
    rule = "\n" + "-" * 40 + "\n\n"
    return Message(
        key=key,
        kind="alert",
        subject=subject,
        text=rule.join(message.text for message in messages),
        html=_render("alerts.html.j2", {**view, "alerts": pages}),
        facts={"alerts": [dict(message.facts) for message in messages]},
        created_at=now,
        title=f"alerts-{now:%Y-%m-%d-%H%M}",
        mail=_render("alerts.mail.html.j2", {**view, "alerts": mails}),
        pictures={name: made for message in messages for name, made in message.pictures.items()},
        brief="\n\n".join(f"{message.subject}\n{message.brief}" for message in messages),
    )


def _inside(tag: str, page: str) -> Markup:
    """What an element of a page of ours holds, as it was rendered; the whole page without it."""
    found = re.search(rf"<{tag}\b[^>]*>(.*)</{tag}>", page, re.DOTALL)
    return Markup(found[1] if found else page)  # noqa: S704 - rendered here, with all escaped


def notice_message(key: str, subject: str, text: str, words: Words, now: datetime) -> Message:
    """A short message about Molva itself."""
    view = {"w": words, "say": words.say, "subject": subject, "text": text}
    return Message(
        key=key,
        kind="alert",
        subject=subject,
        text=f"{subject}\n\n{text}\n",
        html=_render("notice.html.j2", view),
        facts={"kind": "notice", "about": key},
        created_at=now,
        title=f"notice-{now:%Y-%m-%d-%H%M}",
        brief=text,
    )


def _brief(facts: AlertFacts, links: Mapping[str, str]) -> str:
    """The sentence, a few voices and the links."""
    quoted = [quote.text for cause in facts.causes for quote in cause.quotes][:BRIEF_QUOTES]
    quoted = quoted or [post.text for post in facts.posts[:BRIEF_QUOTES]]
    lines = [reason(facts), *(f"> {text}" for text in quoted)]
    lines += [f"{label}: {url}" for label, url in link_lines(facts, links)]
    return "\n".join(lines)


def _render(template: str, view: Mapping[str, Any]) -> str:
    return environment().get_template(template).render(view)
