from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from sentiment.training import datasets, mix
from sentiment.training.rows import OWN_EXAMPLES, Row, part_of, read_rows, split, words, write_rows


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
    rows = [Row("a", "ru", "ё «»", 0, "Бренд", 0.5), Row("b", "en", "x", 2)]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows


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
    assert mix.single_brand(Row("sentirueval_banks", "ru", "Сбербанк молодец", 2, "сбербанк"))
    assert not mix.single_brand(Row("sentirueval_banks", "ru", "ВТБ или Сбербанк", 1, "втб"))


def test_epochs_keep_quotas_and_differ() -> None:
    rows = [
        Row("tweeteval", "en", f"t{label}-{n}", label) for label in range(3) for n in range(6000)
    ]
    first, second = mix.epoch_rows(rows, 0, 1), mix.epoch_rows(rows, 1, 1)
    assert [sum(row.label == label for row in first) for label in range(3)] == [5200, 5000, 4000]
    assert {row.text for row in first} != {row.text for row in second}
    assert mix.epoch_rows(rows, 0, 1) == first


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
