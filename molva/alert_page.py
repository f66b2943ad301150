"""Answers what is asked at `/alerts/act`: looking changes nothing, the button acts once.

A link to the list shows the alert's mentions.

Knows nothing of sockets. The store is opened for each request and closed after it, so requests
share no connection, and a store that was moved or restored is found. Only links that we signed
reach it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from collectors.interface import Clock
from reports.alert_list import alert_list, list_page
from reports.interface import CauseNames
from reports.link_page import busy_page, done_page, question_page, refused_page, standing
from reports.links import LinkError, LinkProblem, Wanted, alert_of, open_link, read_link
from reports.words import Words
from store.engine import open_store, reading, store_exists, writing
from store.interface import StoreError

log = logging.getLogger(__name__)

PATH: Final = "/alerts/act"
LARGEST: Final = 4096
"""Bytes of a form; it holds a token."""

PATIENCE: Final = 5.0
"""Seconds that a reader at the page waits for the store's other writers."""

STATUS: Final[Mapping[LinkProblem, int]] = {
    "broken": 400,
    "forged": 403,
    "gone": 404,
    "expired": 410,
}
_SAFE: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # The token is in the address.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_LATER: Final = {"Retry-After": "30"}


@dataclass(frozen=True)
class Page:
    """What a reader is shown."""

    status: int
    html: str
    headers: Mapping[str, str] = field(default_factory=lambda: _SAFE)


class AlertPages:
    """Shows what signed links would do, and does it.

    Args:
        store_url: of the store with the alerts.
        secret: that links are signed with.
        words: the reader's language and time zone.
        names: what causes are called.
        patience: seconds to wait for the store's other writers.
    """

    def __init__(
        self,
        store_url: str,
        secret: str,
        words: Words,
        clock: Clock,
        patience: float = PATIENCE,
        names: CauseNames | None = None,
    ) -> None:
        self._store_url = store_url
        self._secret = secret
        self._words = words
        self._names = names or {}
        self._clock = clock
        self._patience = patience

    def show(self, token: str) -> Page:
        """What a link would do; changes nothing, for mail scanners open every link."""
        return self._answer(token, self._question)

    def act(self, token: str) -> Page:
        """Do what a link asks for, and say what was done or had been done before."""
        return self._answer(token, self._deed)

    def refuse(self, status: int) -> Page:
        """Answer a form that is none of ours."""
        return Page(status, refused_page(LinkError("this is not our form", "broken"), self._words))

    def _answer(self, token: str, work: Callable[[Wanted, str, datetime], str]) -> Page:
        now = self._clock()
        try:
            wanted = read_link(token, self._secret, now)
        except LinkError as error:
            return self._refused(error)
        try:
            return Page(200, work(wanted, token, now))
        except LinkError as error:
            return self._refused(error)
        except (StoreError, DBAPIError) as error:
            # A statement's parameters stay out of the log.
            said = error.orig if isinstance(error, DBAPIError) else error
            log.error("alert %d: a link could not be followed: %s", wanted.alert_id, said)  # noqa: TRY400 - no fault of the code
            return Page(503, busy_page(wanted, self._words), {**_SAFE, **_LATER})

    def _refused(self, error: LinkError) -> Page:
        return Page(STATUS[error.problem], refused_page(error, self._words))

    def _question(self, wanted: Wanted, token: str, now: datetime) -> str:
        with self._store(wanted) as engine, reading(engine) as conn:
            if wanted.action == "list":
                listed = alert_list(conn, alert_of(conn, wanted), now)
                return list_page(listed, self._words, self._names)
            found = standing(conn, wanted, now)
        return question_page(found, token, self._words)

    def _deed(self, wanted: Wanted, token: str, now: datetime) -> str:
        if wanted.action == "list":
            return self._question(wanted, token, now)
        with self._store(wanted) as engine, writing(engine) as conn:
            done = open_link(conn, token, self._secret, now)
            found = standing(conn, wanted, now)
        how = "had been followed before" if done.again else "was followed"
        log.info("alert %d: a link to %s %s", wanted.alert_id, wanted.action, how)
        return done_page(done, found, self._words)

    @contextmanager
    def _store(self, wanted: Wanted) -> Iterator[Engine]:
        if not store_exists(self._store_url):  # opening would make an empty one
            raise LinkError("there is no store", "gone", wanted)
        engine = open_store(self._store_url, self._patience)
        try:
            yield engine
        finally:
            engine.dispose()


def token_of(form: str) -> str:
    """The token in a query or in the body of a form; empty without one."""
    return parse_qs(form).get("token", [""])[0]
