"""The steps of the recipe, each with its result in the work folder so that none is done twice."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from sentiment.training import convert, datasets, mix, rows, themes
from sentiment.training.network import (
    CLASSES,
    BranchedNet,
    SentimentNet,
    branch_depth,
    round_weights,
)
from sentiment.training.rows import Row
from sentiment.training.shipped import read_trunk
from sentiment.training.train import (
    Settings,
    Tokens,
    Trainer,
    answers_of,
    base_embeddings,
    batches,
    interleaved,
    labels_of,
    theme_batches,
    tokenise,
)

log = logging.getLogger(__name__)

VOCABULARY = 60_000
DISTIL_EVERY = 5
OWN_EPOCHS = 2
START_SHARE = 0.5
UPPER_SHARE = 0.3625
"""What stays of the start where its answers were held in training, too; of the branch nothing."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the recipe reads and writes; `data` and `wheels` are only read."""

    data: Path
    work: Path
    wheels: Path

    @property
    def base(self) -> Path:
        """The converted, trimmed backbone."""
        return self.work / "base"


def split_data(paths: Paths) -> None:
    """Write train.jsonl, val.jsonl and test.jsonl; the test part is not read before the end."""
    if (paths.work / "test.jsonl").exists():
        return
    for part, kept in rows.split(datasets.read_all(paths.data)).items():
        rows.write_rows(paths.work / f"{part}.jsonl", kept)
        log.info("%s: %d rows", part, len(kept))


def convert_base(paths: Paths, size: int = VOCABULARY, start: Path | None = None) -> None:
    """Convert the backbone and trim its vocabulary by the training texts, or to that of `start`."""
    if (paths.base / "config.json").exists():
        return
    texts = (row.text for row in rows.read_rows(paths.work / "train.jsonl"))
    convert.convert(paths.wheels, texts, size, paths.base, start)


def rows_of_epoch(train: Sequence[Row], epoch: int, settings: Settings) -> list[Row]:
    """The rows of an epoch; the last `OWN_EPOCHS` have our own examples mixed in."""
    if settings.upper:
        return mix.whole_rows(train, epoch, settings.seed)
    chosen = mix.epoch_rows(train, epoch, settings.seed)
    if epoch >= settings.epochs - OWN_EPOCHS:
        rng = random.Random(f"own-{settings.seed}-{epoch}")  # noqa: S311 - sampling, not a secret
        chosen += mix.own_rows(rng)
        rng.shuffle(chosen)
    return chosen


def fine_tune(paths: Paths, settings: Settings) -> Path:
    """Train (or go on training) the trunk and return the path of its weights."""
    out = paths.work / "weights.pt"
    if out.exists():
        return out
    torch.manual_seed(settings.seed)
    tokenizer = Tokenizer.from_file(str(paths.base / "tokenizer.json"))
    train = list(rows.read_rows(paths.work / "train.jsonl"))
    network = SentimentNet.from_base(paths.base)
    if settings.start is not None:
        network.load_state_dict(read_trunk(settings.start))
    if settings.upper:
        hold_lower(network)
    epochs = range(settings.seen, settings.epochs)
    sizes = [_steps(len(rows_of_epoch(train, epoch, settings)), settings) for epoch in epochs]
    round_weights(network.encoder, on=True)
    trainer = Trainer(network, paths.work, settings, sum(sizes))
    trainer.resume()
    first = 0
    for epoch, steps in zip(epochs, sizes, strict=True):
        chosen = rows_of_epoch(train, epoch, settings)
        if first + steps > trainer.progress.step:
            _run_epoch(paths, trainer, tokenizer, chosen, epoch, first)
        first += steps
    if settings.start is not None:
        start = read_trunk(settings.start)
        share = UPPER_SHARE if settings.upper else START_SHARE
        network.load_state_dict(averaged(network.state_dict(), start, share))
    torch.save(network.state_dict(), out)
    (paths.work / "settings.json").write_text(json.dumps(asdict(settings), indent=2, default=str))
    return out


def hold_lower(network: SentimentNet) -> None:
    """Keep the embeddings and the layers under the branch as they are, so that it still fits."""
    layers = network.encoder.encoder.layer
    for held in (network.encoder.embeddings, layers[: len(layers) - branch_depth(len(layers))]):
        held.requires_grad_(False)


def averaged(new: dict[str, Tensor], start: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The new weights with a share of those they began from (Wortsman et al. 2022).

    Training on gains towards brands and forgets a little of the general tweets; on validation a
    mean of both was better than either. The table is the same in both, and must stay on its grid.
    """
    return {
        name: own if own.equal(start[name]) else own.mul(1 - share).add(start[name], alpha=share)
        for name, own in new.items()
    }


def _steps(rows_of_it: int, settings: Settings) -> int:
    """Steps of an epoch of so many rows, those of themes included."""
    own = -(-rows_of_it // settings.batch)
    return own + own // themes.EVERY


def _run_epoch(
    paths: Paths, trainer: Trainer, tokenizer: Tokenizer, chosen: list[Row], epoch: int, first: int
) -> None:
    settings = trainer.settings
    tokens = tokenise(tokenizer, chosen, settings.max_length)
    log.info("epoch %d: %d rows, %d tokens", epoch, len(chosen), sum(len(t.ids) for t in tokens))
    cache = paths.work / f"distil-{epoch}.npy"
    if not cache.exists():
        base = SentimentNet.from_base(paths.base)
        # Some of the texts are enough to hold the space and save most of this pass.
        wanted = list(range(0, len(chosen), DISTIL_EVERY))
        table = np.zeros((len(chosen), base.projection.in_features), dtype=np.float16)
        table[wanted] = base_embeddings(base, [tokens[i] for i in wanted], settings.threads)
        np.save(cache, table)
    known = torch.from_numpy(np.load(cache))
    centre = known[known.abs().sum(1) > 0].float().mean(0)
    log.info("epoch %d: base embeddings ready", epoch)
    rng = random.Random(f"{settings.seed}-order-{epoch}")  # noqa: S311 - sampling, not a secret
    wanted = labels_of(chosen, _answers(paths, chosen, tokens, epoch, settings))
    stream = batches(chosen, tokens, wanted, settings, rng)
    theme_rng = random.Random(f"{settings.seed}-themes-{epoch}")  # noqa: S311 - sampling
    drawn = themes.draw(themes.read_themes(paths.data), len(chosen), theme_rng)
    others = theme_batches(tokenizer, drawn, theme_rng)
    trainer.run_epoch(first, interleaved(stream, others, themes.EVERY), known, centre)


def _answers(
    paths: Paths, chosen: Sequence[Row], tokens: Sequence[Tokens], epoch: int, settings: Settings
) -> Tensor | None:
    """What the teachers say of an epoch's texts, if only upper layers are trained on."""
    if settings.start is None or not settings.upper:
        return None
    cache = paths.work / f"answers-{epoch}.npy"
    if not cache.exists():
        # Of our own rows nobody is asked: they have their labels.
        asked = [at for at, row in enumerate(chosen) if row.source != "own"]
        told = torch.zeros(len(chosen), CLASSES)
        teachers = settings.teachers or (settings.start,)
        for folder in teachers:
            teacher = SentimentNet.from_base(paths.base)
            teacher.load_state_dict(read_trunk(folder))
            answers = answers_of(teacher, [tokens[at] for at in asked], settings.threads)
            told[asked] += answers / len(teachers)
            log.info("epoch %d: answers of %s ready", epoch, folder)
        np.save(cache, told.numpy())
    return torch.from_numpy(np.load(cache))


def load_network(paths: Paths) -> BranchedNet:
    """The trained network, its branch included."""
    network = BranchedNet.from_base(paths.base)
    state: dict[str, Tensor] = {}
    for name in ("weights.pt", "branch.pt"):
        state |= torch.load(paths.work / name, weights_only=True)
    network.load_state_dict(state)
    network.eval()
    return network
