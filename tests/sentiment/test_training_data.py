from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from sentiment.target import names_in
from sentiment.training import datasets, mix, towards
from sentiment.training.compose import composed
from sentiment.training.entities import spellings
from sentiment.training.rows import (
    OWN_EXAMPLES,
    UNLABELLED,
    Row,
    part_of,
    read_rows,
    split,
    words,
    write_rows,
)


def test_a_retweet_stands_on_the_side_of_its_original() -> None:
    originals = [f"Number {word} story about a bank that everybody repeats" for word in "abcdefgh"]
    for text in originals:
        assert part_of(f"RT @someone: {text} http://t.co/x") == part_of(text)
        assert part_of(f"so true! RT @someone: {text}") == part_of(text)
        assert part_of(text.upper() + "!!!") == part_of(text)


def test_words_leave_links_and_handles_out() -> None:
    assert words("RT @ann: Ёлка, @bob http://c.d/e 5 шт!") == ["елка", "шт"]


def test_no_training_row_copies_a_held_out_one() -> None:
    rng = random.Random(5)
    vocabulary = [f"w{n}".translate(str.maketrans("0123456789", "abcdefghij")) for n in range(400)]
    texts = [" ".join(rng.choices(vocabulary, k=14)) for _ in range(400)]
    rows = [Row("a", "en", text, 1) for text in texts]
    # Copies with another beginning may hash to another side; the shingles must catch them.
    rows += [Row("b", "en", "look here " + text, 1) for text in texts]
    parts = split(rows)
    assert sum(len(part) for part in parts.values()) < len(rows)
    held = {" ".join(words(row.text)[-8:]) for row in parts["val"] + parts["test"]}
    assert not [row for row in parts["train"] if " ".join(words(row.text)[-8:]) in held]


def test_split_is_the_same_every_time() -> None:
    rows = [Row("a", "en", f"text about the thing {n} " + "x" * n, n % 3) for n in range(50)]
    assert split(rows) == split(rows)


def test_rows_survive_a_file(tmp_path: Path) -> None:
    rows = [Row("a", "ru", "ё «»", 0, "Бренд", 0.5, ("Бренда",)), Row("b", "en", "x", 2)]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows


def test_an_entity_is_found_as_the_tweet_spells_it() -> None:
    assert spellings("теледва", "Тele2 и Теле 2, tele2") == ("Теле 2", "tele2")
    assert spellings("неизвестно", "что угодно") == ()


def test_the_target_and_its_rivals_are_renamed_together() -> None:
    row = Row("sentirueval_telecom", "ru", "Билайн ужасен, ушла в МТС. Билайна хватит", 0, "билайн")
    renamed = mix.rename(row, random.Random(1))
    assert renamed.target is not None
    assert renamed.target in renamed.text
    assert "билайн" not in renamed.text.casefold()
    assert "мтс" not in renamed.text.casefold()
    assert renamed.label == row.label


def test_a_name_inside_a_word_is_not_renamed() -> None:
    row = Row("semeval_topic", "en", "The pineapple is great, apple is not", 0, "apple")
    assert "pineapple" in mix.rename(row, random.Random(1)).text


def test_only_a_single_brand_is_hidden() -> None:
    alone = Row("sentirueval_banks", "ru", "Сбербанк молодец", 2, "сбербанк")
    two = Row("sentirueval_banks", "ru", "ВТБ лучше, чем Сбербанк", 2, "втб")
    rng = random.Random(1)
    hidden = [mix.augment(alone, rng) for _ in range(100)]
    assert {row.target for row in hidden} == {None, "сбербанк"}
    assert not any("сбер" in row.text.casefold() for row in hidden if row.target is None)
    assert all(mix.augment(two, rng) == two for _ in range(100))


def test_joined_texts_keep_the_label_of_their_own_brand() -> None:
    good = [Row("s", "en", f"Apple did well {n}", 2, "apple") for n in range(5)]
    bad = [Row("s", "en", f"Nokia fell apart {n}", 0, "nokia") for n in range(5)]
    rows = mix.joined([*good, *bad], "en", 20, random.Random(3))
    assert len(rows) == 20
    assert all("Apple" in row.text and "Nokia" in row.text for row in rows)
    assert {(row.target, row.label) for row in rows} == {("apple", 2), ("nokia", 0)}


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_composed_texts_have_a_label_for_each_brand_they_name(lang: str) -> None:
    rows = list(composed(lang, 50, random.Random(4), mix.any_name))
    assert {row.label for row in rows} == {0, 1, 2}
    assert not any("{" in row.text for row in rows)
    assert all(row.target is None or row.target in row.text for row in rows)
    apart = [pair for pair in pairwise(rows) if pair[0].text == pair[1].text]
    assert sum({a.label, b.label} == {0, 2} and a.target != b.target for a, b in apart) > 100


def test_templates_are_well_formed_and_leave_no_slot() -> None:
    templates = mix.read_templates()
    assert {template.lang for template in templates} == {"en", "ru"}
    assert {template.label for template in templates} == {0, 1, 2}
    assert len({template.text for template in templates}) == len(templates)
    for template in templates:
        first, second = mix.fill(template, random.Random(2))
        assert "{" not in first.text + second.text
        assert (first.target in first.text) == ("{brand}" in template.text)
        assert (template.rival is not None) == (second.target is not None)


def test_a_sentence_about_two_brands_has_a_label_towards_each() -> None:
    rng = random.Random(11)
    pairs = mix.read_pairs()
    assert {pair.lang for pair in pairs} == {"en", "ru"}
    for pair in pairs:
        first, second = mix.fill_pair(pair, rng)
        assert first.text == second.text
        assert (first.label, second.label) == (pair.x, pair.y)
        assert first.target in first.text
        assert second.target in second.text
        assert "{" not in first.text


def test_letter_case_changes_no_label_and_no_target() -> None:
    rng = random.Random(4)
    plain = Row("a", "en", "Slow again, Thanks", 0)
    found = {mix.recase(plain, rng).text for _ in range(200)}
    assert found == {"Slow again, Thanks", "SLOW AGAIN, THANKS", "slow again, thanks"}
    named = Row("a", "en", "Acme is slow", 0, "Acme")
    assert all(mix.recase(named, rng) == named for _ in range(100))


def test_a_slip_of_the_thumb_spoils_a_letter_or_two_of_few_rows() -> None:
    rng = random.Random(4)
    plain = Row("a", "ru", "Официант нахамил 12 раз", 0)
    found = [mix.mistype(plain, rng).text for _ in range(1000)]
    spoilt = [text for text in found if text != plain.text]
    assert 30 < len(spoilt) < 100
    assert all(abs(len(text) - len(plain.text)) <= 2 for text in spoilt)
    assert all("12" in text for text in spoilt), "figures are left alone"
    named = Row("a", "ru", "Ромашка нахамила", 0, "Ромашка")
    assert all(mix.mistype(named, rng) == named for _ in range(100))


def test_a_branch_that_goes_on_sees_the_newest_sentences_twice_and_the_others_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = [
        mix.Pair(lang, f"{{x}}, no{number}, {{y}}", 0, 2)
        for lang in ("en", "ru")
        for number in range(6)
    ]
    monkeypatch.setattr(mix, "read_pairs", lambda: pairs)
    monkeypatch.setattr(towards, "NEWEST", 2)
    seen = Counter(
        (row.lang, found["number"])
        for row in towards.own_rows(random.Random(3), on=True)
        if (found := re.search(r", no(?P<number>[0-5]), ", row.text))
    )
    assert len(seen) == 12
    for (_, number), times in seen.items():
        assert times == (4 if number in "45" else 2), "towards each of its two brands"


def test_rows_of_the_branch_come_as_posts_do_and_still_name_their_target() -> None:
    rng = random.Random(4)
    row = Row("a", "ru", "Опять час на линии, в Ромашке никто не отвечает", 0, "Ромашка")
    found = [towards.worn(row, rng) for _ in range(600)]
    assert all(names_in(own.text, own.names) for own in found)
    assert all((own.label, own.target) == (0, "Ромашка") for own in found)
    titled = [own for own in found if "\n" in own.text]
    assert 40 < len(titled) < 110
    assert any(own.text.startswith("Ромашка") for own in titled)
    assert {row.text.upper(), row.text.lower()} < {own.text for own in found}
    whole = {row.text.casefold(), *(own.text.casefold() for own in titled)}
    assert any(own.text.casefold() not in whole for own in found), "some are mistyped"


def test_epochs_keep_quotas_and_differ() -> None:
    rows = [
        Row("tweeteval", "en", f"t{label}-{n}", label) for label in range(3) for n in range(9000)
    ]
    first, second = mix.epoch_rows(rows, 0, 1), mix.epoch_rows(rows, 1, 1)
    assert [sum(row.label == label for row in first) for label in range(3)] == [6600, 8500, 7500]
    assert {row.text for row in first} != {row.text for row in second}
    assert mix.epoch_rows(rows, 0, 1) == first


def test_rows_without_a_label_are_only_shown_with_the_answers_of_teachers() -> None:
    rows = [Row(UNLABELLED, "en", f"some tweet {n}", 1) for n in range(50)]
    rows += [Row("tweeteval", "en", f"late again {n}", 0) for n in range(50)]
    assert {row.source for row in mix.epoch_rows(rows, 0, 1)} == {"tweeteval"}
    assert UNLABELLED in {row.source for row in mix.whole_rows(rows, 0, 1)}


def test_the_trunk_alone_is_shown_texts_that_are_judged_as_a_whole() -> None:
    rows = [
        Row("tweeteval", "en", "late again", 0),
        Row("semeval_topic", "en", "Nokia fell apart, unlike Apple", 2, "apple"),
        Row("sentirueval_banks", "ru", "Сбербанк молодец", 2, "сбербанк"),
        Row("sentirueval_banks", "ru", "ВТБ лучше, чем Сбербанк", 2, "втб"),
    ]
    found = mix.whole_rows(rows * 20, 0, 1)
    assert not [row for row in found if row.names]
    assert {row.source for row in found} == {"tweeteval", "sentirueval_banks", "own"}
    banks = [row.text.casefold() for row in found if row.source == "sentirueval_banks"]
    assert all("молодец" in text and "сбер" not in text for text in banks)
    assert len({row.text for row in found if row.source == "own"}) > 1000


def test_our_own_examples_are_well_formed() -> None:
    rows = list(read_rows(OWN_EXAMPLES))
    assert len(rows) >= 300
    assert {row.lang for row in rows} == {"en", "ru"}
    assert {row.label for row in rows} == {0, 1, 2}
    assert all(row.source == "own" and row.text.strip() for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tweets = tmp_path / "tweeteval_sentiment"
    tweets.mkdir()
    lines = 'label\tsource\ttext\n2\tx\tWhat a "day\n0\tx\tBad day\n'
    (tweets / "train.tsv.gz").write_bytes(gzip.compress(lines.encode()))
    (tweets / "val.tsv").write_text("label\tsource\ttext\n", encoding="utf-8")
    (tweets / "extra_2016devtest.tsv").write_text("label\tsource\ttext\n", encoding="utf-8")
    reviews = tmp_path / "m_absa"
    for lang in ("ru", "en"):
        (reviews / lang).mkdir(parents=True)
    (reviews / "ru" / "hotel_train.txt").write_text(
        "Хороший номер####[['номер', 'room', 'positive'], ['номер', 'room', 'POS']]\n"
        "То и другое####[['a', 'b', 'positive'], ['c', 'd', 'negative']]\n"
        "Кавычки####[['он сказал 'да'', 'x', 'negative']]\n"
        "Ничего####[]\n",
        encoding="utf-8",
    )
    return tmp_path


def test_sets_are_read_and_missing_ones_named(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = list(datasets.read_all(folder))
    assert [(row.source, row.label) for row in rows] == [
        ("tweeteval", 2),
        ("tweeteval", 0),
        ("m_absa_ru", 2),
    ]
    assert rows[0].text == 'What a "day'
    assert "rusentitweet" in caplog.text


def test_our_own_files_are_json_lines() -> None:
    for line in OWN_EXAMPLES.read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"source", "lang", "text", "label", "target"}
