"""What a person wrote into a GitHub issue, without the template it was filled into."""

from __future__ import annotations

import re

from collectors.markdown import markdown_to_text
from collectors.text import MAX_CHARS

# Issue templates speak to the author in comments, which readers never see.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# The tags GitHub shows as markup; `List<str>` and `<your key>` are words of the text.
_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|ins|kbd|li|ol|p|"
    r"picture|pre|s|source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|ul|video)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def plain(body: str) -> str:
    """The text of an issue's or comment's Markdown, which may hold HTML."""
    return markdown_to_text(_TAG.sub(" ", _COMMENT.sub("", body[: MAX_CHARS * 8])))
