"""To whom a writer has switched: the name in "moved to Brix", «ушла в брикс», "Brix got me"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOWARDS = (
    r"\b(?:to|with|at|for|in|into|onto|on|via|joined|join|choos\w+|chose|picked|using|use|try|"
    r"trying|tried|found|"
    r"в|во|на|к|ко|у|с|со|через|выбра\w+|взя\w+|подключ\w+|пользу\w+|купи\w+|оформи\w+|клиентк?а?)"
)
_QUOTED = re.compile(r"[«\"“]([^»\"”]{2,40})[»\"”]|#(\w+)")
_CAPITALS = (
    r"@?(?:[A-ZА-ЯЁ][\w'’&+-]*)"
    r"(?:[ -](?:(?:and|of|&|и)\s)?(?:[A-ZА-ЯЁ&][\w'’&+-]*|\d+))*"
)
_AFTER = re.compile(rf"(?i:{_TOWARDS})\s+(?:{_CAPITALS}|@\w+)")
_FIRST = re.compile(rf"(?i:{_TOWARDS})\s+")
_NAME = re.compile(rf"(?<![\w'’])(?:{_CAPITALS}|@\w+)")
_PLAIN_AFTER = re.compile(r"(?i:\b(?:to|in|into|with|в|во|на|у)\s+)([^\W\d_][\w'’&+-]*)")
_NO_NAME = re.compile(
    r"(?:i|i['’]\w+|we|my|our|your|their|the|a|an|and|but|so|after|now|today|android|iphone|english"
    r"|russian|\w+day|january|february|march|april|may|june|july|august|\w+ember|october|another"
    r"|other|others|different|new|someone|somewhere|something|anyone|any|them|you|it|me|us|him|her"
    r"|this|that|these|those|one|two|all|both|some|no|not|be|get|go|see|do|have|pay|what|which|who"
    r"|the\w*|here|there|where|home|work|bed|town|date|time|call|out|up|over|back|last|next|just"
    r"|took|went|got|moved|switched|left|goodbye|bye|hello|sorry|finally|guess|honestly|yes"
    r"|me?|он|она|они|оно|я|мы|вы|ты|мой|моя|моё|мои|мо\w{2,3}|наш\w*|ваш\w*|сво\w+|их|его|её|ее"
    r"|вас|нас|них|ним|ней|вам|нам|а|но|и|теперь|сегодня|после|друг\w+|нов\w+|кажд\w+|люб\w+|эт\w+"
    r"|т\w{1,2}|одн\w+|дв[аеу]\w*|тр[иеё]\w*|итоге|общем|конце|днях|прошл\w+|следующ\w+|понедельник"
    r"|вторник|среду|четверг|пятницу|субботу|воскресенье|январ\w|феврал\w|март\w|апрел\w|ма[йея]"
    r"|июн\w|июл\w|август\w|сентябр\w|октябр\w|ноябр\w|декабр\w|год\w*|месяц\w*|недел\w+|дом\w*"
    r"|работ\w+|конкурент\w*|банк\w*|оператор\w*|сосед\w*|телефон\w*|офис\w*|зал\w*|студи\w+"
    r"|магазин\w*|клиник\w*|школ\w+|приложени\w+|сайт\w*|сторон\w+|нед\w+|всё|все|всей|деньги"
    r"|[kmg]b(?:ps|it/s)?|[кмг]б(?:ит)?|kg|km|кг|км)|" + _TOWARDS,
    re.IGNORECASE,
)


def rival_in(clause: str) -> str | None:
    """The name a switching clause moves to; none if it names nobody.

    Names are told by quotes, "@" or "#", by their capitals (best after "to", "with", «в», «на» and
    the like), and in lower case by standing after such a word. The name may be that of the brand
    itself. For clauses that tell of a switch: in others it finds names of anything.
    """
    return next((name for name in _candidates(clause) if not _NO_NAME.fullmatch(name)), None)


def _candidates(clause: str) -> Iterator[str]:
    """Possible names, the surest first."""
    yield from ((found[1] or found[2]).strip() for found in _QUOTED.finditer(clause))
    after = [_name_of(found[0]) for found in _AFTER.finditer(clause)]
    yield from reversed(after)
    names = [(found.start(), found[0].strip("@ ")) for found in _NAME.finditer(clause)]
    yield from (name for start, name in reversed(names) if start)
    yield from (found[1] for found in reversed(list(_PLAIN_AFTER.finditer(clause))))
    yield from (name for start, name in names if not start)


def _name_of(match: str) -> str:
    return _FIRST.sub("", match, count=1).strip("@ ")
