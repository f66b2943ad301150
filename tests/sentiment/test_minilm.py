from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from sentiment import minilm
from sentiment.classifier import unit
from sentiment.interface import ModelError
from sentiment.minilm import MiniLM

ROOMS = "The room had not been cleaned. A seagull ate my sandwich."


@pytest.fixture(scope="module")
def second() -> MiniLM:
    return minilm.shipped()


def alike(second: MiniLM, one: str, other: str) -> float:
    rows = unit(second.embed([one, other]))
    return float(rows[0] @ rows[1])


def test_texts_that_say_the_same_in_other_words_are_near(second: MiniLM) -> None:
    asked = "The escrow analysis doubled my monthly mortgage payment."
    same = alike(
        second, asked, "what I owe on the house each month went up after they redid escrow"
    )
    other = alike(second, asked, "my cat threw up on the carpet again")
    assert same > 0.5
    assert other < 0.2


def test_a_span_is_read_within_its_text(second: MiniLM) -> None:
    end = ROOMS.index(" A seagull")
    ((whole, spans),) = second.read([ROOMS], [[(0, end), (end, len(ROOMS))]])
    alone = unit(second.embed(["The room had not been cleaned.", "A seagull ate my sandwich."]))
    near = unit(spans) @ alone.T
    assert near[0, 0] > 0.8 > near[0, 1]
    assert near[1, 1] > 0.8 > near[1, 0]
    assert whole.shape == (minilm.WIDTH,)


def test_a_span_without_a_word_is_the_whole_text(second: MiniLM) -> None:
    ((whole, spans),) = second.read(["  two words  "], [[(0, 1), (2, 11)]])
    assert np.array_equal(spans[0], whole)
    assert not np.array_equal(spans[1], whole)


def test_spans_are_characters_of_the_original_text(second: MiniLM) -> None:
    """What is cleaned away before (a link, an entity) moves nothing."""
    text = "https://example.com/a?b=c &amp; the till is broken"
    start, end = text.index("till"), text.index("broken")
    ((_, spans),) = second.read([text], [[(start, start + 4), (end, end + 6)]])
    near = unit(spans) @ unit(second.embed(["till", "broken"])).T
    assert near.argmax(axis=1).tolist() == [0, 1]


def test_a_text_reads_the_same_in_any_company(second: MiniLM) -> None:
    texts = [ROOMS, "short", "", "a much longer letter about nothing. " * 200]
    together = second.embed(texts)
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(second.embed([text])[0], row)
    assert second.embed([]).shape == (0, minilm.WIDTH)


def test_the_end_of_a_long_letter_is_read(second: MiniLM) -> None:
    letter = "I wrote to you about the weather. " * 120 + "The collector threatened my mother."
    start = letter.index("The collector")
    ((_, spans),) = second.read([letter], [[(0, 33), (start, len(letter))]])
    near = unit(spans) @ unit(second.embed([letter[:33], letter[start:]])).T
    assert near.argmax(axis=1).tolist() == [0, 1]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "minilm"
    shutil.copytree(minilm.SHIPPED, folder)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        MiniLM.load(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"is missing|is damaged"):
        MiniLM.load(folder)
