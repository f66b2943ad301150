"""Foreign text in Markdown: nothing in it may become markup, a link or HTML. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote

from reports.words import safe_url

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>|#~&!^$])")
_AT_START = re.compile(r"^(\s*)([-+=])")


def escape(text: str) -> str:
    """The text with every character that CommonMark or its tables would act on escaped."""
    escaped = _ACTIVE.sub(r"\\\1", " ".join(text.split()))
    return _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}", escaped)


def link(url: str, label: str) -> str:
    """A link where the address is harmless, else the label alone."""
    address = safe_url(url)
    if not address:
        return escape(label)
    return f"[{escape(label)}](<{quote(address, safe=':/?#[]@!$&()*+,;=%~-._')}>)"
