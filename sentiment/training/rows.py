"""What a training row is, and how rows are split so that no near-copy of a test text is learnt."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sentiment.normalise import normalise

Part = Literal["train", "val", "test"]

LABELS = ("negative", "neutral", "positive")
"""The order of the logits; index = class number in every file of the recipe."""

OWN_EXAMPLES = Path(__file__).parent / "own_examples.jsonl"
"""Examples written for this project, in the form of `read_rows`."""

TEST_SHARE = 0.08
VAL_SHARE = 0.06
_KEY_WORDS = 6
_SHINGLE = 8
_RETWEET = re.compile(r"(?:^|.*\s|[\"“«])rt\s*:?\s*@\w+:?", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")


UNLABELLED = "tweets_of_other_tasks"
"""The set whose rows have no sentiment: only the answers of teachers say what to learn of them."""

TRAIN_ONLY = frozenset({"cedr", "emotion", UNLABELLED})
"""Sets labelled with something else, whose classes are read off it: too rough to measure on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text: `label` is an index into `LABELS`, `target` whom it is judged towards."""

    source: str
    lang: str
    text: str
    label: int
    target: str | None = None
    weight: float = 1.0
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The target and how else the text names it; none without a target."""
        return (self.target, *self.aliases) if self.target else ()


def words(text: str) -> list[str]:
    """The lower-case words of a text without links, handles and what precedes a retweet mark."""
    bare = _RETWEET.sub(" ", text, count=1)
    clean = normalise(bare).text.replace("@user", " ")
    return _WORD.findall(clean.casefold().replace("ё", "е"))


def part_of(text: str) -> Part:
    """The side a text stands on, decided by a hash of how it begins, the same in every set.

    Retweets and truncated copies share their first words and so fall on one side; a text that
    two sets share falls on the same side in both.
    """
    key = " ".join(words(text)[:_KEY_WORDS]) or text
    share = int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:4]) / 2**32
    if share < TEST_SHARE:
        return "test"
    return "val" if share < TEST_SHARE + VAL_SHARE else "train"


def shingles(text: str) -> set[int]:
    """Hashes of every run of eight words: two texts that share one are near-copies."""
    tokens = words(text)
    runs = range(len(tokens) - _SHINGLE + 1)
    return {hash(tuple(tokens[start : start + _SHINGLE])) for start in runs}


def split(rows: Iterable[Row]) -> dict[Part, list[Row]]:
    """Split rows into train, val and test; drop training rows that near-copy a held-out one.

    A held-out (text, target) pair is kept once; rows of `TRAIN_ONLY` sets are never held out.
    """
    parts: dict[Part, list[Row]] = {"train": [], "val": [], "test": []}
    for row in rows:
        part = part_of(row.text)
        if part == "train" or row.source not in TRAIN_ONLY:
            parts[part].append(row)
    held: set[int] = set()
    held_parts: tuple[Part, ...] = ("val", "test")
    for part in held_parts:
        parts[part] = _unique(parts[part])
        for row in parts[part]:
            held |= shingles(row.text)
    parts["train"] = [row for row in _unique(parts["train"]) if not shingles(row.text) & held]
    return parts


def _unique(rows: list[Row]) -> list[Row]:
    seen: set[tuple[str, str | None]] = set()
    kept: list[Row] = []
    for row in rows:
        key = (" ".join(words(row.text)) or row.text, row.target)
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read_rows(path: Path) -> Iterator[Row]:
    """Read rows written by `write_rows`; missing `target` and `weight` take their defaults."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                entry = json.loads(line)
                yield Row(**entry | {"aliases": tuple(entry.get("aliases", ()))})
