"""Letters that are about one matter each, and reviews that name several, as a user's examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from sentiment.encoder import Encoder
from sentiment.learn import compared, measure_of
from sentiment.likeness import SEVERAL, Likeness
from sentiment.one_matter import ONE
from sentiment.taxonomy import Cause, Taxonomy

LETTERS = {
    "wrong report": (
        "I pulled my credit file last week. There are two loans on it that I never took out. I "
        "wrote to the bureau in June. They answered that everything was verified.",
        "My report says I was late in March. I have the receipts here. The bank confirmed it in "
        "writing. The bureau still will not correct the entry.",
        "An account in my name appears on the file although I closed it years ago. I disputed it "
        "three times. Each time the entry came back. My score has dropped by ninety points.",
    ),
    "debt collector": (
        "A man rings me at work every morning about a bill. I asked him to write instead. He "
        "laughed and said he would tell my boss. I owe that firm nothing.",
        "The collectors phone my mother at night. They threaten to send someone. I asked for proof "
        "of what I owe. They have never sent a single page.",
        "Letters from an agency keep arriving about a debt of my late husband. I told them he "
        "died. They call before breakfast. They say I shall be sued on Friday.",
    ),
    "mortgage": (
        "Our house payment went up by four hundred. The servicer says the escrow was short. We "
        "paid the taxes ourselves. Nobody can show us the sum.",
        "We applied to change the terms of our home loan. The lender lost the papers twice. Now "
        "they have started to foreclose. We were never a month behind.",
        "The new servicer did not record our last two payments on the house. I sent the bank's "
        "proof. They add a late fee every month. The refinancing has failed over it.",
    ),
}

REVIEWS = {
    "slow": (
        "Forty minutes for a burger. The cashier rolled her eyes. The table was sticky.",
        "Waited for ages in the car. They forgot my fries. Nobody apologised at the window.",
        "The line never moved. Floors were filthy. My drink was flat and the burger cold.",
    ),
    "rude": (
        "The manager shouted at me. My order was wrong. It took half an hour to swap it.",
        "What an attitude at the counter. The toilets stank. I got a cold burger after all that.",
        "She threw the bag at me. No straws in it. We had stood there for twenty minutes.",
    ),
    "dirty": (
        "Trays piled up everywhere. The queue was endless. The girl at the till was on her phone.",
        "Sticky tables and bins overflowing. They gave me somebody else's meal. It was cold too.",
        "Flies on the counter. I waited half an hour. The boy who served us was so unpleasant.",
    ),
}


def taught_by(encoder: Encoder, groups: Mapping[str, Sequence[str]]) -> Likeness:
    causes = tuple(
        Cause(name.replace(" ", "_"), "negative", {"en": name}, {}, {"en": tuple(texts)})
        for name, texts in groups.items()
    )
    return compared(encoder, Taxonomy("1", causes, {}), measure_of(encoder))


@pytest.fixture(scope="module")
def letters(encoder: Encoder) -> Likeness:
    return taught_by(encoder, LETTERS)


def test_letters_about_one_matter_each_are_compared_whole(letters: Likeness) -> None:
    assert letters.weights == {"en": ONE}
    assert letters.whole("en") == ONE.whole
    assert letters.whole("ru") == SEVERAL.whole, "it was tried with no other language"
    assert letters.wording is None, "words are compared with plain lines alone"


def test_reviews_that_name_several_are_compared_clause_by_clause(encoder: Encoder) -> None:
    assert taught_by(encoder, REVIEWS).weights == {}


def test_plain_lines_are_not_asked(encoder: Encoder) -> None:
    lines = {name: [text.split(". ")[0] for text in texts] for name, texts in LETTERS.items()}
    assert taught_by(encoder, lines).weights == {}


def test_an_example_does_not_help_to_tell_itself(encoder: Encoder) -> None:
    """Letters that have nothing in common but their cause's name are no proof of anything."""
    texts = [text for own in REVIEWS.values() for text in own]
    mixed = {f"cause {at}": texts[at::3] for at in range(3)}
    assert taught_by(encoder, mixed).weights == {}
