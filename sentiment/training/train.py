"""The fine-tune: three losses, frozen table, bf16 body, checkpoints that survive interruption.

Loss = weighted cross-entropy on the mean logits (label smoothing 0.05)
     + `DISTIL` x (1 - cosine) between the mean projected state of the text and the embedding the
       untouched base gives it, both unit length and centred on the mean base embedding (without
       centring all cosines of this base lie in 0.7 .. 1.0 and the term hardly pulls);
or, in a batch of themes (`sentiment.training.themes`),
     `THEMES` x (the supervised contrastive loss (Khosla et al. 2020) of the texts' centred states
     + cross-entropy of those whose sentiment is known, both pooled inside longer sequences).
"""

from __future__ import annotations

import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from sentiment.encoder import target_part
from sentiment.normalise import normalise
from sentiment.training import themes
from sentiment.training.network import CLASSES, SentimentNet, masked_mean
from sentiment.training.rows import UNLABELLED, Row

log = logging.getLogger(__name__)

SMOOTHING = 0.05
DISTIL = 1.0
THEMES = 0.3
TEMPERATURE = 0.1
KEPT = 0.8
"""What the answers of the model that is trained on weigh against labels, where it knows a row."""
EOS, PAD = 2, 1
THEME_LENGTH = 200
"""Tokens of a sequence of themes: complaints are told at length, and read whole."""
_BUCKET = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train.

    `minutes`, if given, ends the schedule early on a slow machine. `start`, a shipped model's
    folder, trains on from its weights, which have `seen` the first of the `epochs`. With `upper`
    the upper layers alone are trained, on texts judged as a whole, and then its branch; what
    `teachers`, shipped models too, say of the sets on average is kept (if none, what `start` says).
    """

    epochs: int = 3
    batch: int = 32
    max_length: int = 80
    learning_rate: float = 6e-5
    warmup: int = 150
    seed: int = 17
    threads: int = 2
    checkpoint_minutes: float = 8.0
    minutes: float | None = None
    start: Path | None = None
    seen: int = 0
    upper: bool = False
    teachers: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors of one step.

    Attributes:
        text_mask: marks the text without the target.
        wanted: probabilities of the classes [n, 3].
    """

    ids: Tensor
    mask: Tensor
    text_mask: Tensor
    wanted: Tensor
    weights: Tensor
    rows: list[int]


@dataclass(frozen=True, slots=True)
class ThemeBatch:
    """Padded tensors of a step of themes: some sequences [S, T] that hold `n` texts.

    Attributes:
        places: for each text its sequence, first token and the token after its last [n, 3].
        themes: numbers of the texts' themes [n], which mean nothing beyond the batch.
        labels: sentiments of the texts [n], `themes.UNKNOWN` where that is not known.
    """

    ids: Tensor
    mask: Tensor
    places: list[tuple[int, int, int]]
    themes: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids of one text (with target) and how many of them belong to the text."""

    ids: list[int]
    text_length: int


def tokenise(tokenizer: Tokenizer, rows: Sequence[Row], max_length: int) -> list[Tokens]:
    """`<s> text </s>` or `<s> text </s> </s> target </s>`; only the text is truncated."""
    clean = [normalise(row.text, row.names).text for row in rows]
    texts = tokenizer.encode_batch(clean, add_special_tokens=False)
    targets = tokenizer.encode_batch(
        [target_part(row.names, text) for row, text in zip(rows, clean, strict=True)],
        add_special_tokens=False,
    )
    result = []
    for row, text, target in zip(rows, texts, targets, strict=True):
        tail = [EOS, *target.ids[:16], EOS] if row.names else []
        head = [0, *text.ids[: max_length - 2 - len(tail)], EOS]
        result.append(Tokens(head + tail, len(head)))
    return result


def labels_of(rows: Sequence[Row], answers: Tensor | None = None) -> Tensor:
    """What a network is to say of each row [n, 3]: its label, and what is known of its answer.

    Args:
        rows: texts with their labels.
        answers: probabilities [n, 3] that the model trained on gives (learning without
            forgetting, Li & Hoiem 2017), or several models on average (Hinton et al. 2015); our own
            rows are there to be learnt, so they keep their labels.
    """
    labels = functional.one_hot(torch.tensor([row.label for row in rows]), CLASSES).float()
    if answers is None:
        return labels
    shares = {"own": 0.0, UNLABELLED: 1.0}
    kept = torch.tensor([shares.get(row.source, KEPT) for row in rows])[:, None]
    return kept * answers + (1 - kept) * labels


def batches(
    rows: Sequence[Row],
    tokens: Sequence[Tokens],
    wanted: Tensor,
    settings: Settings,
    rng: random.Random,
) -> Iterator[Batch]:
    """Length-bucketed batches: shuffled, sorted inside big buckets, batches shuffled again."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    span = settings.batch * _BUCKET
    groups: list[list[int]] = []
    for start in range(0, len(order), span):
        bucket = sorted(order[start : start + span], key=lambda i: len(tokens[i].ids))
        groups += [bucket[at : at + settings.batch] for at in range(0, len(bucket), settings.batch)]
    rng.shuffle(groups)
    for group in groups:
        yield _collate(rows, tokens, wanted, group)


def theme_batches(
    tokenizer: Tokenizer,
    drawn: Iterable[Sequence[tuple[Row, int]]],
    rng: random.Random,
) -> Iterator[ThemeBatch]:
    """A batch for each drawn list of (text, number of its theme)."""
    for pairs in drawn:
        clean = [normalise(row.text).text for row, _ in pairs]
        texts = tokenizer.encode_batch(clean, add_special_tokens=False)
        places = [(0, 0, 0)] * len(pairs)
        sequences = []
        for number, own in enumerate(themes.packed(len(pairs), rng)):
            sequence = [0]
            for at in own:
                begin = len(sequence)
                sequence += texts[at].ids[: (THEME_LENGTH - 2) // len(own)] or [PAD]
                places[at] = (number, begin, len(sequence))
            sequences.append([*sequence, EOS])
        ids, mask = padded(sequences)
        yield ThemeBatch(
            ids,
            mask,
            places,
            torch.tensor([theme for _, theme in pairs]),
            torch.tensor([row.label for row, _ in pairs]),
        )


def interleaved(
    batches: Iterable[Batch], others: Iterator[ThemeBatch], every: int
) -> Iterator[Batch | ThemeBatch]:
    """The batches with one of the others after each `every` of them."""
    for count, batch in enumerate(batches, start=1):
        yield batch
        if count % every == 0:
            yield from islice(others, 1)


def _collate(
    rows: Sequence[Row], tokens: Sequence[Tokens], wanted: Tensor, group: list[int]
) -> Batch:
    ids, mask = padded([tokens[index].ids for index in group])
    text_mask = torch.zeros_like(ids)
    for at, index in enumerate(group):
        text_mask[at, : tokens[index].text_length] = 1
    weights = torch.tensor([rows[index].weight for index in group])
    return Batch(ids, mask, text_mask, wanted[group], weights, group)


def padded(sequences: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask [n, longest] of sequences of ids."""
    ids = torch.full((len(sequences), max(map(len, sequences))), PAD, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for at, own in enumerate(sequences):
        ids[at, : len(own)] = torch.tensor(own)
        mask[at, : len(own)] = 1
    return ids, mask


def of_like_length(lengths: Sequence[int], size: int = 64) -> Iterator[list[int]]:
    """The numbers of all sequences, `size` at a time, the short ones first."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    yield from (order[start : start + size] for start in range(0, len(order), size))


def base_embeddings(
    network: SentimentNet, tokens: Sequence[Tokens], threads: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    """Unit mean-pooled embeddings [n, H] of the untouched base, text alone, no prefix."""
    torch.set_num_threads(threads)
    network.eval()
    hidden = network.projection.in_features
    out = np.zeros((len(tokens), hidden), dtype=np.float16)
    for group in of_like_length([own.text_length for own in tokens]):
        ids, mask = padded([tokens[at].ids[: tokens[at].text_length] for at in group])
        with torch.no_grad(), fast_arithmetic():
            states = network.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = functional.normalize(masked_mean(states.float(), mask), dim=-1)
        out[group] = pooled.numpy().astype(np.float16)
    return out


def answers_of(network: SentimentNet, tokens: Sequence[Tokens], threads: int) -> Tensor:
    """Probabilities [n, 3] that a network gives to texts."""
    torch.set_num_threads(threads)
    network.eval()
    out = torch.zeros(len(tokens), CLASSES)
    for group in of_like_length([len(own.ids) for own in tokens]):
        ids, mask = padded([tokens[at].ids for at in group])
        with torch.no_grad(), fast_arithmetic():
            out[group] = network(ids, mask)[0].float().softmax(dim=1)
    return out


def fast_arithmetic() -> torch.autocast:
    """bf16 where the processor computes it; elsewhere it is emulated, and slower than fp32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported())


def loss_of(
    network: SentimentNet, batch: Batch, base: Tensor, centre: Tensor
) -> tuple[Tensor, Tensor]:
    """The two losses of a batch; rows whose base embedding is all zero are not distilled."""
    with fast_arithmetic():
        states = network.encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    states = states.float()
    logits = network.sentiment(masked_mean(states, batch.mask))
    entropy = functional.cross_entropy(
        logits, batch.wanted, reduction="none", label_smoothing=SMOOTHING
    )
    sentiment = (entropy * batch.weights).sum() / batch.weights.sum()
    present = base.abs().sum(1) > 0
    if not bool(present.any()):
        return sentiment, sentiment.detach() * 0
    pooled = network.projection(masked_mean(states, batch.text_mask)[present])
    own = functional.normalize(pooled, dim=-1) - centre
    distil = 1 - functional.cosine_similarity(own, base[present] - centre).mean()
    return sentiment, distil


def theme_loss(network: SentimentNet, batch: ThemeBatch, centre: Tensor) -> Tensor:
    """Contrastive loss on centred unit states, plus cross-entropy of the known sentiments."""
    with fast_arithmetic():
        states = network.encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    texts = torch.stack([states[row, a:b].float().mean(0) for row, a, b in batch.places])
    pooled = functional.normalize(network.projection(texts), dim=-1)
    own = functional.normalize(pooled - centre, dim=-1)
    told = contrast(own, batch.themes, TEMPERATURE)
    known = batch.labels != themes.UNKNOWN
    if not bool(known.any()):
        return told
    moods: Tensor = functional.cross_entropy(network.sentiment(texts[known]), batch.labels[known])
    return told + moods


def contrast(rows: Tensor, numbers: Tensor, temperature: float) -> Tensor:
    """The supervised contrastive loss of unit rows [n, H] by the numbers of their themes [n]."""
    itself = torch.eye(len(rows), dtype=torch.bool)
    alike = (rows @ rows.T / temperature).masked_fill(itself, -1e9)
    same = (numbers[:, None] == numbers) & ~itself
    chances = functional.log_softmax(alike, dim=1)
    return -((chances * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def optimiser_of(network: SentimentNet, settings: Settings) -> torch.optim.AdamW:
    """fp32 AdamW; a fresh sentiment head learns ten times as fast."""
    head = [] if settings.start else list(network.sentiment.parameters())
    known = {id(parameter) for parameter in head}
    body = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": body, "factor": 1.0}]
    if head:
        groups.append({"params": head, "factor": 10.0})
    return torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=0.01, fused=True)


@dataclass(slots=True)
class Progress:
    """Where a run stands: kept in every checkpoint."""

    step: int = 0
    seconds: float = 0.0


class Trainer:
    """Runs the schedule over given epochs and keeps `checkpoint.pt` in the work folder."""

    def __init__(self, network: SentimentNet, work: Path, settings: Settings, total: int) -> None:
        self.network, self.work, self.settings, self.total = network, work, settings, total
        self.optimiser = optimiser_of(network, settings)
        self.progress = Progress()
        self._losses: dict[str, list[float]] = defaultdict(list)
        self._started = self._saved = time.monotonic()
        torch.set_num_threads(settings.threads)

    def resume(self) -> None:
        """Take up `checkpoint.pt` if there is one."""
        path = self.work / "checkpoint.pt"
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.progress = Progress(state["step"], state["seconds"])
            log.info("resumed at step %d", self.progress.step)

    def save(self) -> None:
        """Write the checkpoint beside and move it over the old one, so that none is half."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.progress.step,
            "seconds": self._elapsed(),
        }
        temporary = self.work / "checkpoint.pt.part"
        torch.save(state, temporary)
        temporary.replace(self.work / "checkpoint.pt")
        self._saved = time.monotonic()

    def _elapsed(self) -> float:
        return self.progress.seconds + time.monotonic() - self._started

    def _done_share(self) -> float:
        share = self.progress.step / self.total
        if self.settings.minutes is not None:
            share = max(share, self._elapsed() / (60 * self.settings.minutes))
        return min(1.0, share)

    def run_epoch(
        self, first: int, stream: Iterator[Batch | ThemeBatch], base: Tensor, centre: Tensor
    ) -> None:
        """Train on the batches of an epoch whose first step is `first`, skipping steps done."""
        self.network.train()
        for at, batch in enumerate(stream):
            if first + at < self.progress.step:
                continue
            if self._done_share() >= 1.0:
                return
            self._step(batch, base, centre)
            if time.monotonic() - self._saved > 60 * self.settings.checkpoint_minutes:
                self.save()
        self.save()

    def _step(self, batch: Batch | ThemeBatch, base: Tensor, centre: Tensor) -> None:
        warm = min(1.0, (self.progress.step + 1) / self.settings.warmup)
        rate = self.settings.learning_rate * warm * max(0.0, 1 - self._done_share())
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        if isinstance(batch, ThemeBatch):
            loss = THEMES * theme_loss(self.network, batch, centre)
        else:
            sentiment, distil = loss_of(self.network, batch, base[batch.rows].float(), centre)
            loss = sentiment + DISTIL * distil
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        name = "themes" if isinstance(batch, ThemeBatch) else "texts"
        self._losses[name].append(float(loss.detach()))
        if self.progress.step % 50 == 0:
            self._report()

    def _report(self) -> None:
        means = [f"{name} {np.mean(own):.3f}" for name, own in self._losses.items()]
        step, minutes = self.progress.step, self._elapsed() / 60
        log.info("step %d of %d, %.1f min, loss of %s", step, self.total, minutes, ", ".join(means))
        self._losses.clear()
