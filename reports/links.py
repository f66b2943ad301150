"""Signed links: what lets a reader see, acknowledge, mute or mark an alert without a password.

A link's token is `action.alert.minutes.expires.signature`: the signature is the URL-safe base64 of
HMAC-SHA256(secret, `molva-link-v1:` + all before it). Whoever has the link may do that one thing to
that one alert once, until it expires (seconds since 1970); forwarding a message forwards the right.
`list` shows the alert's mentions, as often as it is opened, and changes nothing. A mail scanner
opens every link it sees: a web route must show `read_link` on GET and only `open_link` on POST.
`molva receive` is such a route.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from reports.alert_actions import Done, acknowledge, mark_false, mute
from reports.interface import ReportError
from store.alert_actions import actions_of
from store.alert_rows import AlertActionRow, AlertRow
from store.alerts import alert_by_id

LinkAction = Literal["list", "ack", "mute", "false"]
ACTIONS: Final[tuple[LinkAction, ...]] = ("list", "ack", "mute", "false")
SHORTEST_SECRET: Final = 16
MUTE: Final = timedelta(hours=4)
"""What a link to mute mutes for."""
_PURPOSE = b"molva-link-v1:"
_TOKEN: Final = re.compile(
    r"((list|ack|mute|false)\.([0-9]{1,18})\.([0-9]{1,9})\.([0-9]{1,11}))\.([A-Za-z0-9_-]{43})"
)

LinkProblem = Literal["broken", "forged", "expired", "gone"]
"""Not whole; not signed by us; too old; its alert is no longer in the store."""


@dataclass(frozen=True, slots=True)
class Links:
    """How links are made: where they lead, how they are signed, how long they hold."""

    base_url: str
    secret: str
    valid: timedelta

    def of(self, alert_id: int, now: datetime) -> dict[str, str]:
        """The links of one alert by action."""
        return {
            action: f"{self.base_url.rstrip('/')}/alerts/act?token="
            + make_token(action, alert_id, self.secret, now + self.valid)
            for action in ACTIONS
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a valid link asks for, and until when it holds."""

    action: LinkAction
    alert_id: int
    minutes: int
    expires: datetime

    @property
    def mark(self) -> str:
        """What a mute by this link is noted with, so that the link mutes once."""
        return f"the one that holds until {self.expires:%Y-%m-%dT%H:%M:%SZ}"


class LinkError(ReportError):
    """A link cannot be followed.

    Args:
        message: why, and what to do.
        problem: why, for whoever must choose words or a status.
        wanted: what it asks for, where its signature says that it is ours.
    """

    def __init__(self, message: str, problem: LinkProblem, wanted: Wanted | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        self.wanted = wanted


def make_token(action: LinkAction, alert_id: int, secret: str, expires: datetime) -> str:
    """The token of a link.

    Raises:
        ReportError: the secret is too short to keep anybody out.
    """
    minutes = int(MUTE / timedelta(minutes=1)) if action == "mute" else 0
    body = f"{action}.{alert_id}.{minutes}.{int(expires.timestamp())}"
    return f"{body}.{_signature(body, secret)}"


def read_link(link: str, secret: str, now: datetime) -> Wanted:
    """What a link (or its token alone) asks for; changes nothing.

    Raises:
        LinkError: it is not one of ours, was changed, or has expired.
    """
    found = _TOKEN.fullmatch(_token_in(link))
    if found is None:
        raise LinkError(
            "this link is not valid: it is not whole; copy all of it from the message", "broken"
        )
    body, action, alert_id, minutes, expires, given = found.groups()
    if not hmac.compare_digest(given, _signature(body, secret)):
        raise LinkError(
            "this link is not valid: it was not made here, or was changed on its way", "forged"
        )
    until = datetime.fromtimestamp(int(expires), UTC)
    wanted = Wanted(cast("LinkAction", action), int(alert_id), int(minutes), until)
    if now >= until:
        raise LinkError(
            "this link has expired; use molva alerts mentions, ack, mute or false",
            "expired",
            wanted,
        )
    return wanted


def open_link(conn: Connection, link: str, secret: str, now: datetime) -> Done:
    """Do what a link asks for, once: the same link again changes nothing.

    Raises:
        LinkError: the link is not valid, only shows a list, or its alert is gone.
    """
    wanted = read_link(link, secret, now)
    if wanted.action == "list":
        raise LinkError(
            f"this link only shows mentions: molva alerts mentions {wanted.alert_id}",
            "broken",
            wanted,
        )
    alert = alert_of(conn, wanted)
    if wanted.action == "ack":
        return acknowledge(conn, alert.id, now, "link")
    if wanted.action == "false":
        return mark_false(conn, alert.id, now, "link")
    before = mute_by(actions_of(conn, alert.id), wanted)
    if before is not None:
        return Done("mute", alert, again=True, until=before.until)
    length = timedelta(minutes=wanted.minutes)
    return mute(
        conn, now, "link", length, brand_id=alert.brand_id, alert_id=alert.id, note=wanted.mark
    )


def alert_of(conn: Connection, wanted: Wanted) -> AlertRow:
    """The alert that a link is about.

    Raises:
        LinkError: it is gone.
    """
    alert = alert_by_id(conn, wanted.alert_id)
    if alert is None:
        raise LinkError(f"there is no alert {wanted.alert_id} any more", "gone", wanted)
    return alert


def mute_by(actions: Sequence[AlertActionRow], wanted: Wanted) -> AlertActionRow | None:
    """The mute that this very link has brought, among what was done about its alert."""
    return next((row for row in actions if row.action == "mute" and row.note == wanted.mark), None)


def _token_in(link: str) -> str:
    try:
        return parse_qs(urlsplit(link).query).get("token", [link])[0].strip()
    except ValueError:  # half an address, such as http://[
        return ""


def _signature(body: str, secret: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise ReportError(f"the secret of links must have at least {SHORTEST_SECRET} characters")
    digest = hmac.new(secret.encode(), _PURPOSE + body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
