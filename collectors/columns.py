"""What the columns of an imported table are called, in English and Russian."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from collectors.items import string

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text", "body", "message", "content", "comment", "review", "текст", "отзыв",
             "сообщение", "комментарий"),
    "id": ("id", "native_id", "номер"),
    "url": ("url", "link", "ссылка", "адрес"),
    "date": ("date", "published_at", "created_at", "time", "timestamp", "дата", "время"),
    "author": ("author", "user", "name", "автор", "имя", "пользователь"),
    "title": ("title", "subject", "headline", "заголовок", "тема"),
    "rating": ("rating", "score", "stars", "оценка", "рейтинг"),
    "lang": ("lang", "language", "язык"),
    "likes": ("likes", "лайки"),
    "comments": ("comments", "replies", "комментарии"),
    "shares": ("shares", "reposts", "репосты"),
    "views": ("views", "просмотры"),
    "followers": ("followers", "подписчики"),
    "site": ("site", "площадка"),
}  # fmt: skip
"""Our name of a column, and the names it is known by without being told."""


def known_name(name: str) -> str | None:
    """Our name of a column by any of its English and Russian ones: `published_at` is `date`."""
    lowered = name.strip().lower()
    if lowered in NAMES:
        return lowered
    return next((ours for ours, others in NAMES.items() if lowered in others), None)


def understood(header: Iterable[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Our name of each column that is read = the file's name of it.

    Args:
        header: the file's names.
        columns: as told; others are known by their usual names.
    """
    theirs = {str(name).strip().lower(): str(name) for name in header}
    found = {}
    for ours, usual in NAMES.items():
        names = (columns[ours].lower(),) if ours in columns else usual
        match = next((theirs[name] for name in names if name in theirs), None)
        if match is not None:
            found[ours] = match
    return found


class Cells:
    """A row's values by our names; a JSON value inside another by its path, `user.name`.

    Args:
        values: by the file's own names.
        columns: our name = the file's name, where they are not usual ones.
    """

    def __init__(self, values: Mapping[str, Any], columns: Mapping[str, str]) -> None:
        self._values = {str(name).strip().lower(): value for name, value in values.items()}
        self._columns = columns

    def get(self, name: str) -> str:
        """The value of a column as text; empty if the row has none."""
        asked = self._columns.get(name)
        for column in (asked,) if asked else NAMES[name]:
            if found := string(self._value(column.lower())).strip():
                return found
        return ""

    def _value(self, column: str) -> Any:
        if column in self._values or "." not in column:
            return self._values.get(column)
        value: Any = self._values
        for step in column.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value
