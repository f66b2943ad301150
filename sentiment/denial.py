"""Negation: whether a clause denies a complaint ("очереди не было") or denies praise.

Word lists and a window of a few light words, after NegEx (Chapman et al. 2001) and the negation
rule of lexicon sentiment. It hears only a negator that belongs to a word of a known side, so a
complaint that is itself a negation ("nobody answers", "не работает") is left alone.
"""

from __future__ import annotations

import re

_BAD = (
    # English
    r"rude\w*|unfriendly|impolite|unhelpful|slow\w*|late|delay\w*|queues?|lines?|waits?|waited|waiting|dirty|dirt|"
    r"filth\w*|nois[ye]\w*|loud|crowded|stuffy|smell\w*|stale|sour|cold|raw|bland|greasy|soggy|burnt|"
    r"broken?|breaks?|broke|damaged?|lost|missing|wrong|mistakes?|errors?|faults?|faulty|defects?|"
    r"defective|bugs?|buggy|glitch\w*|crash\w*|freez\w*|froze\w*|lag\w*|outages?|expensive|"
    r"overpriced|pricey|overcharg\w*|hidden|extra|surprise|fees?|scam\w*|lie[ds]?|lying|cheat\w*|"
    r"mis(?:led|leading|lead)|decei\w*|confus\w*|complicated|difficult|hard|tricky|unsafe|danger\w*|"
    r"scary|scared|afraid|sick|poison\w*|problems?|issues?|trouble\w*|complain\w*|complaints?|bad|"
    r"awful|terrible|horrible|disappoint\w*|regret\w*|spam\w*|pushy|push\w*|sell|repeat|refused?|"
    r"ignored?|stolen|uncomfortable|unanswered|stood|stand|charged?|billed|out\s+of\s+stock|drop\w*|"
    r"mix(?:ed)?|go(?:es)?\s+down|went\s+(?:down|wrong)|long|"
    # Russian
    r"груб\w*|хам\w*|нахам\w*|нагруб\w*|невежлив\w*|медленн\w*|долг(?:о|ий|им|ая)|опозда\w*|опаздыва\w*|"
    r"задерж\w*|очеред\w*|жда(?:ть|ли|л|ла)|ожида\w*|гряз\w*|шум\w*|громк\w*|душн\w*|тесн\w*|"
    r"воня\w*|холодн\w*|сыр(?:ой|ая|ое|ым)|пресн\w*|жирн\w*|черств\w*|просроч\w*|слома\w*|"
    r"лома\w*|поврежд\w*|помят\w*|теря\w*|потеря\w*|пропа\w*|перепут\w*|путал\w*|ошиб\w*|брак\w*|"
    r"дефект\w*|глюч\w*|глюк\w*|баг(?:ов|и|а)|вис(?:ло|нет|ла)|завис\w*|вылета\w*|вылете\w*|тормоз\w*|"
    r"лага\w*|дорог(?:о|ой|ая|ие|ое)|переплат\w*|переплач\w*|комисси\w*|скрыт\w*|обсчит\w*|обман\w*|"
    r"врал\w*|соврал\w*|наврал\w*|развод\w*|кинул\w*|сложн\w*|запутан\w*|трудн\w*|непонятн\w*|"
    r"опасн\w*|страшн\w*|отрави\w*|проблем\w*|жалоб\w*|жаловать\w*|нарекан\w*|претензи\w*|плох\w*|"
    r"ужасн\w*|разочаров\w*|пожале\w*|спам\w*|навяз\w*|объяснять|повторять|отказа\w*|"
    r"игнорир\w*|укра\w*|недостат\w*|минус\w*|завышен\w*|спис(?:али|ано|ывали)|отключени\w*|падал\w*|"
    r"упал\w*|стоял\w*|гоняли|нарушил\w*|заставил\w*|неожиданн\w*"
)
_GOOD = (
    r"friendly|kind|polite|helpful|attentive|professional|welcoming|nice|pleasant|co[sz]y|comfortable|"
    r"clean|quiet|beautiful|fresh|tasty|delicious|good|great|best|quick\w*|fast|prompt\w*|easy|easily|"
    r"simple|convenient|clear|intuitive|cheap|affordable|worth|reasonabl\w*|reliable|on time|"
    r"solved?|fixed|resolved|choice|variety|selection|happy|satisfied|impress\w*|"
    r"приветлив\w*|вежлив\w*|добр(?:ый|ая|ые|ое)|внимательн\w*|отзывчив\w*|дружелюбн\w*|приятн\w*|"
    r"уютн\w*|удобн\w*|чист(?:о|ый|ая|ое|ые)|тих(?:о|ий|ое)|красив\w*|свеж\w*|вкусн\w*|хорош\w*|"
    r"отличн\w*|лучш\w*|быстр\w*|просто|понятн\w*|ясно|дешев\w*|выгодн\w*|стоит|надежн\w*|вовремя|"
    r"решил\w*|решен\w*|исправил\w*|выбор\w*|разнообрази\w*|доволен|довольн\w*|впечатл\w*|рад"
)
# Words that may stand between a negator and what it denies.
_LIGHT = (
    r"(?:at|all|in|the|a|an|any|so|too|very|that|really|particularly|even|once|ever|been|be|have|has|"
    r"had|to|was|were|is|are|did|do|feel|felt|single|me|us|my|of|about|with|on|one|it|"
    r"tried|"
    r"был[аио]?|быть|вообще|совсем|так|очень|особо|особенно|слишком|никак\w*|ни|разу|нас|меня|нам|"
    r"мне|пришлось|приходилось|ничего|никто|никого|никогда|одн\w+|там|тут|здесь|в|с|со|на|за|о|"
    r"это|этом|нигде|и|уж|такой|такая|такое|по|второму|разу|лишн\w+)"
)
_NOT = (
    r"(?:not|no|never|nothing|nobody|none|without|hardly|barely|isnt|wasnt|werent|arent|dont|didnt|"
    r"doesnt|hasnt|havent|hadnt|wont|\w+n['’]t|"
    r"не|нет|ни|без|никто|ничего|никогда|никаких|никакой|никакого|нисколько|отнюдь)"
)
_GAP = r"(?:\s+" + _LIGHT + r"){0,4}?\s+"
# Russian also denies after the noun or the infinitive: «очереди нет», «ждать не пришлось»; what
# nobody noticed may have its owner in between: «грубости со стороны охраны не заметил».
_AFTER = (
    r"(?:(?:\s+"
    + _LIGHT
    + r"){0,3}?\s+(?:(?:больше\s+)?нет(?!\s+(?:сил|мочи|смысла|желани))|не\s+было"
    + r"|не\s+пришлось|не\s+возникло|не\s+заставил\w*|как\s+не\s+бывало)"
    + r"|(?:\s+\w+){0,4}?\s+не\s+(?:замети|обнаруж|встрети|видел|виде[тн]|нашел|нашл|найд|почувств|"
    + r"попал|последовал|случил|застал|заставал|наблюда)\w*"
    + r"|\s+(?:it|they|he|she|that|this)\s+(?:is|was|were|are)(?:n't|\s+(?:not|never)))"
)
# Whatever stands in one of these is denied, complaint or praise, as it is the writer who would not
# say so: "they can't say when" and «не сказали, что отключат» are complaints.
_FRAME = re.compile(
    r"\b(?:i|we|one)\s+(?:\w+\s+)?(?:ca(?:n't|nnot)|would(?:n't|\s+not))\s+(?:\w+\s+)?say"
    r"(?!\s+(?:enough|no\b))"
    r"|\b(?:i|we)\s+would(?:n't|\s+not|\s+hardly)\s+(?:call|describe)"
    r"|\bit(?:'s\s+not|\s+(?:is|was)(?:n't|\s+not))\s+as\s+if"
    r"|\b(?:не|нельзя)\s+(?:(?:могу|можем|буду|берусь)\s+)?(?:сказать|назвать)\b"
    r"|\bне\s+(?:скажу|назову|(?:сказал[аи]?|назвал[аи]?)\s+бы)\b|\bбы\s+не\s+(?:сказал|назвал)[аи]?\b"
    r"|\bне\s+(?:было|бывало|случалось)\s+(?:\w+\s+)?(?:такого|случая)\b"
    r"|\b(?:можно|можете|можешь|придется)\s+(?:смело\s+)?забыть\b|\bзабудьте\s+(?:о|об|про)\b"
    r"|\b(?:говорить|рассчитывать)\s+не\s+приходится\b"
)
# One is only spared what is bad, and only what is good falls short.
_SPARED = re.compile(
    r"\b(?:(?:was|were|been)\s+spared|spared\s+(?:us|me)|managed\s+to\s+avoid"
    r"|(?:меня|нас|мимо)\s+миновал\w*|миновал\w*\s+(?:меня|нас))\b"
    r"|(?<!не )\b(?:обош(?:л\w+|елся)\s+без|избежал\w*|удалось\s+избежать)\b"
)
_FELL_SHORT = re.compile(r"\bне\s+(?:блещ|блист|балу|порадова|впечатл|превзош|оправда)\w*")
# Waiting denied in the other forms of its verbs: «очередь не стоишь», «ждать долго не придётся»;
# not «не стоит своих денег», where the form means a worth, nor «нас тут не ждут». And "no more
# queues": who says "no more cold fries for me" complains.
_TO_WAIT = r"(?:ждать|ожидать|стоять|простаивать)"
_NO_WAIT = re.compile(
    rf"\bне\s+(?:{_LIGHT}\s+){{0,2}}(?:жд(?:у|ешь|ем|ете)|сто(?:ю|ишь|им|ять)"
    r"(?!\s+(?:на\s+месте|ваш|сво|эт|тех|так|того|внимани)))\b"
    r"|\bочеред\w*\s+(?:\w+\s+)?не\s+сто(?:ят|ите)\b|\bне\s+сто(?:ят|ите)\s+в\s+очеред"
    rf"|\bне\s+(?:надо|нужно|придется|приход\w+)\s+(?:\w+\s+){{0,2}}?{_TO_WAIT}\b"
    rf"|\b{_TO_WAIT}\s+(?:\w+\s+){{0,3}}?не\s+(?:надо|нужно|требуется|придется|пришлось)\b"
    rf"|(?:\bстоять|(?:^|\b(?:долго|подолгу|почти|даже)\s+)ждать)\s+(?:\w+\s+){{0,3}}?не\s+приход"
    r"|\bno\s+more\s+(?:(?:long|endless|\w+ing)\s+)?(?:queu\w*|lines?|wait\w*|standing|delays?"
    r"|problems?|issues?|trouble|errors?|bugs?|crash\w*|glitch\w*|outages?)\b"
)
# Who expects nothing good waits no longer, and complains.
_HOPELESS = re.compile(
    r"\b(?:от|ничего|никого|так(?:ого|ой)|хороше\w+|лучшего|чуд\w+|помощи|ответ\w*|извинени\w+"
    r"|качества|уже\s+не)\b"
)
# An order that waits for its buyer.
_READY = re.compile(
    r"(?:^\W*|\b(?:order|food|meal|coffee|latte|drinks?|pizza|burgers?|parcel|package|prescription"
    r"|collect|table|taxi|cab|driver|it|everything)\s+)(?:is|was|were)\s+(?:already\s+|all\s+)?"
    r"(?:ready\s+and\s+)?waiting\s+(?:for\s+(?:me|us|you)\b"
    r"|(?:on|in|at|by)\s+(?:\w+\s+){1,5}(?:when|before|as\s+soon\s+as|by\s+the\s+time)\s+(?:i|we|you)\b)"
    r"|\b(?:заказ\w*|кофе|пакет\w*|посылк\w|еда|пицц\w|столик\w*|такси)\s+(?:(?:меня|нас|там)\s+)?"
    r"уже\s+(?:(?:меня|нас|там)\s+)?(?:жд(?:ал[аио]?|ет|ут)|стоял[аио]?)\b"
    r"(?!\s+(?:\d|пол|втор|трет|час|недел|месяц|дн[яе]))"
)
# Negators that leave standing what follows: "not only slow", «не обошлось без хамства».
_STANDS = re.compile(r"\b(?:not\s+(?:only|just)|не\s+(?:только|просто)|не\s+обош\w+\s+без)\b")
_AGAIN = re.compile(r"\b(?:no\s+longer|any\s*more|больше\s+не)\b")


def _either(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<!\w){_NOT}{_GAP}(?:{words})(?!\w)|(?<!\w)(?:{words}){_AFTER}(?!\w)"
        rf"|(?<!\w)far\s+from\s+(?:{words})(?!\w)"
    )


_NO_COMPLAINT = _either(_BAD)
_NO_PRAISE = re.compile(
    _either(_GOOD).pattern
    + r"|(?<!\w)(?:не(?:вкусн|свеж|приветлив|вежлив|уютн|удобн|приятн|быстр)\w*)(?!\w)"
    + rf"|(?<!\w)(?:{_GOOD})(?:\s+\w+){{0,4}}?\s+не\s+дожд\w+(?:ся|сь)(?!\w)"
    + r"|(?<!\w)(?:выбор\w*|решени\w*)\s+никак\w+|не\s+назовешь|не\s+назвать"
)
# "could not be better", "can't go wrong": praise in the form of a denial.
_PRAISE_AFTER_ALL = re.compile(
    r"(?:not|n['’]t|never)\s+(?:be|been|ask\w*|get|had|have)\s+(?:for\s+)?(?:a\s+)?(?:better|more|best)"
    r"|не\s+может\s+быть\s+лучше|лучше\s+не\s+(?:бывает|найти|придумать)|не\s+оторваться"
)


_JUDGES = re.compile(rf"(?<!\w)(?:{_BAD}|{_GOOD})(?!\w)")
_NEGATES = re.compile(rf"(?<!\w){_NOT}(?!\w)")


def plain(text: str) -> str:
    """Text as the word lists are written: lower case, ё as е, a curly apostrophe straight."""
    return text.casefold().replace("ё", "е").replace("’", "'")


def denied(clause: str) -> tuple[bool, bool]:
    """Whether a clause (made `plain`) denies a complaint, and whether it denies praise."""
    if _STANDS.search(clause) or _AGAIN.search(clause):
        return False, False
    frame = bool(_FRAME.search(clause))
    spared = any(each.search(clause) for each in (_NO_COMPLAINT, _SPARED, _READY))
    spared = spared or bool(_NO_WAIT.search(clause) and not _HOPELESS.search(clause))
    complaint = frame or spared
    praise = frame or bool(_NO_PRAISE.search(clause) or _FELL_SHORT.search(clause))
    return complaint, praise and not _PRAISE_AFTER_ALL.search(clause)


def both_judge(before: str, after: str) -> bool:
    """Whether what stands before an "and" is an opinion, and what follows another of its own.

    A denial before it may mean both ("not slow or rude"), unless the second is denied as well.
    """
    first, second = plain(before), plain(after)
    if _NEGATES.search(first) and not _NEGATES.search(second):
        return False
    return bool(_JUDGES.search(first) and _JUDGES.search(second))
