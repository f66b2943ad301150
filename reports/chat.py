"""Chats and push services through Apprise, an optional dependency (`molva[channels]`).

The address of a service holds its token, so it comes from the environment and is never told.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from reports.interface import ChannelError, Message

LONGEST_PAUSE: Final = timedelta(seconds=10)
"""For so long a service may have us wait in the middle of sending; longer is for the outbox."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_GONE = {"404", "410"}
_log = logging.getLogger("apprise")


def send_chat(url: str, message: Message, variable: str) -> None:
    """Send the short form of a message to one service, blocking until it has answered.

    A service knows no key to recognise a message by: one that is sent again is shown again.

    Args:
        url: the Apprise URL of the service.
        variable: where the URL came from, for the error.

    Raises:
        ChannelError: Apprise is not installed, the URL is not one, or the service refused.
    """
    service = _service(url, variable)
    body = (message.brief or message.text).strip()
    room = max(service.body_maxlen - (0 if service.title_maxlen else len(message.subject) + 2), 100)
    if len(body) > room:
        body = body[: room - 1].rstrip() + "…"
    with _listening() as heard:
        taken = service.notify(
            title=message.subject, body=body, body_format="text", notify_type="warning"
        )
    if taken:
        return
    status = next((found[1] for line in heard if (found := _STATUS.search(line))), "")
    answered = f"answered {status}" if status else "could not be reached or refused the message"
    raise ChannelError(f"{service.service_name} {answered}", permanent=status in _GONE)


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
