from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import CauseRow, LabelledMention, MentionFilter, NewLabel
from store.labels import correct, save_labels, unlabelled, use_version
from store.tables import CAUSE_LINK, CHANGE, LABEL
from tests.store.helpers import HOUR, MINUTE, NOW, World, label_all, make_world


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def only(world: World) -> LabelledMention:
    with reading(world.engine) as conn:
        (mention,) = labelled_mentions(conn, MentionFilter())
    return mention


def new_label(mention_id: int, brand_id: int, revision: int = 1, **values: object) -> NewLabel:
    plain = {
        "lang": "ru",
        "lang_confidence": 1.0,
        "sentiment": "negative",
        "p_negative": 0.9,
        "p_neutral": 0.1,
        "p_positive": 0.0,
        "low_confidence": False,
    }
    return NewLabel(mention_id, revision, brand_id, **(plain | values))  # type: ignore[arg-type]


def test_what_waits_for_a_label_comes_newest_first(world: World) -> None:
    world.keep(*(world.mention(str(i), published_at=NOW - i * HOUR) for i in range(1, 6)))
    with writing(world.engine) as conn:
        version = use_version(conn, "model-1", "taxonomy-1", NOW)
        first = unlabelled(conn, version, 2)
        assert [text.mention_id for text in first] == [1, 2]
        assert (first[0].brand_name, first[0].text) == ("Zerno", "Зашёл в Зерно за кофе")
        assert first[0].terms == ("Зерно",)
        label_all(conn)
        assert unlabelled(conn, version, 10) == []


def test_each_brand_of_a_mention_is_labelled(world: World) -> None:
    world.keep(world.mention("a", matches=(world.match(), world.match(world.rival))))
    with writing(world.engine) as conn:
        version = use_version(conn, "m", "t", NOW)
        assert [t.brand_id for t in unlabelled(conn, version, 9)] == [world.rival, world.zerno]


def test_how_the_text_names_other_brands_is_known_and_kept(world: World) -> None:
    text = "Зерно хуже, чем Beanly"
    own = replace(world.match(), spans=((0, 5),))
    rival = replace(world.match(world.rival), spans=((16, 22),))
    world.keep(world.mention("a", text=text, matches=(own, rival)), world.mention("b"))
    with writing(world.engine) as conn:
        version = use_version(conn, "m", "t", NOW)
        others = {(t.mention_id, t.brand_id): t.others for t in unlabelled(conn, version, 9)}
        assert others == {
            (1, world.zerno): ("Beanly",),
            (1, world.rival): ("Зерно",),
            (2, world.zerno): (),
        }
        save_labels(conn, version, [new_label(1, world.zerno, others=("Beanly",))], NOW)
        assert conn.execute(select(LABEL.c.others)).scalar_one() == ["Beanly"]


def test_a_word_that_is_no_name_is_no_other_brand(world: World) -> None:
    text = "Зерно: доставка долго, у beanly быстрее"
    own = replace(world.match(), spans=((0, 5),))
    rival = replace(world.match(world.rival), spans=((7, 15), (25, 31)))
    world.keep(world.mention("a", text=text, matches=(own, rival)))
    with writing(world.engine) as conn:
        version = use_version(conn, "m", "t", NOW)
        others = {t.brand_id: t.others for t in unlabelled(conn, version, 9)}
    assert others == {world.zerno: ("beanly",), world.rival: ("Зерно",)}


def test_an_edited_text_waits_again_and_its_old_label_no_longer_counts(world: World) -> None:
    world.keep(world.mention("a"))
    with writing(world.engine) as conn:
        version = label_all(conn, "negative", "long_wait")
    world.keep(world.mention("a", text="Зерно исправилось", edited_at=NOW))
    assert (only(world).sentiment, only(world).causes) == ("unlabelled", ())
    with writing(world.engine) as conn:
        (text,) = unlabelled(conn, version, 10)
        assert (text.revision, text.text) == (2, "Зерно исправилось")
        label_all(conn, "positive")
    assert only(world).sentiment == "positive"
    with reading(world.engine) as conn:
        assert len(conn.execute(select(LABEL)).all()) == 2


def test_saving_a_label_twice_keeps_the_first(world: World) -> None:
    world.keep(world.mention("a"))
    cause = CauseRow("long_wait", "negative", 0.9, "ждал", 0, 4)
    with writing(world.engine) as conn:
        version = use_version(conn, "m", "t", NOW)
        assert save_labels(conn, version, [new_label(1, world.zerno, causes=(cause,))], NOW) == 1
        again = new_label(1, world.zerno, sentiment="positive", causes=(cause,))
        assert save_labels(conn, version, [again], NOW) == 0
        assert len(conn.execute(select(CAUSE_LINK)).all()) == 1
    assert (only(world).sentiment, only(world).causes) == ("negative", (cause,))


def test_a_new_model_labels_everything_again_and_rewrites_nothing(world: World) -> None:
    world.keep(world.mention("a"), world.mention("b"))
    with writing(world.engine) as conn:
        old = label_all(conn, "negative")
        new = use_version(conn, "model-2", "taxonomy-1", NOW)
        assert len(unlabelled(conn, new, 10)) == 2
        label_all(conn, "positive", model="model-2")
        assert unlabelled(conn, new, 10) == []
        assert use_version(conn, "model-1", "taxonomy-1", NOW) == old
        assert unlabelled(conn, old, 10) == []
        world_now = list(labelled_mentions(conn, MentionFilter()))
    assert {(m.sentiment, m.model_version) for m in world_now} == {("negative", "model-1")}


def test_texts_never_labelled_come_before_those_an_older_model_labelled(world: World) -> None:
    world.keep(world.mention("old", published_at=NOW - MINUTE))
    with writing(world.engine) as conn:
        label_all(conn)
    world.keep(world.mention("fresh", published_at=NOW - HOUR))
    with writing(world.engine) as conn:
        version = use_version(conn, "model-2", "t", NOW)
        assert [text.mention_id for text in unlabelled(conn, version, 5)] == [2, 1]


def test_a_mention_deleted_meanwhile_gets_no_evidence(world: World) -> None:
    world.keep(world.mention("a"))
    with writing(world.engine) as conn:
        version = use_version(conn, "m", "t", NOW)
    world.keep(deleted=("a",))
    cause = CauseRow("unsafe", "negative", 0.9, "отравился", 0, 9)
    with writing(world.engine) as conn:
        assert unlabelled(conn, version, 5) == []
        assert save_labels(conn, version, [new_label(1, world.zerno, causes=(cause,))], NOW) == 0
        assert conn.execute(select(CAUSE_LINK)).all() == []


def test_a_correction_outlives_edits_and_new_models(world: World) -> None:
    world.keep(world.mention("a"))
    with writing(world.engine) as conn:
        label_all(conn, "negative", "long_wait", low_confidence=True)
        correct(
            conn,
            1,
            world.zerno,
            sentiment="positive",
            causes=[("taste", "positive")],
            author="olga",
            now=NOW + HOUR,
        )
    mention = only(world)
    assert (mention.sentiment, mention.model_sentiment) == ("positive", "negative")
    assert (mention.label_source, mention.corrected_at) == ("person", NOW + HOUR)
    assert not mention.low_confidence
    assert [(c.cause, c.polarity) for c in mention.causes] == [("taste", "positive")]
    world.keep(world.mention("a", text="Зерно, ещё раз", edited_at=NOW))
    with writing(world.engine) as conn:
        label_all(conn, "neutral", model="model-2")
    mention = only(world)
    assert (mention.sentiment, mention.model_sentiment) == ("positive", "neutral")
    assert [c.cause for c in mention.causes] == ["taste"]


def test_a_correction_can_leave_the_causes_or_the_sentiment_to_the_model(world: World) -> None:
    world.keep(world.mention("a"))
    with writing(world.engine) as conn:
        label_all(conn, "negative", "long_wait")
        correct(conn, 1, world.zerno, sentiment="neutral", causes=None, author="o", now=NOW)
    assert (only(world).sentiment, [c.cause for c in only(world).causes]) == (
        "neutral",
        ["long_wait"],
    )
    with writing(world.engine) as conn:
        correct(conn, 1, world.zerno, sentiment=None, causes=[], author="o", now=NOW)
    assert (only(world).sentiment, only(world).causes) == ("negative", ())


def test_labels_and_corrections_are_changes(world: World) -> None:
    world.keep(world.mention("a"))
    with writing(world.engine) as conn:
        label_all(conn)
        correct(conn, 1, world.zerno, sentiment="neutral", causes=None, author="o", now=NOW)
        actions = conn.execute(select(CHANGE.c.action).order_by(CHANGE.c.id)).scalars().all()
    assert actions == ["stored", "labelled", "corrected"]
