from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from store.compare import compare_versions, versions
from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import MentionFilter, NewLabel
from store.labels import add_version, correct, save_labels, unlabelled, use_version
from store.tables import CHANGE
from tests.store.helpers import HOUR, NOW, World, label_all, make_world


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def label_as(world: World, model: str, sentiments: dict[int, str]) -> int:
    """Labels of a version that is not put into use; mentions it does not name stay without."""
    with writing(world.engine) as conn:
        version = add_version(conn, model, "taxonomy-1", NOW)
        labels = [
            NewLabel(
                text.mention_id, 1, text.brand_id, "ru", 1.0, sentiments[text.mention_id],
                0.6, 0.2, 0.2, False,
            )
            for text in unlabelled(conn, version, 100)
            if text.mention_id in sentiments
        ]  # fmt: skip
        save_labels(conn, version, labels, NOW)
    return version


def test_two_versions_are_compared_on_the_texts_both_have_labelled(world: World) -> None:
    world.keep(
        *(world.mention(str(n), published_at=NOW - n * HOUR, url=f"u/{n}") for n in range(1, 7))
    )
    one = label_as(
        world, "a", {1: "negative", 2: "negative", 3: "neutral", 4: "positive", 5: "neutral"}
    )
    two = label_as(
        world, "b", {1: "negative", 2: "neutral", 3: "negative", 4: "positive", 6: "neutral"}
    )
    with writing(world.engine) as conn:
        for mention, said in ((2, "neutral"), (4, "positive"), (5, "neutral")):
            correct(conn, mention, world.zerno, sentiment=said, causes=None, author="", now=NOW)
        found = compare_versions(conn, one, two)
        assert found.pairs == {
            ("negative", "negative"): 1,
            ("negative", "neutral"): 1,
            ("neutral", "negative"): 1,
            ("positive", "positive"): 1,
        }
        assert (found.both, found.agree, found.only_first, found.only_second) == (4, 2, 1, 1)
        assert found.corrected == (2, 1, 2)
        changed = [(e.mention_id, e.before, e.after, e.corrected, e.url) for e in found.examples]
        assert changed == [
            (2, "negative", "neutral", "neutral", "u/2"),
            (3, "neutral", "negative", None, "u/3"),
        ]
        assert compare_versions(conn, one, two, examples=0).examples == ()
        newest = compare_versions(conn, one, two, since=NOW - timedelta(hours=2))
        assert (newest.both, newest.only_first) == (2, 0)
        assert compare_versions(conn, one, two, brand_id=world.rival).both == 0


def test_the_list_of_versions_counts_their_labels(world: World) -> None:
    world.keep(world.mention("1"), world.mention("2"))
    label_as(world, "a", {1: "negative"})
    with writing(world.engine) as conn:
        label_all(conn, model="b")
        assert [(v.model, v.current, v.labels) for v in versions(conn)] == [
            ("a", False, 1),
            ("b", True, 2),
        ]


def test_labels_of_a_version_not_in_use_change_nothing_that_people_see(world: World) -> None:
    world.keep(world.mention("1"))
    with writing(world.engine) as conn:
        label_all(conn, "negative", model="in-use")
    label_as(world, "other", {1: "positive"})
    with reading(world.engine) as conn:
        assert [m.sentiment for m in labelled_mentions(conn, MentionFilter())] == ["negative"]
        actions = conn.execute(select(CHANGE.c.action).order_by(CHANGE.c.id)).scalars().all()
    assert actions == ["stored", "labelled"]


def test_going_back_to_a_version_needs_no_labelling_and_is_a_change_to_exports(
    world: World,
) -> None:
    world.keep(world.mention("1"), world.mention("2"))
    with writing(world.engine) as conn:
        old = label_all(conn, "negative", model="old")
        label_all(conn, "positive", model="new")
        before = list(labelled_mentions(conn, MentionFilter()))
        assert use_version(conn, "old", "taxonomy-1", NOW) == old
        assert unlabelled(conn, old, 10) == []
        wanted = MentionFilter(after_sequence=max(m.sequence for m in before))
        assert [m.sentiment for m in labelled_mentions(conn, wanted)] == ["negative"] * 2
        last = conn.execute(select(CHANGE.c.id).order_by(CHANGE.c.id.desc())).scalars().first()
        use_version(conn, "old", "taxonomy-1", NOW)
        again = conn.execute(select(CHANGE.c.id).order_by(CHANGE.c.id.desc())).scalars().first()
    assert last == again
