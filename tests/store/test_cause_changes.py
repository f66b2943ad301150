"""Causes that a person adds or strikes out: changes of whatever the model says, in every reader."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from alembic import command
from sqlalchemy import Engine, text

from reports.export import export
from store.corrections import corrected_causes
from store.counts import cause_counts
from store.engine import reading, writing
from store.history import count_mentions, labelled_mentions
from store.interface import CauseChanges, LabelledMention, MentionFilter
from store.labels import correct
from store.migrate import config
from store.series_counts import stories
from tests.store.helpers import DAY, HOUR, NOW, World, label_all, make_world

SWAP = CauseChanges((("rude", "negative"),), (("price", "negative"),))


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    made.keep(made.mention("a"))
    with writing(engine) as conn:
        label_all(conn, "negative", "late", "price")
    return made


def say(world: World, causes: CauseChanges | list[tuple[str, str]] | None) -> None:
    with writing(world.engine) as conn:
        correct(conn, 1, world.zerno, sentiment=None, causes=causes, author="olga", now=NOW)


def relabel(world: World, *causes: str) -> None:
    with writing(world.engine) as conn:
        label_all(conn, "negative", *causes, model="model-2")


def only(world: World) -> LabelledMention:
    with reading(world.engine) as conn:
        (mention,) = labelled_mentions(conn, MentionFilter())
    return mention


def told(world: World) -> list[str]:
    return [own.cause for own in only(world).causes]


def test_only_the_change_is_a_persons_word(world: World) -> None:
    say(world, SWAP)
    mention = only(world)
    assert [(own.cause, own.probability) for own in mention.causes] == [("late", 0.8), ("rude", 1)]
    assert mention.label_source == "person"
    relabel(world, "price", "dirty")
    assert told(world) == ["dirty", "rude"], "nobody vouched for the late one"


def test_what_was_added_keeps_the_evidence_of_a_model_that_sees_it_too(world: World) -> None:
    say(world, CauseChanges(added=(("late", "negative"),)))
    late = only(world).causes[-1]
    assert (late.cause, late.probability, late.evidence) == ("late", 1, "Зашёл ")
    assert told(world) == ["price", "late"]


def test_every_reader_tells_the_same(world: World, tmp_path: Path) -> None:
    say(world, SWAP)
    wanted = {"late", "rude"}
    with reading(world.engine) as conn:
        for cause in ("late", "rude", "price"):
            found = count_mentions(conn, MentionFilter(cause=cause))
            assert found == (cause in wanted), cause
        counted = cause_counts(conn, world.zerno, NOW - DAY, NOW)
        assert {own.cause for own in counted} == wanted
        (story,) = stories(conn, world.zerno, NOW - DAY, NOW)
        assert set(story.causes) == wanted
    path = tmp_path / "out.parquet"
    export(world.engine, path, "parquet", MentionFilter(), now=NOW)
    (row,) = pq.read_table(path).to_pylist()
    assert row["label_source"] == "person"
    assert [
        (own["cause_id"], own["probability"], own["evidence_text"]) for own in row["causes"]
    ] == [(own.cause, own.probability, own.evidence) for own in only(world).causes]


def test_a_cause_of_delight_that_is_added_counts_in_an_unhappy_story(world: World) -> None:
    say(world, CauseChanges(added=(("taste", "positive"),)))
    with reading(world.engine) as conn:
        counted = cause_counts(conn, world.zerno, NOW - DAY, NOW)
        (story,) = stories(conn, world.zerno, NOW - DAY, NOW)
    assert {own.cause for own in counted} == {"late", "price", "taste"}
    assert story.causes == ("late", "price")


def test_changes_add_up_until_they_are_withdrawn(world: World) -> None:
    say(world, CauseChanges(struck=(("price", "negative"),)))
    say(world, CauseChanges(added=(("rude", "negative"),)))
    assert told(world) == ["late", "rude"]
    say(world, CauseChanges((("price", "negative"),), (("rude", "negative"),)))
    relabel(world, "rude", "dirty")
    assert told(world) == ["dirty", "price"]
    say(world, None)
    assert told(world) == ["rude", "dirty"]
    assert only(world).label_source == "model"


def test_a_whole_set_stays_whole_when_it_is_changed(world: World) -> None:
    say(world, [("late", "negative"), ("price", "negative")])
    say(world, SWAP)
    relabel(world, "dirty", "price")
    assert told(world) == ["late", "rude"]
    with reading(world.engine) as conn:
        (lesson,) = corrected_causes(conn)
    assert (lesson.causes, lesson.struck) == (("late", "rude"), None)


def test_what_the_model_said_beside_a_change_is_no_lesson(world: World) -> None:
    say(world, SWAP)
    with reading(world.engine) as conn:
        (lesson,) = corrected_causes(conn)
    assert (lesson.causes, lesson.struck) == (("rude",), ("price",))


def test_words_outlive_the_schema_before_and_back(world: World) -> None:
    world.keep(*(world.mention(name, published_at=NOW - 2 * HOUR) for name in "bcd"))
    with writing(world.engine) as conn:
        label_all(conn, "negative", "late", "price")
    said = (SWAP, CauseChanges(struck=SWAP.struck), [("dirty", "negative")], None)
    with writing(world.engine) as conn:
        for mention, own in enumerate(said, start=1):
            now = {"sentiment": "negative", "author": "olga", "now": NOW}
            correct(conn, mention, world.zerno, causes=own, **now)  # type: ignore[arg-type]

    def causes() -> dict[int, set[str]]:
        with reading(world.engine) as conn:
            found = labelled_mentions(conn, MentionFilter())
            return {row.mention_id: {own.cause for own in row.causes} for row in found}

    before = causes()
    assert before == {1: {"late", "rude"}, 2: {"late"}, 3: {"dirty"}, 4: {"late", "price"}}
    with writing(world.engine, foreign_keys=False) as conn:
        command.downgrade(config(conn), "0011")
        whole = conn.execute(text("SELECT mention_id FROM correction WHERE has_causes"))
        assert set(whole.scalars()) == {1, 2, 3}
        kept = "SELECT count(*), count(DISTINCT cause) FROM correction_cause"
        assert conn.execute(text(kept)).one() == (4, 3)
        command.upgrade(config(conn), "head")
    assert causes() == before
    with reading(world.engine) as conn:
        assert [lesson.struck for lesson in corrected_causes(conn)] == [None] * 3
