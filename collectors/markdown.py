"""What a reader of Markdown sees, for services that send the source and not the page."""

from __future__ import annotations

import re
from html import unescape

from collectors.text import MAX_CHARS, clean

# Every repetition is bounded: a post may be megabytes of brackets.
_IMAGE_OR_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{1,1000}(?:\([^()\s]{0,200}\))?[^()\s]{0,200}"
    r"(?: {1,3}\"[^\"\n]{0,300}\")?\)"
)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,1000})>")
_FENCE = re.compile(r"^ {0,3}(?:`{3}|~{3}|:{3})[^\n`]{0,100}$", re.MULTILINE)
_SPOILER = re.compile(r"^ {0,3}:{3} {0,3}spoiler {1,3}", re.MULTILINE)
_LINE_START = re.compile(r"^ {0,3}(?:#{1,6} +|(?:> ?){1,10})", re.MULTILINE)
_MARKS = re.compile(
    r"(?<![\w*_~\\])(\*{1,3}|_{1,3}|~~)(?=\S)([^*_~\n]{1,1000})(?<=\S)\1(?![\w*_~])"
)
_CODE = re.compile(r"(`{1,2})([^`\n]{1,1000})\1")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def markdown_to_text(text: str) -> str:
    """The words of Markdown: link texts, image descriptions, no marks of emphasis or headings.

    It reads what people write in posts and is no parser: what it does not know stays as it is.
    """
    text = text[: MAX_CHARS * 2]
    text = _FENCE.sub("", _SPOILER.sub("", text))
    text = _LINE_START.sub("", text)
    # Twice: an image may be the text of a link, and emphasis may stand within emphasis.
    for pattern, kept in ((_IMAGE_OR_LINK, r"\1"), (_MARKS, r"\2")):
        text = pattern.sub(kept, pattern.sub(kept, text))
    text = _ESCAPE.sub(r"\1", _CODE.sub(r"\2", _AUTOLINK.sub(r"\1", text)))
    return clean(unescape(text) if "&" in text else text)
