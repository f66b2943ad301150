"""A folder of deliveries not yet read: one file each, there once its name is.

A delivery is written under another name, forced to the disk, and renamed; so whoever was told that
it was accepted can rely on it, whatever is killed. Reading removes nothing: a delivery is removed
by its name when the posts made of it are stored.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ENDING: Final = ".json"
_NAME = re.compile(r"[\w-]{1,100}")


class Inbox:
    """The deliveries in a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, body: bytes) -> None:
        """Keep a delivery; once this returns, it survives a crash. The same name again is fine.

        Raises:
            OSError: it could not be kept.
            ValueError: the name is not made of letters, digits, `-` and `_`.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a delivery")
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{name}.{uuid.uuid4().hex}"
        try:
            with unfinished.open("xb") as stream:
                # Other people's words: for the owner's eyes.
                os.chmod(unfinished, 0o600)  # noqa: PTH101 - by the path just made
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(self.folder / (name + ENDING))
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(self.folder)

    def names(self) -> list[str]:
        """What is there, oldest first; nothing if the folder does not exist yet."""
        try:
            found = os.listdir(self.folder)  # noqa: PTH208 - names alone, there may be many
        except FileNotFoundError:
            return []
        return sorted(
            name.removesuffix(ENDING)
            for name in found
            if name.endswith(ENDING) and not name.startswith(".")
        )

    def read(self, name: str) -> bytes:
        """A delivery's body.

        Raises:
            OSError: it cannot be read.
        """
        return (self.folder / (name + ENDING)).read_bytes()

    def remove(self, names: Iterable[str]) -> None:
        """Forget deliveries; those gone already are fine."""
        for name in names:
            if _NAME.fullmatch(name):
                (self.folder / (name + ENDING)).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk, too, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
