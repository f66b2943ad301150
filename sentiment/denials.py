"""Our own texts that deny a cause ("no queue at all"), and those that only look so.

They teach the classifier of `sentiment.signals` what a denial is, and the shared space to keep it
apart from what it denies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EXAMPLES = Path(__file__).with_name("denials.jsonl")


@dataclass(frozen=True, slots=True)
class Denial:
    """A text about a cause; `named` if it tells the cause after all."""

    lang: str
    text: str
    cause: str
    named: bool


@cache
def examples() -> tuple[Denial, ...]:
    """All of them, in both languages."""
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines()
    return tuple(Denial(**json.loads(line)) for line in lines)
