from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment import readers
from sentiment.classifier import unit
from sentiment.interface import ModelError
from sentiment.minilm import MiniLM
from sentiment.readers import READERS
from sentiment.second_reader import SecondReader, pooled
from sentiment.use import Use

ROOMS = {
    "en": ("The room had not been cleaned.", "A seagull ate my sandwich."),
    "ru": ("В номере никто не убирал.", "Чайка съела мой бутерброд."),
}
LETTERS = {
    "en": ("I wrote to you about the weather. ", "The collector threatened my mother."),
    "ru": ("Я уже писала вам про погоду. ", "Коллектор угрожал моей матери."),
}

each_language = pytest.mark.parametrize("lang", list(READERS))


def embedded(reader: SecondReader, texts: list[str]) -> NDArray[np.float32]:
    return pooled(reader.read_whole(texts), reader.width)


def alike(reader: SecondReader, one: str, other: str) -> float:
    rows = unit(embedded(reader, [one, other]))
    return float(rows[0] @ rows[1])


def test_texts_that_say_the_same_in_other_words_are_near() -> None:
    asked = "The escrow analysis doubled my monthly mortgage payment."
    same = "what I owe on the house each month went up after they redid escrow"
    english = readers.shipped("en")
    assert alike(english, asked, same) > 0.5
    assert alike(english, asked, "my cat threw up on the carpet again") < 0.2


@pytest.mark.parametrize(
    "same", ["Доставка опоздала на три часа.", "The delivery was three hours late."]
)
def test_russian_is_near_to_what_says_the_same_in_either_language(same: str) -> None:
    russian = readers.shipped("ru")
    asked = "курьер приехал на три часа позже"
    assert alike(russian, asked, same) > 0.5
    for other in ("кошку опять вырвало на ковёр", "my cat threw up on the carpet again"):
        assert alike(russian, asked, other) < 0.3


@each_language
def test_a_span_is_read_within_its_text(lang: str) -> None:
    reader, (first, second) = readers.shipped(lang), ROOMS[lang]
    text = f"{first} {second}"
    ((whole, spans, _),) = reader.read([text], [[(0, len(first)), (len(first), len(text))]])
    near = unit(spans) @ unit(embedded(reader, [first, second])).T
    assert near[0, 0] > 0.8 > near[0, 1]
    assert near[1, 1] > 0.8 > near[1, 0]
    assert whole.shape == (reader.width,)


@each_language
def test_a_span_without_a_word_is_the_whole_text(lang: str) -> None:
    ((whole, spans, _),) = readers.shipped(lang).read(["  two words  "], [[(0, 1), (2, 5)]])
    assert np.array_equal(spans[0], whole)
    assert not np.array_equal(spans[1], whole)


@each_language
def test_spans_are_characters_of_the_original_text(lang: str) -> None:
    """What is cleaned away before (a link, an entity) moves nothing."""
    reader = readers.shipped(lang)
    text = "https://example.com/a?b=c &amp; the till is broken"
    start, end = text.index("till"), text.index("broken")
    ((_, spans, _),) = reader.read([text], [[(start, start + 4), (end, end + 6)]])
    near = unit(spans) @ unit(embedded(reader, ["till", "broken"])).T
    assert near.argmax(axis=1).tolist() == [0, 1]


@each_language
def test_a_text_reads_the_same_in_any_company(lang: str) -> None:
    reader = readers.shipped(lang)
    texts = [*ROOMS[lang], "short", "", LETTERS[lang][0] * 200]
    together = embedded(reader, texts)
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(embedded(reader, [text])[0], row)
    assert np.isfinite(together).all()
    assert embedded(reader, []).shape == (0, reader.width)


@each_language
def test_the_end_of_a_long_letter_is_read(lang: str) -> None:
    reader, (often, last) = readers.shipped(lang), LETTERS[lang]
    letter = often * 120 + last
    ((_, spans, _),) = reader.read(
        [letter], [[(0, len(often)), (len(letter) - len(last), len(letter))]]
    )
    near = unit(spans) @ unit(embedded(reader, [often, last])).T
    assert near.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("kind", [MiniLM, Use])
def test_a_damaged_file_is_named(kind: type[SecondReader], tmp_path: Path) -> None:
    folder = tmp_path / "second"
    shutil.copytree(kind.shipped, folder)
    (folder / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer_config\.json is damaged"):
        kind.load(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"is missing|is damaged"):
        kind.load(folder)
