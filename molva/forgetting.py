"""Forgetting in files: messages that a file channel wrote are emptied where they hold traces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from store.export_records import Erasure
from store.scrub import Traces

STUB = "This message held words of a person who asked to be forgotten.\n"
_ENDINGS = {".html", ".txt", ".json", ".md"}


def empty_files(folders: Iterable[Path], erasure: Erasure) -> list[Path]:
    """Replace every message in these folders that holds a trace; returns their paths.

    A page was rendered around the words, cut and escaped, so it goes as a whole.
    """
    traces = Traces(erasure.texts, erasure.names, erasure.mention_ids, erasure.common)
    emptied = []
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix not in _ENDINGS or not path.is_file():
                continue
            if traces.in_text(path.read_text("utf-8", errors="replace")):
                path.write_text("{}\n" if path.suffix == ".json" else STUB, encoding="utf-8")
                emptied.append(path)
    return emptied
