"""Labelled files as people have them: separators, spellings, compression, mistakes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sentiment.labelled import LabelledFileError, read_labelled


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    data = text.encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'text,label\n"Good, ""very""",positive\nBad,negative\n'),
        ("a.CSV", 'TEXT;Label\n"Good, ""very""";positive\nBad;negative\n'),
        ("a.csv.gz", '\ufefftext,label\n"Good, ""very""",positive\nBad,negative\n'),
        ("a.tsv", 'text\tlabel\nGood, "very"\tpositive\nBad\tnegative\n'),
        ("a.tsv", 'text\tlabel\r\n"Good, ""very"""\tpositive\r\n"Bad"\tnegative\r\n'),
        ("a.jsonl", '{"text": "Good, \\"very\\"", "label": "positive"}\n\n'
                    '{"text": "Bad", "label": "negative", "target": null}\n'),
        ("a.json.gz", '{"tweet": "Good, \\"very\\"", "sentiment": "POS"}\n'
                      '{"tweet": "Bad", "sentiment": "neg"}'),
    ],
)  # fmt: skip
def test_every_form_gives_the_same_texts(tmp_path: Path, name: str, text: str) -> None:
    found = read_labelled(written(tmp_path, name, text))
    assert [example.label for example in found.examples] == [2, 0]
    assert found.examples[0].text.replace('""', '"').strip('"') == 'Good, "very'
    assert [example.target for example in found.examples] == [None, None]
    assert found.bad == ()


def test_a_lone_quote_in_a_tsv_swallows_no_row(tmp_path: Path) -> None:
    text = 'text\tlabel\n"so they say\tnegative\nFine\tneutral\n'
    found = read_labelled(written(tmp_path, "a.tsv", text))
    assert [example.text for example in found.examples] == ['"so they say', "Fine"]


@pytest.mark.parametrize(
    ("labels", "classes", "reading"),
    [
        (["-1", "0", "1"], [0, 1, 2], "-1, 0, 1 read as"),
        (["-1", "+1"], [0, 2], "-1, 0, 1 read as"),
        (["0", "1", "2"], [0, 1, 2], "0, 1, 2 read as"),
        (["1.0", "2.0"], [1, 2], "0, 1, 2 read as"),
        (["LABEL_0", "LABEL_2"], [0, 2], "0, 1, 2 read as"),
        (["Negative", "нейтральная", "позитив"], [0, 1, 2], "labels by name"),
    ],
)
def test_labels_are_read_and_the_reading_told(
    tmp_path: Path, labels: list[str], classes: list[int], reading: str
) -> None:
    rows = "".join(f"some text,{label}\n" for label in labels)
    found = read_labelled(written(tmp_path, "a.csv", "text,label\n" + rows))
    assert [example.label for example in found.examples] == classes
    assert found.reading.startswith(reading)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (["0", "1"], "could be negative and positive"),
        (["1"], "could be"),
        (["-1", "0", "2"], "neither"),
        (["1", "2", "3", "4", "5"], "neither"),
    ],
)
def test_numbers_that_could_mean_two_things_are_refused(
    tmp_path: Path, labels: list[str], why: str
) -> None:
    rows = "".join(f"some text,{label}\n" for label in labels)
    with pytest.raises(LabelledFileError, match=rf"a\.csv: the labels in 'label' are .*{why}"):
        read_labelled(written(tmp_path, "a.csv", "text,label\n" + rows))


def test_bad_rows_are_named_by_line_and_the_others_read(tmp_path: Path) -> None:
    text = 'text,label\nFine,neutral\n"two\nlines",speech\nshort\nGood,positive\n'
    found = read_labelled(written(tmp_path, "a.csv", text))
    assert [example.text for example in found.examples] == ["Fine", "Good"]
    assert sorted(found.bad) == [
        "line 4: label 'speech' is none of negative, neutral, positive",
        "line 5: 1 fields, the header has 2",
    ]
    lines = '{"text": "a", "label": "neutral"}\n{oops\n[1]\n{"text": "b"}\n{"label": "neutral"}\n'
    found = read_labelled(written(tmp_path, "b.jsonl", lines))
    assert [bad.partition(":")[0] for bad in sorted(found.bad)] == [
        "line 2", "line 3", "line 4", "line 5",
    ]  # fmt: skip


def test_columns_by_their_usual_names_or_the_given_ones(tmp_path: Path) -> None:
    row = {"id": 1, "Tweet": "a", "body2": "b", "polarity": "neutral", "gold2": "positive",
           "Brand": " Luma ", "language": "EN", "source": "s", "kind": "irony"}  # fmt: skip
    path = written(tmp_path, "a.jsonl", json.dumps(row))
    (usual,) = read_labelled(path).examples
    assert (usual.text, usual.label, usual.target, usual.lang) == ("a", 1, "Luma", "en")
    assert (usual.source, usual.slice) == ("s", "irony")
    (given,) = read_labelled(path, {"text": "body2", "label": "gold2"}).examples
    assert (given.text, given.label) == ("b", 2)
    with pytest.raises(LabelledFileError, match=r"no column 'nope'; it has id, Tweet"):
        read_labelled(path, {"text": "nope"})


def test_a_language_fills_only_where_the_row_says_none(tmp_path: Path) -> None:
    text = "text,label,lang\nпривет,neutral,ru\nhello,neutral,\n"
    found = read_labelled(written(tmp_path, "a.csv", text), lang="en")
    assert [example.lang for example in found.examples] == ["ru", "en"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "words,mark\na,b\n", "no column for the text.*--text-column"),
        ("a.csv", "text,mark\na,b\n", "no column for the label.*--label-column"),
        ("a.csv", "text,label\n", "no row to read"),
        ("a.jsonl", "{oops\n", "no row to read; line 1: not JSON"),
        ("a.txt", "hello", r"name it \.csv, \.tsv or \.jsonl"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(LabelledFileError, match=says):
        read_labelled(written(tmp_path, name, text))


def test_a_missing_and_a_falsely_compressed_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabelledFileError, match=r"none\.csv: cannot be read"):
        read_labelled(tmp_path / "none.csv")
    path = tmp_path / "a.csv.gz"
    path.write_text("text,label")
    with pytest.raises(LabelledFileError, match=r"a\.csv\.gz: cannot be read"):
        read_labelled(path)


def test_broken_bytes_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\ncaf\xe9 \x00 was fine,neutral\nok,neutral\n")
    assert len(read_labelled(path).examples) == 2
