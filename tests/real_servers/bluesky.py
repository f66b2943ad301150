"""Bluesky's own development network (npm's @atproto/dev-env) on loopback, and its people."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.real_servers.conftest import SERVERS, absent, binary, free_port, running, short_path

NETWORK = Path(__file__).parent / "bluesky_network"
PASSWORD = "a-pass-word"
POST = "app.bsky.feed.post"
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
PATIENCE = 300
"""Seconds the AppView may take to show what was written; a second, if nothing else runs."""

WITNESS = "boris"
"""As whom the tests look; the collectors sign in as `masha.test`."""

Views = dict[str, dict[str, Any]]


@dataclass
class Bluesky:
    """A network with one data server at `url`; `stream` speaks as Jetstream does."""

    url: str
    appview: str
    stream: str
    people: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def join(self, name: str) -> str:
        """A new account `name.test`; its permanent id."""
        made = self._post(
            "com.atproto.server.createAccount",
            "",
            handle=f"{name}.test",
            email=f"{name}@mail.example",
            password=PASSWORD,
        )
        self.people[name] = made["did"], made["accessJwt"]
        return str(made["did"])

    def write(self, name: str, text: str, **more: Any) -> str:
        """A post; its permanent address."""
        return self.record(name, POST, text=text, **more)["uri"]

    def record(self, name: str, collection: str, **fields: Any) -> dict[str, str]:
        now = f"{datetime.now(UTC):%FT%T.%f}"[:-3] + "Z"
        record = {"$type": collection, "createdAt": now, **fields}
        # Of some records an account has one, by the name of `self`.
        key = {"rkey": "self"} if collection.endswith(".profile") else {}
        return self._do(
            name, "putRecord" if key else "createRecord", collection, record=record, **key
        )

    def picture(self, name: str, alt: str) -> dict[str, Any]:
        """Images as a post embeds them: one, of one pixel, with its description."""
        answer = httpx.post(
            f"{self.url}/xrpc/com.atproto.repo.uploadBlob",
            content=PIXEL,
            headers={**self._bearer(name), "Content-Type": "image/gif"},
            timeout=60,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        image = {"image": answer.json()["blob"], "alt": alt}
        return {"$type": "app.bsky.embed.images", "images": [image]}

    def rewrite(self, name: str, uri: str, text: str) -> None:
        """Edit a post: the record stays as it is but for its text."""
        did, _, key = uri.removeprefix("at://").split("/")
        place = {"repo": did, "collection": POST, "rkey": key}
        kept = self._get(name, "com.atproto.repo.getRecord", place)["value"]
        self._do(name, "putRecord", POST, rkey=key, record={**kept, "text": text})

    def delete(self, name: str, uri: str) -> None:
        *_, collection, key = uri.split("/")
        self._do(name, "deleteRecord", collection, rkey=key)

    def leave(self, name: str) -> None:
        """Withdraw an account with all that it wrote; the owner may come back."""
        token = self.people[name][1]
        answer = self._ask("com.atproto.server.deactivateAccount", token, {})
        assert answer.is_success, answer.text

    def pointer(self, uri: str) -> dict[str, str]:
        """A post as likes, reposts, quotes and replies point at it."""
        return {"uri": uri, "cid": self.until(lambda views: uri in views, uri)[uri]["cid"]}

    def until(self, ready: Callable[[Views], bool], *uris: str) -> Views:
        """The posts by their address, once the AppView shows them so: it indexes a bit later.

        Who waits this way does not sign in again and again: the server allows 30 in 5 minutes.
        """
        end = time.monotonic() + PATIENCE
        while True:
            shown: Views = {}
            for at in range(0, len(uris), 25):
                some = {"uris": list(uris[at : at + 25])}
                found = self._get(WITNESS, "app.bsky.feed.getPosts", some)["posts"]
                shown |= {view["uri"]: view for view in found}
            if ready(shown):
                return shown
            assert time.monotonic() < end, f"not so after {PATIENCE} seconds: {shown}"
            time.sleep(0.25)

    def shown(self, *uris: str) -> Views:
        """These posts, once the AppView shows them all."""
        return self.until(lambda views: len(views) == len(uris), *uris)

    def heard(self, uri: str, what: str = "create") -> None:
        """Wait until the stream tells that this was done to a post."""
        did, _, key = uri.removeprefix("at://").split("/")
        with connect(f"{self.stream}/subscribe?wantedCollections={POST}", proxy=None) as events:
            for _ in range(1000):
                event = json.loads(events.recv(timeout=60))
                commit = event.get("commit", {})
                if (event["did"], commit.get("rkey"), commit.get("operation")) == (did, key, what):
                    return

    def sign_in(self, name: str) -> int:
        """The status of signing in with a wrong password."""
        body = {"identifier": f"{name}.test", "password": "wrong"}
        return self._ask("com.atproto.server.createSession", "", body).status_code

    def _get(self, name: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.url}/xrpc/{method}",
            params=params,
            headers=self._bearer(name),
            timeout=60,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return dict(answer.json())

    def _bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[name][1]}"}

    def _do(self, name: str, what: str, collection: str, **fields: Any) -> dict[str, Any]:
        did, token = self.people[name]
        return self._post(
            f"com.atproto.repo.{what}", token, repo=did, collection=collection, **fields
        )

    def _post(self, method: str, token: str, **body: Any) -> dict[str, Any]:
        answer = self._ask(method, token, body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def _ask(self, method: str, token: str, body: dict[str, Any]) -> httpx.Response:
        return httpx.post(
            f"{self.url}/xrpc/{method}",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
            trust_env=False,
        )


@contextmanager
def bluesky_running() -> Iterator[Bluesky]:
    """A new network, gone at the end of the block."""
    node, redis = binary("node"), binary("redis-server")
    modules = SERVERS / "atproto" / "node_modules"
    if not (modules / "@atproto" / "dev-env").is_dir():
        absent("npm's @atproto/dev-env")
    pds, appview, stream, cache = (free_port() for _ in range(4))
    given = {
        "NODE_PATH": str(modules),
        "REDIS_HOST": f"127.0.0.1:{cache}",
        "LOG_ENABLED": "false",
    }
    keep = [redis, "--port", str(cache), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    serve = [node, "--require", str(NETWORK / "loopback.js"), str(NETWORK / "network.js")]
    with short_path() as folder, _database(folder) as database:
        environment = {**os.environ, **given, "DB_POSTGRES_URL": database}
        ports = [str(port) for port in (pds, appview, stream)]
        with (
            running(keep, cache, folder / "redis.log", folder),
            running([*serve, *ports], stream, folder / "net.log", folder, environment),
        ):
            yield Bluesky(
                f"http://localhost:{pds}", f"http://localhost:{appview}", f"ws://localhost:{stream}"
            )


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL of Debian: the AppView needs an extension that ours lacks."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        absent("PostgreSQL with its extensions")
    data, port = folder / "postgres", free_port()
    # It refuses to run as root.
    owner = "postgres" if os.geteuid() == 0 else None
    data.mkdir(mode=0o700)
    if owner:
        shutil.chown(data, owner)
    make = [str(programs[-1]), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"]
    subprocess.run(make, user=owner, cwd=folder, check=True, capture_output=True)
    options = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"
    }  # fmt: skip
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    serve = [str(programs[-1].with_name("postgres")), "-D", str(data), *given]
    with running(serve, port, folder / "postgres.log", folder, user=owner):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
