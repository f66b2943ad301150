"""Themes: which texts mean the same, and how a batch of them is put together."""

from __future__ import annotations

import csv
import random
from itertools import chain
from pathlib import Path

import pytest

from sentiment.training import themes
from sentiment.training.rows import Row, part_of


def test_our_own_causes_and_signals_are_themes_without_any_data(tmp_path: Path) -> None:
    sets = themes.read_themes(tmp_path)
    families = {group.partition("/")[0] for group in sets}
    assert families == {"taxonomy", "stage", "expectation", "intent", "denial", "domain"}
    assert set(sets["denial/long_wait"]) == {"named", "denied"}
    assert len(sets["stage"]) == 8
    assert {row.label for row in sets["taxonomy"]["long_wait"]} == {0}
    assert {row.label for row in sets["taxonomy"]["kind_staff"]} == {2}
    texts = [row.text for own in sets.values() for rows in own.values() for row in rows]
    assert all(part_of(text) == "train" for text in texts)


def test_a_batch_holds_themes_of_one_set_and_loners_of_their_own(tmp_path: Path) -> None:
    sets = {"intent": themes.read_themes(tmp_path)["intent"]}
    for batch in themes.draw(sets, 5, random.Random(1)):
        numbers = [number for _, number in batch]
        alone = [number for number in numbers if numbers.count(number) == 1]
        assert len(alone) == themes.LONERS
        known = {row.text for row in sets["intent"][""]}
        assert all((row.text in known) == (number in alone) for row, number in batch)


def test_members_of_a_family_share_what_it_is_due() -> None:
    row = Row("own", "en", "a text of a theme", 1)
    sets = {
        "one": {"a": [row] * 50, "b": [row] * 50},
        "many/x": {"a": [row] * 30, "b": [row] * 20},
        "many/y": {"a": [row] * 25, "b": [row] * 25},
    }
    one, *members = themes.shares(sets)
    assert sum(members) == pytest.approx(one)
    assert members[0] == pytest.approx(members[1])


def test_a_set_is_read_by_theme_and_small_themes_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "banking77"
    folder.mkdir()
    with (folder / "train.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "category"])
        for number in range(40):
            writer.writerow([f"where is card number {number} of mine today", "card_arrival"])
            writer.writerow([f"why fee {number} on top of it", "fee"])
        writer.writerow(["one of its kind", "rare"])
    own = themes.read_themes(tmp_path)["banking77"]
    assert set(own) == {"card_arrival", "fee"}
    assert {row.label for row in own["fee"]} == {themes.UNKNOWN}


def test_every_text_of_a_batch_is_packed_once() -> None:
    sequences = themes.packed(32, random.Random(3))
    assert sorted(chain.from_iterable(sequences)) == list(range(32))
    assert {len(own) for own in sequences} == {1, 2, 3}
