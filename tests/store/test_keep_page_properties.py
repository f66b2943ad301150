"""Whatever order pages come in and however often, the store holds the same."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.decide import group
from store.engine import open_store, reading
from store.interface import NewMention
from tests.store.helpers import MINUTE, NOW, World, make_world, snapshot

TEXTS = (
    "Зерно топ",
    "Курьер Зерна опоздал на два часа, кофе приехал холодным",
    "Zerno's app failed again and nobody from support has answered me",
)

posts = st.tuples(st.integers(0, 5), st.integers(0, 3))
pages = st.lists(st.tuples(st.booleans(), st.lists(posts, max_size=5)), min_size=1, max_size=6)


def mention(world: World, post: int, copy: int) -> NewMention:
    """A copy of a post: 0 is the original, the others are edits that say when."""
    chance = random.Random(post)
    original = world.mention(
        f"p{post}",
        text=chance.choice(TEXTS),
        canonical_url=f"https://news.example/{chance.randrange(4)}",
    )
    if copy == 0:
        return original
    return replace(original, text=f"Зерно, правка {copy}", edited_at=NOW + copy * MINUTE)


def outcome(template: Path, kept: list[tuple[bool, list[Any]]]) -> list[tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "molva.db"
        shutil.copy(template, path)
        engine = open_store(f"sqlite:///{path}")
        world = make_world(engine)
        # The first sight settles a mention's story, so every store starts from the originals.
        world.keep(*(mention(world, post, 0) for post in range(6)))
        for other, page in kept:
            source = world.other_feed if other else world.feed
            world.keep(*(mention(world, *post) for post in page), source=source)
        with reading(engine) as conn:
            found = snapshot(conn)
        engine.dispose()
        return found


@settings(max_examples=8, deadline=None)
@given(kept=pages, shuffler=st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_pages_make_no_difference(
    sqlite_template: Path, kept: list[tuple[bool, list[Any]]], shuffler: random.Random
) -> None:
    again = [*kept, *kept]
    shuffler.shuffle(again)
    assert outcome(sqlite_template, again) == outcome(sqlite_template, kept)


@given(st.lists(st.lists(st.integers(0, 12).map(str), min_size=1, max_size=3), max_size=12))
def test_groups_are_what_shares_a_key_through_any_chain(keys: list[list[str]]) -> None:
    groups = group(keys)
    assert sorted(i for members in groups for i in members) == list(range(len(keys)))
    held = [{key for i in members for key in keys[i]} for members in groups]
    assert all(not a & b for n, a in enumerate(held) for b in held[n + 1 :])
    for members in groups:
        reached, frontier = set(), {min(members)}
        while frontier:
            reached |= frontier
            known = {key for i in reached for key in keys[i]}
            frontier = {i for i in members if known & set(keys[i])} - reached
        assert reached == members
