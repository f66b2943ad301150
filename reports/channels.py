"""Where messages go: a folder, an e-mail server, a webhook, a chat. Secrets only by variable name.

A webhook receives `POST` with the message as JSON and four headers. To check one, compute
`HMAC-SHA256(secret, timestamp + "." + body)` over the raw body, compare it in constant time with
`Molva-Signature: v1=<hex>`, and refuse a `Molva-Timestamp` (seconds since 1970) older than five
minutes; `Idempotency-Key` is the same when a message has to be sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import re
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reports.chat import send_chat
from reports.interface import ChannelError, Message, Route

log = logging.getLogger(__name__)

Sends = Literal["alerts", "digests"]


class _ChannelSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, description="A name of your own, unique.")
    sends: tuple[Sends, ...] = Field(
        default=("alerts", "digests"), min_length=1, description="What it is sent."
    )

    brands: frozenset[str] = Field(
        default=frozenset(), description="Alerts of these brands (ids); default: of all."
    )
    causes: frozenset[str] = Field(
        default=frozenset(), description="Only alerts that name one of these causes (ids)."
    )
    minimum_severity: int = Field(
        default=1, ge=1, le=10, description="Only alerts at least so severe."
    )
    escalate_after_minutes: int | None = Field(
        default=None,
        ge=1,
        le=10_080,
        description="Only alerts that nobody acknowledged for so long.",
    )
    quiet: bool = Field(default=True, description="Whether alerts wait out the quiet hours.")

    @property
    def escalate_after(self) -> timedelta | None:
        """How long an alert must have waited for somebody; None: it is told at once."""
        minutes = self.escalate_after_minutes
        return None if minutes is None else timedelta(minutes=minutes)

    @property
    def route(self) -> Route:
        """Which alerts go here."""
        return Route(self.brands, self.causes, self.minimum_severity, self.escalate_after)

    def wants(self, kind: str) -> bool:
        """Whether a message of this kind (`alert`, `digest`) goes here."""
        return f"{kind}s" in self.sends


class FileChannel(_ChannelSettings):
    """A folder: each message becomes `.html`, `.txt` and `.json`."""

    type: Literal["file"] = "file"
    path: Path = Field(description="The folder; made if it does not exist.")


class EmailChannel(_ChannelSettings):
    """An SMTP server; the page with a text part beside it."""

    type: Literal["email"] = "email"
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`none` only for a server on this machine."
    )
    username: str = ""
    password_env: str = Field(default="", description="The environment variable that holds it.")
    sender: str = Field(min_length=3)
    to: tuple[str, ...] = Field(min_length=1)
    unsubscribe: str = Field(
        default="",
        description="For List-Unsubscribe: mailto: or https:; default: the sender.",
    )
    timeout: float = Field(default=30, gt=0, le=300)

    @field_validator("sender", "to", "unsubscribe")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        """A line break in an address would add headers of its own."""
        for part in (value,) if isinstance(value, str) else value:
            if re.search(r"[\r\n]", part):
                raise ValueError("an address must be one line")
        return value


class WebhookChannel(_ChannelSettings):
    """An HTTP address that takes the facts as signed JSON."""

    type: Literal["webhook"] = "webhook"
    url: str = Field(pattern=r"^https?://[^\s]+$")
    secret_env: str = Field(default="", description="The variable with the signing secret.")
    timeout: float = Field(default=15, gt=0, le=300)


class AppriseChannel(_ChannelSettings):
    """A chat or push service through Apprise: Slack, Teams, Telegram, Discord, ntfy, Matrix, ..."""

    type: Literal["apprise"] = "apprise"
    url_env: str = Field(
        min_length=1, description="The variable with the Apprise URL; it holds the token."
    )


Channel = Annotated[
    FileChannel | EmailChannel | WebhookChannel | AppriseChannel, Field(discriminator="type")
]


def send(channel: Channel, message: Message, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Send a message, blocking until the channel has taken it.

    Args:
        channel: where to.
        message: what.
        environment: where secrets are looked up by name.

    Returns:
        The addresses that the mail server refused while it took the mail for others.

    Raises:
        ChannelError: it was not taken.
    """
    if isinstance(channel, FileChannel):
        _write_files(channel, message)
    elif isinstance(channel, EmailChannel):
        return _send_email(channel, message, environment)
    elif isinstance(channel, AppriseChannel):
        send_chat(_secret(channel.url_env, environment), message, channel.url_env)
    else:
        _post(channel, message, environment)
    return ()


def _write_files(channel: FileChannel, message: Message) -> None:
    """Write the three files, each whole or not at all; the same message writes the same names."""
    name = message.file_name
    facts = {"key": message.key, "subject": message.subject, "facts": message.facts}
    parts = {
        "txt": message.text,
        "html": message.html,
        "json": json.dumps(facts, ensure_ascii=False, indent=1) + "\n",
    }
    try:
        channel.path.mkdir(parents=True, exist_ok=True)
        for extension, content in parts.items():
            part = channel.path / f".{name}.{extension}.part"
            part.write_text(content, encoding="utf-8", errors="replace")
            part.replace(channel.path / f"{name}.{extension}")
    except OSError as error:
        raise ChannelError(f"cannot write to {channel.path}: {error.strerror}") from error


def compose_email(channel: EmailChannel, message: Message) -> EmailMessage:
    """The message as multipart/alternative: text first, the page with its pictures beside it."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())
    mail["From"] = channel.sender
    mail["To"] = ", ".join(message.recipients or channel.to)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = _message_id(channel, message.identity)
    mail["Auto-Submitted"] = "auto-generated"
    leave = channel.unsubscribe or f"mailto:{parseaddr(channel.sender)[1]}?subject=unsubscribe"
    mail["List-Unsubscribe"] = f"<{leave}>"
    if message.replies_to:
        continued = " ".join(_message_id(channel, sent) for sent in message.replies_to)
        mail["In-Reply-To"] = continued
        mail["References"] = continued
    mail.set_content(message.text)
    mail.add_alternative(message.mail or message.html, subtype="html")
    if message.pictures:
        page = list(mail.iter_parts())[-1]
        for content_id, picture in message.pictures.items():
            name = content_id.partition(".")[0] + ".png"
            page.add_related(
                b64decode(picture),
                "image",
                "png",
                cid=f"<{content_id}>",
                filename=name,
                disposition="inline",
            )
    return mail


def _message_id(channel: EmailChannel, identity: str) -> str:
    """The same for the same message, so that a mail program can drop a second copy."""
    digest = hashlib.sha256(f"{channel.name}\n{identity}".encode()).hexdigest()[:32]
    return f"<{digest}@molva.invalid>"


def _send_email(
    channel: EmailChannel, message: Message, environment: Mapping[str, str]
) -> tuple[str, ...]:
    mail = compose_email(channel, message)
    password = _secret(channel.password_env, environment)
    try:
        with _smtp(channel) as server:
            if channel.username:
                server.login(channel.username, password)
            refused = server.send_message(mail)
    except smtplib.SMTPAuthenticationError as error:
        raise ChannelError("the mail server refused the user name or password") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise ChannelError("the mail server refused every recipient") from error
    except smtplib.SMTPResponseException as error:
        raise ChannelError(
            f"the mail server answered {error.smtp_code}", permanent=error.smtp_code == 552
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise ChannelError(
            f"the mail server {channel.host}:{channel.port} failed: {type(error).__name__}"
        ) from error
    for address, (code, _) in refused.items():
        # Sent again, it would come twice to all the others.
        log.warning("%s: the mail server refused %s (%d)", channel.name, address, code)
    return tuple(refused)


def _smtp(channel: EmailChannel) -> smtplib.SMTP:
    if channel.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(
            channel.host, channel.port, timeout=channel.timeout, context=context
        )
    server = smtplib.SMTP(channel.host, channel.port, timeout=channel.timeout)
    if channel.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of `timestamp.body` (RFC 2104)."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signed message goes where it was addressed and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(channel: WebhookChannel, message: Message, environment: Mapping[str, str]) -> None:
    body = json.dumps(
        {
            "key": message.key,
            "kind": message.kind,
            "subject": message.subject,
            "text": message.text,
            "created_at": message.created_at.isoformat(),
            "facts": message.facts,
        },
        ensure_ascii=False,
    ).encode("utf-8", "replace")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Molva",
        "Idempotency-Key": message.key,
        "Molva-Timestamp": str(int(time.time())),
    }
    if channel.secret_env:
        secret = _secret(channel.secret_env, environment)
        headers["Molva-Signature"] = signature(secret, headers["Molva-Timestamp"], body)
    request = urllib.request.Request(channel.url, body, headers, method="POST")  # noqa: S310 - the scheme is checked by the settings
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=channel.timeout) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        with error:
            raise ChannelError(
                f"the webhook answered {error.code}", permanent=error.code in {404, 410, 413}
            ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ChannelError(f"the webhook cannot be reached: {type(error).__name__}") from None


def _secret(name: str, environment: Mapping[str, str]) -> str:
    if not name:
        return ""
    value = environment.get(name, "")
    if not value:
        raise ChannelError(f"the environment variable {name} is not set")
    return value
