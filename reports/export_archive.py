"""Where an export goes: a file, a folder or a zip archive, each whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from reports import dictionary
from reports.columns import Column, TableName
from reports.interface import ReportError

Layout = Literal["file", "folder", "zip"]
MANIFEST = "manifest.json"
_STORED = {".parquet", ".xlsx"}
"""Compressed already."""


def layout_of(path: Path) -> Layout:
    """What a path asks for: `.zip` is an archive, a name without an ending a folder."""
    if path.suffix == ".zip":
        return "zip"
    return "folder" if path.is_dir() or not path.suffix else "file"


@contextmanager
def replacing(path: Path, layout: Layout) -> Iterator[Path]:
    """A temporary file or folder beside `path` that takes its place at the end.

    After an error, or an interruption, it is removed and what was there before stays.

    Raises:
        ReportError: `path` is a folder with something else in it.
    """
    if layout == "folder":
        _check_replaceable(path)
    # Not inside the target: it may be on another disk, and renaming must be at once.
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        place = work / ("folder" if layout != "file" else path.name)
        if layout != "file":
            place.mkdir()
        yield place
        if layout == "zip":
            place = _zipped(place, work / path.name)
        for file in [place] if place.is_file() else place.iterdir():
            _settle(file)
        if layout == "folder" and path.exists():
            path.replace(work / "before")
        place.replace(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_around(
    folder: Path, tables: Mapping[TableName, tuple[Column, ...]], about: dict[str, Any]
) -> None:
    """Add the dictionary, and the manifest with the checksum of every other file."""
    zone = str(about["time_zone"])
    (folder / "dictionary.json").write_text(dictionary.as_json(tables, zone), encoding="utf-8")
    (folder / "dictionary.md").write_text(dictionary.as_markdown(tables, zone), encoding="utf-8")
    files = {
        file.name: {"sha256": sha256(file), "bytes": file.stat().st_size}
        for file in sorted(folder.iterdir())
    }
    text = json.dumps({**about, "files": files}, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """The checksum of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_replaceable(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise ReportError(f"cannot write {path}: it is a file, not a folder")
    if any(path.iterdir()) and not (path / MANIFEST).is_file():
        raise ReportError(
            f"cannot write {path}: the folder holds something that is no export; name another one"
        )


def _zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
        for file in sorted(folder.iterdir()):
            how = zipfile.ZIP_STORED if file.suffix in _STORED else zipfile.ZIP_DEFLATED
            archive.write(file, file.name, compress_type=how)
    return target


def _settle(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    file.chmod(0o644)
