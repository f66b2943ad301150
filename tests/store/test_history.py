import pytest
from sqlalchemy import Engine

from store import history as store_history
from store.engine import reading, writing
from store.history import count_mentions, labelled_mentions, last_sequence
from store.interface import LabelledMention, MentionFilter
from store.labels import correct
from tests.store.helpers import DAY, HOUR, NOW, World, label_all, make_world


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    made.keep(
        made.mention("a", published_at=NOW - 3 * DAY, text="Зерно: очередь", lang=""),
        made.mention("b", published_at=NOW - 2 * DAY, text="Зерно: холодный кофе"),
    )
    with writing(engine) as conn:
        label_all(conn, "negative", "long_wait")
    made.keep(
        made.mention("c", text="Beanly", matches=(made.match(made.rival, "beanly"),)),
        source=made.forum,
    )
    return made


def rows(world: World, **values: object) -> list[LabelledMention]:
    with reading(world.engine) as conn:
        wanted = MentionFilter(**values)  # type: ignore[arg-type]
        found = list(labelled_mentions(conn, wanted))
        assert count_mentions(conn, wanted) == len(found)
        return found


def ids(world: World, **values: object) -> list[str]:
    return [row.native_id for row in rows(world, **values)]


def test_every_filter_narrows_the_history(world: World) -> None:
    assert ids(world) == ["a", "b", "c"]
    assert ids(world, brand_id=world.rival) == ["c"]
    assert ids(world, since=NOW - 2 * DAY) == ["b", "c"]
    assert ids(world, until=NOW - 2 * DAY) == ["a"]
    assert ids(world, source_type="forum") == ["c"]
    assert ids(world, lang="ru") == ["a", "b", "c"]
    assert ids(world, lang="en") == []
    assert ids(world, sentiment="negative") == ["a", "b"]
    assert ids(world, sentiment="unlabelled") == ["c"]
    assert ids(world, cause="long_wait") == ["a", "b"]
    assert ids(world, text="очереди") == ["a"]
    assert ids(world, text="очереди", sentiment="positive") == []


def test_the_cause_filter_follows_corrections(world: World) -> None:
    with writing(world.engine) as conn:
        said = {"sentiment": None, "author": "olga", "now": NOW}
        correct(conn, 1, world.zerno, causes=[("dirty", "negative")], **said)  # type: ignore[arg-type]
    assert ids(world, cause="long_wait") == ["b"]
    assert ids(world, cause="dirty") == ["a"]


def test_an_incremental_read_brings_what_changed_once(world: World) -> None:
    with reading(world.engine) as conn:
        seen = last_sequence(conn)
    assert ids(world, after_sequence=seen) == []
    world.keep(world.mention("d"))
    world.keep(deleted=("a",))
    assert ids(world, after_sequence=seen) == ["d"]
    changed = rows(world, after_sequence=seen, include_deleted=True)
    assert [row.native_id for row in changed] == ["a", "d"]
    assert all(row.sequence > seen for row in changed)


def test_pages_join_without_a_gap_or_a_repeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_second = [world.mention(f"s{i}", published_at=NOW - HOUR) for i in range(23)]
    both = (world.match(), world.match(world.rival))
    world.keep(*same_second, world.mention("both", matches=both))
    whole = rows(world)
    monkeypatch.setattr(store_history, "PAGE", 3)
    assert rows(world) == whole
    with reading(world.engine) as conn:
        newest = list(labelled_mentions(conn, MentionFilter(), newest_first=True))
        assert newest == whole[::-1]
        assert list(labelled_mentions(conn, MentionFilter(), limit=7)) == whole[:7]
        assert list(labelled_mentions(conn, MentionFilter(), limit=0)) == []


def test_a_page_read_while_others_write_stays_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_history, "PAGE", 1)
    with reading(world.engine) as conn:
        reader = labelled_mentions(conn, MentionFilter())
        found = [next(reader).native_id]
        world.keep(world.mention("new", published_at=NOW - DAY))
        found += [row.native_id for row in reader]
    assert found == ["a", "b", "c"]


def test_a_row_says_who_labelled_it_and_with_what(world: World) -> None:
    row = rows(world)[0]
    assert (row.label_source, row.model_version, row.taxonomy_version) == (
        "model",
        "model-1",
        "taxonomy-1",
    )
    assert (row.lang, row.lang_confidence, row.labelled_at) == ("ru", 0.99, NOW)
    assert (row.matched_term, row.query_version) == ("зерно", 1)
    cause = row.causes[0]
    assert row.text[cause.start : cause.end] == cause.evidence
    assert rows(world)[2].label_source == ""
