"""To whom a writer has switched: the name in "moved to Brix" or «ушла в Брикс»."""

from __future__ import annotations

import re

_TOWARDS = re.compile(
    r"\b(?:to|with|at|for|joined|join|choos\w+|chose|picked|on|onto|via|using|use|try|trying|tried|"
    r"в|во|на|к|ко|у|через|выбра\w+|взя\w+|подключ\w+|пользу\w+|беру|купи\w+)\s+",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"[«\"“]([^»\"”]{2,40})[»\"”]"
    r"|(@\w+|(?:[A-ZА-ЯЁ][\w'’&+-]*)(?:[ -](?:[A-ZА-ЯЁ0-9&][\w'’&+-]*))*)"
)
_NO_NAME = re.compile(
    r"(?:i|i['’]\w+|we|my|our|the|a|an|and|but|so|after|now|today|android|iphone|english|russian"
    r"|\w+day|january|february|march|april|may|june|july|august|\w+ember|october"
    r"|я|мы|мой|наш|а|но|и|теперь|сегодня|после)",
    re.IGNORECASE,
)


def rival_in(clause: str) -> str | None:
    """The name after the last "to", "with", «в», «на» and the like; none if no name follows.

    Names are told by their capitals or quotes. The name may be that of the brand itself.
    """
    found = None
    for mark in _TOWARDS.finditer(clause):
        match = _NAME.match(clause, mark.end())
        name = (match.group(1) or match.group(2)).strip("@ ") if match else ""
        if name and not _NO_NAME.fullmatch(name):
            found = name
    return found
