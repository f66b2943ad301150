"""What labelling is compared with: the same texts, from text to class, by other means.

Every peer tokenises with the shipped tokenizer and calibrates nothing: it does a little less than
the labeller, never more.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions

from sentiment.encoder import OUTPUTS, Encoder
from sentiment.interface import Text

Feed = dict[str, NDArray[np.int64]]
"""What a session is given: `input_ids` and `attention_mask`, [rows, tokens]."""

Peer = Callable[[Sequence[Text]], None]
"""Judges texts and throws the answer away."""

BATCH: Final = 32
THREADS: Final = 2


def session(graph: Path) -> Any:
    """The bare session of a graph, on two threads."""
    options = SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def padded(feeds: Sequence[Feed], pad_id: int) -> Iterator[Feed]:
    """The same tokens as a batching labeller would give them: sorted by length, padded."""
    by_length = sorted(feeds, key=lambda feed: feed["input_ids"].shape[1])
    for start in range(0, len(by_length), BATCH):
        group = by_length[start : start + BATCH]
        longest = group[-1]["input_ids"].shape[1]
        ids = np.full((len(group), longest), pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, feed in enumerate(group):
            length = feed["input_ids"].shape[1]
            ids[row, :length] = feed["input_ids"][0]
            mask[row, :length] = 1
        yield {"input_ids": ids, "attention_mask": mask}


def onnx_fp32(encoder: Encoder, graph: Path) -> Peer:
    """The graph before it was made small, in length-sorted padded batches."""
    own = session(graph)

    def judge(texts: Sequence[Text]) -> None:
        feeds = [feed for _, feed in encoder.passes([(item.text, item.names) for item in texts])]
        for batch in padded(feeds, encoder.settings.pad_id):
            own.run(OUTPUTS[:1], batch)

    return judge


def torch_missing() -> str:
    """Why torch cannot be measured here, or nothing if it can."""
    return "" if importlib.util.find_spec("torch") else "torch is not installed"


def torch_fp32(checkpoint: Path, tokenizer: Path, *, by_length: bool) -> Peer:
    """Plain transformers: tokenizer, fp32 classifier, softmax, in batches of 32.

    Args:
        checkpoint: a Hugging Face folder with `config.json` and weights. A classifier head that it
            lacks is made up: it costs the same.
        tokenizer: the folder of the tokenizer.
        by_length: sort the texts by length first, which plain use does not.
    """
    import torch  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        AutoConfig,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        logging,
    )

    logging.set_verbosity_error()
    torch.set_num_threads(THREADS)
    own = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True, num_labels=3)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, config=config, dtype=torch.float32, local_files_only=True
    ).eval()

    def judge(texts: Sequence[Text]) -> None:
        said = [item.text for item in texts]
        said = sorted(said, key=len) if by_length else said
        for start in range(0, len(said), BATCH):
            batch = own(
                said[start : start + BATCH], padding=True, truncation=True, max_length=256,
                return_tensors="pt",
            )  # fmt: skip
            with torch.inference_mode():
                model(**batch).logits.softmax(dim=-1).argmax(dim=-1).tolist()

    return judge
