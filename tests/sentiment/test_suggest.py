"""New causes for complaints that no cause explains."""

from __future__ import annotations

from sentiment.encoder import Encoder
from sentiment.suggest import suggest

SOCKETS = [
    "no power sockets at any of the tables",
    "not one socket to charge a laptop",
    "there are no sockets by the seats, my laptop died",
    "why are there no power outlets near the tables",
    "nowhere to plug in a laptop charger",
    "the only socket is taken, no place to charge",
]
OTHERS = [
    "they painted the roof in an ugly brown",
    "the choir sang out of tune all evening",
    "their mascot frightens my dog",
]


def test_alike_complaints_become_a_cause_with_words_and_examples(encoder: Encoder) -> None:
    found = suggest(encoder, [*OTHERS, *SOCKETS], 4)
    assert len(found) == 1
    (sockets,) = found
    assert {at >= len(OTHERS) for at in sockets.members} == {True}
    assert len(sockets.members) >= 4
    assert {"sockets", "laptop", "power", "charge", "socket"} & set(sockets.words[:4])
    assert all(any(own in text for text in SOCKETS) for own in sockets.examples)
    assert sockets.lang == "en"


def test_few_or_unlike_texts_give_nothing(encoder: Encoder) -> None:
    assert suggest(encoder, [], 2) == []
    assert suggest(encoder, OTHERS, 3) == []
    assert suggest(encoder, ["", "\x00", "🙃🙃"], 2) == []
