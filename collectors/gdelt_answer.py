"""What GDELT's search answers: articles in JSON that is not always JSON, or a reason in words.

A reason comes with status 200 as often as not, so the words have to say whose fault it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from collectors.interface import RetriableError
from collectors.items import mapping, sequence
from collectors.text import clean, html_to_text, markup_to_text

_BUSY = re.compile(r"limit requests|too many requests|try again", re.IGNORECASE)
_REFUSED = re.compile(
    r"\b(?:phrase|keywords?|query|queries|operators?|parenthes[ei]s|or'd|timespan)\b.*"
    r"\b(?:too|must|may only|invalid|illegal|not valid|not supported)\b|^\s*invalid\b",
    re.IGNORECASE | re.DOTALL,
)
# A lone backslash is no JSON; valid escapes are matched first, so that they stay.
_ESCAPE = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\')
# Headlines come cut into words: what belongs to the word before goes back to it.
_APART = re.compile(r" +(?=[,.:;!?)%](?:\s|$))|(?<=\w) (') ?(?=(?:s|t|re|ve|ll|d|m)\b)")

_LANGUAGES = {
    "albanian": "sq", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be",
    "bengali": "bn", "bosnian": "bs", "bulgarian": "bg", "catalan": "ca", "chinese": "zh",
    "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "estonian": "et", "finnish": "fi", "french": "fr", "galician": "gl", "georgian": "ka",
    "german": "de", "greek": "el", "gujarati": "gu", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "icelandic": "is", "indonesian": "id", "italian": "it", "japanese": "ja",
    "kannada": "kn", "kazakh": "kk", "korean": "ko", "latvian": "lv", "lithuanian": "lt",
    "macedonian": "mk", "malay": "ms", "malayalam": "ml", "marathi": "mr", "mongolian": "mn",
    "nepali": "ne", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "punjabi": "pa", "romanian": "ro", "russian": "ru", "serbian": "sr", "sinhalese": "si",
    "slovak": "sk", "slovenian": "sl", "somali": "so", "spanish": "es", "swahili": "sw",
    "swedish": "sv", "tamil": "ta", "telugu": "te", "thai": "th", "turkish": "tr",
    "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
}  # fmt: skip


def articles_of(text: str) -> list[Any] | None:
    """The articles of an answer, or `None` if it is no JSON object at all but words.

    Raises:
        RetriableError: it began like one and is broken, or holds something else.
    """
    text = text.lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return None
    try:
        answer = json.loads(_ESCAPE.sub(r"\1", text), strict=False)
    except (ValueError, RecursionError):
        raise RetriableError("the search answered broken JSON: trouble of the service") from None
    # No articles found is an empty object.
    if answer and not isinstance(mapping(answer).get("articles"), list):
        raise RetriableError("the search answered without articles: not the API's format")
    return sequence(mapping(answer).get("articles"))


def words_of(text: str) -> str:
    """The beginning of what an answer says, to be shown to a person."""
    return clean(html_to_text(text[:2000]))[:200]


def is_busy(text: str) -> bool:
    """Whether an answer says that the service takes no requests now."""
    return bool(_BUSY.search(words_of(text)))


def is_refused(text: str) -> bool:
    """Whether an answer says that the query is wrong: a short line, never a whole page."""
    return "<html" not in text.lower() and bool(_REFUSED.search(words_of(text)))


def headline(title: str) -> str:
    """A headline as it was printed, as far as its words can be put together again."""
    return _APART.sub(r"\1", markup_to_text(title))


def language_code(name: str) -> str | None:
    """ISO 639-1 of a language's English name."""
    return _LANGUAGES.get(name.lower())
