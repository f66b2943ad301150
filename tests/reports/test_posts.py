"""What is quoted: no mention and no author twice, no template thrice; the first telling found."""

from __future__ import annotations

from datetime import timedelta

from reports.posts import Story, author_of, by_story, earliest, quotes
from store.engine import reading
from store.history import labelled_mentions
from store.interface import MentionFilter
from tests.reports.world import NOON, World

HOUR = timedelta(hours=1)


def stories(world: World, since: timedelta = timedelta(days=1)) -> list[Story]:
    with reading(world.engine) as conn:
        wanted = MentionFilter(brand_id=world.brand.id, since=NOON - since)
        return by_story(labelled_mentions(conn, wanted))


def complain(world: World, *said: str, cause: str = "late") -> None:
    for number, text in enumerate(said):
        world.post(f"Zerno: {text}", NOON - (number + 1) * HOUR, "negative", ((cause, text),))


def test_posts_of_one_template_are_quoted_once_whatever_their_numbers(world: World) -> None:
    complain(
        world,
        "for one tea 36 dollars gone from my card today",
        "for one tea 23 dollars gone from my card today",
        "for one tea 118 dollars gone from my card today",
        "they billed me twice and nobody answers the phone",
    )
    world.save(NOON)
    told = [quote.text for quote in quotes(stories(world), "late", 3)]
    assert len(told) == 2
    assert sum("for one tea" in text for text in told) == 1


def test_a_post_is_not_quoted_under_two_causes(world: World) -> None:
    both = "the courier came two days late and the barista was rude to my mother"
    parts = (("late", "the courier came two days late"), ("rude", "barista was rude to my mother"))
    world.post(f"Zerno: {both}", NOON - HOUR, "negative", parts)
    world.post(
        "Zerno: nobody says hello", NOON - HOUR, "negative", (("rude", "nobody says hello"),)
    )
    world.save(NOON)
    found = stories(world)
    (late,) = quotes(found, "late", 3)
    for skip in (late.evidence, late.text):
        rude = quotes(found, "rude", 3, frozenset({skip}))
        assert [quote.evidence for quote in rude] == ["nobody says hello"]


def test_who_has_only_a_name_is_quoted_once_and_is_another_at_another_site(world: World) -> None:
    texts = ("my parcel never came", "still waiting for the kettle", "order lost somewhere")
    for number, (text, site) in enumerate(zip(texts, ("a", "a", "b"), strict=True)):
        world.post(
            f"Zerno: {text}",
            NOON - (number + 1) * HOUR,
            "negative",
            (("late", text),),
            author_id="",
            author_handle="",
            author_name="Mona62",
            site=f"{site}.example",
        )
    world.save(NOON)
    found = stories(world)
    assert len(quotes(found, "late", 3)) == 2
    assert len({author_of(story.mention) for story in found}) == 2


def test_the_first_telling_of_a_story_may_lie_before_what_was_read(world: World) -> None:
    text = "Zerno shop on Lenin street was closed by the inspectors after mice were seen"
    for number, hours in enumerate((30, 9, 5, 2)):
        world.post(
            text, NOON - hours * HOUR, native_id=f"copy-{number}", author_followers=10 * number
        )
    world.save(NOON)
    (story,) = stories(world, 10 * HOUR)
    assert story.sightings == 3
    with reading(world.engine) as conn:
        first = earliest(conn, story)
    assert first.mention.published_at == NOON - 30 * HOUR
    assert (first.sightings, first.reach) == (3, 30)
