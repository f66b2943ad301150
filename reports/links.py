"""Signed links: what lets a reader acknowledge, mute or mark an alert without a password.

A link's token is `action.alert.minutes.expires.signature`: the signature is the URL-safe base64 of
HMAC-SHA256(secret, `molva-link-v1:` + all before it). Whoever has the link may do that one thing to
that one alert until it expires (seconds since 1970); forwarding a message forwards the right.
A mail scanner opens every link it sees: a web route must show `read_link` on GET and only
`open_link` on POST.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from reports.alert_actions import Done, acknowledge, mark_false, mute
from reports.interface import ReportError
from store.alerts import alert_by_id

LinkAction = Literal["ack", "mute", "false"]
ACTIONS: Final[tuple[LinkAction, ...]] = ("ack", "mute", "false")
SHORTEST_SECRET: Final = 16
MUTE: Final = timedelta(hours=4)
"""What a link to mute mutes for."""
_PURPOSE = b"molva-link-v1:"


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
    """What a valid link asks for."""

    action: LinkAction
    alert_id: int
    minutes: int


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
        ReportError: it is not one of ours, was changed, or has expired.
    """
    token = parse_qs(urlsplit(link).query).get("token", [link.strip()])[0]
    body, _, given = token.rpartition(".")
    if not hmac.compare_digest(given.encode(), _signature(body, secret).encode()):
        raise ReportError("this link is not valid: it was not made here, or was changed on its way")
    action, alert_id, minutes, expires = body.split(".")
    if now >= datetime.fromtimestamp(int(expires), UTC):
        raise ReportError("this link has expired; use molva alerts ack, mute or false")
    return Wanted(cast("LinkAction", action), int(alert_id), int(minutes))


def open_link(conn: Connection, link: str, secret: str, now: datetime) -> Done:
    """Do what a link asks for.

    Raises:
        ReportError: the link is not valid, or its alert is gone.
    """
    wanted = read_link(link, secret, now)
    if wanted.action == "ack":
        return acknowledge(conn, wanted.alert_id, now, "link")
    if wanted.action == "false":
        return mark_false(conn, wanted.alert_id, now, "link")
    alert = alert_by_id(conn, wanted.alert_id)
    if alert is None:
        raise ReportError(f"there is no alert {wanted.alert_id} any more")
    length = timedelta(minutes=wanted.minutes)
    return mute(conn, now, "link", length, brand_id=alert.brand_id, alert_id=alert.id)


def _signature(body: str, secret: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise ReportError(f"the secret of links must have at least {SHORTEST_SECRET} characters")
    digest = hmac.new(secret.encode(), _PURPOSE + body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
