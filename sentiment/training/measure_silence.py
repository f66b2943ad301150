"""How often a taxonomy of few examples is silent about texts that name none of its causes.

General tweets are on no trade; the texts of `cause_checks_unnamed.jsonl` are on the very trade, by
a hand that saw of ours nine lines a trade: praise of the opposite of a cause, bare dislike, news of
the day, questions. Short plain complaints stand beside them, which must be told all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sentiment.causes import CauseFinder
from sentiment.encoder import EncodedText, Encoder
from sentiment.training.cause_sets import Asked
from sentiment.training.datasets import rusentitweet, tweeteval
from sentiment.training.figures import Figure, read, share
from sentiment.training.rows import part_of
from sentiment.training.trades import CHECKED, rows, trades

CHECKS: Final = Path(__file__).with_name("cause_checks_unnamed.jsonl")
KINDS: Final = {
    "opposite": "praise of the opposite of a cause: none told",
    "dislike": "bare dislike: none told",
    "narration": "news of the day: none told",
    "question": "a question: none told",
    "praise": "bare praise: none told",
    "named": "a short plain complaint: its cause is told first",
}
TWEETS: Final = 300
"""General tweets of each language that every trade's causes are asked of."""


def silence(encoder: Encoder, data: Path) -> Iterator[str]:
    """What is measured, as lines of the card."""
    yield "## Texts that name no cause, asked with a taxonomy of few examples"
    yield (
        "Per cent of what is told by default. The texts about the trade are by a hand that saw the "
        "causes' names and nine of their lines; what counts against a cause of few examples was "
        "chosen with these texts in sight."
    )
    yield ""
    yield "| texts | English | n | Russian | n |"
    yield "|---|---|---|---|---|"
    own, tweets = on_the_trade(encoder), on_tweets(encoder, data)
    for name, (english, russian) in {"general tweets: none told": tweets, **own}.items():
        yield f"| {name} | {english} | {english.n} | {russian} | {russian.n} |"


def on_tweets(encoder: Encoder, data: Path) -> tuple[Figure, Figure]:
    """How often a general tweet, English or Russian, is told none of a trade's nine causes."""
    found = []
    for lang, tweets in (("en", tweeteval(data)), ("ru", rusentitweet(data))):
        held = [own for own in tweets if part_of(own.text) == "test"][:TWEETS]
        texts = [Asked(own.text, lang, frozenset()) for own in held]
        silent: list[bool] = []
        encoded: dict[str, EncodedText] = {}
        for trade in trades(CHECKED):
            finder = CauseFinder(encoder, trade.taxonomy)
            silent += [not own.causes for own in read(finder, encoder, texts, encoded)]
        found.append(share(silent))
    english, russian = found
    return english, russian


def on_the_trade(encoder: Encoder) -> dict[str, tuple[Figure, Figure]]:
    """By kind, how often what is told by default of texts about the trade is right."""
    checks = list(rows(CHECKS))
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for trade in trades(CHECKED):
        finder = CauseFinder(encoder, trade.taxonomy)
        own = [row for row in checks if row["trade"] == trade.name]
        asked = [Asked(row["text"], row["lang"], frozenset()) for row in own]
        for row, told in zip(own, read(finder, encoder, asked), strict=True):
            first = told.causes[0].cause if told.causes else None
            right[row["kind"], row["lang"]].append(first == row["cause"])
    return {
        name: (share(right[kind, "en"]), share(right[kind, "ru"])) for kind, name in KINDS.items()
    }
