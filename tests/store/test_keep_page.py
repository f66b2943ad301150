from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select

from store.brands import brands
from store.engine import reading, writing
from store.history import labelled_mentions, last_sequence
from store.interface import LabelledMention, MentionFilter, PageToKeep, StoreError
from store.mentions import keep_page
from store.sources import source_by_name, start_poll
from store.tables import CHANGE, POLL, REVISION, SKIPPED_ITEM
from tests.store.helpers import DAY, HOUR, MINUTE, NOW, World, label_all, make_world, searched

LONG = "Курьер опоздал на два часа, и кофе приехал холодным, а поддержка так и не ответила."


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def history(world: World, **values: object) -> list[LabelledMention]:
    with reading(world.engine) as conn:
        return list(labelled_mentions(conn, MentionFilter(**values)))  # type: ignore[arg-type]


def only(world: World, **values: object) -> LabelledMention:
    (mention,) = history(world, **values)
    return mention


def test_a_page_is_kept_whole_with_its_cursor(world: World) -> None:
    kept = world.keep(
        world.mention("a", likes=3), world.mention("b"), cursor={"since": "b", "etag": 'W/"1"'}
    )
    assert kept.stored == ("a", "b")
    mention = history(world)[0]
    assert (mention.native_id, mention.scope, mention.source_names) == ("a", "rss", ("feed",))
    assert (mention.text, mention.likes, mention.author_name) == (
        "Зашёл в Зерно за кофе",
        3,
        "Анна",
    )
    assert mention.match_spans == ((8, 13),)
    assert mention.text[8:13] == "Зерно"
    with reading(world.engine) as conn:
        source = source_by_name(conn, "feed")
        assert source is not None
        assert source.cursor == {"since": "b", "etag": 'W/"1"'}
        assert (source.items_total, source.last_item_at) == (2, NOW)


def test_nothing_of_a_page_is_kept_if_its_transaction_fails(world: World) -> None:
    world.keep(world.mention("a"), cursor={"at": 1})
    with writing(world.engine) as conn:
        poll = start_poll(conn, world.feed, NOW, NOW)
    page = PageToKeep(cursor={"at": 2}, mentions=(world.mention("b", text="Зерно: скидки"),))

    def keep_and_fail() -> None:
        with writing(world.engine) as conn:
            keep_page(conn, world.feed, poll, page, NOW)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        keep_and_fail()
    with reading(world.engine) as conn:
        source = source_by_name(conn, "feed")
        assert source is not None
        assert source.cursor == {"at": 1}
        assert searched(conn, "скидки") == []
    assert [m.native_id for m in history(world)] == ["a"]
    assert world.keep(*page.mentions).stored == ("b",)


def test_an_unchanged_page_changes_nothing(world: World) -> None:
    page = [world.mention(str(i), text=f"Зерно номер {i}") for i in range(30)]
    world.keep(*page)
    before = history(world)
    kept = world.keep(*page, now=NOW + DAY)
    assert (kept.stored, kept.changed, kept.known) == ((), (), 30)
    assert history(world) == before


def test_an_edit_is_a_new_revision_and_the_old_text_is_archived(world: World) -> None:
    world.keep(world.mention("a", text="Зерно — хорошее место"))
    edited = world.mention("a", text="Зерно — ужасное место", edited_at=NOW)
    assert world.keep(edited, now=NOW + HOUR).changed == ("a",)
    mention = only(world)
    assert (mention.revision, mention.text) == (2, "Зерно — ужасное место")
    with reading(world.engine) as conn:
        (old,) = conn.execute(select(REVISION)).all()
        assert (old.number, old.text, old.seen_at) == (1, "Зерно — хорошее место", NOW)
        assert searched(conn, "хорошее") == []
        assert searched(conn, "ужасное") == [mention.mention_id]


def test_two_routes_that_show_different_ages_do_not_take_turns(world: World) -> None:
    old, new = world.mention("a", text="Зерно, первая"), world.mention("a", text="Зерно, вторая")
    world.keep(old)
    world.keep(new)
    for _ in range(3):
        assert world.keep(old, source=world.other_feed).changed == ()
        assert world.keep(new).changed == ()
    assert (only(world).revision, only(world).text) == (2, "Зерно, вторая")


def test_an_original_does_not_undo_an_edit_seen_first(world: World) -> None:
    world.keep(world.mention("a", text="Зерно, исправлено", edited_at=NOW - MINUTE))
    world.keep(world.mention("a", text="Зерно, как было"), source=world.other_feed)
    world.keep(world.mention("a", text="Зерно, раньше", edited_at=NOW - HOUR))
    assert (only(world).revision, only(world).text) == (1, "Зерно, исправлено")


def test_a_text_that_changes_by_itself_is_not_revised_for_ever(world: World) -> None:
    for minute in range(27):
        world.keep(world.mention("a", text=f"Зерно, {minute} минут назад"))
    assert only(world).revision == 24


def test_engagement_is_updated_without_a_revision(world: World) -> None:
    world.keep(world.mention("a", likes=1, author_followers=5))
    kept = world.keep(world.mention("a", likes=9, views=100, author_followers=7))
    assert kept.known == 1
    mention = only(world)
    assert (mention.revision, mention.likes, mention.views) == (1, 9, 100)
    assert mention.author_followers == 7
    world.keep(world.mention("a", likes=None))
    assert only(world).likes == 9


def test_a_mention_is_the_same_through_every_source_of_its_scope(world: World) -> None:
    world.keep(world.mention("a"))
    assert world.keep(world.mention("a"), source=world.other_feed).known == 1
    assert world.keep(world.mention("a"), source=world.forum).stored == ("a",)
    mentions = history(world)
    assert [m.source_names for m in mentions] == [("feed", "feed-2"), ("forum",)]
    assert [m.terms for m in mentions] == ["open", "excerpt"]


def test_an_id_twice_on_one_page_is_one_mention(world: World) -> None:
    kept = world.keep(
        world.mention("a", text="Зерно, черновик"),
        world.mention("b"),
        world.mention("a", text="Зерно, чистовик", edited_at=NOW),
    )
    assert (kept.stored, kept.changed) == (("a", "b"), ("a",))
    assert [m.text for m in history(world)] == ["Зерно, чистовик", "Зашёл в Зерно за кофе"]


@pytest.mark.parametrize("claim", [None, NOW + 2 * DAY, datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_missing_or_impossible_date_becomes_the_first_sight(
    world: World, claim: datetime | None
) -> None:
    world.keep(world.mention("a", published_at=claim))
    assert only(world).published_at == NOW
    world.keep(world.mention("a", published_at=NOW - 3 * HOUR), now=NOW + HOUR)
    assert only(world).published_at == NOW - 3 * HOUR


def test_a_deleted_post_is_forgotten_but_not_its_numbers(world: World) -> None:
    world.keep(world.mention("a", text="Зерно отравило", url="https://feed.example/anna/a"))
    world.keep(world.mention("a", text="Зерно отравило меня", edited_at=NOW), world.mention("b"))
    with writing(world.engine) as conn:
        label_all(conn, "negative", "unsafe")
    assert world.keep(deleted=("a", "never-seen"), now=NOW + HOUR).deleted == ("a",)
    assert world.keep(deleted=("a",)).deleted == ()
    assert [m.native_id for m in history(world)] == ["b"]
    grave = next(m for m in history(world, include_deleted=True) if m.native_id == "a")
    assert grave.deleted_at == NOW + HOUR
    assert (grave.sentiment, grave.p_negative, grave.published_at) == ("negative", 0.7, NOW - HOUR)
    assert [c.cause for c in grave.causes] == ["unsafe"]
    said = (grave.text, grave.title, grave.url, grave.author_id, grave.author_name)
    assert set(said) == {""}
    assert grave.causes[0].evidence == ""
    with reading(world.engine) as conn:
        assert searched(conn, "отравило") == []
        assert conn.execute(select(REVISION.c.text)).scalars().all() == [""]


def test_an_old_copy_does_not_bring_a_deleted_post_back(world: World) -> None:
    world.keep(world.mention("a", text="Зерно, удалю"))
    world.keep(deleted=("a",), now=NOW + HOUR)
    world.keep(world.mention("a", text="Зерно, удалю"), source=world.other_feed)
    world.keep(world.mention("a", text="Зерно, правка", edited_at=NOW + MINUTE))
    assert history(world) == []
    assert only(world, include_deleted=True).text == ""


def test_a_post_edited_after_its_deletion_is_alive_again(world: World) -> None:
    world.keep(world.mention("a", text="Зерно, раз"))
    world.keep(deleted=("a",), now=NOW + HOUR)
    world.keep(world.mention("a", text="Зерно, два", edited_at=NOW + 2 * HOUR), now=NOW + 3 * HOUR)
    mention = only(world)
    assert (mention.revision, mention.text, mention.author_id) == (2, "Зерно, два", "anna")
    with reading(world.engine) as conn:
        assert searched(conn, "два") == [mention.mention_id]


def test_brands_follow_an_edit(world: World) -> None:
    both = (world.match(), world.match(world.rival, "beanly"))
    world.keep(world.mention("a", text="Зерно или Beanly?", matches=both))
    assert [m.brand for m in history(world)] == ["zerno", "beanly"]
    world.keep(world.mention("a", text="Только Beanly", matches=both[1:], edited_at=NOW))
    assert [m.brand for m in history(world)] == ["beanly"]
    world.keep(world.mention("a", text="Всё не то", matches=(), edited_at=NOW + MINUTE))
    assert history(world) == []


def test_a_new_query_adds_its_brand_to_an_unchanged_text(world: World) -> None:
    world.keep(world.mention("a"))
    again = world.mention("a", matches=(world.match(), world.match(world.rival, "кофе")))
    assert world.keep(again).known == 1
    assert [m.brand for m in history(world)] == ["zerno", "beanly"]
    world.keep(world.mention("a", matches=()))
    assert len(history(world)) == 2


def test_a_post_without_matches_is_not_stored(world: World) -> None:
    kept = world.keep(world.mention("a", matches=()), unmatched=("b",))
    assert (kept.stored, kept.known) == ((), 0)
    assert history(world) == []


def test_reprints_are_one_story_by_address_or_by_text(world: World) -> None:
    world.keep(world.mention("a", text=LONG, canonical_url="https://news.example/1"))
    world.keep(world.mention("b", text="другое", canonical_url="https://news.example/1"))
    world.keep(world.mention("c", text=LONG.upper() + "!!", canonical_url="https://copy.example/9"))
    world.keep(world.mention("d", text="Зерно топ"), world.mention("e", text="Зерно топ"))
    by_id = {m.native_id: m for m in history(world)}
    assert len({by_id[i].cluster_id for i in "abc"}) == 1
    assert len({m.cluster_id for m in by_id.values()}) == 3
    assert [by_id[i].is_canonical for i in "abc"] == [True, False, False]
    assert by_id["a"].cluster_size == 3


def test_two_stories_become_one_when_a_mention_belongs_to_both(world: World) -> None:
    world.keep(world.mention("a", text="раз", canonical_url="https://news.example/1"))
    world.keep(world.mention("b", text=LONG, canonical_url="https://news.example/2"))
    assert len({m.cluster_id for m in history(world)}) == 2
    world.keep(world.mention("c", text=LONG, canonical_url="https://news.example/1"))
    assert len({m.cluster_id for m in history(world)}) == 1


def test_skipped_items_and_gaps_are_counted(world: World) -> None:
    for _ in range(2):
        world.keep(
            world.mention("a"),
            skipped=(("x", "no text"), ("", "no id " + "!" * 2000)),
            gaps=({"reason": "page cap", "start": NOW},),
            note="short",
        )
    with reading(world.engine) as conn:
        skipped = conn.execute(select(SKIPPED_ITEM).order_by(SKIPPED_ITEM.c.id)).all()
        assert [(row.native_id, row.times) for row in skipped] == [("x", 2), ("", 2)]
        poll = conn.execute(select(POLL).order_by(POLL.c.id.desc())).first()
        assert poll is not None
        assert (poll.pages, poll.fetched, poll.matched, poll.known) == (1, 1, 1, 1)
        assert (poll.skipped, poll.gaps[0]["reason"]) == (2, "page cap")


def test_what_a_database_cannot_hold_is_kept_sanely(world: World) -> None:
    long_id = "https://feed.example/" + "я" * 5000
    odd = world.mention(
        long_id, text="Зерно\x00 и \ud800", author_name="\x00", views=10**30, likes=-1
    )
    assert world.keep(odd).stored == (long_id,)
    assert world.keep(odd).known == 1
    mention = only(world)
    assert mention.text == "Зерно\N{REPLACEMENT CHARACTER} и \N{REPLACEMENT CHARACTER}"
    assert (mention.views, mention.likes) == (None, None)
    assert world.keep(deleted=(long_id,)).deleted == (long_id,)


def test_large_counts_fit(world: World) -> None:
    world.keep(world.mention("a", views=12_000_000_000, author_followers=9_000_000_000))
    assert only(world).reach == 12_000_000_000


def test_changes_are_numbered_in_their_order(world: World) -> None:
    world.keep(world.mention("a"))
    with reading(world.engine) as conn:
        first = last_sequence(conn)
    world.keep(world.mention("b"))
    world.keep(world.mention("a", text="Зерно!", edited_at=NOW))
    assert [m.native_id for m in history(world, after_sequence=first)] == ["a", "b"]
    with reading(world.engine) as conn:
        assert conn.execute(select(func.count()).select_from(CHANGE)).scalar_one() == 3
        assert only(world, after_sequence=last_sequence(conn) - 1).sequence == last_sequence(conn)


def test_a_page_for_no_source_says_so(world: World) -> None:
    with pytest.raises(StoreError, match="no source 99"), writing(world.engine) as conn:
        keep_page(conn, 99, 1, PageToKeep(cursor={}), NOW)


def test_a_brand_that_is_gone_keeps_its_history(world: World) -> None:
    world.keep(replace(world.mention("a"), matches=(world.match(world.rival),)))
    with reading(world.engine) as conn:
        assert len(brands(conn)) == 2
    assert only(world, brand_id=world.rival).brand == "beanly"


def test_facts_about_an_author_are_kept_completed_and_forgotten(world: World) -> None:
    since = datetime(2019, 5, 1, tzinfo=UTC)
    world.keep(world.mention("a", author_verified=True))
    world.keep(world.mention("a", author_created_at=since, author_location="Рига"))
    mention = only(world)
    facts = (mention.author_verified, mention.author_created_at, mention.author_location)
    assert facts == (True, since, "Рига")
    world.keep(world.mention("a", text="Зерно, правка", edited_at=NOW))
    mention = only(world)
    facts = (mention.author_verified, mention.author_created_at, mention.author_location)
    assert facts == (True, since, "Рига")
    world.keep(deleted=("a",))
    grave = only(world, include_deleted=True)
    assert (grave.author_verified, grave.author_created_at, grave.author_location) == (
        None,
        None,
        "",
    )


def test_an_edit_seen_by_a_lookup_that_knows_less_keeps_where_the_post_stands(world: World) -> None:
    world.keep(world.mention("a", url="https://x.example/1", thread_id="t", parent_id="p"))
    world.keep(world.mention("a", text="Зерно, правка", edited_at=NOW, site=""))
    mention = only(world)
    assert mention.text == "Зерно, правка"
    assert (mention.url, mention.thread_id, mention.parent_id, mention.site) == (
        "https://x.example/1",
        "t",
        "p",
        "feed.example",
    )
