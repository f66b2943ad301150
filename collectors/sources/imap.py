"""Mails of a mailbox over IMAP: a support inbox, notices of review sites, Google Alerts by mail.

Collects subject, text and sender of every message of the named folders: the plain text, or the
HTML one turned into text; not attachments. Quoted answers and signatures are cut off where they
are certain to be such. The mailbox is only read: nothing is marked as seen, moved or deleted.
Name folders that hold what you want watched; make a filter in your mail program that sorts it
there. A message is known by its Message-ID, so a server that numbers a folder anew (UIDVALIDITY)
makes it read again, but nothing comes twice. The first poll goes back as far as `backfill`.

Credentials: user and password; name the variable that holds the password in `password_env`. Gmail,
Yandex, Mail.ru, iCloud and others want an app password, made in the account's security settings,
and IMAP switched on. Needs the extra `molva[imap]`.

Limits: the first MiB of each message is read. Providers close a session that asks too often; an
interval of 5 minutes is safe everywhere. Connections are encrypted (`security = "tls"`, or
`"starttls"` on port 143); `"none"` is allowed to this machine alone.

Terms: your own mail, which holds other people's personal data: keep no longer than you need.

    [[source]]
    name = "support-inbox"
    type = "imap"
    host = "imap.example.com"
    user = "support@example.com"
    password_env = "SUPPORT_IMAP_PASSWORD"
    folders = ["INBOX", "Reviews"]
    interval = "5m"
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import Field, model_validator

from collectors import offload
from collectors.credentials import secret
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Page,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.items import Converted, mapping
from collectors.mail import read_letters
from collectors.mailbox import Account, Letter, Mailbox, Numbering, Security
from collectors.paging import stopped

NUMBERED_ANEW = "the server numbered the folder anew: messages since the first poll are read again"


class ImapSettings(SourceSettings):
    """A mailbox and the folders of it that are read."""

    host: str = Field(min_length=1, pattern=r"^[^\s/]+$", description="The server's name.")
    port: int | None = Field(default=None, ge=1, le=65535, description="993, or 143 for starttls.")
    security: Security = "tls"
    user: str = Field(min_length=1)
    password_env: str = Field(min_length=1, description="Variable that holds the password.")
    folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, max_length=50)
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=200, ge=1, description="Most pages a poll for each folder.")
    page_size: int = Field(default=20, ge=1, le=100)

    @model_validator(mode="after")
    def _encrypted(self) -> ImapSettings:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError('security = "none" would send the password to everyone on the way')
        return self


class ImapCollector(Collector[ImapSettings]):
    """Reads each folder upwards from the last UID: what arrives later always has a higher one."""

    type = "imap"
    Settings = ImapSettings
    terms = Terms.OWN

    @property
    def scope(self) -> str:
        """A message keeps its id in whichever folder it lies."""
        return f"imap:{self.settings.name}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the messages that arrived since the last poll, folder by folder."""
        states = {name: mapping(cursor.get(name)) for name in self.settings.folders}
        box = await asyncio.to_thread(Mailbox, self._account())
        try:
            for folder in self.settings.folders:
                async for page in self._folder(box, folder, states):
                    yield page
        finally:
            await asyncio.to_thread(box.close)

    async def _folder(
        self, box: Mailbox, folder: str, states: dict[str, Mapping[str, Any]]
    ) -> AsyncIterator[Page]:
        numbering = await asyncio.to_thread(box.examine, folder)
        state, note = self._begun(states[folder], numbering)
        uids = await asyncio.to_thread(box.after, state["last"])
        if state["last"] + 1 < state["floor"]:
            recent = await asyncio.to_thread(box.since, date.fromisoformat(state["since"]))
            uids = [uid for uid in uids if uid >= state["floor"] or uid in recent]
        size, cap = self.settings.page_size, self.settings.pages
        for number, start in enumerate(range(0, len(uids), size), start=1):
            letters = await asyncio.to_thread(box.fetch, uids[start : start + size])
            found = await self._read(letters)
            state = {**state, "last": uids[start : start + size][-1]}
            states[folder] = state
            capped = number == cap and start + size < len(uids)
            page = Page(dict(states), found.posts, found.skipped, note=note)
            yield stopped(page, number) if capped else page
            if capped:
                return
        # Whatever lies below is from before the first poll, and stays unread.
        states[folder] = {**state, "last": max(state["last"], numbering.next_uid - 1)}
        yield Page(dict(states), note=note or ("" if uids else "no new messages"))

    def _begun(self, state: Mapping[str, Any], numbering: Numbering) -> tuple[dict[str, Any], str]:
        if state.get("validity") == numbering.validity:
            return dict(state), ""
        # A day earlier: the server's days begin in a zone of its own.
        first = (self.clock() - self.settings.backfill - timedelta(days=1)).date().isoformat()
        fresh = {"validity": numbering.validity, "last": 0, "floor": numbering.next_uid}
        if not state:
            return {**fresh, "since": first}, ""
        return {**fresh, "since": min(first, str(state.get("since", first)))}, NUMBERED_ANEW

    async def _read(self, letters: list[Letter]) -> Converted:
        size = sum(len(letter.raw) for letter in letters)
        try:
            return await offload.run(size, read_letters, letters, self.clock())
        except offload.GaveUpError as error:
            raise RetriableError(f"messages could not be parsed: {error}") from None

    def _account(self) -> Account:
        settings = self.settings
        (password,) = secret(settings.password_env)
        port = settings.port or (993 if settings.security == "tls" else 143)
        return Account(settings.host, port, settings.security, settings.user, password)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
