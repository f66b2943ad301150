from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.imap_server import ImapServer

PASSWORD = "s3cret-imap-app-password"


@cache
def server() -> ImapServer:
    return ImapServer(PASSWORD)


class ImapKit(Kit):
    """A mailbox a test; what is edited arrives once more, under its Message-ID."""

    type = "imap"
    over_http = False
    environment: ClassVar = {"IMAP_PASSWORD": PASSWORD}
    lag = timedelta(days=300)

    def __init__(self) -> None:
        self._delivered: dict[tuple[str, int], Item] = {}

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": server().port,
            "security": "none",
            "user": str(folder),
            "password_env": "IMAP_PASSWORD",
            "page_size": 3,
        }

    def publish(self, items: Sequence[Item], folder: Path) -> None:
        inbox = server().folder(str(folder))
        for item in items:
            if self._delivered.get((str(folder), item.number)) != item:
                self._delivered[str(folder), item.number] = item
                inbox.deliver(mail(item), NOW - timedelta(minutes=1))


def mail(item: Item) -> bytes:
    if item.junk is not None:
        return repr(item.junk).encode()
    headers = ["From: Anna <anna@mail.example>", "Content-Type: text/plain; charset=utf-8"]
    headers.append("Content-Transfer-Encoding: base64")
    if item.at:
        zone = "" if item.naive else item.at.strftime(" %z")
        headers.append(f"Date: {item.at.strftime('%d %b %Y %H:%M:%S')}{zone}")
    if item.has_id:
        headers.append(f"Message-ID: <{item.number}@mail.example>")
    text = base64.encodebytes((item.text or "").encode("utf-8", "surrogatepass"))
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + text.replace(b"\n", b"\r\n")


KIT = ImapKit()
