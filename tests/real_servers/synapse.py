"""Matrix Synapse on loopback, alone in its world, and a person who reads its rooms."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from tests.real_servers.conftest import binary, free_port, running, short_path

PASSWORD = "a-Pass-word-of-a-bot"
# JSON is YAML too. Later files of a configuration replace the keys of earlier ones.
SETTINGS = {
    "trusted_key_servers": [],
    "federation_domain_whitelist": [],
    "enable_registration": True,
    "enable_registration_without_verification": True,
    "rc_registration": {"per_second": 100, "burst_count": 100},
    # Of one person's: the server's own limit is kept.
    "rc_login": {"address": {"per_second": 100, "burst_count": 100}},
    "rc_message": {"per_second": 100, "burst_count": 100},
}


@dataclass
class Synapse:
    """A homeserver named `localhost` with two bots, a reader and the room `#alerts`."""

    port: int
    reader: str = field(default="", init=False, repr=False)
    token: str = field(default="", init=False, repr=False)
    room: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.token = self._register("bot")
        self._register("busy")
        self.reader = self._register("anna")
        made = self.ask(
            "POST", "createRoom", room_alias_name="alerts", preset="public_chat", name="Alerts"
        )
        self.room = made["room_id"]

    def address(self, who: str = f"bot:{PASSWORD}", room: str = "#alerts") -> str:
        """As docs/channels.md says to write it; `matrixs` where there is TLS."""
        return f"matrix://{who}@127.0.0.1:{self.port}/{room}"

    def messages(self) -> list[dict[str, Any]]:
        """What the room shows its reader, the oldest first: sender and content of each message."""
        found = self.ask("GET", f"rooms/{quote(self.room)}/messages?dir=f&limit=100")
        return [event for event in found["chunk"] if event["type"] == "m.room.message"]

    def status(self, path: str) -> int:
        return self._answer("GET", path).status_code

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self._answer(method, path, **body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def _answer(self, method: str, path: str, **body: Any) -> httpx.Response:
        return httpx.request(
            method,
            f"http://127.0.0.1:{self.port}/_matrix/client/v3/{path}",
            json=body or None,
            headers={"Authorization": f"Bearer {self.reader}"} if self.reader else {},
            timeout=60,
            trust_env=False,
        )

    def _register(self, name: str) -> str:
        made = self.ask(
            "POST", "register", username=name, password=PASSWORD, auth={"type": "m.login.dummy"}
        )
        return str(made["access_token"])


@contextmanager
def synapse_running() -> Iterator[Synapse]:
    """A new homeserver on a free port, gone at the end of the block."""
    program, port = binary("synapse_homeserver"), free_port()
    with short_path() as folder:
        made, ours = folder / "homeserver.yaml", folder / "ours.yaml"
        where = ["--server-name", "localhost", "--config-path", str(made)]
        given = ["--generate-config", "--report-stats=no", "--data-directory", str(folder)]
        subprocess.run([program, *where, *given], check=True, capture_output=True, cwd=folder)
        resources = [{"names": ["client"], "compress": False}]
        listener = {"port": port, "bind_addresses": ["127.0.0.1"], "tls": False, "type": "http"}
        ours.write_text(
            json.dumps({**SETTINGS, "listeners": [{**listener, "resources": resources}]})
        )
        command = [program, "--config-path", str(made), "--config-path", str(ours)]
        with running(command, port, folder / "synapse.out", folder):
            yield Synapse(port)
