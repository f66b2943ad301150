"""A sentiment classifier that is not Molva's: any Hugging Face folder or hub id."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from sentiment.choice import ModelChoice, load_models
from sentiment.encoder import Encoder
from sentiment.foreign import ForeignJudge, ForeignOptions, HubUnreachableError
from sentiment.interface import Label, ModelError, Text
from sentiment.labeller import Labeller, NoCauses
from sentiment.model_files import SHIPPED
from tests.sentiment.foreign_models import save_model
from tests.sentiment.loopback_hub import LoopbackHub


def judge(folder: Path, **options: Any) -> ForeignJudge:
    given = {"languages": frozenset({"en"}), **options}
    return ForeignJudge.load(str(folder), folder, ForeignOptions(**given))


def chances(own: ForeignJudge, *texts: str, target: str | None = None) -> np.ndarray:
    items = [Text(str(at), text, target=target) for at, text in enumerate(texts)]
    return own.chances(items, [], ["en"] * len(items))


def moods(own: ForeignJudge, *texts: str) -> list[str]:
    rows = chances(own, *texts)
    assert rows.sum(axis=1) == pytest.approx(1)
    return [("negative", "neutral", "positive")[at] for at in rows.argmax(axis=1)]


def label(encoder: Encoder, own: ForeignJudge, *texts: str) -> list[Label]:
    labeller = Labeller(encoder, NoCauses(), own)
    return list(labeller.label(Text(str(at), text) for at, text in enumerate(texts)))


@pytest.mark.parametrize("file", ["model.onnx", "onnx/model.onnx"])
def test_an_exported_model_judges_without_torch(
    tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    own = judge(save_model(tmp_path / "mood", file=file))
    assert moods(own, "bad bad", "okay", "so good") == ["negative", "neutral", "positive"]


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        (("input_ids",), TensorProto.INT64),
        (("input_ids", "attention_mask", "token_type_ids"), TensorProto.INT32),
        (("input_ids", "attention_mask", "position_ids"), TensorProto.INT64),
    ],
)
def test_an_export_is_given_the_inputs_it_takes(
    tmp_path: Path, inputs: tuple[str, ...], kind: int
) -> None:
    own = judge(save_model(tmp_path / "mood", inputs=inputs, kind=kind))
    assert moods(own, "bad", "good") == ["negative", "positive"]


def test_labels_are_read_by_name_not_by_place(tmp_path: Path) -> None:
    own = judge(save_model(tmp_path / "mood", ("Positive", "neutral", "Negative")))
    assert moods(own, "bad", "good") == ["positive", "negative"]


def test_two_classes_never_say_neutral(tmp_path: Path) -> None:
    own = judge(save_model(tmp_path / "mood", ("NEGATIVE", "POSITIVE")))
    rows = chances(own, "bad", "good", "what", "")
    assert (rows[:, 1] == 0).all()
    assert moods(own, "bad", "good") == ["negative", "positive"]


def test_five_stars_are_three_classes(tmp_path: Path) -> None:
    stars = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
    own = judge(save_model(tmp_path / "stars", stars))
    assert moods(own, "bad", "okay", "good") == ["negative", "neutral", "positive"]


def test_nameless_labels_ask_for_a_map_and_take_it(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "mood", ("LABEL_0", "LABEL_1", "LABEL_2"))
    with pytest.raises(ModelError, match=r"'LABEL_0', 'LABEL_1', 'LABEL_2'.*labels = \{"):
        judge(folder)
    own = judge(folder, labels={"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"})
    assert moods(own, "bad", "okay", "good") == ["negative", "neutral", "positive"]


def test_the_version_is_the_content(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "mood")
    first = judge(folder).version
    assert first.startswith("mood+")
    assert len(first.removeprefix("mood+")) == 12
    (folder / "README.md").write_text("hello")
    assert judge(folder).version == first
    mapped = {"NEG": "negative", "NEU": "positive"}
    assert judge(folder, labels=mapped).version != first
    assert judge(folder, target="pair").version != first
    (folder / "tokenizer_config.json").write_text(
        (folder / "tokenizer_config.json").read_text() + "\n"
    )
    assert judge(folder).version != first


def test_the_target_is_read_only_if_asked(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "mood")
    alone, pair = judge(folder), judge(folder, target="pair")
    assert np.array_equal(chances(alone, "well", target="acme"), chances(alone, "well"))
    assert chances(pair, "well", target="acme")[0, 2] > chances(pair, "well")[0, 2] + 0.3


def test_nothing_in_a_text_breaks_it(tmp_path: Path) -> None:
    own = judge(save_model(tmp_path / "mood"))
    odd = ["", " ", "\ud800 good", "\x00", "😀" * 300, "good " * 200_000, "\ud83d\ude00 bad"]
    found = moods(own, *odd)
    assert found[2] == "positive"
    assert found[5] == "positive"
    assert found[6] == "negative"
    assert chances(own).shape == (0, 3)


def test_a_long_text_is_cut_to_what_the_model_reads(tmp_path: Path) -> None:
    own = judge(save_model(tmp_path / "mood", max_position_embeddings=12))
    assert np.array_equal(chances(own, "good " * 8 + "bad " * 500), chances(own, "good " * 8))


def test_company_does_not_change_a_label(tmp_path: Path) -> None:
    own = judge(save_model(tmp_path / "mood"))
    texts = ["bad okay", "good", "okay okay good and more of it", ""]
    together = chances(own, *texts)
    assert np.array_equal(together, np.concatenate([chances(own, text) for text in texts]))


def test_its_languages_are_labelled_and_no_others(tmp_path: Path, encoder: Encoder) -> None:
    own = judge(save_model(tmp_path / "mood"), languages=frozenset({"de"}))
    german, english = label(
        encoder, own, "Das Essen war leider sehr schlecht, wirklich schlecht", "The food was bad"
    )
    assert (german.lang, german.sentiment) == ("de", "negative")
    assert german.causes == ()
    assert english.sentiment == "unscored"
    assert german.model_version == own.version


def test_a_wavering_answer_is_marked(tmp_path: Path, encoder: Encoder) -> None:
    own = judge(save_model(tmp_path / "mood"))
    (found,) = label(encoder, own, "The train is at the station")
    assert found.low_confidence
    assert found.sentiment != "unscored"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"problem_type": "multi_label_classification"}, "multi-label"),
        ({"problem_type": "regression"}, "one number"),
        ({"architectures": ["BertForMaskedLM"]}, "BertForMaskedLM, not a sequence"),
        ({"width": 4}, r"shape \[4\].*3 labels"),
        ({"inputs": ("input_ids", "pixels")}, "takes input_ids, pixels"),
    ],
)
def test_what_is_no_sentiment_classifier_is_refused(
    tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    folder = save_model(tmp_path / "mood", **settings)
    with pytest.raises(ModelError, match=says):
        judge(folder)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda f: (f / "model.onnx").write_bytes(b"\x08\x08 nonsense"), "model.onnx cannot be"),
        (lambda f: (f / "model.onnx").unlink(), "has no weights"),
        (lambda f: (f / "config.json").unlink(), "config.json is missing"),
        (lambda f: (f / "config.json").write_text("{"), "config.json cannot be used"),
        (lambda f: (f / "tokenizer.json").unlink(), "its tokenizer cannot be loaded"),
    ],
)
def test_a_broken_folder_is_named(tmp_path: Path, break_it: Any, says: str) -> None:
    folder = save_model(tmp_path / "mood")
    break_it(folder)
    with pytest.raises(ModelError, match=says):
        judge(folder)


def test_torch_weights_without_torch_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    folder = save_model(tmp_path / "mood")
    (folder / "model.onnx").rename(folder / "model.safetensors")
    with pytest.raises(ModelError, match=r'pip install "molva\[torch\]"'):
        judge(folder)


def test_its_own_code_is_never_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    folder = save_model(
        tmp_path / "mood", model_type="evil", auto_map={"AutoConfig": "evil.EvilConfig"}
    )
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')")
    with pytest.raises(ModelError, match=r"config\.json cannot be used"):
        judge(folder)
    assert not ran.exists()


# Which model is meant: nothing, Molva's own, a folder, a hub id.


def test_the_label_names_both_models(tmp_path: Path, encoder: Encoder) -> None:
    save_model(tmp_path / "mood")
    models = load_models(ModelChoice("mood", tmp_path))
    assert models.judge.version.startswith("mood+")
    assert models.judge.version.endswith("+" + encoder.version.split("+")[1])
    assert models.judge.languages == encoder.languages


def test_nothing_said_and_a_copy_of_ours_are_the_shipped_model(
    tmp_path: Path, encoder: Encoder
) -> None:
    assert load_models(ModelChoice()).judge.version == encoder.version
    copy = shutil.copytree(SHIPPED, tmp_path / "ours")
    assert load_models(ModelChoice(str(copy))).judge.version == encoder.version
    (copy / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="SHA256SUMS is missing"):
        load_models(ModelChoice(str(copy)))


def test_labels_of_our_own_model_cannot_be_mapped() -> None:
    with pytest.raises(ModelError, match="take labels and languages out"):
        load_models(ModelChoice(str(SHIPPED), labels={"negative": "positive"}))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no folder .*mood.* is not a hub id"):
        load_models(ModelChoice("mood", tmp_path))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackHub:
    """A hub on loopback that is not started yet, with an empty cache."""
    own = LoopbackHub(tmp_path / "hub")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", own.url)
    template = own.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return own


def test_a_hub_id_is_downloaded_once_and_then_needs_no_network(hub: LoopbackHub) -> None:
    save_model(hub.folder / "acme" / "mood", file="onnx/model.onnx")
    (hub.folder / "acme" / "mood" / "pytorch_model.bin").write_bytes(b"not wanted")
    choice = ModelChoice("acme/mood", languages=frozenset({"en"}))
    with hub:
        first = load_models(choice).judge
    assert "pytorch_model.bin" not in " ".join(hub.asked)
    again = load_models(choice).judge
    assert first.version == again.version
    assert first.version.startswith("acme/mood+")
    assert isinstance(again, ForeignJudge)
    assert moods(again, "bad", "good") == ["negative", "positive"]


def test_an_id_the_hub_does_not_know(hub: LoopbackHub) -> None:
    with hub, pytest.raises(ModelError, match="does not give acme/none") as caught:
        load_models(ModelChoice("acme/none", fallback="shipped"))
    assert not isinstance(caught.value, HubUnreachableError)


def test_a_hub_that_cannot_be_reached_is_said(hub: LoopbackHub) -> None:
    del hub
    with pytest.raises(HubUnreachableError, match=r"hub cannot be reached for it .*fallback") as e:
        load_models(ModelChoice("acme/mood"))
    assert "acme/mood" in str(e.value)


def test_the_shipped_model_stands_in_only_if_asked(
    hub: LoopbackHub, encoder: Encoder, caplog: pytest.LogCaptureFixture
) -> None:
    del hub
    models = load_models(ModelChoice("acme/mood", fallback="shipped"))
    assert models.judge.version == encoder.version
    assert "acme/mood" in models.note
    assert "shipped model" in caplog.text
