"""The mailbox source against Dovecot: numbering, read-only, folders, encodings."""

from __future__ import annotations

import asyncio
import imaplib
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, Page
from collectors.registry import create, parse_settings
from molva.clock import utc_now
from tests.conformance.kit import FAST
from tests.real_servers.conftest import binary, free_port, running

PASSWORD = "a-pass-word"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@dataclass
class Dovecot:
    port: int
    folder: Path

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        client.login("anna", PASSWORD)
        return client

    def deliver(self, number: int, text: str = "Zerno is late", folder: str = "INBOX") -> None:
        message = EmailMessage()
        message["From"] = "Анна <anna@mail.example>"
        message["Subject"] = f"Жалоба {number}"
        message["Message-ID"] = f"<{number}@mail.example>"
        message.set_content(text)
        message.add_attachment(b"\0" * 3_000_000, maintype="image", subtype="png", filename="a.png")
        with self.client() as client:
            client.create(folder)
            client.append(folder, "", "", message.as_bytes())  # type: ignore[arg-type]

    def flags(self) -> list[Any]:
        with self.client() as client:
            client.select("INBOX", readonly=True)
            return client.fetch("1:*", "(FLAGS)")[1]

    async def poll(self, cursor: Any = None, **table: Any) -> list[Page]:
        settings = {
            "name": "inbox", "type": "imap", "host": "127.0.0.1", "port": self.port,
            "security": "none", "user": "anna", "password_env": "DOVECOT_PASSWORD",
            "page_size": 2, **table,
        }  # fmt: skip
        async with HttpClient(FAST, utc_now) as http:
            collector = create(parse_settings(settings), http, utc_now)
            return [page async for page in collector.poll(cursor or {})]


@pytest.fixture
def dovecot(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    program, port = binary("dovecot"), free_port()
    monkeypatch.setenv("DOVECOT_PASSWORD", PASSWORD)
    # As root, the usual owner of mails; else ourselves, for nobody else can be become.
    name = "mail" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    owner = pwd.getpwnam(name)
    mail = short_folder / "mail"
    mail.mkdir()
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    config = short_folder / "dovecot.conf"
    values = {"folder": short_folder, "port": port, "password": PASSWORD}
    config.write_text(CONFIG.format(user=name, group=name, **values))
    with running([program, "-F", "-c", str(config)], port, short_folder / "dovecot.out"):
        yield Dovecot(port, short_folder)


def ids(pages: list[Page]) -> list[str]:
    return [post.native_id for page in pages for post in page.posts]


async def test_mails_are_read_once_without_a_trace(dovecot: Dovecot) -> None:
    for number in range(5):
        dovecot.deliver(number)
    before = dovecot.flags()
    first = await dovecot.poll()
    assert ids(first) == [f"<{number}@mail.example>" for number in range(5)]
    (post, *_) = first[0].posts
    assert (post.title, post.text, post.author.name) == ("Жалоба 0", "Zerno is late", "Анна")
    assert dovecot.flags() == before
    assert not any(b"Seen" in flags for flags in before)
    dovecot.deliver(5)
    second = await dovecot.poll(first[-1].cursor)
    assert ids(second) == ["<5@mail.example>"]
    assert ids(await dovecot.poll(second[-1].cursor)) == []


async def test_killed_between_pages_it_goes_on(dovecot: Dovecot) -> None:
    for number in range(5):
        dovecot.deliver(number)
    pages = await dovecot.poll()
    rest = await dovecot.poll(pages[0].cursor)
    assert ids(pages[:1]) + ids(rest) == ids(pages)


async def test_a_mailbox_numbered_anew_loses_and_repeats_nothing(dovecot: Dovecot) -> None:
    for number in range(3):
        dovecot.deliver(number)
    first = await dovecot.poll()
    dovecot.deliver(3)
    # Dovecot takes the second of the clock for the new validity.
    await asyncio.sleep(1.1)
    for path in (dovecot.folder / "mail" / "anna").glob("dovecot*"):
        path.unlink()
    second = await dovecot.poll(first[-1].cursor)
    assert second[-1].cursor["INBOX"]["validity"] != first[-1].cursor["INBOX"]["validity"]
    assert sorted(ids(second)) == [f"<{number}@mail.example>" for number in range(4)]
    assert ids(await dovecot.poll(second[-1].cursor)) == []


async def test_folders_and_refusals(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot.deliver(1)
    dovecot.deliver(2, "Кофе остыл", "Reviews")
    both = await dovecot.poll(folders=["INBOX", "Reviews"], backfill=timedelta(days=1))
    assert ids(both) == ["<1@mail.example>", "<2@mail.example>"]
    with pytest.raises(FatalError, match="no folder 'Nope'"):
        await dovecot.poll(folders=["Nope"])
    monkeypatch.setenv("DOVECOT_PASSWORD", "wrong-one")
    with pytest.raises(FatalError, match="refuses the user or password"):
        await dovecot.poll()
