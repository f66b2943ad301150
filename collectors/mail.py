"""A mail to a post: headers decoded, its own words, no attachments."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

from collectors.dates import parse_date
from collectors.interface import Author, Post, SkippableError
from collectors.items import Converted, convert
from collectors.mailbox import Letter
from collectors.quotations import is_answer, own_markup, own_words
from collectors.redact import fingerprint
from collectors.tables import encoding_of
from collectors.text import clean, html_to_text


def read_letters(letters: Sequence[Letter], now: datetime) -> Converted:
    """The posts of messages; one that holds no text is counted with its UID and reason."""
    return convert(
        letters, lambda letter: read_mail(letter.raw, now), lambda letter: f"message {letter.uid}"
    )


def read_mail(raw: bytes, now: datetime) -> Post:
    """The post of a message, known by its Message-ID, or by what it says if it has none.

    Raises:
        SkippableError: it holds no text.
    """
    # The library's parser fails on some broken headers only when they are looked at.
    message = BytesParser(policy=policy.default.clone(refold_source="none")).parsebytes(raw)
    subject, sender = _header(message, "Subject"), _header(message, "From")
    parent = _first_id(_header(message, "In-Reply-To"))
    text = _text(message, answer=is_answer(subject, parent))
    name, address = parseaddr(sender)
    day = _header(message, "Date")
    if not text and not subject:
        raise SkippableError("it has no text")
    said = "\x1f".join((sender, day, subject, text))
    return Post(
        native_id=_first_id(_header(message, "Message-ID")) or f"sha256:{fingerprint(said)}",
        kind="message",
        title=subject,
        text=text,
        url=_header(message, "Archived-At").strip("<> "),
        published_at=parse_date(_moment(message) or day, now=now),
        author=Author(id=address.lower(), handle=address, name=clean(name)),
        parent_id=parent,
        thread_id=_first_id(_header(message, "References")) or parent,
        site=address.rpartition("@")[2].lower(),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return clean(str(message.get(name, "")))
    except (HeaderParseError, ValueError, LookupError, TypeError, AttributeError):
        return ""


def _moment(message: EmailMessage) -> datetime | None:
    try:
        moment: datetime | None = getattr(message.get("Date"), "datetime", None)
    except (HeaderParseError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _first_id(header: str) -> str:
    return next(iter(header.split()), "")


def _text(message: EmailMessage, *, answer: bool) -> str:
    plain = html = ""
    for part in message.walk():
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and not plain:
            plain = clean(own_words(_unflowed(part, _decoded(part)), answer=answer))
        elif kind == "text/html" and not html and not plain:
            markup = own_markup(_decoded(part), answer=answer)
            html = clean(own_words(html_to_text(markup), answer=answer))
    return plain or html


def _decoded(part: EmailMessage) -> str:
    """A part's text by its declared character set, or the likeliest if that is none we know."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    declared = (part.get_content_charset() or "").strip("'\" ")
    if declared in {"", "us-ascii", "ascii"}:
        return data.decode(encoding_of(data), "replace")
    try:
        codecs.lookup(declared)
        return data.decode(declared, "replace")
    except (LookupError, UnicodeError):
        return data.decode(encoding_of(data), "replace")


def _unflowed(part: EmailMessage, text: str) -> str:
    """Undo the soft line breaks of `format=flowed` (RFC 3676)."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    soft = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    flowing = False
    for line in text.splitlines():
        if flowing and not line.startswith((">", "-- ")):
            lines[-1] = (lines[-1][:-1] if soft else lines[-1]) + line.removeprefix(" ")
        else:
            lines.append(line)
        flowing = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(lines)
