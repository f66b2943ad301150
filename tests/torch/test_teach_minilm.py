"""What the second reader of English learns, on a small model of random weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import BertConfig, BertModel

from sentiment.training import teach_minilm, trades
from sentiment.training.rows import part_of
from sentiment.training.teach_minilm import (
    Read,
    Reader,
    Settings,
    anchors,
    by_words,
    teach,
    texts_of,
    themes_shown,
)
from sentiment.training.train import contrast
from tests.torch.test_recipe import write_data

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SETTINGS = Settings(steps=60, rate=1e-3, runs=1, threads=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    folder = tmp_path_factory.mktemp("minilm")
    torch.manual_seed(5)
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    BertModel(BertConfig(vocab_size=800, intermediate_size=96, **sizes)).save_pretrained(folder)
    own = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    own.normalizer = normalizers.BertNormalizer()
    own.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=800, special_tokens=SPECIAL, show_progress=False)
    own.train_from_iterator(anchors(data), trainer)
    own.save(str(folder / "tokenizer.json"))
    return folder


def test_texts_of_one_cause_come_nearer_to_each_other(
    source: Path, data: Path, tmp_path: Path
) -> None:
    mean = teach(source, data, tmp_path, SETTINGS)
    shown = themes_shown(data)["domain/insurance"]
    texts = [row.text for rows in shown.values() for row in rows[:8]]
    numbers = torch.tensor([at for at, rows in enumerate(shown.values()) for _ in rows[:8]])
    reader = Reader(source)
    rarity = reader.rarity(texts_of(themes_shown(data)))

    def losses(folder: Path) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            read = reader.read(teach_minilm._network(folder), texts)
            return contrast(read.rows, numbers, 0.1), by_words(read, rarity, numbers)

    (rows, words), (rows_before, words_before) = losses(mean), losses(source)
    assert rows < rows_before
    assert words < words_before - 0.5
    name = "embeddings.word_embeddings.weight"
    before, after = (load_file(own / "model.safetensors")[name] for own in (source, mean))
    assert torch.equal(before, after), "words that are not shown mean what they meant"


def test_a_theme_is_told_by_the_words_that_its_other_texts_share() -> None:
    """Never by the text's own words, and never by common ones."""
    directions = torch.eye(4)
    ids = torch.tensor([[0, 1], [0, 1], [0, 2], [0, 2], [0, 3]])
    read = Read(torch.zeros(5, 4), directions[ids], ids)
    rarity = torch.tensor([0.0, 2.0, 2.0, 2.0])
    alike, unlike = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([0, 1, 0, 1, 2])
    assert by_words(read, rarity, alike) < 1e-3
    assert by_words(read, rarity, unlike) > 10
    common = torch.tensor([2.0, 0.0, 0.0, 0.0])
    assert by_words(read, common, alike) > 0.6, "the token that all share tells nothing"


def test_the_mean_of_runs_is_kept_and_finished_runs_are_not_repeated(
    source: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Settings(steps=2, rate=1e-3, runs=2, threads=1)
    teach_minilm.teach_once(source, data, tmp_path / "run-0", short, 0)
    own = teach_minilm.teach_once
    made: list[int] = []

    def counted(source: Path, data: Path, out: Path, settings: Settings, number: int) -> None:
        made.append(number)
        own(source, data, out, settings, number)

    monkeypatch.setattr(teach_minilm, "teach_once", counted)
    mean = teach(source, data, tmp_path, short)
    assert made == [1]
    name = "encoder.layer.0.output.dense.weight"
    first, second, both = (
        load_file(folder / "model.safetensors")[name]
        for folder in (tmp_path / "run-0", tmp_path / "run-1", mean)
    )
    assert not torch.equal(first, second), "each run has an order of its own"
    assert torch.allclose(both, (first + second) / 2)


def test_what_is_measured_on_is_not_shown(data: Path) -> None:
    """Neither the trades whose posts teach how sure is sure, nor texts that are held out."""
    shown = themes_shown(data)
    assert len([group for group in shown if group.startswith("domain/")]) > 20
    assert not {f"domain/{trade.name}" for trade in trades.trades(trades.LEARNT)} & set(shown)
    assert not {f"domain/{trade.name}" for trade in trades.trades(trades.CHECKED)} & set(shown)
    texts = [row.text for own in shown.values() for rows in own.values() for row in rows]
    assert all(part_of(text) == "train" for text in [*texts, *anchors(data)])
    assert all(row.lang == "en" for own in shown.values() for rows in own.values() for row in rows)
