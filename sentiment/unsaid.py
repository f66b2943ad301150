"""Our own texts that mention a cause but do not say that it happened, and some that only look so.

"Are the staff rude there?", "if they are late again", "people say it is dirty", news and words of
something else; beside them complaints as questions, rules and dry facts. They teach the classifier
of `sentiment.signals` whether a clause says anything.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from sentiment.clauses import split_clauses

EXAMPLES = Path(__file__).with_name("unsaid.jsonl")

_MIXED = "asks_after"
"""The kind that tells what happened and then asks: alone, its questions say nothing."""


@cache
def examples() -> dict[str, list[str]]:
    """Texts, and the clauses of those that have several: `unsaid` and `said`."""
    found: dict[str, list[str]] = {"unsaid": [], "said": []}
    for line in EXAMPLES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text: str = row["text"]
        clauses = [text[span.start : span.end] for span in split_clauses(text)]
        more = [] if row["kind"] == _MIXED else clauses
        found["said" if row["said"] else "unsaid"] += dict.fromkeys([text, *more])
    return found
