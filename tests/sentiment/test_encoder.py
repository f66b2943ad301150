from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoConfig, AutoTokenizer

from sentiment.encoder import MAX_CHARACTERS, EncodedText, Encoder
from sentiment.interface import ModelError
from sentiment.model_files import SHIPPED, verify

NASTY = [
    "",
    " ",
    "\x00\x01\x02",
    "\ud800 lone \udfff",
    "👍👍👍👍👍👍",
    "https://example.org",
    "a" * 1_000_000,
    "слово " * 3000,
    "Ω≈ç√∫˜µ≤≥÷",
    "\u202eright to left\u202c",
    "Ǻ̂̃" * 50,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(threads=2)


def one(encoder: Encoder, text: str, target: str | None = None) -> EncodedText:
    return next(encoder.encode([(text, (target,) if target else ())]))


def test_results_come_in_order_and_do_not_depend_on_company(encoder: Encoder) -> None:
    pairs = [(f"text number {n} " + "very " * (n % 17) + "good", ()) for n in range(100)]
    together = list(encoder.encode(pairs))
    assert len(together) == 100
    for at in (0, 16, 57, 99):
        # int8 scales are taken over the batch, so company moves logits a little.
        assert one(encoder, pairs[at][0]).logits == pytest.approx(together[at].logits, abs=0.35)
        assert len(together[at].token_logits) == len(one(encoder, pairs[at][0]).token_logits)


def test_equal_texts_are_encoded_once(encoder: Encoder) -> None:
    first, other, again = encoder.encode_chunk([("same", ()), ("other", ()), ("same", ())])
    assert first is again
    assert first is not other


def test_shapes_and_offsets(encoder: Encoder) -> None:
    text = "Очередь &quot;ужасная&quot;, http://x.example/y я ждал час"
    encoded = one(encoder, text, "Кофемаг")
    tokens = len(encoded.offsets)
    assert encoded.token_logits.shape == (tokens, 3)
    assert encoded.token_embeddings.shape == (tokens, len(encoded.embedding))
    assert text[encoded.offsets[-1, 0] : encoded.offsets[-1, 1]].strip() == "час"


def test_the_whole_is_the_mean_of_its_tokens(encoder: Encoder) -> None:
    text = "Great coffee, awful queue"
    encoded = one(encoder, text)
    logits, embedding = encoded.pool(0, len(text))
    assert logits == pytest.approx(encoded.token_logits.mean(axis=0), abs=1e-5)
    assert embedding == pytest.approx(encoded.token_embeddings.mean(axis=0), abs=1e-5)


def test_pool_many_is_pool(encoder: Encoder) -> None:
    text = "Кофе отличный, но очередь на час и грубый персонал"
    encoded = one(encoder, text)
    spans = [(0, 13), (15, len(text)), (3, 3), (10_000, 20_000)]
    logits, embeddings = encoded.pool_many(spans)
    for row, span in enumerate(spans):
        own_logits, own_embedding = encoded.pool(*span)
        assert logits[row] == pytest.approx(own_logits, abs=1e-4)
        assert embeddings[row] == pytest.approx(own_embedding, abs=1e-4)


def test_a_span_without_tokens_has_the_value_of_the_text(encoder: Encoder) -> None:
    encoded = one(encoder, "fine")
    assert encoded.pool(50, 60)[0] is encoded.logits


@pytest.mark.parametrize("text", NASTY)
def test_nothing_crashes(encoder: Encoder, text: str) -> None:
    encoded = one(encoder, text, "\ud800бренд\x00")
    assert np.isfinite(encoded.logits).all()
    assert np.isfinite(encoded.embedding).all()
    assert (encoded.offsets <= len(text)).all()


def test_a_long_text_is_read_in_windows_and_says_where_it_stops(encoder: Encoder) -> None:
    text = "The queue was awful. " * 100
    encoded = one(encoder, text)
    assert not encoded.truncated
    assert len(encoded.token_logits) > encoder.settings.max_length
    assert encoded.offsets[-1, 1] >= len(text.rstrip())
    assert one(encoder, "x " * MAX_CHARACTERS).truncated


def test_a_blank_target_is_no_target(encoder: Encoder) -> None:
    plain, blank = one(encoder, "Good coffee"), one(encoder, "Good coffee", " \n")
    assert plain.logits == pytest.approx(blank.logits, abs=1e-5)


def test_the_name_of_the_target_changes_nothing(encoder: Encoder) -> None:
    text = "С {} ни разу не было проблем, а у {}банка вечно очередь"
    names = ("Сбер", "Билайн", "Ромашка", "Wells Fargo")
    found = [one(encoder, text.format(name, "Альфа"), name).logits for name in names]
    assert all(np.array_equal(logits, found[0]) for logits in found)


def test_offsets_point_past_a_masked_target(encoder: Encoder) -> None:
    text = "Был в Пятёрочке, там ужасно"
    encoded = one(encoder, text, "Пятерочка")
    begin, end = encoded.offsets[-1]
    assert text[begin:end] in text
    assert end == len(text)
    masked = [text[a:b] for a, b in encoded.offsets if a == text.index("Пят")]
    assert masked
    assert set(masked) == {"Пятёрочке"}


def test_encode_is_lazy(encoder: Encoder) -> None:
    drawn = 0

    def endless() -> Iterator[tuple[str, tuple[str, ...]]]:
        nonlocal drawn
        while True:
            drawn += 1
            yield f"text {drawn}", ()

    next(encoder.encode(endless()))
    assert drawn <= 1024


def test_version_is_name_and_hash(encoder: Encoder) -> None:
    assert encoder.version == f"molva-1+{verify(SHIPPED)[:12]}"
    assert encoder.languages == {"en", "ru"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    return folder


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json", "SHA256SUMS"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelError, match=rf"{name} is missing.*reinstall"):
        Encoder.load(copy)


def test_a_damaged_file_is_named_with_both_sums(copy: Path) -> None:
    path = copy / "model.onnx"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.onnx is damaged: .* [0-9a-f]{64}, expected"):
        Encoder.load(copy)


def test_a_config_without_our_section_is_refused(copy: Path) -> None:
    path = copy / "config.json"
    path.write_text("{}", encoding="utf-8")
    lines = (copy / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "config.json" not in line]
    (copy / "SHA256SUMS").write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json cannot be used"):
        Encoder.load(copy)


def test_a_sound_sum_over_a_broken_graph_is_still_a_model_error(copy: Path) -> None:
    (copy / "model.onnx").write_bytes(b"not a graph")
    lines = (copy / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "model.onnx" not in line]
    (copy / "SHA256SUMS").write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Encoder.load(copy)


def test_the_folder_is_a_hugging_face_one() -> None:
    config = AutoConfig.from_pretrained(SHIPPED, local_files_only=True)
    assert config.id2label == {0: "negative", 1: "neutral", 2: "positive"}
    assert config.label2id == {"negative": 0, "neutral": 1, "positive": 2}
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True)
    assert tokenizer("кофе", "Кофемаг")["input_ids"][0] == config.bos_token_id


def test_the_model_is_small_enough() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 50e6


def test_a_text_reads_the_same_alone_and_in_company(encoder: Encoder) -> None:
    pairs: list[tuple[str, tuple[str, ...]]] = [
        ("Ждали час, кофе холодный", ("Зерно",)),
        ("lovely place", ()),
        ("WORST!!! 😡😡😡 " * 20, ()),
        ("Кассир улыбнулась, всё быстро.", ("Зерно",)),
    ]
    for pair, together in zip(pairs, encoder.encode(pairs), strict=True):
        [alone] = encoder.encode([pair])
        assert np.array_equal(alone.logits, together.logits)
        assert np.array_equal(alone.token_embeddings, together.token_embeddings)
