"""A small IMAP server on loopback, of which a test decides the contents and the numbering.

Enough of RFC 3501 for a client that only reads; anything that would change a mailbox is refused,
so a test fails if it is asked for. `tests/real_servers` does the same against Dovecot.
"""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DATE = "%d-%b-%Y"


@dataclass
class Folder:
    validity: int = 1
    next_uid: int = 1
    messages: dict[int, tuple[datetime, bytes]] = field(default_factory=dict)

    def deliver(self, raw: bytes, at: datetime) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.messages[uid] = (at, raw)
        return uid

    def renumber(self) -> None:
        """As after a restore from a backup: other numbers, another validity."""
        contents = list(self.messages.values())
        self.validity, self.next_uid, self.messages = self.validity + 1, 100, {}
        for at, raw in contents:
            self.deliver(raw, at)


class ImapServer:
    """Serves `mailboxes`, by user and folder; every user's password is the same."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.mailboxes: dict[str, dict[str, Folder]] = {}
        self.commands: list[str] = []
        self._tcp = _Tcp(("127.0.0.1", 0), _Session)
        self._tcp.owner = self
        threading.Thread(target=self._tcp.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._tcp.server_address[1])

    def folder(self, user: str, name: str = "INBOX") -> Folder:
        return self.mailboxes.setdefault(user, {}).setdefault(name, Folder())

    def close(self) -> None:
        self._tcp.shutdown()
        self._tcp.server_close()


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    owner: ImapServer


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Tcp
    folders: dict[str, Folder]
    folder: Folder

    def handle(self) -> None:
        self._send("* OK ready")
        while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            self.server.owner.commands.append(re.sub(r"(?i)^(login) .*", r"\1", rest))
            answer = self._answer(rest)
            self._send(f"{tag} {answer}")
            if rest.upper() == "LOGOUT":
                return

    def _answer(self, command: str) -> str:
        for pattern, method in _COMMANDS.items():
            if match := re.fullmatch(pattern, command, re.IGNORECASE):
                return str(method(self, *match.groups()))
        return f"BAD not for readers: {command[:20]}"

    def _capability(self) -> str:
        self._send("* CAPABILITY IMAP4rev1")
        return "OK done"

    def _login(self, user: str, password: str) -> str:
        owner = self.server.owner
        plain = password.strip('"').replace('\\"', '"')
        if plain != owner.password:
            return "NO [AUTHENTICATIONFAILED] not with " + plain
        self.folders = owner.mailboxes.get(user.strip('"'), {})
        return "OK welcome"

    def _list(self) -> str:
        for name in self.folders:
            self._send(f'* LIST () "/" "{name}"')
        return "OK done"

    def _examine(self, name: str) -> str:
        if name.strip('"') not in self.folders:
            return "NO no such folder"
        self.folder = self.folders[name.strip('"')]
        self._send(f"* {len(self.folder.messages)} EXISTS")
        self._send(f"* OK [UIDVALIDITY {self.folder.validity}] so it is")
        self._send(f"* OK [UIDNEXT {self.folder.next_uid}] is next")
        return "OK [READ-ONLY] open"

    def _search_from(self, low: str) -> str:
        uids = sorted(self.folder.messages)
        # As the standard has it: `n:*` is a range in either order.
        return self._found([uid for uid in uids if uid >= int(low)] or uids[-1:])

    def _search_since(self, day: str) -> str:
        first = datetime.strptime(day.strip('"'), DATE).date()  # noqa: DTZ007 - a date alone
        messages = self.folder.messages.items()
        return self._found([uid for uid, (at, _) in messages if at.date() >= first])

    def _found(self, uids: list[int]) -> str:
        self._send(" ".join(["* SEARCH", *map(str, uids)]))
        return "OK done"

    def _fetch(self, uids: str, length: str) -> str:
        wanted = {int(uid) for uid in uids.split(",")}
        for number, (uid, (_, raw)) in enumerate(sorted(self.folder.messages.items()), start=1):
            if uid in wanted:
                cut = raw[: int(length)]
                head = f"* {number} FETCH (UID {uid} BODY[]<0> {{{len(cut)}}}\r\n"
                self.wfile.write(head.encode() + cut + b")\r\n")
        return "OK done"

    def _logout(self) -> str:
        self._send("* BYE")
        return "OK done"

    def _send(self, line: str) -> None:
        self.wfile.write(line.encode("latin-1") + b"\r\n")


_COMMANDS: dict[str, Any] = {
    r"CAPABILITY": _Session._capability,
    r'LOGIN ("[^"]*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)': _Session._login,
    r'LIST "" "?\*"?': _Session._list,
    r'EXAMINE ("[^"]*"|\S+)': _Session._examine,
    r"UID SEARCH UID (\d+):\*": _Session._search_from,
    r'UID SEARCH SINCE ("?[\w-]+"?)': _Session._search_since,
    r"UID FETCH ([\d,]+) \(BODY\.PEEK\[\]<0\.(\d+)>\)": _Session._fetch,
    r"LOGOUT": _Session._logout,
}
