"""To whom a writer has switched: the name in "moved to Brix", «ушла в брикс», "Brix got me"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_KIND = (
    r"(?:(?:rival|chain|app|gym|bank|company|provider|shop|caf[eé]|clinic|studio|service)"
    r"|(?:студи|кафе|кофейн|клиник|банк|оператор|провайдер|приложени|сервис|магазин|салон|зал|школ"
    r"|сет|компани|ресторан|аптек|площадк|лавк|барбершоп|сад|такси|отел|клуб|хостинг)\w*)"
)
_LEAD = re.compile(
    r"\s+((?:the|a|an|my|our|just|only|все|всё|только|уже)\s+)?"
    rf"({_KIND}\s+)?(?=[«\"“#@\w])",
    re.IGNORECASE,
)
_BEFORE_QUOTED = re.compile(
    r"\s+(?:(?!(?:plan|tariff|mode|тариф|план|режим|раздел|from|из|от|с)\b)[a-zа-яё]+\s+){1,2}(?=[«“\"])"
)
"""What a quoted firm is: «в пансионат «Берёзки»»."""
_DAYS = (
    r"(?:\w+day|january|february|march|april|may|june|july|august|\w+ember|october|понедельник"
    r"|вторник|среду|четверг|пятницу|субботу|воскресенье|январ\w|феврал\w|март\w|апрел\w|ма[йея]"
    r"|июн\w|июл\w|август\w|сентябр\w|октябр\w|ноябр\w|декабр\w)"
)
_TIME = re.compile(
    rf"\s+(?:{_DAYS}|\d+|итоге|общем|конце|днях|начале|(?:эт|прошл|следующ)\w+|том|год\w*|раз)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[«\"“]([^»\"”]{2,40})[»\"”]")
_MARKED = re.compile(r"[#@](\w+)")
_CAPITAL = (
    rf"(?!(?:I|(?i:{_DAYS}|now|today))\b)"
    r"(?:[A-ZА-ЯЁ]|[a-zа-яё]{1,4}[A-ZА-ЯЁ])[\w'’&+-]*(?:\.\w+)*"
)
_CAPITALS = re.compile(
    rf"{_CAPITAL}(?:[ -](?:(?:and|of|on the|&|и)\s)?(?:{_CAPITAL}|[&\d]\w*)){{0,5}}",
)
_PLAIN = re.compile(
    r"([a-zа-яё][\w'’&+-]*(?:\.\w+)*)(?=\s*(?:$|[^\w\s'’])|\s+(?:now|today|yesterday|tonight|this|last"
    r"|instead|and|but|so|because|cuz|bc|after|since|when|where|over|as|from|in|on|months?|years?"
    r"|и|а|но|из|с|от|уже|теперь|вчера|сегодня|вместе|потому|после|за|ещё|еще|вместо|там|тут"
    r"|месяц|неделю|год)\b)"
)
_ADJECTIVE = re.compile(r"\w+(?:ое|ее|ый|ий|ую|юю|ые|ие|ая|яя)")
_STREET = re.compile(r".*\b(?:street|st|road|rd|avenue|ave|lane|square|station)\.?", re.IGNORECASE)
"""What is named after a place in a town, not after a firm."""
_NO_NAME = re.compile(
    r"(?:i|decaf|cash|tea|oat|plan|i['’]\w+|we|my|our|your|their|the|a|an|and|but|so|after|now|today|android|iphone|english"
    r"|russian|another|other|others|different|new|someone|somewhere|something|anyone|any|them|you"
    r"|it|me|us|him|her|this|that|these|those|one|two|all|both|some|no|not|be|get|go|see|do|have"
    r"|pay|what|which|who|then|they|here|there|where|home|work|bed|town|date|time|call|out|up|over"
    r"|back|last|next|just|took|went|got|moved|switched|left|goodbye|bye|hello|sorry|finally|guess"
    r"|honestly|yes|good|ever|free|nothing|years|years?|months?|to|with|at|for|from|in|on|via"
    r"|он|она|они|оно|я|мы|вы|ты|мой|моя|моё|мои|мою|моей|моих|моему|моего|наш\w*|ваш\w*|сво\w+"
    r"|их|его|её|ее|вас|нас|них|ним|ней|вам|нам|а|но|и|теперь|сегодня|после|друг\w+|нов\w+|кажд\w+"
    r"|люб\w+|эт\w+|т(?:от|а|о|е|ом|ем|ой|у|ех|ам|ут)|одн\w+|дв[аеу]\w*|тр[иеё]\w*|прошл\w+"
    r"|следующ\w+|год\w*|месяц\w*|недел\w+|дом\w*|работ\w+|конкурент\w*|банк\w*|оператор\w*|сосед\w*"
    r"|телефон\w*|офис\w*|зал\w*|студи\w+|магазин\w*|клиник\w*|школ\w+|приложени\w+|сайт\w*"
    r"|сторон\w+|нед\w+|всё|все|всей|деньги|в|во|на|к|ко|у|с|со|из|от|через"
    rf"|[kmg]b(?:ps|it/s)?|[кмг]б(?:ит)?|kg|km|кг|км|{_DAYS})",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:now|nowadays|these days|instead|since|from now on|already|as of|only|exclusively"
    r"|теперь|отныне|вместо|уже|только|с тех пор|наконец|дальше"
    rf"|с (?:{_DAYS}|осени|весны|лета|зимы))\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;…\n](?=\s|$)")
_BETWEEN = re.compile(r"\s+(?:\w+\s+){0,2}")
"""What may stand between a place and the verb after it."""
_FARTHEST = 100
"""Characters after a verb within which its place is looked for."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Verbs and the words after which they name where one goes.

    Attributes:
        towards: those words; None where the name follows the verb itself.
        lower: whether a name in lower case is believed.
        now: whether the clause must say that this is new, as "now" does.
        turned: whether the place may come before the verb, as it does in Russian.
    """

    verbs: re.Pattern[str]
    towards: re.Pattern[str] | None
    lower: bool = True
    now: bool = False
    turned: bool = False


def _words(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’])(?:{alternatives})(?!\w)", re.IGNORECASE)


_TO = _words("to|onto|into|unto")
_INTO_RU = _words("в|во|на|к|ко")
_AT_RU = _words("в|во|на|у|через|к|ко")
_USE_RU = _words(
    r"бер[уё]\w*|хожу|ходим|езжу|ездим|заказыва\w+|пользу\w+|покупа[юе]\w*|закупа\w+|вожу"
    r"|возим|води[мт]\w*|лечу\w*|лечим\w*|наблюда[юе]\w+|стригусь|сдаю|сда[её]м|отправля\w+"
    r"|играю|играем|смотрю|смотрим|слушаю|слушаем|читаю|читаем|учусь|учу|учатся|учим\w*"
    r"|бронирую|бронируем|катаюсь|катаемся|летаю|летаем|заправля\w+|размеща\w+|обеда\w+"
    r"|делаю|делаем|плачу|храню|храним|сижу|сидим|живу\w*|живет|жив[её]т|лежат|лежит|ношу"
    r"|страхую\w*|вызываю|вызываем|вед[уё]м?|получа[юе]\w*|юзаю|тренируюсь|пью|пь[её]м|едим"
    r"|обслужива\w+|открыл\w*|оформ\w+|застрахова\w+|рефинансир\w+|собрал\w*|пересобра\w+"
)
# The surest first: a move to a firm outweighs what is used now.
_RULES = (
    _Rule(
        _words(r"sw(?:it|ti|i)ch\w*|swap\w*|migrat\w+|port(?:ed|ing)|chang(?:ed|ing)|defect\w*"),
        _TO,
    ),
    _Rule(
        _words(
            r"переш\w+|перех\w+|перей\w+|смени\w+|меняю|поменя\w+|промен\w+|перебеж\w+"
            r"|мигрир\w+|перебра\w+|сбеж\w+"
        ),
        _INTO_RU,
        turned=True,
    ),
    _Rule(
        _words(
            r"mov(?:ed|ing|e)|transfer\w*|gone|went|going|jump\w*|hop(?:ped|ping)?|lost (?:me|us)"
            r"|shifted|relocated|upgraded|rolled|imported|took|taken|taking|back|pointed|goes|go|off"
            r"|handed|pushed|belongs?|gave|brought"
        ),
        _TO,
    ),
    _Rule(
        _words(
            r"(?:went|gone|going|go|signed|sign|signing|registered|enrolled|insured|insurance|cover"
            r"|booked|account|set up|opened)(?: up| out| it)?(?= (?:with|at|in)\b)|signed|replac\w+"
        ),
        _words("with|at"),
    ),
    _Rule(
        _words(r"ditch\w*|dump\w*|dropp?\w*|left|leaving|swap\w*|trad(?:ed|ing)|quit|abandon\w*"),
        _words("for"),
    ),
    _Rule(
        _words(
            r"уш[её]л|уш\w+|ухо[жд]\w+|уй\w+|пере[вн][её]\w*|перевож\w*|переезжа\w*|переех\w+"
            r"|перетащ\w+|перелез\w*|перека\w+|перес[еа]\w+|переключи\w+|перевез\w+|свали\w+|слез\w*"
            r"|съеха\w+|уеха\w+|ув[её]л\w*|вернул\w*|возвраща\w+|прикрепи\w+|отдал\w*|переда\w+"
            r"|ун[её]с\w*|утащи\w*|пош[её]л|пошл[аи]|сда(?:лся|лась|лись)|переполз\w*|с?прыгнул\w*"
        ),
        _INTO_RU,
        turned=True,
    ),
    _Rule(_words(r"подписал\w*|заключил\w*"), _words("с|со"), lower=False),
    _Rule(_words(r"joined|joining|join|chose|choose|choosing|picked|opened an?|took out"), None),
    _Rule(_words(r"вы(?:брал\w*|бираю)|оформил\w*|подключил\w*|поставил\w*"), None, lower=False),
    _Rule(
        _words(
            r"(?:is|are|am|i['’]?m|we['’]re|been|sits?|lives|runs?|registered)"
            r"(?: (?:now|already|all|only|just|back|registered|insured))*(?= (?:with|at|on)\b)"
        ),
        _words("with|at|on"),
        now=True,
    ),
    _Rule(
        _words(r"(?<!we )(?<!they )(?<!you )(?:is|are)(?: now| all| already)*(?= in\b)"),
        _words("in"),
        now=True,
    ),
    _Rule(_words(r"now(?= (?:with|on|at)\b)"), _words("with|on|at")),
    _Rule(_words(r"on(?= [\w+-]+ now\b)"), None),
    _Rule(
        _words(
            r"gets?|got|buy|bought|buying|shop|shopping|order\w*|book\w*|bank|banking|fly|flying"
            r"|ships?|host|eat|use|using|play|watch|listen|pay|send|fill|sell|selling|learn\w*|do"
            r"|drink|ride|emptied|made|sent|served"
        ),
        _words("with|at|on|via|through|by"),
        lower=False,
        now=True,
    ),
    _Rule(
        _words(r"buy|buying|order\w*|comes?|coming|gets?(?= (?:my|our|all|it|them|the|its)\b)"),
        _words("from"),
        lower=False,
        now=True,
    ),
    _Rule(_words(r"uses?|using|gets?|got|fly|buy|bought|plays?|drive|choose"), None, now=True),
    _Rule(_USE_RU, _AT_RU, lower=False, turned=True),
    _Rule(_USE_RU, _AT_RU, now=True),
    # Any other verb of the present, by its ending, where the clause says "now".
    _Rule(
        _words(r"\w{2,}(?:[еёи]т|[аяую]т|[её]м|ую)(?:ся|сь)?(?= (?:в|на|у|через)\b)"),
        _AT_RU,
        lower=False,
        now=True,
    ),
    _Rule(
        _words(r"купил\w*|взял\w*|заказал\w*|записал\w*|нашл[аи]|наш[её]л|снял[аи]?"),
        _AT_RU,
        lower=False,
    ),
    _Rule(
        _words(r"пользу[юе]\w+|летаю|летаем|вожу|беру|бер[её]м|купил\w*|взял\w*"), None, lower=False
    ),
    _Rule(
        _words(
            rf"(?:теперь|уже|отныне|с {_DAYS})"
            r"(?: (?:я|мы|все|всё|только|месяц|неделю|год|полгода))*(?= (?:в|во|на|у|через|с)\b)"
        ),
        _words("в|во|на|у|через|с"),
    ),
    _Rule(_words(r"(?<!не )(?:клиент|абонент|пользовател)\w*"), None, lower=False),
    _Rule(
        _words(
            r"now it['’]?s|it['’]?s now|теперь это"
            r"|(?:now|теперь)(?=(?: [^\s,]+){1,3}\s*(?:[,.!?;:)]|$))"
            r"|it['’]?s(?= .{2,40} for (?:me|us)\b)"
            r"|(?:my|our) new \w+ is|(?:my|our) \w+ is now|мо[йяё] \w+(?: теперь)?(?: это| —)"
        ),
        None,
        lower=False,
    ),
)
_GREETED = re.compile(r"\b(?:hello|hi to|здравствуй\w*|привет),?(?=\s)", re.IGNORECASE)
_PARTED = re.compile(r"\b(?:good)?bye\b|\b(?:прощай\w*|пока)\b", re.IGNORECASE)
_SERVES = re.compile(
    r"\s+(?:now )?(?:(?:has|have|had|got|gets|took|takes|insures?|welcomed|delivers|covers?|won"
    r"|installed|fitted)(?: over| had| both)? (?:me|us|my|our)\b|instead\b|it is(?=[^\w\s]|$)"
    r"|(?:customer|user|regular|passenger|client|member)\b"
    r"|(?:теперь|снова|отныне) (?:мо[йяё]|наш[ае]?)\b)",
    re.IGNORECASE,
)
_WORD_START = re.compile(r"(?<![\w'’«\"“#@])(?=[«\"“#@\w])")
_OPENING = re.compile(r"(?:^|[.,;:!?—-]\s+|\b(?:and|so|but)\s+)$")
_SERVES_NOW = re.compile(r"\s+(?:[\w’']+\s+){1,3}(?:me|us|my|our)\b", re.IGNORECASE)
_NEW_AFTER = re.compile(
    r"\s+(?:now|since|these days|from now on|as of|instead|exclusively)\b", re.IGNORECASE
)
_BY = _words("(?<!done )(?<!up )(?<!finished )(?<!years )with|at|on|by|through|via")
_CARRIES = re.compile(
    r"\b(?:возит|кормит|доставляет|обслуживает|страхует|привозит|протянул\w*|провел\w*)\b",
    re.IGNORECASE,
)
_OURS = re.compile(r"\b(?:нам|нас|мне|меня|мо[йяюеё]|наш\w*)\b", re.IGNORECASE)


def rival_in(clause: str) -> str | None:
    """The name a switching clause moves to; none if it names nobody there.

    The name stands where one goes: after a word of direction that belongs to a verb of switching
    ("moved from Kamar to Brix", «теперь беру кофе в Брикс»), or does what a chosen firm does ("Brix
    got my business"). It is quoted, marked by "@" or "#", or has capitals; in lower case it is
    believed after such a word alone. Names elsewhere, of towns or of whom one left, are none. The
    name may be that of the brand itself. For clauses that tell of a switch: in others it finds
    names of anything.
    """
    is_new = bool(_NOW.search(clause))
    for rule in _RULES:
        if rule.now and not is_new:
            continue
        found = next(_whither(rule, clause), None)
        if found:
            return found
    return next(_subjects(clause, is_new=is_new), None)


def _whither(rule: _Rule, clause: str) -> Iterator[str]:
    """The names that stand where the verbs of a rule go."""
    bound = False
    for verb in rule.verbs.finditer(clause):
        if rule.towards is None:
            name = _name_at(clause, verb.end(), lower=rule.lower)
            if name:
                yield name[0]
            continue
        ending = _SENTENCE_END.search(clause, verb.end())
        end = min(ending.start() if ending else len(clause), verb.end() + _FARTHEST)
        for word in rule.towards.finditer(clause, verb.end(), end):
            if _TIME.match(clause, word.end()):
                continue
            bound = True
            name = _name_at(clause, word.end(), lower=rule.lower)
            if name:
                yield name[0]
            # What the first such word leads to is the place, be it a firm or "oat milk".
            break
    if rule.turned and not bound:
        yield from _before(rule, clause)


def _before(rule: _Rule, clause: str) -> Iterator[str]:
    """Names in a place told before its verb: «на Брикс перешли»."""
    for word in rule.towards.finditer(clause) if rule.towards else ():
        name = _name_at(clause, word.end(), lower=False)
        verb = rule.verbs.search(clause, name[1]) if name else None
        if name and verb and _BETWEEN.fullmatch(clause, name[1], verb.start()):
            yield name[0]


def _subjects(clause: str, *, is_new: bool) -> Iterator[str]:
    """Names of those who do something for the writer now, or are greeted in another's stead."""
    for start in _WORD_START.finditer(clause):
        name = _name_from(clause, start.start(), lower=False)
        serves = name and _SERVES.match(clause, name[1])
        if name and (serves or (is_new and _opens(clause, start.start(), name[1]))):
            yield name[0]
    for words, lower in (
        (_BY if is_new else None, False),
        (_CARRIES if is_new or _OURS.search(clause) else None, False),
        (_GREETED if _PARTED.search(clause) else None, True),
    ):
        for word in words.finditer(clause) if words else ():
            name = _name_at(clause, word.end(), lower=lower)
            if name and (words is not _BY or _NEW_AFTER.match(clause, name[1])):
                yield name[0]


def _opens(clause: str, start: int, end: int) -> bool:
    """Whether the name opens a sentence of what it now does: "Zebra insures our cars now"."""
    return bool(_OPENING.search(clause, 0, start) and _SERVES_NOW.match(clause, end))


def _name_at(clause: str, at: int, *, lower: bool) -> tuple[str, int] | None:
    """The name after the word that ends there, and where the name ends."""
    quoted = _BEFORE_QUOTED.match(clause, at)
    if quoted:
        return _name_from(clause, quoted.end(), lower=False)
    lead = _LEAD.match(clause, at)
    # "The phone" is a thing, "phone" might be a firm.
    return _name_from(clause, lead.end(), lower=lower and not lead[1]) if lead else None


def _name_from(clause: str, at: int, *, lower: bool) -> tuple[str, int] | None:
    marked = _QUOTED.match(clause, at) or _MARKED.match(clause, at)
    if marked:
        return marked[1].strip(), marked.end()
    found = _CAPITALS.match(clause, at) or (_PLAIN.match(clause, at) if lower else None)
    if found is None or _NO_NAME.fullmatch(found[0]) or _STREET.fullmatch(found[0]):
        return None
    if found[0].islower() and _ADJECTIVE.fullmatch(found[0]):
        return None
    return found[0].strip("-"), found.end()
