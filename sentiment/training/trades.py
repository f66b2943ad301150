"""Complaints about companies of one trade: causes as users would write them, and posts.

A row of such a file has `domain`, `cause`, `lang`, `text` and what it is (`kind`): `description` of
a cause, a `plain` line, as the examples of a taxonomy are, or a `post`, as people write them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sentiment.taxonomy import Cause, Taxonomy

LEARNT = Path(__file__).parent / "own_domains.jsonl"
"""Of 38 trades, none of them finance; fifteen have posts."""

UNNAMED = Path(__file__).parent / "own_unnamed.jsonl"
"""Texts about the fifteen trades that name none of their causes: praise of the opposite of one,
bare dislike, news of the day, questions."""

CHECKED = Path(__file__).parent / "cause_checks_trades.jsonl"
"""Of eight trades, nine causes each, by hands that saw no text of ours; never trained on."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post that names one cause of its trade."""

    text: str
    lang: str
    cause: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade with its causes and posts."""

    name: str
    taxonomy: Taxonomy
    posts: tuple[Post, ...]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file; the oldest have no `kind`."""
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def trades(path: Path) -> Iterator[Trade]:
    """The trades of a file that have posts."""
    plain: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    told: dict[str, dict[str, str]] = defaultdict(dict)
    posts: dict[str, list[Post]] = defaultdict(list)
    for row in rows(path):
        trade, cause, text = row["domain"], row["cause"], row["text"]
        match row.get("kind"):
            case "plain":
                plain[trade][cause].append(text)
            case "description":
                told[trade][cause] = text
            case "post":
                posts[trade].append(Post(text, row["lang"], cause))
    background = Taxonomy.load().background
    for trade, own in posts.items():
        causes = tuple(
            _cause(name, told[trade].get(name, ""), lines) for name, lines in plain[trade].items()
        )
        yield Trade(trade, Taxonomy(trade, causes, background), tuple(own))


def unnamed() -> dict[str, list[str]]:
    """By trade, texts that name none of its causes."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows(UNNAMED):
        found[row["trade"]].append(row["text"])
    return found


def alike(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The trade and the texts of each of its causes in each language, if there are several."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in rows(path):
        found[row["domain"], row["cause"], row["lang"]].append(row["text"])
    return ((trade, texts) for (trade, _, _), texts in found.items() if len(texts) > 1)


def _cause(name: str, description: str, lines: list[str]) -> Cause:
    described = {"en": description} if description else {}
    examples = {"en": tuple(lines)}
    return Cause(name, "negative", {"en": name.replace("_", " ")}, described, examples)
