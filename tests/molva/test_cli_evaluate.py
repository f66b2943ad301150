"""molva evaluate: a measurement a person or a script can rely on."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.molva.conftest import Ran

Molva = Callable[..., Ran]

ROWS = """text,label,lang,slice
"Worst service ever, they lost my parcel",negative,en,irony
"I love this coffee, the staff are wonderful!",POS,,
Das Essen war leider ziemlich kalt und teuer,negative,,
What time does the shop open on Sunday?,neutral,,
"Ужасный сервис, потеряли посылку и не отвечают",негатив,ru,
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_figures_slices_and_what_was_left_out_are_printed(molva: Molva, rows: Path):
    ran = molva("evaluate", rows, "--no-behaviour")
    assert ran.status == 0
    assert "5 texts, 4 scored, 1 unscored for their language (de 1)" in ran.out
    for part in ("macro recall", "true \\ predicted", "highest probability", "slice irony 1"):
        assert part in ran.out
    assert f"{rows}: 5 texts; labels by name" in ran.err.replace("\n", "")


def test_json_is_one_object_and_nothing_else_on_stdout(molva: Molva, rows: Path):
    ran = molva("evaluate", rows, "--no-behaviour", "--json")
    found = json.loads(ran.out)
    assert found["groups"]["all"]["n"] == 4
    assert found["groups"]["all"]["confusion"] == [[2, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert found["unscored"] == {"de": 1}
    assert found["behaviour"] == []


def test_a_bad_row_is_named_by_file_and_line_and_ends_with_1(molva: Molva, rows: Path):
    rows.write_text(ROWS + "Zephra talks,speech,en,\n", encoding="utf-8")
    ran = molva("evaluate", rows, "--no-behaviour", "--json")
    assert ran.status == 1
    assert json.loads(ran.out)["groups"]["all"]["n"] == 4
    assert f"{rows}, line 7: label 'speech'" in ran.err


def test_columns_are_named_and_ambiguous_numbers_refused(molva: Molva, tmp_path: Path):
    path = tmp_path / "a.jsonl"
    row = {"says": "Great coffee, thank you", "stars": 1, "about": "Luma", "in": "en"}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    options = ["--text-column", "says", "--label-column", "stars", "--target-column", "about"]
    ran = molva("evaluate", path, *options, "--lang-column", "in", "--no-behaviour")
    assert ran.status == 2
    assert "the labels in 'stars' are 1" in ran.err
    row["stars"] = "positive"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    ran = molva("evaluate", path, *options, "--lang-column", "in", "--no-behaviour", "--json")
    assert json.loads(ran.out)["too_small"]["with a target"] == 1


@pytest.mark.parametrize(
    ("name", "says"), [("none.csv", "cannot be read"), ("a.txt", "cannot be told from its name")]
)
def test_a_file_that_cannot_be_read_is_an_error_with_its_name(
    molva: Molva, tmp_path: Path, name: str, says: str
):
    (tmp_path / "a.txt").write_text("hello")
    ran = molva("evaluate", tmp_path / name, "--no-behaviour")
    assert ran.status == 2
    assert name in ran.err
    assert says in ran.err
    assert ran.out == ""


def test_no_vader_is_said_before_the_work(
    molva: Molva, rows: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "vaderSentiment", None)
    ran = molva("evaluate", rows, "--vader", "--no-behaviour")
    assert ran.status == 2
    assert "pip install vaderSentiment" in ran.err
    assert ran.out == ""


def test_the_card_is_written_by_the_command(molva: Molva, rows: Path, tmp_path: Path):
    card = tmp_path / "card.md"
    card.write_text("# My model\n\nProse.\n", encoding="utf-8")
    printed = molva("evaluate", rows, "--no-behaviour", "--card", card).out
    text = card.read_text(encoding="utf-8")
    assert text.startswith("# My model\n\nProse.\n")
    assert printed.split("\n", 1)[1].strip() in text


def test_the_behavioural_tests_run_and_their_failures_are_named(
    molva: Molva, rows: Path, monkeypatch: pytest.MonkeyPatch
):
    from molva.cli import evaluate as command  # noqa: PLC0415
    from sentiment.behaviour import Outcome  # noqa: PLC0415

    failed = Outcome("right label: sarcasm", 2, 1, ("Oh [great]",), "en 50 %")
    monkeypatch.setattr(sys.modules[command.__module__], "all_checks", lambda *_: [failed])
    ran = molva("evaluate", rows, "--verbose")
    assert "right label: sarcasm | 2 | 1    | 50 %" in ran.out
    assert 'right label: sarcasm: "Oh [great]"' in ran.err
