"""A Hugging Face Hub on loopback: folders `owner/name` served by its API."""

import hashlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

COMMIT = "c0ffee" + "0" * 34


class LoopbackHub:
    """Answers at `url` while entered; before and after, the port is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(body=True)

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def _answer(self, *, body: bool) -> None:
                owner.asked.append(self.path)
                payload = owner.content(self.path.split("?")[0])
                if payload is None:
                    self.send_response(404)
                    self.send_header("X-Error-Code", "RepoNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(payload)))
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{hashlib.sha256(payload).hexdigest()}"')
                self.end_headers()
                if body:
                    self.wfile.write(payload)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def content(self, path: str) -> bytes | None:
        """The body for a path of the hub, or None for what it does not have."""
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            model = self.folder.joinpath(*parts[2:4])
            files = [p.relative_to(model).as_posix() for p in model.rglob("*") if p.is_file()]
            if "tree" in parts:
                tree = [{"type": "file", "path": f, "oid": "0" * 40, "size": 1} for f in files]
                return json.dumps(tree).encode()
            about = {"id": "/".join(parts[2:4]), "sha": COMMIT}
            siblings = [{"rfilename": name} for name in sorted(files)]
            return json.dumps({**about, "siblings": siblings}).encode() if files else None
        file = self.folder.joinpath(*parts[:2], *parts[4:])
        return file.read_bytes() if "resolve" in parts and file.is_file() else None
