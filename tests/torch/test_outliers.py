"""A channel far above the others is computed apart, so that eight bits are left for the rest."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import BertConfig

from sentiment.training.export import export_fp32, quantise
from sentiment.training.network import BranchedNet
from sentiment.training.outliers import Channels, find_outliers
from sentiment.training.shipped import read_shipped
from tests.torch.tiny_base import OLD_EXPORTER

pytestmark = OLD_EXPORTER

HIDDEN, PIECES, LOUD = 64, 200, 7
LAYERS = ("encoder.encoder.layer.0.output.dense", "towards.layers.0.output.dense")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("outliers") / "table.npz"
    codes = rng.integers(0, 16, (PIECES, HIDDEN), dtype=np.uint8)
    np.savez(path, codes=codes, scales=np.full((PIECES, HIDDEN // 32), 0.1, dtype=np.float16))
    return path


@pytest.fixture(scope="module")
def network(table: Path) -> BranchedNet:
    """One neuron of a layer below and one of the branch say sixty where the others say one."""
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=PIECES,
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=40,
    )
    config._attn_implementation = "eager"
    own = BranchedNet(config).eval()
    packed = np.load(table)
    grid = (packed["codes"].astype(np.float32) - 8) * packed["scales"][0, 0].astype(np.float32)
    own.encoder.embeddings.word_embeddings.weight.data = torch.from_numpy(grid)
    for layer in (own.encoder.encoder.layer[0], own.towards.layers[0]):
        layer.intermediate.dense.weight.data.normal_(std=0.1)
        layer.intermediate.dense.bias.data[LOUD] = 60
    return own


def texts(count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each with a target, so that the branch is run."""
    drawn = torch.Generator().manual_seed(2)
    made = []
    for _ in range(count):
        words = torch.randint(4, PIECES, (1, 12), generator=drawn)
        words[:, [4, 5, 11]] = 2
        made.append((words, torch.ones_like(words)))
    return made


def said(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(path)
    feeds = ({"input_ids": i.numpy(), "attention_mask": m.numpy()} for i, m in texts(20))
    found = [session.run(["token_embeddings", "target_logits"], feed) for feed in feeds]
    return np.concatenate([part.ravel() for parts in found for part in parts])


@pytest.fixture(scope="module")
def channels(network: BranchedNet) -> Channels:
    return find_outliers(network, texts(20))


def shipped(network: BranchedNet, table: Path, channels: Channels, folder: Path) -> Path:
    export_fp32(network, folder / "plain.onnx")
    quantise(folder / "plain.onnx", table, channels, folder / "model.onnx")
    return folder / "model.onnx"


def test_a_channel_far_above_the_others_is_found(channels: Channels) -> None:
    assert {name: channels.get(name) for name in LAYERS} == {name: [LOUD] for name in LAYERS}


def test_computed_apart_it_leaves_the_others_their_precision(
    network: BranchedNet, table: Path, channels: Channels, tmp_path: Path
) -> None:
    apart = said(shipped(network, table, channels, tmp_path))
    plain = said(tmp_path / "plain.onnx")
    together = said(shipped(network, table, {}, tmp_path))
    assert np.abs(apart - plain).mean() < 0.25 * np.abs(together - plain).mean()


def test_weights_computed_apart_are_read_back(
    network: BranchedNet, table: Path, channels: Channels, tmp_path: Path
) -> None:
    shipped(network, table, channels, tmp_path)
    back, own = read_shipped(tmp_path), network.state_dict()
    for name in LAYERS:
        weight = f"{name}.weight"
        assert torch.equal(back[weight][:, LOUD], own[weight][:, LOUD])
        assert (back[weight] - own[weight]).abs().max() <= own[weight].abs().max() / 100
