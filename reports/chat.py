"""Chats and push services through Apprise, an optional dependency (`molva[channels]`).

The address of a service holds its token, so it comes from the environment and is never told.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from typing import Any, Final

from reports.chat_text import Fits, harmless, outside_links, parts
from reports.interface import ChannelError, Message

LONGEST_PAUSE: Final = timedelta(seconds=10)
"""For so long a service may have us wait in the middle of sending; longer is for the outbox."""
LONGEST_TITLE: Final = 250
JOINT: Final = 32
"""Characters by which a service joins the title to the body, and for the number of a part."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_GONE = {"404", "410"}
_log = logging.getLogger("apprise")


def send_chat(url: str, message: Message, variable: str) -> None:
    """Send the short form of a message to one service, blocking until it has answered.

    What is too long for one is sent as several. If one of them is refused, all count as not sent.
    A service knows no key to recognise a message by: one that is sent again is shown again.

    Args:
        url: the Apprise URL of the service.
        variable: where the URL came from, for the error.

    Raises:
        ChannelError: Apprise is not installed, the URL is not one, or the service refused.
    """
    service = _service(url, variable)
    title, found = _fitted(service, message)
    for number, part in enumerate(found, 1):
        _notify(service, f"{title} ({number}/{len(found)})" if len(found) > 1 else title, part)


def _fitted(service: Any, message: Message) -> tuple[str, list[str]]:
    """The title and the body, in parts that fit the service together with it."""
    title = harmless(" ".join(message.subject.split()))
    joined = service.title_maxlen <= 0 or getattr(service, "overflow_amalgamate_title", False)
    room, longest = service.body_maxlen, service.title_maxlen or LONGEST_TITLE
    if joined:
        longest = min(longest, room // 2)
    title = _shortened(title, longest - JOINT)
    if joined:
        room -= _length(service, title) + JOINT

    def fits(text: str) -> bool:
        return bool(_length(service, text) <= room)

    found = parts(harmless(message.brief or message.text), fits)
    if message.kind == "digest" and len(found) > 1:
        return title, [_first(found[0], fits)]
    return title, found


def _shortened(title: str, longest: int) -> str:
    return title if len(title) <= longest else title[: longest - 1].rstrip() + "…"


def _first(part: str, fits: Fits) -> str:
    """The first part of what is not sent in full, with a sign that there is more."""
    while part and not fits(part + "…"):
        part = part[:-1].rstrip()
    return part + "…"


def _notify(service: Any, title: str, body: str) -> None:
    target = _format(service)
    if service.title_maxlen <= 0:
        # It is put before the body, which is in this format.
        title = _as(target, title)
    with _listening() as heard:
        taken = service.notify(
            title=title, body=_as(target, body), body_format=target, notify_type="warning"
        )
    if taken:
        return
    status = next((found[1] for line in heard if (found := _STATUS.search(line))), "")
    answered = f"answered {status}" if status else "could not be reached or refused the message"
    raise ChannelError(f"{service.service_name} {answered}", permanent=status in _GONE)


def _format(service: Any) -> str:
    """What plain text has to be turned into for a service: `text`, `html` or `markdown`."""
    resolve = getattr(service, "resolve_format", None)
    found = resolve("text") if resolve else service.notify_format
    return str(getattr(found, "value", found))


def _as(target: str, text: str) -> str:
    # Apprise would do it, but for Telegram it takes text for HTML and drops words in <>.
    from apprise import conversion  # noqa: PLC0415 - optional

    convert: Any = conversion.convert_between

    def converted(words: str) -> str:
        return str(convert("text", target, words))

    # With a backslash in it, a link is none in some programs.
    return outside_links(text, converted) if target == "markdown" else converted(text)


def _length(service: Any, text: str) -> int:
    """How long a text is for a service, counted as the strictest do: in units of UTF-16."""
    target = _format(service)
    # In HTML, spaces and line breaks are written long, but no service counts them so.
    written = escape(text, quote=False) if target == "html" else _as(target, text)
    if service.service_name == "ntfy":
        # The JSON may have 8,192 bytes, in which Apprise writes each Russian letter as six; a
        # message of more than 4,096 is made a file.
        return max(len(json.dumps(written)), 2 * len(written.encode("utf-8", "replace")))
    return len(written.replace("\n", "\r\n").encode("utf-16-le", "replace")) // 2


def _service(url: str, variable: str) -> Any:
    try:
        import apprise  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise ChannelError("chats need Apprise: pip install 'molva[channels]'") from error
    # What Apprise logs may hold the address, and with it the token.
    _log.propagate = False
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        raise ChannelError(
            f"the environment variable {variable} holds no Apprise URL; see docs/channels.md"
        )
    _without_surprises(service)
    return service


def _without_surprises(service: Any) -> None:
    """Keep Apprise from what its URLs cannot switch off."""
    if hasattr(service, "_room_create"):
        # For a mistyped Matrix room it would make a private one, where nobody reads the alerts.
        service._room_create = lambda _: None
    pause = service.throttle

    def throttle(last_io: Any = None, wait: float | None = None) -> None:
        # It would sleep as long as the service asks, with every other channel waiting for it.
        if wait is not None and wait > LONGEST_PAUSE.total_seconds():
            raise ChannelError(
                f"{service.service_name} asks to wait {wait:.0f} s",
                retry_after=timedelta(seconds=wait),
            )
        pause(last_io, wait)

    service.throttle = throttle


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise logs in this thread: it tells the reason of a failure nowhere else."""
    heard: list[str] = []
    mine = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == mine:
                heard.append(record.getMessage())

    listener = Listener(logging.WARNING)
    _log.addHandler(listener)
    try:
        yield heard
    finally:
        _log.removeHandler(listener)
