"""Real servers for the sources: each on a free loopback port, stopped by its process id.

A server whose binary is absent skips its tests with the reason; `MOLVA_REAL_SERVERS=1` makes that
a failure, so that a run which is meant to prove something cannot pass by proving nothing.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NoReturn

import pytest

INSTALL = "tests/real_servers/install.sh installs it"
PATIENCE = 900
"""Seconds until a server must answer; most do in one, but a busy machine makes them slow."""
SERVERS = Path(os.environ.get("MOLVA_SERVERS", "/opt/molva-servers"))
"""Where `install.sh` puts what comes in no Debian package."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real_server)


def binary(name: str) -> str:
    """The path of a server's program, or no test."""
    more = f"/usr/sbin:/usr/local/sbin:{SERVERS}/synapse/bin:{SERVERS}/ntfy/usr/bin"
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{more}")
    return found or absent(name)


def absent(what: str) -> NoReturn:
    """End the test: what it is about is not installed.

    Raises:
        Exception: pytest's own, of a skip or a failure.
    """
    missing = f"{what} is not here; {INSTALL}"
    if os.environ.get("MOLVA_REAL_SERVERS"):
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str],
    port: int,
    log: Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers at a loopback port, until the end of the block."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            user=user,
        )
    try:
        _wait_for(port, process, log)
        _check_loopback(port, process.pid)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended by itself: {log.read_text(errors='replace')[-2000:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"nothing answers at port {port}: {log.read_text(errors='replace')[-2000:]}")


def _check_loopback(port: int, pid: int) -> None:
    """What we start must be reachable from this machine alone, at each place it listens."""
    if not Path("/proc/net/tcp").exists():
        return
    own = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        # One may have been closed meanwhile.
        with suppress(FileNotFoundError):
            own.add(str(handle.readlink()))
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *_, inode = line.split()[:10]
            address, _, number = local.partition(":")
            if state == "0A" and (int(number, 16) == port or f"socket:[{inode}]" in own):
                assert _is_loopback(address), f"{pid} listens at {address}, port {int(number, 16)}"


def _is_loopback(address: str) -> bool:
    """Whether an address of /proc/net is one; its words are in the machine's byte order."""
    words = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    ip = ip_address(packed)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


@contextmanager
def short_path() -> Iterator[Path]:
    """A folder whose path is short and that other users may enter: servers keep sockets in it."""
    folder = Path("/tmp") / f"molva-{os.getpid()}-{free_port()}"
    folder.mkdir(mode=0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with short_path() as folder:
        yield folder
