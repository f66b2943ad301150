"""What a mail's author wrote, without quoted mails and signatures, cut only where that is certain.

Certain are: lines marked `>` in an answer; the line that introduces them ("On Monday Anna wrote:",
"Анна пишет:"); what follows Outlook's "Original Message" or its From/Sent/To/Subject block in an
answer; what follows the signature mark `-- ` (RFC 3676); a telephone's last line. A forwarded
mail is kept, being what its sender wants to show. If nothing would be left, all is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

_ANSWER = re.compile(r"\s*(?:re|aw|sv|antw|ответ|отв)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_INTRODUCTION = re.compile(
    r"(?:\b(?:wrote|writes|said|schrieb|пишет|писал(?:а|\(а\))?|написал(?:а|\(а\))?)"
    r"|<[^<>\s]+@[^<>\s]+>)\s*:\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\s*(?:(?:on|am|le)\b.*\d|(?:пн|вт|ср|чт|пт|сб|вс)\b|\d{1,2}[. /-]\S+.*\d{4})", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(?:original message|исходное сообщение|оригинальное сообщение)\s*-{2,}\s*",
    re.IGNORECASE,
)
_BLOCK: Final = (
    re.compile(r"\s*\*?(?:from|от|от кого)\s?:", re.IGNORECASE),
    re.compile(r"\s*\*?(?:sent|date|отправлено|дата)\s?:", re.IGNORECASE),
    re.compile(r"\s*\*?(?:to|кому)\s?:", re.IGNORECASE),
    re.compile(r"\s*\*?(?:subject|тема)\s?:", re.IGNORECASE),
)
_DEVICE = re.compile(
    r"(?:sent from (?:my |outlook|mail |yahoo|proton)|get outlook for |"
    r"отправлено (?:с|со|из) |отправлено с помощью ).{0,80}",
    re.IGNORECASE,
)
_QUOTING = "blockquote[type=cite], .gmail_quote, .yahoo_quoted, .moz-cite-prefix, .protonmail_quote"
_SIGNING = ".moz-signature, .gmail_signature, .gmail_signature_prefix"


def is_answer(subject: str, answered: str) -> bool:
    """Whether a mail answers another one.

    Args:
        subject: its subject.
        answered: its In-Reply-To header.
    """
    forwards = re.match(r"\s*(?:fwd?|wg|пересл\w*)\s*:", subject, re.IGNORECASE)
    return not forwards and bool(answered or _ANSWER.match(subject))


def own_words(text: str, *, answer: bool) -> str:
    """What a plain text says by itself.

    Args:
        text: as sent, with the spaces at the ends of its lines.
        answer: whether it answers another mail.
    """
    lines = _unsigned(text.splitlines())
    if answer:
        lines = _unquoted(_before_original(lines))
    lines = _without_device(lines)
    return "\n".join(lines) if any(line.strip() for line in lines) else text


def own_markup(html: str, *, answer: bool) -> str:
    """What an HTML text says by itself, as HTML."""
    tree = LexborHTMLParser(html)
    for node in tree.css(_SIGNING):
        node.decompose()
    if answer:
        for node in tree.css(_QUOTING):
            _drop(node)
    kept = tree.body.html if tree.body else ""
    return kept if kept and tree.body and tree.body.text().strip() else html


def _drop(node: LexborNode) -> None:
    if not re.match(r"\W*(?:forwarded|пересылаемое|пересланное)\b", node.text(), re.IGNORECASE):
        node.decompose()


def _unsigned(lines: Sequence[str]) -> list[str]:
    place = next((place for place, line in enumerate(lines) if line == "-- "), len(lines))
    return list(lines[:place])


def _before_original(lines: Sequence[str]) -> list[str]:
    for place, line in enumerate(lines):
        if _ORIGINAL.fullmatch(line) or _is_block(lines[place : place + 8]):
            end = place
            # Outlook draws a rule above the block.
            while end and re.fullmatch(r"[\s_]*", lines[end - 1]):
                end -= 1
            return list(lines[:end])
    return list(lines)


def _is_block(lines: Sequence[str]) -> bool:
    """Whether the header of a quoted mail begins here, and is whole."""
    if not _BLOCK[0].match(lines[0]):
        return False
    return all(any(field.match(line) for line in lines[1:]) for field in _BLOCK[1:])


def _unquoted(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    quoting = False
    for line in lines:
        quoted = line.lstrip().startswith(">")
        if quoted and not quoting:
            _drop_introduction(kept)
            kept.append("")
        elif not quoted:
            kept.append(line)
        quoting = quoted
    return kept


def _drop_introduction(kept: list[str]) -> None:
    """Drop the last lines if they introduce a quotation; mail programs wrap it after 78 signs."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    for start in range(max(0, end - 3), end):
        whole = " ".join(kept[start:end])
        begins = start == end - 1 or _DATED.match(kept[start])
        if begins and _INTRODUCTION.search(whole):
            del kept[start:]
            return


def _without_device(lines: Sequence[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if end > 1 and _DEVICE.fullmatch(lines[end - 1].strip()):
        end -= 1
    return list(lines[:end])
