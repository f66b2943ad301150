"""Turns facts into words: catalogues in `messages/`, plural rules, numbers and dates by Babel.

A catalogue entry is a sentence with `{names}`, or a table of plural forms chosen by the `n` it
is given. Values are put in already formatted; nothing of a post is ever read as a template.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from markupsafe import Markup

from reports.interface import LANGS, Lang, ReportError

MINUS, PLUS, DASH, NBSP = "\u2212", "+", "\u2013", "\u00a0"


@cache
def catalogue(lang: str) -> Mapping[str, Any]:
    """The messages of one language, flat or as tables of plural forms.

    Raises:
        ReportError: reports are not written in that language.
    """
    if lang not in LANGS:
        raise ReportError(f"reports are written in {' or '.join(LANGS)}, not in {lang!r}")
    path = files("reports") / "messages" / f"{lang}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


class Words:
    """Speaks one language in one time zone."""

    def __init__(self, lang: Lang, zone: ZoneInfo) -> None:
        self.lang = lang
        self.zone = zone
        self._messages = catalogue(lang)
        self._locale = Locale.parse(lang)

    def say(self, key: str, /, n: float | None = None, **values: object) -> str:
        """The message `key` with its values; `n` chooses the plural form and stands for itself.

        Raises:
            ReportError: the catalogue has no such message.
        """
        message = self._messages.get(key)
        if isinstance(message, Mapping):
            form = self._locale.plural_form(abs(n or 0))
            message = message.get(form, message["other"])
        if not isinstance(message, str):
            raise ReportError(f"no message {key!r} in the {self.lang} catalogue")
        shown = {name: self._shown(value) for name, value in values.items()}
        n = n or 0
        return self._filled(message, {"n": self.number(n, int(n % 1 != 0)), **shown})

    def _filled(self, message: str, values: Mapping[str, str]) -> str:
        return message.format(**values)

    def link(self, text: str, key: str) -> str:
        """The words, linked to the list of that key where there is one."""
        return text

    def _shown(self, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value if isinstance(value, str) else str(value)
        return self.number(value)

    def named(self, group: str, key: str) -> str:
        """`group.key` of the catalogue, or the key itself where it has no name."""
        message = self._messages.get(f"{group}_{key}")
        return message if isinstance(message, str) else key

    def language(self, code: str) -> str:
        """What a language is called, or its code where it has no name."""
        return str(self._locale.languages.get(code, code))

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's separators and that many decimals at most."""
        pattern = "#,##0." + "#" * digits if digits else "#,##0"
        return format_decimal(value, format=pattern, locale=self._locale)

    def short(self, value: float) -> str:
        """A large number shortened: 12.3K, 12,3 тыс."""
        if abs(value) < 10_000:
            return self.number(value)
        return format_compact_decimal(value, locale=self._locale, fraction_digits=1)

    def percent(self, share: float, *, signed: bool = False) -> str:
        """A share as a whole percentage, one decimal under 1 %."""
        pattern = "#,##0%" if abs(share) >= 0.00995 or share == 0 else "0.#%"
        if self.lang == "ru":
            pattern = pattern.replace("%", NBSP + "%")
        text = format_percent(abs(share), format=pattern, locale=self._locale)
        return self._sign(share) + text if signed else (MINUS if share < 0 else "") + text

    def net(self, value: float) -> str:
        """A net sentiment in [-1, 1] as signed points of 100."""
        points = round(value * 100)
        return self._sign(points).replace("±", "") + self.number(abs(points))

    def ratio(self, ratio: float) -> str:
        """A ratio: one decimal under ten."""
        return self.number(ratio, 1 if ratio < 10 else 0)

    def times(self, ratio: float) -> str:
        """A ratio with its word: `4.1 times`, «4,1 раза», «5 раз»."""
        forms = self._messages["times"]
        rounded = round(ratio, 1 if ratio < 10 else None)
        form = forms.get(self._locale.plural_form(rounded), forms["other"])
        return str(form.format(n=self.ratio(ratio)))

    @staticmethod
    def _sign(value: float) -> str:
        return PLUS if value > 0 else MINUS if value < 0 else "±"

    def span(self, low: str, high: str) -> str:
        """An interval; a percent sign common to both ends is written once."""
        for sign in (NBSP + "%", "%"):
            if low.endswith(sign) and high.endswith(sign):
                low = low.removesuffix(sign)
                break
        signed = any(end.startswith((MINUS, PLUS, "±")) for end in (low, high))
        return low if low == high else f"{low}{'…' if signed else DASH}{high}"

    def day(self, day: date) -> str:
        """`Tuesday, 3 March`, «вторник, 3 марта»."""
        return format_date(day, format="EEEE, d MMMM", locale=self._locale)

    def short_day(self, day: date) -> str:
        """`3 Mar`."""
        return format_date(day, format="d MMM", locale=self._locale)

    def month(self, day: date) -> str:
        """`March 2026`, «март 2026»."""
        return format_date(day, format="LLLL y", locale=self._locale)

    def clock(self, at: datetime) -> str:
        """The hour and minute in the reader's zone."""
        return format_time(at, format="HH:mm", tzinfo=self.zone, locale=self._locale)

    def moment(self, at: datetime) -> str:
        """Day, hour and minute in the reader's zone."""
        return format_datetime(at, format="d MMM, HH:mm", tzinfo=self.zone, locale=self._locale)

    def duration(self, length: timedelta) -> str:
        """Whole minutes under two hours, hours under two days, then days."""
        minutes = max(0, round(length / timedelta(minutes=1)))
        if minutes < 120:
            return self.say("minutes", n=minutes)
        if minutes < 48 * 60:
            return self.say("hours", n=round(minutes / 60))
        return self.say("days", n=round(minutes / 1440))

    def join(self, parts: list[str]) -> str:
        """A list in a sentence: `a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("list_end", rest=", ".join(parts[:-1]), last=parts[-1])


class HtmlWords(Words):
    """Speaks HTML: every value put into a message is escaped, and numbers may be links.

    Args:
        lists: the keys of lists that can be linked to.
        page: the address of the page that has them; empty for the page itself.
    """

    def __init__(
        self, lang: Lang, zone: ZoneInfo, lists: Collection[str] = (), page: str = ""
    ) -> None:
        super().__init__(lang, zone)
        self._lists = frozenset(lists)
        self._page = page

    def _filled(self, message: str, values: Mapping[str, str]) -> str:
        return Markup(message).format(**values)  # noqa: S704 - a message of our own catalogue

    def link(self, text: str, key: str) -> str:
        """The words, linked to the list of that key where there is one."""
        if key not in self._lists:
            return text
        return Markup('<a class="to" href="{}#{}">{}</a>').format(
            self._page, list_anchor(key), text
        )


def list_anchor(key: str) -> str:
    """The HTML id of a list; keys may hold anything, ids only letters, digits and hyphens."""
    return "list-" + "".join(c if c.isalnum() and c.isascii() else f"-{ord(c):x}-" for c in key)


def isolated(text: str) -> str:
    """Foreign text shielded by Unicode isolates, so that its direction cannot leak out."""
    return f"\u2068{text}\u2069"


def plain(text: str, limit: int = 280) -> str:
    """A post's text on one line, cut at a word, without direction overrides or controls."""
    if not text.isprintable():  # as most are: marks of direction are none of the printable
        text = "".join(" " if c.isspace() else c for c in text if c.isprintable() or c.isspace())
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:.-") + "…"


def safe_url(url: str) -> str:
    """The URL if a click on it is harmless (http, https), else nothing."""
    cleaned = url.strip()
    return cleaned if cleaned.lower().startswith(("http://", "https://")) else ""


def isolated_html(text: str) -> Markup:
    """Foreign text for HTML: escaped, its direction its own."""
    return Markup('<bdi dir="auto">{}</bdi>').format(text)
