"""The branch that judges a target, trained over the trunk, which does not move.

The states under the branch are computed once and kept (9 GB of memory for 74,000 rows), so a step
costs the branch alone. Interrupted, it goes on from its last checkpoint; rows and order come from
the seed, so the states are the same again.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from sentiment.training import rows, towards
from sentiment.training.network import CLASSES, Branch, BranchedNet, round_weights
from sentiment.training.recipe import Paths, averaged
from sentiment.training.rows import Row
from sentiment.training.shipped import read_branch
from sentiment.training.train import (
    SMOOTHING,
    Settings,
    fast_arithmetic,
    labels_of,
    of_like_length,
    padded,
    tokenise,
)

log = logging.getLogger(__name__)

EPOCHS = 2
"""Of a branch that begins as the trunk; a shipped one goes on for one."""
RATE = 8e-5
RATE_ON = 1.2e-4
"""Of a shipped one: at less it learns little of what is new."""
WARMUP = 100
ROUNDED_FROM = 0.7
"""The share of the steps after which weights are rounded as in the shipped file."""

TRUNK_SHARE = 0.15
"""What the shipped branch keeps of the trunk's layers that it began as; chosen on validation."""

START_SHARE = 0.3
"""What a shipped branch that went on keeps of itself; without, tweets on banks are judged worse."""

_BUCKET = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows as the branch sees them: `states` are bfloat16 [tokens, H] each, `wanted` is [n, 3]."""

    states: Sequence[Tensor]
    wanted: Tensor
    weights: Tensor


def train_branch(paths: Paths, settings: Settings) -> None:
    """Train the branch on the trunk of `weights.pt` and write `branch.pt`.

    With `settings.upper` the shipped branch goes on, else a new one grows out of the trunk.
    """
    out = paths.work / "branch.pt"
    if out.exists():
        return
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    network = BranchedNet.from_base(paths.base)
    trunk = torch.load(paths.work / "weights.pt", weights_only=True)
    network.load_state_dict(trunk, strict=False)
    network.eval()
    if settings.upper and settings.start is not None:
        network.load_state_dict(read_branch(settings.start), strict=False)
        schedule, share = Schedule(1, RATE_ON), START_SHARE
    else:
        network.grow()
        schedule, share = Schedule(EPOCHS, RATE), TRUNK_SHARE
    train = list(rows.read_rows(paths.work / "train.jsonl"))
    own = towards.branch_rows(train, settings.seed, on=settings.upper)
    kept = keep(network, paths, own, settings.max_length)
    if settings.upper:
        answers = answers_of(network.towards, kept.states)
        kept = replace(kept, wanted=labels_of(own, answers))
    before = {name: own.clone() for name, own in network.towards.state_dict().items()}
    BranchTrainer(network.towards, paths, settings, kept, schedule).run()
    state = averaged(network.towards.state_dict(), before, share)
    torch.save({f"towards.{name}": own for name, own in state.items()}, out)


def keep(network: BranchedNet, paths: Paths, own: Sequence[Row], max_length: int) -> Kept:
    """What the trunk's lower layers make of the rows."""
    tokenizer = Tokenizer.from_file(str(paths.base / "tokenizer.json"))
    ids = [tokens.ids for tokens in tokenise(tokenizer, own, max_length)]
    states: list[Tensor] = [torch.empty(0)] * len(ids)
    log.info("branch: %d rows", len(ids))
    for group in of_like_length([len(sequence) for sequence in ids]):
        with torch.no_grad(), fast_arithmetic():
            below = network.below(*padded([ids[at] for at in group])).to(torch.bfloat16)
        for row, at in enumerate(group):
            states[at] = below[row, : len(ids[at])].clone()
    log.info("branch: states are ready")
    return Kept(states, labels_of(own), torch.tensor([row.weight for row in own]))


def answers_of(branch: Branch, states: Sequence[Tensor]) -> Tensor:
    """Probabilities [n, 3] that a branch gives to rows."""
    out = torch.zeros(len(states), CLASSES)
    for group in of_like_length([len(own) for own in states]):
        with torch.no_grad(), fast_arithmetic():
            logits = branch(*_padded([states[at] for at in group]))
        out[group] = logits.float().softmax(dim=1)
    log.info("branch: answers are ready")
    return out


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a branch is trained, and its highest learning rate."""

    epochs: int
    rate: float


class BranchTrainer:
    """Epochs of cross-entropy, with `branch-checkpoint.pt` in the work folder."""

    def __init__(
        self, branch: Branch, paths: Paths, settings: Settings, kept: Kept, schedule: Schedule
    ) -> None:
        self.branch, self.settings, self.kept, self.schedule = branch, settings, kept, schedule
        self.path = paths.work / "branch-checkpoint.pt"
        self.optimiser = torch.optim.AdamW(branch.parameters(), weight_decay=0.01)
        self.step = 0
        self._saved = time.monotonic()

    def run(self) -> None:
        """Train from the last checkpoint, if there is one, to the end."""
        plan = [group for epoch in range(self.schedule.epochs) for group in self._groups(epoch)]
        self._resume()
        self.branch.train()
        losses: list[float] = []
        while self.step < len(plan):
            round_weights(self.branch.layers, on=self.step >= ROUNDED_FROM * len(plan))
            losses.append(self._train(plan[self.step], 1 - self.step / len(plan)))
            self.step += 1
            if len(losses) == 50:
                mean = sum(losses) / len(losses)
                log.info("branch: step %d of %d, loss %.3f", self.step, len(plan), mean)
                losses.clear()
            if time.monotonic() - self._saved > 60 * self.settings.checkpoint_minutes:
                self._save()
        round_weights(self.branch.layers, on=False)
        self.branch.eval()

    def _groups(self, epoch: int) -> Iterator[list[int]]:
        """Batches of rows of like length, in random order."""
        rng = random.Random(f"{self.settings.seed}-branch-{epoch}")  # noqa: S311 - sampling
        order = rng.sample(range(len(self.kept.states)), len(self.kept.states))
        groups: list[list[int]] = []
        size = self.settings.batch
        for start in range(0, len(order), size * _BUCKET):
            bucket = order[start : start + size * _BUCKET]
            bucket.sort(key=lambda at: len(self.kept.states[at]))
            groups += [bucket[at : at + size] for at in range(0, len(bucket), size)]
        rng.shuffle(groups)
        yield from groups

    def _train(self, group: list[int], left: float) -> float:
        for own in self.optimiser.param_groups:
            own["lr"] = self.schedule.rate * left * min(1.0, (self.step + 1) / WARMUP)
        below, mask = _padded([self.kept.states[at] for at in group])
        with fast_arithmetic():
            logits = self.branch(below, mask)
        wanted, weights = self.kept.wanted[group], self.kept.weights[group]
        entropy = functional.cross_entropy(
            logits.float(), wanted, reduction="none", label_smoothing=SMOOTHING
        )
        loss = (entropy * weights).sum() / weights.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.branch.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _resume(self) -> None:
        if self.path.exists():
            state = torch.load(self.path, weights_only=True)
            self.branch.load_state_dict(state["branch"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = state["step"]
            log.info("branch: resumed at step %d", self.step)

    def _save(self) -> None:
        """Beside the old one first, so that none is half."""
        state = {
            "branch": self.branch.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        temporary = self.path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(self.path)
        self._saved = time.monotonic()


def _padded(states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """States [n, longest, H] and the mask [n, longest] of their tokens."""
    mask = torch.zeros(len(states), max(map(len, states)), dtype=torch.int64)
    below = torch.zeros(*mask.shape, states[0].shape[1])
    for row, own in enumerate(states):
        below[row, : len(own)] = own.float()
        mask[row, : len(own)] = 1
    return below, mask
