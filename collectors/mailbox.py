"""A mailbox over IMAP, opened for reading alone: EXAMINE and BODY.PEEK leave no trace in it.

Blocking, as the library is: call it from a thread, one call at a time.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeVar

from collectors.interface import CollectorError, FatalError, RetriableError

Security = Literal["tls", "starttls", "none"]

TIMEOUT: Final = 30.0
"""Seconds a server may take for one answer."""

MOST_BYTES: Final = 1 << 20
"""Of a message fetched from its beginning, where the text is; attachments follow it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is and who opens it; never shown, as it holds the password."""

    host: str
    port: int
    security: Security
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Account({self.host})"


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a folder numbers its messages.

    Attributes:
        validity: while it stays, a UID means the same message for ever.
        next_uid: above every UID there is.
    """

    validity: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is stored, cut after `MOST_BYTES`."""

    uid: int
    raw: bytes


class Mailbox:
    """A session with a server.

    Raises, from every method:
        FatalError: the server refuses the account or has no such folder.
        RetriableError: the network or the server fails.
    """

    def __init__(self, account: Account) -> None:
        self._host = account.host
        self._client = self._checked(lambda: _connect(account))
        try:
            if account.security == "starttls":
                self._checked(lambda: self._client.starttls(ssl.create_default_context()))
            self._log_in(account)
        except CollectorError:
            self.close()
            raise

    def examine(self, folder: str) -> Numbering:
        """Open a folder, read-only."""
        import imapclient  # noqa: PLC0415 - an extra

        try:
            answer = self._checked(lambda: self._client.select_folder(folder, readonly=True))
        except RetriableError as error:
            if not isinstance(error.__cause__, imapclient.exceptions.IMAPClientError):
                raise
            names = self._checked(self._client.list_folders)
            if folder in {name for _, _, name in names}:
                raise
            there = ", ".join(str(name) for _, _, name in names[:30])
            raise FatalError(f"there is no folder {folder!r}; there are {there}") from None
        validity, next_uid = answer.get(b"UIDVALIDITY", 0), answer.get(b"UIDNEXT")
        if next_uid is None:
            next_uid = max(self.after(0), default=0) + 1
        return Numbering(int(validity), int(next_uid))

    def after(self, uid: int) -> list[int]:
        """The UIDs above `uid`, rising; what arrives later is always among them."""
        found = self._checked(lambda: self._client.search(["UID", f"{uid + 1}:*"]))
        # `n:*` names the newest message even if its UID is below n.
        return sorted(int(other) for other in found if other > uid)

    def since(self, day: date) -> set[int]:
        """The UIDs of messages that the server received on this day or later."""
        return {int(uid) for uid in self._checked(lambda: self._client.search(["SINCE", day]))}

    def fetch(self, uids: Sequence[int]) -> list[Letter]:
        """The messages of these UIDs that are still there, rising."""
        part = f"BODY.PEEK[]<0.{MOST_BYTES}>"
        answer = self._checked(lambda: self._client.fetch(list(uids), [part]))
        letters = []
        for uid in sorted(answer):
            raw = answer[uid].get(b"BODY[]<0>", answer[uid].get(b"BODY[]"))
            if isinstance(raw, bytes):
                letters.append(Letter(int(uid), raw))
        return letters

    def close(self) -> None:
        """Leave; never fails."""
        import imapclient  # noqa: PLC0415 - an extra

        with suppress(OSError, imapclient.exceptions.IMAPClientError):
            self._client.logout()
        with suppress(OSError):
            self._client.shutdown()

    def _log_in(self, account: Account) -> None:
        import imapclient  # noqa: PLC0415 - an extra

        try:
            self._client.login(account.user, account.password)
        except imapclient.exceptions.LoginError as error:
            if any(code in str(error) for code in ("[UNAVAILABLE]", "[LIMIT]", "[INUSE]")):
                raise RetriableError(f"{self._host} takes no log-ins now") from None
            # The server's own words may repeat what was sent, so they are not shown.
            raise FatalError(
                f"{self._host} refuses the user or password; many providers want an app password"
            ) from None
        except (OSError, imapclient.exceptions.IMAPClientError) as error:
            raise RetriableError(f"{self._host}: {type(error).__name__} at log-in") from None

    def _checked(self, call: Callable[[], T]) -> T:
        import imapclient  # noqa: PLC0415 - an extra

        try:
            return call()
        except ssl.SSLCertVerificationError as error:
            raise FatalError(f"{self._host}: {error.verify_message}; check host") from None
        except (socket.gaierror, TimeoutError, OSError) as error:
            raise RetriableError(f"{self._host}: {error.strerror or 'no answer in time'}") from None
        except imapclient.exceptions.IMAPClientError as error:
            raise RetriableError(f"{self._host}: {str(error)[:200]}") from error


def _connect(account: Account) -> Any:
    try:
        from imapclient import IMAPClient  # noqa: PLC0415 - an extra
    except ImportError:
        raise FatalError("mailboxes need IMAPClient; install molva[imap]") from None
    tls = account.security == "tls"
    context = ssl.create_default_context() if tls else None
    return IMAPClient(
        account.host, account.port, ssl=tls, ssl_context=context, timeout=TIMEOUT, use_uid=True
    )
