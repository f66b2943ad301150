"""Chats and push services through Apprise, an optional dependency (`molva[channels]`).

The address of a service holds its token, so it comes from the environment and is never told.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reports.interface import ChannelError, Message

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
    return service


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
