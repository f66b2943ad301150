"""What a measurement says, and the card it is written into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sentiment.behaviour import Outcome
from sentiment.encoder import EncodedText, Encoder
from sentiment.evaluate import Scores, score
from sentiment.interface import Text
from sentiment.labelled import LabelledFile, read_labelled
from sentiment.measure import BEGIN, END, as_json, grid, markdown, measure, write_card_part
from sentiment.training.card import write_card


class Judge:
    """Says negative with 0.9, and positive with 0.45 where it reads a smile."""

    version, languages, confidence_floor = "stub+1", frozenset({"en"}), 0.5

    def chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> np.ndarray:
        smiles = [":)" in item.text for item in items]
        return np.array([[0.3, 0.25, 0.45] if own else [0.9, 0.05, 0.05] for own in smiles])


@pytest.fixture
def file(tmp_path: Path) -> LabelledFile:
    path = tmp_path / "own.csv"
    rows = ["The service was slow and rude,negative"] * 40 + ["This is nice :),positive"] * 35
    rows += ["What is the price of it,neutral"] * 25 + ["Всё очень понравилось,positive", "hm,huh"]
    path.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    return read_labelled(path)


def test_a_judge_is_measured_on_what_it_scored_and_the_rest_counted(
    encoder: Encoder, file: LabelledFile
) -> None:
    steps: list[None] = []
    found = measure(encoder, Judge(), [file], advance=lambda: steps.append(None))
    assert len(steps) == 101
    assert found.model == "stub+1"
    assert found.unscored == {"ru": 1}
    whole = found.groups["all"]
    assert whole.confusion.tolist() == [[40, 0, 0], [25, 0, 0], [0, 0, 35]]
    assert found.groups["low confidence"].n == 35
    assert found.groups["language en"].n == 100
    text = markdown(found)
    assert "101 texts, 100 scored, 1 unscored for their language (ru 1)" in text
    assert "own.csv" in text
    json = as_json(found)
    assert json["groups"]["all"]["recall"]["neutral"]["value"] == 0
    assert json["files"][0]["bad_rows"] == ["line 103: label 'huh' is none of negative, neutral, "
                                            "positive"]  # fmt: skip


def test_several_files_are_slices_of_their_own(
    encoder: Encoder, file: LabelledFile, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "This is nice :)", "label": "positive"}\n' * 30, encoding="utf-8")
    found = measure(encoder, Judge(), [file, read_labelled(other)])
    assert found.groups["set own.csv"].n == 100
    assert found.groups["set other.jsonl"].n == 30


def test_nothing_scored_is_told_not_crashed_on(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "ru.csv"
    path.write_text("text,label\nВсё очень понравилось,positive\n", encoding="utf-8")
    found = measure(encoder, Judge(), [read_labelled(path)])
    assert found.groups == {}
    assert "1 texts, 0 scored" in markdown(found)
    assert as_json(found)["unscored"] == {"ru": 1}


def test_a_card_is_made_then_its_measured_part_replaced_and_the_prose_kept(
    encoder: Encoder, file: LabelledFile, tmp_path: Path
) -> None:
    found = measure(encoder, Judge(), [file])
    card = tmp_path / "README.md"
    write_card_part(card, found)
    assert card.read_text(encoding="utf-8").startswith("# stub+1\n\n" + BEGIN)
    card.write_text(f"# Mine\n\nbefore\n\n{BEGIN}\nold figures\n{END}\n\nafter\n", encoding="utf-8")
    write_card_part(card, found)
    text = card.read_text(encoding="utf-8")
    assert "old figures" not in text
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.startswith("# Mine\n\nbefore\n")
    assert text.endswith("\n\nafter\n")
    write_card_part(card, found)
    assert card.read_text(encoding="utf-8") == text


def test_a_card_that_lost_its_end_mark_is_left_alone(
    encoder: Encoder, file: LabelledFile, tmp_path: Path
) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"{BEGIN}\nprose", encoding="utf-8")
    with pytest.raises(ValueError, match="without"):
        write_card_part(card, measure(encoder, Judge(), [file]))
    assert card.read_text(encoding="utf-8") == f"{BEGIN}\nprose"


def test_a_table_lines_up_and_a_bar_in_a_cell_breaks_nothing() -> None:
    lines = grid(("a", "longer"), [("x|y", 1), ("z", 22)]).splitlines()
    assert lines[1] == "|------|--------|"
    assert lines[2] == r"| x\|y | 1      |"
    assert len({len(line) for line in lines}) == 1


def scores(right: int, wrong: int) -> Scores:
    labels = [0, 1, 2] * (right + wrong)
    guesses = [*([0, 1, 2] * right), *([1, 2, 0] * wrong)]
    return score(labels, np.eye(3)[guesses] * 0.7 + 0.1)


def test_the_card_takes_its_limits_from_what_was_measured(tmp_path: Path) -> None:
    groups = {"all": scores(80, 20), "with emoji": scores(50, 50), "a question": scores(81, 19)}
    outcomes = [
        Outcome("right label: sarcasm", 40, 12, ("Oh great",), "en 25 %, ru 35 %"),
        Outcome("same label: a link", 100, 100, ()),
    ]
    path = tmp_path / "README.md"
    identity = {"name": "molva-1", "version": "molva-1+abc", "vocabulary": "60000"}
    write_card(path, identity, groups, outcomes, ["a note"])
    text = path.read_text(encoding="utf-8")
    behaviour, _, limits = text.partition("## Known limits")
    assert "| right label: sarcasm | 40  | 12   | 30 %  | en 25 %, ru 35 % |" in behaviour
    assert "- a note" in behaviour
    assert "right label: sarcasm: 12 of 40 hold (30 %)" in limits
    assert "same label: a link" not in limits
    assert "“with emoji”: macro recall 50.0" in limits
    assert "“a question”" not in limits
    assert "{" not in text
