"""Makes messages of alerts: one of a thread, several folded into one, a notice about a channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from reports.alert_chart import alert_picture
from reports.alert_facts import Action, AlertFacts, facts_of_json
from reports.alert_words import NUMBER, alert_subject, alert_view, commands, link_lines, reason
from reports.environment import environment
from reports.interface import Lang, Message, ReportError
from reports.words import Words

BRIEF_QUOTES = 2
BRIEF_QUOTE = 300
"""Characters: of longer quotes the beginning."""
_OPENS_OTHERWISE = {"author", "silence"}


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


def as_first(message: Message) -> Message:
    """News of a thread for those who were told nothing of it: the opening with today's figures."""
    try:
        facts = facts_of_json(message.facts)
    except ReportError:
        return message
    if facts.action != "updated":
        return message
    # What an author or a silence opens with is not what its news count.
    action: Action = "updated" if facts.kind in _OPENS_OTHERWISE else "opened"
    # Only what joined just now was counted now.
    facts = replace(
        facts, action=action, why="", detail="", also=(), joined=(), others=facts.joined
    )
    made = alert_message(facts, message.key, message.created_at, _links_in(message, facts))
    # Files are named by it: one that is sent again must not get another name.
    return replace(made, title=message.title)


def _links_in(message: Message, facts: AlertFacts) -> dict[str, str]:
    """The links of a message, which stand in its texts only; see `_brief`."""
    actions = {action: action for action in commands(0, message.created_at)}
    found = {
        action: line.removeprefix(f"{label}: ")
        for label, action in link_lines(facts, actions)
        for line in message.brief.splitlines()
        if line.startswith(f"{label}: ")
    }
    return {NUMBER: message.key.split(":")[1], **found} if found else {}


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
    lines = [reason(facts), *(f"> {_in_a_line(text)}" for text in quoted)]
    lines += [f"{label}: {url}" for label, url in link_lines(facts, links)]
    return "\n".join(lines)


def _in_a_line(text: str) -> str:
    """A quote as one line, so that no line of a stranger's passes for ours."""
    line = " ".join(text.split())
    return line if len(line) <= BRIEF_QUOTE else line[: BRIEF_QUOTE - 1].rstrip() + "…"


def _render(template: str, view: Mapping[str, Any]) -> str:
    return environment().get_template(template).render(view)
