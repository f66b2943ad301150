"""What all-MiniLM-L6-v2 learns before it reads for us: which texts are about one cause.

It comes from pairs that answer or continue each other; that "my card was swallowed" and "the ATM
ate it" are one cause, and "it charged me twice" another, it knows less well. Over texts that say
the same (`sentiment.training.themes`) it learns by the supervised contrastive loss (Khosla et al.
2020) of their embeddings, and by telling a text's theme from the words that it shares with the
theme's other texts, as `sentiment.wording` does. `KEPT` x (1 - cosine) between what it says of
other texts and what it said of them before keeps what it knows of all the world. What a run learns
of these texts alone is lost in the mean of several runs' weights ("model soups", Wortsman et al.
2022).

The trades whose posts `fit_likeness` learns from are not shown, nor the sets and trades that
`measure_causes` calls unseen: how sure is sure must be learnt on posts that are new to it.
"""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from sentiment.normalise import normalise
from sentiment.training import datasets, themes
from sentiment.training.rows import Row, part_of
from sentiment.training.trades import CHECKED, LEARNT, trades
from sentiment.training.train import contrast
from sentiment.wording import rarity_of

log = logging.getLogger(__name__)

KEPT: Final = 2.0
TEMPERATURE: Final = 0.07
WORDS: Final = 0.5
"""What the loss of words counts beside that of embeddings."""
WORDS_TEMPERATURE: Final = 0.05
ANCHORS: Final = 16
"""Texts a step whose embeddings are kept."""
FAR: Final = -2.0
"""Less than any cosine."""
LENGTH: Final = 64
"""Tokens of a text that are read."""
FAMILIES: Final = ("taxonomy", "domain", "banking77", "mcdonalds", "absa", "m_absa")
"""Of which sets the themes are, by how their names begin; denials and intents are no causes."""

Themes = Mapping[str, Mapping[str, Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train; the rate falls to nothing over the steps, after a fiftieth of warming up."""

    steps: int = 250
    rate: float = 2e-5
    runs: int = 2
    threads: int = 2


def teach(source: Path, data: Path, work: Path, settings: Settings) -> Path:
    """Train the checkpoint in `source` on the sets in `data`; the folder of the mean of the runs.

    All is written into `work`; a run that stands there is not repeated.
    """
    runs = [work / f"run-{number}" for number in range(settings.runs)]
    for number, out in enumerate(runs):
        if not (out / "model.safetensors").exists():
            teach_once(source, data, out, settings, number)
    average(runs, work / "mean")
    shutil.copy(source / "tokenizer.json", work / "mean")
    return work / "mean"


def average(runs: Sequence[Path], out: Path) -> None:
    """Write the mean of the runs' weights."""
    networks = [_network(own) for own in runs]
    states = [own.state_dict() for own in networks]
    mean = {
        name: torch.stack([own[name] for own in states]).mean(dim=0)
        for name, values in states[0].items()
        if values.is_floating_point()
    }
    networks[0].load_state_dict(mean, strict=False)
    networks[0].save_pretrained(out)


def teach_once(source: Path, data: Path, out: Path, settings: Settings, number: int) -> None:
    """Train once, with the texts in an order of the run's own."""
    torch.set_num_threads(settings.threads)
    rng = random.Random(number)  # noqa: S311 - sampling, not a secret
    shown, others = themes_shown(data), anchors(data)
    learner, before = (_network(source) for _ in range(2))
    learner.embeddings.word_embeddings.requires_grad_(False)
    reader = Reader(source)
    rarity = reader.rarity([*others, *texts_of(shown)])
    optimiser = torch.optim.AdamW(
        [own for own in learner.parameters() if own.requires_grad], settings.rate, weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _falling(settings.steps))
    for step, drawn in enumerate(themes.draw(shown, settings.steps, rng), 1):
        themes_told = torch.tensor([theme for _, theme in drawn])
        own = reader.read(learner, [row.text for row, _ in drawn])
        told = contrast(own.rows, themes_told, TEMPERATURE)
        shared = by_words(own, rarity, themes_told)
        texts = rng.sample(others, min(ANCHORS, len(others)))
        with torch.no_grad():
            wanted = reader.read(before, texts).rows
        moved = (1 - (reader.read(learner, texts).rows * wanted).sum(dim=1)).mean()
        (told + WORDS * shared + KEPT * moved).backward()
        nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad(set_to_none=True)
        if step % 50 == 0:
            log.info(
                "run %d, step %d of %d: contrast %.3f, words %.3f, moved %.3f",
                *(number, step, settings.steps, told.item(), shared.item(), moved.item()),
            )
    learner.save_pretrained(out)


def themes_shown(data: Path) -> Themes:
    """The English texts of the training part that say the same, by set and theme."""
    unseen = {f"domain/{trade.name}" for path in (LEARNT, CHECKED) for trade in trades(path)}
    found = {}
    for group, own in themes.read_themes(data).items():
        if group.startswith(FAMILIES) and group not in unseen:
            english = {
                name: [row for row in rows if row.lang == "en"] for name, rows in own.items()
            }
            full = {k: rows for k, rows in english.items() if len(rows) >= themes.TEXTS_A_THEME}
            if len(full) > 1:
                found[group] = full
    return found


def texts_of(shown: Themes) -> list[str]:
    """All their texts."""
    return [row.text for own in shown.values() for rows in own.values() for row in rows]


def anchors(data: Path) -> list[str]:
    """English texts of the training part, of any matter."""
    texts = (row.text for row in datasets.read_all(data) if row.lang == "en")
    return [text for text in dict.fromkeys(texts) if part_of(text) == "train"]


def _network(source: Path) -> Any:
    """The network without dropout: its embeddings are compared with those it gave before."""
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return AutoModel.from_pretrained(source, **none)


class Read(NamedTuple):
    """What is read of some texts.

    Attributes:
        rows: unit embeddings [n, H].
        tokens: those of their tokens [n, t, H].
        ids: numbers in the vocabulary [n, t].
    """

    rows: Tensor
    tokens: Tensor
    ids: Tensor


class Reader:
    """Reads texts as `sentiment.minilm` does, in batches and for training."""

    def __init__(self, source: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
        self._tokenizer.enable_truncation(LENGTH)
        self._tokenizer.enable_padding()

    def read(self, network: nn.Module, texts: Sequence[str]) -> Read:
        """What a network says of texts."""
        read = self._encode(texts)
        ids = torch.tensor([own.ids for own in read])
        mask = torch.tensor([own.attention_mask for own in read])
        states = network(input_ids=ids, attention_mask=mask).last_hidden_state
        summed = (states * mask[..., None]).sum(dim=1)
        unit = functional.normalize
        return Read(unit(summed, dim=-1), unit(states, dim=-1), ids)

    def rarity(self, texts: Sequence[str]) -> Tensor:
        """What each token of the vocabulary counts, by texts; those that frame them nothing."""
        read = self._encode(texts)
        found = rarity_of([own.ids for own in read], self._tokenizer.get_vocab_size())
        framing = {
            token
            for own in read
            for token, framed in zip(own.ids, own.special_tokens_mask, strict=True)
            if framed
        }
        found[list(framing)] = 0
        return torch.from_numpy(found)

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        found: list[Any] = self._tokenizer.encode_batch([normalise(own).text for own in texts])
        return found


def by_words(read: Read, rarity: Tensor, numbers: Tensor) -> Tensor:
    """Cross-entropy of texts' themes [n] by how near their words are to those of a theme's others.

    A text whose theme has no other, or that has no rare token, is left out.
    """
    weights = rarity[read.ids]
    places, width = weights.shape[1], read.tokens.shape[-1]
    alike = read.tokens.reshape(-1, width) @ read.tokens.reshape(-1, width).T
    alike = alike.masked_fill(weights.reshape(1, -1) == 0, FAR)
    near = alike.reshape(len(weights), places, len(weights), places).amax(dim=3)
    known, themes_of = torch.unique(numbers, return_inverse=True)
    member = themes_of[None, :] == torch.arange(len(known))[:, None]
    others = member[None] & ~torch.eye(len(weights), dtype=torch.bool)[:, None]
    nearest = near[:, :, None].masked_fill(~others[:, None], FAR).amax(dim=3)
    told = (weights[..., None] * nearest).sum(dim=1) / weights.sum(dim=1, keepdim=True).clamp(1e-6)
    asked = (weights.sum(dim=1) > 0) & (member.sum(dim=1)[themes_of] > 1)
    return functional.cross_entropy(told[asked] / WORDS_TEMPERATURE, themes_of[asked])


def _falling(steps: int) -> Callable[[int], float]:
    warming = max(1, steps // 50)
    return lambda step: min((step + 1) / warming, 1 - step / steps)
