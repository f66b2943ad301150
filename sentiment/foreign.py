"""Any Hugging Face sequence-classification model in the place of the shipped sentiment head.

The model is a folder or a hub id. What is loaded is always a folder (a hub id becomes one in the
Hub's own cache), so nothing reaches for the network after that, and no text ever does. An ONNX
export (`model.onnx` or `onnx/model.onnx`) runs in the default install and is preferred; other
weights need torch. Code that comes with a model is never run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.calibration import softmax
from sentiment.encoder import MAX_CHARACTERS, EncodedText
from sentiment.interface import ModelError, Text
from sentiment.label_names import SentimentClass, class_matrix

ONNX_FILES = ("model.onnx", "onnx/model.onnx")
TORCH_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
CONFIDENCE_FLOOR = 0.5
MAX_TARGET_CHARACTERS = 200
BATCH_TEXTS = 32
BATCH_TOKENS = 8192
"""Padded tokens of one torch pass at most, so that long texts do not ask for more memory."""

_DEFAULT_LENGTH = 512
_LENGTH_SENTINEL = 1_000_000
# RoBERTa and its kin count positions from pad_token_id + 1, so the last two do not exist.
_POSITION_MARGIN = 2
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_HUB_FILES = ("*.json", "*.txt", "*.model", "tokenizer*", "vocab*")

TargetUse = Literal["ignore", "pair"]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class HubUnreachableError(ModelError):
    """The Hugging Face Hub does not answer, and the model is not in its cache."""


@dataclass(frozen=True, slots=True)
class ForeignOptions:
    """What a user says about a model that is not Molva's.

    Attributes:
        revision: branch, tag or commit of a hub id; `None` is its main branch.
        languages: ISO 639-1 codes it knows; texts in others stay `unscored`.
        labels: the meaning of its labels, where their names do not tell.
        target: `pair` gives it the brand as the second text, `ignore` the message alone.
    """

    revision: str | None = None
    languages: frozenset[str] = frozenset()
    labels: Mapping[str, SentimentClass] = field(default_factory=dict)
    target: TargetUse = "ignore"


class _Network(Protocol):
    """The weights: tensors they take and must be given, and how many texts go together."""

    inputs: frozenset[str]
    required: frozenset[str]
    batch: int

    def logits(self, batches: Iterator[dict[str, Integers]]) -> Iterator[Floats]:
        """Logits [b, labels] of each batch of tensors [b, tokens], in order."""


class ForeignJudge:
    """A `Judge` made of somebody else's classifier; see `sentiment.judge`.

    Its probabilities are its own: nothing calibrates them. A model without a neutral label never
    says neutral.
    """

    confidence_floor = CONFIDENCE_FLOOR

    def __init__(
        self,
        tokenizer: _Tokenizer,
        network: _Network,
        classes: Floats,
        version: str,
        languages: frozenset[str],
    ) -> None:
        self.version = version
        self.languages = languages
        self._tokenizer = tokenizer
        self._network = network
        self._classes = classes

    @classmethod
    def load(cls, model: str, folder: Path | None, options: ForeignOptions) -> ForeignJudge:
        """Load a model and let it judge one word, so that a bad file is found now, not later.

        Args:
            model: how the user names it: a folder or a hub id.
            folder: the folder, or `None` for a hub id.

        Raises:
            ModelError: it cannot be used; the message says why and what to do.
            HubUnreachableError: the hub id can neither be downloaded nor found in the cache.
        """
        _quiet()
        if folder is None:
            folder, content = _from_hub(model, options.revision)
            name = model
        else:
            content, name = _content_hash(folder), folder.resolve().name
        config = _config(folder, model)
        names = [str(config.id2label[at]) for at in range(len(config.id2label))]
        classes = class_matrix(names, options.labels, model)
        network = _network(folder, model, config)
        tokenizer = _Tokenizer(folder, model, config, network, options.target)
        settings = json.dumps([content, classes.tolist(), options.target])
        digest = hashlib.sha256(settings.encode()).hexdigest()[:12]
        version = re.sub(r"[^\w./-]+", "-", name) + f"+{digest}"
        judge = cls(tokenizer, network, classes, version, options.languages)
        judge._try_out(model, len(names))
        return judge

    def _try_out(self, model: str, labels: int) -> None:
        try:
            (found,) = self._logits([Text("0", "Molva", target="Molva")])
        except Exception as error:
            raise ModelError(f"{model} loads and cannot judge a text: {error}") from error
        if found.shape != (labels,):
            raise ModelError(
                f"{model} answers a text with numbers of shape {list(found.shape)}, and its "
                f"config.json names {labels} labels: it is not this classifier's export"
            )

    def chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> Floats:
        """Probabilities [n, 3] by the model itself; what the shipped one encoded is not used."""
        del encoded, langs
        if not items:
            return np.empty((0, 3))
        logits = self._logits(items)
        chances = softmax(logits.astype(np.float64)) @ self._classes
        # Not a number is no opinion: equal chances, which mark the label as unsure.
        return np.where(np.isfinite(chances).all(axis=1, keepdims=True), chances, 1 / 3)

    def _logits(self, items: Sequence[Text]) -> Floats:
        rows = self._tokenizer.encode(items)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]["input_ids"]))
        batch = self._network.batch if self._tokenizer.can_pad else 1
        groups = list(_groups(order, [len(row["input_ids"]) for row in rows], batch))
        feeds = (self._tokenizer.pad([rows[at] for at in group]) for group in groups)
        found: list[Floats] = [np.empty(0)] * len(rows)
        for group, logits in zip(groups, self._network.logits(feeds), strict=True):
            for at, row in zip(group, logits, strict=True):
                found[at] = row
        return np.stack(found)


def is_hub_id(model: str) -> bool:
    """Whether `model` has the form of a hub id, `owner/name`."""
    return _HUB_ID.fullmatch(model) is not None


def _groups(order: Sequence[int], lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Rows by length, cut where a batch would hold too many texts or padded tokens."""
    group: list[int] = []
    for at in order:
        if group and (len(group) == most or (len(group) + 1) * lengths[at] > BATCH_TOKENS):
            yield group
            group = []
        group.append(at)
    if group:
        yield group


class _Tokenizer:
    """Texts to the tensors a network takes, cut to what it can read."""

    def __init__(
        self, folder: Path, model: str, config: Any, network: _Network, target: TargetUse
    ) -> None:
        from transformers import AutoTokenizer  # noqa: PLC0415

        try:
            self._own = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:
            raise ModelError(
                f"{model}: its tokenizer cannot be loaded: {error}; the folder needs "
                "tokenizer.json (or the vocabulary files) and tokenizer_config.json"
            ) from error
        self._network = network
        self._pairs = target == "pair"
        self._length = _max_length(self._own, config)
        self.can_pad = self._own.pad_token_id is not None

    def encode(self, items: Sequence[Text]) -> list[dict[str, list[int]]]:
        """Token rows of each text, at least one token long."""
        rows: list[dict[str, list[int]]] = [{}] * len(items)
        paired = [at for at, item in enumerate(items) if self._pairs and item.target]
        alone = sorted(set(range(len(items))) - set(paired))
        for places, with_target in ((alone, False), (paired, True)):
            if not places:
                continue
            texts = [_readable(items[at].text[:MAX_CHARACTERS]) for at in places]
            targets = [_readable((items[at].target or "")[:MAX_TARGET_CHARACTERS]) for at in places]
            found = self._own(
                texts,
                text_pair=targets if with_target else None,
                truncation=True,
                max_length=self._length,
                return_attention_mask=True,
            )
            for number, at in enumerate(places):
                rows[at] = self._row({name: found[name][number] for name in found})
        return rows

    def _row(self, found: dict[str, list[int]]) -> dict[str, list[int]]:
        # A tokenizer without special tokens makes nothing of an empty text.
        ids = found["input_ids"] or [self._own.pad_token_id or 0]
        count = len(ids)
        row = {"input_ids": ids, "attention_mask": found["attention_mask"] or [1]}
        # Zeros are not always the same as no token types: GPT-2 adds a word's embedding for them.
        if found.get("token_type_ids") or "token_type_ids" in self._network.required:
            row["token_type_ids"] = found.get("token_type_ids") or [0] * count
        if "position_ids" in self._network.required:
            row["position_ids"] = list(range(count))
        return {name: values for name, values in row.items() if name in self._network.inputs}

    def pad(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, Integers]:
        """Tensors int64 [len(rows), longest]."""
        if len(rows) == 1:
            return {name: np.array([values], np.int64) for name, values in rows[0].items()}
        padded = self._own.pad({name: [row[name] for row in rows] for name in rows[0]})
        return {name: np.array(values, np.int64) for name, values in padded.items()}


def _readable(text: str) -> str:
    """The text as it is; only lone surrogates, which no tokenizer takes, become a sign."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _max_length(tokenizer: Any, config: Any) -> int:
    """Tokens the model reads of one text, special ones included."""
    positions = getattr(config, "max_position_embeddings", None)
    limits = [int(positions) - _POSITION_MARGIN] if positions and int(positions) > 2 else []
    if tokenizer.model_max_length < _LENGTH_SENTINEL:
        limits.append(int(tokenizer.model_max_length))
    return max(1, min(limits)) if limits else _DEFAULT_LENGTH


def _config(folder: Path, model: str) -> Any:
    """The model's configuration, if it is one of a sequence classifier with separate classes."""
    from transformers import AutoConfig  # noqa: PLC0415

    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder / 'config.json'} is missing: {model} is not a model folder")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise ModelError(f"{folder / 'config.json'} cannot be used: {error}") from error
    kinds = config.architectures or []
    if kinds and not any("SequenceClassification" in kind for kind in kinds):
        raise ModelError(
            f"{model} is a {kinds[0]}, not a sequence-classification model: choose one that was "
            "fine-tuned for sentiment"
        )
    if config.problem_type == "multi_label_classification":
        raise ModelError(
            f"{model} is a multi-label model: its labels do not exclude each other, so they are "
            "no sentiment; choose a model with one label a text"
        )
    if config.problem_type == "regression" or len(config.id2label) < 2:
        raise ModelError(
            f"{model} gives one number, not classes; choose a model with negative and positive "
            "labels"
        )
    if set(config.id2label) != set(range(len(config.id2label))):
        raise ModelError(f"{folder / 'config.json'}: id2label does not number its labels 0, 1, 2 …")
    return config


def _network(folder: Path, model: str, config: Any) -> _Network:
    onnx = next((folder / name for name in ONNX_FILES if (folder / name).is_file()), None)
    if onnx is not None:
        return _OnnxNetwork(onnx)
    if not any((folder / name).is_file() for name in TORCH_FILES):
        raise ModelError(
            f"{folder} has no weights: looked for {', '.join((*ONNX_FILES, *TORCH_FILES))}; "
            "copy or download the whole model"
        )
    if importlib.util.find_spec("torch") is None:
        raise ModelError(
            f"{model} has torch weights, and torch is not installed: "
            'pip install "molva[torch]", or export the model to ONNX (model.onnx)'
        )
    return _TorchNetwork(folder, model, config)


class _OnnxNetwork:
    """An exported model in onnxruntime.

    Texts go one by one, several at once in threads: in a quantised model the neighbours of a text
    in a batch would sway its label (see `sentiment.encoder`).
    """

    batch = 1
    _known = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})

    def __init__(self, path: Path) -> None:
        from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415

        options = SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(
                f"{path} cannot be loaded, it is damaged or not an ONNX model: {error}"
            ) from error
        self._types = {
            entry.name: np.int32 if entry.type == "tensor(int32)" else np.int64
            for entry in self._session.get_inputs()
        }
        self.inputs = self.required = frozenset(self._types)
        if not self.inputs <= self._known or "input_ids" not in self.inputs:
            raise ModelError(
                f"{path} takes {', '.join(sorted(self.inputs))}; a text classifier takes "
                f"{', '.join(sorted(self._known))} or some of them: export it anew"
            )
        outputs = [entry.name for entry in self._session.get_outputs()]
        self._output = "logits" if "logits" in outputs else outputs[0]
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="molva-judge")

    def logits(self, batches: Iterator[dict[str, Integers]]) -> Iterator[Floats]:
        """See `_Network`."""
        return self._threads.map(self._run, batches)

    def _run(self, feed: dict[str, Integers]) -> Floats:
        given = {name: values.astype(self._types[name]) for name, values in feed.items()}
        found: Floats = self._session.run([self._output], given)[0]
        return found


class _TorchNetwork:
    """A model in torch, in fp32, in batches of texts of like length."""

    batch = BATCH_TEXTS
    required = frozenset({"input_ids"})

    def __init__(self, folder: Path, model: str, config: Any) -> None:
        import torch  # noqa: PLC0415
        from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

        self._torch = torch
        try:
            self._model, loading = AutoModelForSequenceClassification.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:
            raise ModelError(
                f"the weights in {folder} cannot be loaded, they are damaged or of another model "
                f"than its config.json: {error}"
            ) from error
        if loading["missing_keys"]:
            raise ModelError(
                f"{model} has no weights for {', '.join(sorted(loading['missing_keys'])[:3])}: it "
                "was not trained to classify; choose one that was fine-tuned for sentiment"
            )
        self._model.eval()
        takes = inspect.signature(self._model.forward).parameters
        wanted = {"input_ids", "attention_mask", "token_type_ids"}
        self.inputs = frozenset(wanted & set(takes))

    def logits(self, batches: Iterator[dict[str, Integers]]) -> Iterator[Floats]:
        """See `_Network`."""
        for feed in batches:
            given = {name: self._torch.from_numpy(values) for name, values in feed.items()}
            with self._torch.inference_mode():
                yield self._model(**given).logits.float().numpy()


def _from_hub(model: str, revision: str | None) -> tuple[Path, str]:
    """The folder of a hub id in the Hub's cache and its commit, downloaded if need be."""
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import (  # noqa: PLC0415
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        info = HfApi().model_info(model, revision=revision, timeout=10)
        names = [entry.rfilename for entry in info.siblings or ()]
        # By its name, not its commit: so the cache knows which commit the name meant when offline.
        folder = Path(snapshot_download(model, revision=revision, allow_patterns=_wanted(names)))

    except (GatedRepoError, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError) as e:
        named = f"{model} at revision {revision}" if revision else model
        raise ModelError(
            f"the hub does not give {named}: {str(e).splitlines()[0]}; check the id and the "
            "revision, or log in with `hf auth login` if the model is private"
        ) from e
    except Exception as error:  # noqa: BLE001 - any network failure, of any HTTP library
        return _from_cache(model, revision, error)
    return folder, folder.name


def _from_cache(model: str, revision: str | None, reason: Exception) -> tuple[Path, str]:
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

    found = try_to_load_from_cache(model, "config.json", revision=revision)
    if not isinstance(found, str):
        raise HubUnreachableError(
            f"{model} is no folder here, the hub cannot be reached for it ({reason}), and it is "
            "not in the hub's cache: check the network, or download the model where there is one "
            'and set [sentiment] model to its folder; with fallback = "shipped" the shipped model '
            "labels meanwhile"
        ) from reason
    folder = Path(found).parent
    return folder, folder.name


def _wanted(names: Sequence[str]) -> list[str]:
    """Patterns of the files to download: one kind of weights, and what goes with them."""
    onnx = next((name for name in ONNX_FILES if name in names), None)
    if onnx is not None:
        return [*_HUB_FILES, f"{onnx}*"]
    safetensors = any(name in names for name in TORCH_FILES[:2])
    return [*_HUB_FILES, "model*.safetensors" if safetensors else "pytorch_model*.bin"]


def _content_hash(folder: Path) -> str:
    """SHA-256 (hex) over the names and contents of a folder's files, prose and hidden ones out."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inner.parts)
        if hidden or path.suffix == ".md" or not path.is_file():
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{digest}  {inner.as_posix()}\n".encode())
    return total.hexdigest()


def _quiet() -> None:
    # Their advice to install torch or to log in is not for us, and nothing is reported home.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
