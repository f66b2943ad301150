from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment import fourier, readers, words
from sentiment.causes import CauseFinder, tempered
from sentiment.encoder import Encoder
from sentiment.interface import CauseLink
from sentiment.learn import learn, shipped_fit
from sentiment.likeness import Likeness
from sentiment.passages import read_clauses
from sentiment.taxonomy import Taxonomy

GYM = """version = "1"
[[cause]]
id = "broken_machines"
polarity = "negative"
name.en = "Broken machines"
description.en = "Training machines are out of order."
examples.en = [
    "half of the treadmills are out of order",
    "the rowing machine has been broken for a month",
    "the cable snapped and nobody repairs it",
    "bikes do not work",
    "another machine with a sign: do not use",
    "equipment is falling apart",
]
[[cause]]
id = "crowded"
polarity = "negative"
name.en = "Too many people"
description.en = "The gym is too full."
examples.en = [
    "there are too many people in the evening",
    "you cannot get to a bench, it is packed",
    "the class is always overbooked",
    "crowded like the metro at rush hour",
    "no free lockers because of the crowd",
    "so full that you can't move",
]
[[cause]]
id = "trainer"
polarity = "positive"
name.en = "Good trainer"
description.en = "The trainer is good."
examples.en = [
    "my trainer is fantastic",
    "the coach corrects every movement patiently",
    "great instructor, I finally learnt to squat",
    "trainers really know their job",
    "she made me love training",
    "the coach wrote me an excellent plan",
]
"""


@pytest.fixture(scope="session")
def shipped(encoder: Encoder) -> CauseFinder:
    return CauseFinder(encoder, Taxonomy.load())


@pytest.fixture(scope="session")
def gym(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> CauseFinder:
    path = tmp_path_factory.mktemp("taxonomy") / "gym.toml"
    path.write_text(GYM, encoding="utf-8")
    return CauseFinder(encoder, Taxonomy.load(path))


def find(encoder: Encoder, finder: CauseFinder, text: str) -> tuple[CauseLink, ...]:
    lang = "ru" if any("а" <= sign <= "я" for sign in text.lower()) else "en"
    (encoded,) = encoder.encode_chunk([(text, ())])
    links = finder.find(encoded, text, lang)
    for link in links:
        assert text[link.start : link.end] == link.evidence
        assert 0 <= link.probability <= 1
    return links


def evidence(links: tuple[CauseLink, ...]) -> dict[str, str]:
    return {link.cause: link.evidence for link in links}


@pytest.mark.parametrize(
    ("text", "complaint", "its_evidence", "driver"),
    [
        ("вкусно, но ждали час", "long_wait", "но ждали час", "quality_product"),
        ("Tasty, but we waited an hour", "long_wait", "but we waited an hour", "quality_product"),
        (
            "Бариста улыбаются, но туалет грязный 😡",
            "dirty_place",
            "но туалет грязный 😡",
            "kind_staff",
        ),
    ],
)
def test_praise_and_complaint_of_one_text_each_have_their_clause(
    encoder: Encoder,
    shipped: CauseFinder,
    text: str,
    complaint: str,
    its_evidence: str,
    driver: str,
) -> None:
    found = evidence(find(encoder, shipped, text))
    assert found[complaint] == its_evidence
    assert driver in found
    assert found[driver] != its_evidence


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("I was on hold for fifty minutes", "long_wait"),
        ("The cashier snapped at me and threw the change", "rude_staff"),
        ("App crashes whenever I tap pay", "app_failure"),
        ("They took the money from my card twice", "billing_error"),
        ("My parcel has been lost for two weeks", "delivery_trouble"),
        ("Сорок минут стоял в очереди", "long_wait"),
        ("Продавщица нахамила маме", "rude_staff"),
        ("После обновления приложение вылетает", "app_failure"),
        ("Дважды списали деньги за один чек", "billing_error"),
        ("Курьер потерял мою посылку", "delivery_trouble"),
        ("Отказались возвращать деньги за билет", "refund_trouble"),
    ],
)
def test_plain_complaints(encoder: Encoder, shipped: CauseFinder, text: str, cause: str) -> None:
    links = find(encoder, shipped, text)
    assert links
    assert links[0].cause == cause
    assert links[0].polarity == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🙂",
        "The bank opens a new branch in Leeds on Monday",
        "Does anybody know if they are open on Sunday?",
        "Банк открыл новое отделение в Туле",
        "Кто-нибудь знает, работают ли они в воскресенье?",
    ],
)
def test_no_clear_cause_is_an_answer(encoder: Encoder, shipped: CauseFinder, text: str) -> None:
    assert find(encoder, shipped, text) == ()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("The staff were not rude at all", "rude_staff"),
        ("There was no queue", "long_wait"),
        ("The app has never crashed", "app_failure"),
        ("No hidden fees", "high_price"),
        ("The soup was not tasty", "quality_product"),
        ("Очереди не было", "long_wait"),
        ("Персонал совсем не грубый", "rude_staff"),
        ("Приложение ни разу не зависло", "app_failure"),
        ("Ждать не пришлось", "long_wait"),
        ("Невкусно", "quality_product"),
        ("Совсем не уютно", "pleasant_place"),
    ],
)
def test_negation_is_heard(encoder: Encoder, shipped: CauseFinder, text: str, cause: str) -> None:
    assert cause not in evidence(find(encoder, shipped, text))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Do they answer the phone or is it always engaged?", None),
        ("does the courier actually turn up on time", None),
        ("if the app crashes again at checkout I will cancel", None),
        ("А там не хамят на кассе?", None),
        ("боюсь, что спишут дважды", None),
        ("Why does the app crash every single time I pay?", "app_failure"),
        ("how hard is it to answer a phone???", "no_answer"),
        ("They charged me twice, who do I call?", "billing_error"),
        ("сколько можно хамить людям на кассе?", "rude_staff"),
    ],
)
def test_a_question_tells_a_cause_only_if_it_complains(
    encoder: Encoder, shipped: CauseFinder, text: str, cause: str | None
) -> None:
    assert [own.cause for own in find(encoder, shipped, text)][:1] == ([cause] if cause else [])


def test_a_taxonomy_of_a_few_examples_works_at_once(encoder: Encoder, gym: CauseFinder) -> None:
    text = "Three of the treadmills are broken. My coach is great though, so patient."
    found = evidence(find(encoder, gym, text))
    assert found["broken_machines"] == "Three of the treadmills are broken."
    assert "coach is great" in found["trainer"]
    assert "crowded" not in found


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("половина тренажёров сломана", "broken_machines"),
        ("слишком много людей, к тренажёрам не подойти", "crowded"),
        ("тренер замечательный, всё объясняет", "trainer"),
    ],
)
def test_examples_in_english_serve_a_russian_text(
    encoder: Encoder, gym: CauseFinder, text: str, cause: str
) -> None:
    assert find(encoder, gym, text)[0].cause == cause


def test_terms_speak_for_a_cause_and_against_it(encoder: Encoder, tmp_path: Path) -> None:
    text = "the sauna was closed again"
    path = tmp_path / "gym.toml"
    chances = []
    for line in ("", 'includes = ["sauna*"]\n', 'excludes = ["closed"]\n'):
        path.write_text(GYM.replace('id = "broken', line + 'id = "broken'), encoding="utf-8")
        finder = CauseFinder(encoder, Taxonomy.load(path), threshold=0.0)
        (link,) = (own for own in find(encoder, finder, text) if own.cause == "broken_machines")
        chances.append(link.probability)
    neither, included, excluded = chances
    assert included > neither > excluded == 0


def test_what_is_excluded_gives_its_share_to_no_other_cause(
    encoder: Encoder, tmp_path: Path
) -> None:
    text = "The vending machine is out of order again"
    path = tmp_path / "gym.toml"
    told = []
    for line in ("", 'excludes = ["vending"]\n'):
        path.write_text(GYM.replace('id = "broken', line + 'id = "broken'), encoding="utf-8")
        finder = CauseFinder(encoder, Taxonomy.load(path), threshold=0.0)
        told.append({own.cause: own.probability for own in find(encoder, finder, text)})
    without, excluded = told
    assert without["broken_machines"] > 0.3
    assert excluded.pop("broken_machines") == 0
    assert excluded == pytest.approx({c: p for c, p in without.items() if c in excluded})


def test_many_texts_at_once_are_found_as_one_by_one(encoder: Encoder, gym: CauseFinder) -> None:
    texts = ["the bikes do not work", "", "too many people every evening", "my coach is great"]
    encoded = encoder.encode_chunk([(text, ()) for text in texts])
    items = [(own, text, "en") for own, text in zip(encoded, texts, strict=True)]
    together = [own.causes for own in gym.read(items)]
    assert together == [gym.find(*item) for item in items]
    assert [links[0].cause if links else None for links in together] == [
        "broken_machines", None, "crowded", "trainer",
    ]  # fmt: skip
    assert gym.read([]) == []


def test_a_long_text_and_odd_signs_are_survived(encoder: Encoder, gym: CauseFinder) -> None:
    for text in ("\x00\ud800", "the bikes do not work. " * 2000, "а" * 20_000, "\u202e..!!\n\n-"):
        find(encoder, gym, text)


def test_the_shipped_fit_is_of_the_shipped_model_and_taxonomy(encoder: Encoder) -> None:
    """If this fails, run `python -m sentiment.training.fit_causes`."""
    assert shipped_fit(encoder, Taxonomy.load()) is not None


def test_many_examples_teach_words_and_few_are_compared_with(
    encoder: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "gym.toml"
    path.write_text(GYM, encoding="utf-8")
    width = encoder.encode_chunk([("slow", ())])[0].embedding.shape[0]
    shipped = shipped_fit(encoder, Taxonomy.load())
    assert shipped is not None
    assert len(shipped.classifier.weights) == width + words.WIDTH + fourier.WIDTH
    few = learn(encoder, Taxonomy.load(path))
    assert isinstance(few, Likeness)
    assert [own.shape for own in few.causes] == [(8, 2 * width)] * 3
    assert not np.allclose(few.measure.whitening, np.eye(width)), "other trades tell how to whiten"
    assert few.whole("en") > shipped.whole("en")


def test_texts_are_read_a_second_time_for_few_examples(
    encoder: Encoder, gym: CauseFinder, tmp_path: Path
) -> None:
    assert gym.version.endswith(f"+{readers.version()}"), "its hash is part of what causes follow"
    path = tmp_path / "gym.toml"
    path.write_text(GYM, encoding="utf-8")
    taxonomy = Taxonomy.load(path)
    few = learn(encoder, taxonomy)
    assert isinstance(few, Likeness)
    alone = CauseFinder(encoder, taxonomy, fitted=replace(few, seconds={}))
    for text in ("my bicycle there has had no pedals since March", "велотренажёры вечно сломаны"):
        twice = find(encoder, gym, text)[0]
        assert twice.cause == "broken_machines"
        assert twice.probability > find(encoder, alone, text)[0].probability


def test_words_of_plain_examples_are_compared_one_by_one(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gym.toml"
    path.write_text(GYM, encoding="utf-8")
    few = learn(encoder, Taxonomy.load(path))
    assert isinstance(few, Likeness)
    told = {
        "we drove an hour through the rain, parked, changed, and all the treadmills were dead": 0,
        "после работы ехали через весь город, переоделись, а там толпа": 1,
    }
    encoded = encoder.encode((text, ()) for text in told)
    items = list(zip(encoded, told, ("en", "ru"), strict=True))
    clauses = read_clauses(items)
    few.read(clauses, items)
    assert clauses.by_words is not None
    assert clauses.wholes_by_words is not None
    assert clauses.wholes_by_words[:, :3].argmax(axis=1).tolist() == list(told.values())
    last = [end - 1 for end in clauses.bounds[1:]]
    assert clauses.by_words[last, :3].argmax(axis=1).tolist() == list(told.values())
    monkeypatch.setattr("sentiment.learn.MOST_WORDS", 20)
    too_many = learn(encoder, Taxonomy.load(path))
    assert isinstance(too_many, Likeness)
    assert too_many.wording is None
    assert all(second.wording is None for second in too_many.seconds.values())


def test_russian_examples_are_not_compared_with_by_an_english_reader(
    encoder: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "gym.toml"
    path.write_text(
        'version = "1"\n[[cause]]\nid = "crowded"\npolarity = "negative"\nname.ru = "Тесно"\n'
        'examples.ru = ["вечером не протолкнуться", "очередь к каждой скамье"]\n',
        encoding="utf-8",
    )
    few = learn(encoder, Taxonomy.load(path))
    assert isinstance(few, Likeness)
    assert list(few.seconds) == ["ru"]


MESSY = {
    "broken_machines": "day 9 of the rower w/ its seat missing lol",
    "crowded": "6pm and theres 4 ppl doing 'one last set' on the only rack, im off home",
}


def test_few_plain_examples_are_enough_for_messy_posts(encoder: Encoder, gym: CauseFinder) -> None:
    for cause, text in MESSY.items():
        assert find(encoder, gym, text)[0].cause == cause


@pytest.mark.parametrize(
    "text",
    [
        "I hate this gym!",
        "Went to the gym today",
        "Was at the gym this morning, now breakfast",
        "Every machine works, all brand new",
        "Half empty in the evening, lots of room, love it",
        "Ненавижу этот зал",
        "Была сегодня в зале",
        "Все тренажёры новые и работают, красота",
    ],
)
def test_what_says_nothing_or_the_opposite_is_no_complaint(
    encoder: Encoder, gym: CauseFinder, text: str
) -> None:
    assert not [own for own in find(encoder, gym, text) if own.polarity == "negative"]


def test_what_a_user_names_as_background_is_no_cause(encoder: Encoder, tmp_path: Path) -> None:
    text = "the machines at work do not work either"
    chances = []
    for line in ("", f'[background]\nexamples.en = ["{text}"]\n'):
        path = tmp_path / "gym.toml"
        path.write_text(GYM + line, encoding="utf-8")
        finder = CauseFinder(encoder, Taxonomy.load(path), threshold=0.0)
        chances.append(max(own.probability for own in find(encoder, finder, text)))
    assert chances[1] < 0.1 < chances[0]


def test_a_whole_letter_can_be_an_example(encoder: Encoder, tmp_path: Path) -> None:
    letter = "I wrote to you in May about the rowing machine. " * 60 + "It is still broken."
    path = tmp_path / "gym.toml"
    path.write_text(GYM.replace("bikes do not work", letter), encoding="utf-8")
    finder = CauseFinder(encoder, Taxonomy.load(path))
    assert (
        find(encoder, finder, "three weeks and the rower is broken")[0].cause == "broken_machines"
    )


def test_the_best_of_many_clauses_is_told_with_less_certainty(
    encoder: Encoder, gym: CauseFinder
) -> None:
    complaint = "half of the treadmills are out of order."
    rest = " It rains. My aunt is in Bonn. The bus was red. We had soup. The sea is far away."
    (alone, *_), (among, *_) = (find(encoder, gym, own) for own in (complaint, complaint + rest))
    assert alone.cause == among.cause == "broken_machines"
    assert among.probability < alone.probability
    assert tempered(np.array([0.5]), luck=np.log(3)) == pytest.approx([0.25])


def test_letters_as_examples_have_had_the_luck_of_letters(encoder: Encoder, tmp_path: Path) -> None:
    complaint = "half of the treadmills are out of order"
    letter = f"{complaint}. It rains. My aunt is in Bonn. The bus was red. We had soup."
    path = tmp_path / "gym.toml"
    path.write_text(GYM, encoding="utf-8")
    lines = Taxonomy.load(path)
    causes = [replace(own, examples={"en": (letter,) * 2}) for own in lines.causes]
    letters = replace(lines, causes=tuple(causes))
    taught_by_lines, taught_by_letters = learn(encoder, lines), learn(encoder, letters)
    assert taught_by_lines.luck(1) == taught_by_letters.luck(1) == 0
    assert taught_by_letters.luck(5) == pytest.approx(0)
    assert 0 < taught_by_letters.luck(10) < taught_by_lines.luck(10)


def test_certainty_is_told_with_reserve_and_doubt_as_it_is() -> None:
    told = tempered(np.array([0.0, 0.2, 0.5, 0.9]))

    assert told[0] == 0, "what a term excludes stays excluded"
    assert told[1:3] == pytest.approx([0.2, 0.5])
    assert 0.5 < told[3] < 0.9, "examples are plainer than posts"
