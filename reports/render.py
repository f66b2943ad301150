"""Draws facts as a page, as plain text, Markdown and chat, and as a message for the outbox."""

from __future__ import annotations

import json

from reports import digest_words as said
from reports.digest_facts import DigestFacts
from reports.digest_view import digest_view, page_words
from reports.environment import environment
from reports.interface import Message
from reports.mail import render_mail

CHAT_CAUSES = 3


def render_html(facts: DigestFacts) -> str:
    """The digest as one self-contained page, for a telephone first."""
    view = digest_view(facts, page_words(facts))
    return environment().get_template("digest.html.j2").render(view)


def render_text(facts: DigestFacts) -> str:
    """The digest as plain text, to be read without any program that draws."""
    return _plain(facts, "digest.txt.j2")


def render_markdown(facts: DigestFacts) -> str:
    """The digest as CommonMark with tables; nothing of a post is markup."""
    return _plain(facts, "digest.md.j2")


def render_chat(facts: DigestFacts) -> str:
    """The digest in a few lines for a chat, without markup."""
    return _plain(facts, "digest.chat.j2", causes=facts.causes[:CHAT_CAUSES])


def render_json(facts: DigestFacts) -> str:
    """All facts as JSON; `docs/digest.schema.json` says what each means."""
    return json.dumps(facts.as_json(), ensure_ascii=False, indent=1) + "\n"


def _plain(facts: DigestFacts, template: str, **more: object) -> str:
    view = digest_view(facts, said.words_for(facts)) | more
    return environment().get_template(template).render(view).strip() + "\n"


def digest_message(
    facts: DigestFacts, recipients: tuple[str, ...] = (), pages: str = ""
) -> Message:
    """The digest as a message; its key makes it go to a channel once.

    Args:
        facts: the numbers.
        recipients: whom an e-mail goes to in place of the channel's own.
        pages: the web address under which the files of a file channel are served.
    """
    message = Message(
        key=f"digest:{facts.slug}:{facts.period}:{facts.day}:{facts.zone}:{facts.lang}",
        kind="digest",
        subject=said.subject(facts),
        text=render_text(facts),
        html=render_html(facts),
        facts=facts.as_json(),
        created_at=facts.made_at,
        title=f"digest-{facts.slug}-{_file_day(facts)}-{facts.lang}",
        recipients=recipients,
    )
    return message.with_mail(*render_mail(facts, message.page_at(pages)))


def _file_day(facts: DigestFacts) -> str:
    """A name's day: of a week and a month it says so, too."""
    return f"{facts.day}" if facts.period == "day" else f"{facts.period}-{facts.day}"
