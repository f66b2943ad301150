"""Whether a text says that a cause happened, and to whose customers.

Texts of `cause_checks_unsaid.jsonl` ask, fear, repeat what others say, tell news or use the words
of something else; beside them stand texts of like form that do complain or praise. Texts about two
brands (`own_checks_pairs.jsonl`) have a label towards each: a cause is right for the brand that is
felt about as the cause is, if the other is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import Polarity, Text
from sentiment.labeller import Labeller
from sentiment.taxonomy import Taxonomy
from sentiment.training.cause_sets import saying_texts
from sentiment.training.figures import Figure, read, share
from sentiment.training.trades import rows

PAIRS: Final = Path(__file__).with_name("own_checks_pairs.jsonl")
LABELS: Final[dict[Polarity, int]] = {"negative": 0, "positive": 2}
UNSAID: Final = {
    "question": "a question about it: no cause told",
    "conditional": "a fear or a plan: no cause told",
    "hearsay": "what others say of it: no cause told",
    "neutral": "news of it: no cause told",
    "subject": "its words of something else: no cause told",
}
SAID: Final = {
    "rhetorical": "a complaint as a question: its cause told",
    "asks_after": "a complaint that ends in a question: its cause told",
    "condition_real": "a complaint as a rule: its cause told",
    "plain_fact": "a plain fact: its cause told",
}


def saying(encoder: Encoder, lang: str) -> Iterator[tuple[str, Figure]]:
    """How often what is told by default is right of texts that say a cause, or only look so."""
    texts = saying_texts(lang)
    right: dict[str, list[bool]] = defaultdict(list)
    found = read(CauseFinder(encoder, Taxonomy.load()), encoder, texts)
    for asked, own in zip(texts, found, strict=True):
        told = {cause.cause for cause in own.causes}
        kind, wanted = asked.row["kind"], asked.row["cause"]
        right[kind].append(wanted in told if wanted else not told)
    for kind, name in (UNSAID | SAID).items():
        yield name, share(right[kind])


def whose(encoder: Encoder, lang: str) -> Iterator[tuple[str, Figure]]:
    """Of the causes told towards one of two brands that are felt about differently."""
    labels: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows(PAIRS):
        if row["lang"] == lang:
            labels[row["text"]][row["target"]] = int(row["label"])
    asked = [
        (t, own, rival) for t, two in labels.items() for own in two for rival in two.keys() - {own}
    ]
    labeller = Labeller(encoder, CauseFinder(encoder, Taxonomy.load()))
    texts = (Text(t, t, lang, own, others=(rival,)) for t, own, rival in asked)
    right = []
    for (text, own, rival), label in zip(asked, labeller.label(texts), strict=True):
        for cause in label.causes:
            felt = LABELS[cause.polarity]
            theirs = labels[text][own] == felt
            if theirs != (labels[text][rival] == felt):
                right.append(theirs)
    yield "of two brands: the cause is of the right one", share(right)
