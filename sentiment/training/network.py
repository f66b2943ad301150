"""The network: one encoder pass gives sentiment, the verdict on a target and a semantic space.

The heads are linear over token states, so those of sentiment and space commute with mean pooling:
the logits (or the embedding) of any span are the mean of its tokens' rows, and a clause costs no
second pass. What is said of a target, of all that a text names, has topmost layers of its own
(`Branch`): in one body of this size it gained only what general texts lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel
from transformers.models.bert.modeling_bert import BertLayer

CLASSES = 3
BRANCH_LAYERS = 6
"""Own layers of the branch, at most half of all; each is 1.8 MB of the shipped file."""

WEIGHT_STEPS = 64
"""Largest code of a shipped weight: 7 bits and a sign, see `sentiment.training.export`."""


class RoundedLinear(nn.Linear):  # type: ignore[misc]
    """A linear layer that computes with its weights as the shipped file rounds them.

    Gradients pass through the rounding as if it were not there (straight-through estimator,
    Bengio 2013), so the weights settle where rounding costs little.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """`rows` times the rounded weights, plus the bias."""
        weight = self.weight
        with torch.no_grad():
            scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-9) / WEIGHT_STEPS
            gap = torch.round(weight / scale).mul_(scale).sub_(weight)
        return functional.linear(rows, weight + gap, self.bias)


def round_weights(body: nn.Module, *, on: bool) -> None:
    """Let the linear layers of a body compute with rounded weights, or no longer."""
    for module in body.modules():
        if isinstance(module, nn.Linear):
            module.__class__ = RoundedLinear if on else nn.Linear


class SentimentNet(nn.Module):  # type: ignore[misc]
    """`BertModel` with a linear sentiment head and a linear embedding projection."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.sentiment = nn.Linear(config.hidden_size, CLASSES)
        self.projection = nn.Linear(config.hidden_size, config.hidden_size)
        nn.init.eye_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)
        nn.init.normal_(self.sentiment.weight, std=0.02)
        nn.init.zeros_(self.sentiment.bias)
        # The table must stay on the 4-bit grid it came from.
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)

    @classmethod
    def from_base(cls, folder: Path) -> Self:
        """The network on the converted backbone in `folder`, heads fresh."""
        from safetensors.torch import load_file  # noqa: PLC0415

        config = BertConfig.from_pretrained(folder, local_files_only=True)
        config._attn_implementation = "sdpa"
        # Drawing dropout masks takes a quarter of a step on a CPU; two epochs over rows that
        # mostly differ do not overfit without it.
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        network = cls(config)
        state = load_file(folder / "model.safetensors")
        missing, unexpected = network.encoder.load_state_dict(state, strict=False)
        if unexpected or missing:
            raise ValueError(f"{folder}: missing {missing}, unexpected {unexpected}")
        return network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`logits` [B, 3], `token_logits` [B, T, 3] and `token_embeddings` [B, T, H]."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        hidden = states.last_hidden_state
        token_logits = self.sentiment(hidden)
        return masked_mean(token_logits, attention_mask), token_logits, self.projection(hidden)


def branch_depth(layers: int) -> int:
    """How many layers the branch has, of a trunk with so many."""
    return min(BRANCH_LAYERS, layers // 2)


class Branch(nn.Module):  # type: ignore[misc]
    """What a text says of its target: layers over the states of the trunk's lower half."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        depth = branch_depth(config.num_hidden_layers)
        self.layers = nn.ModuleList(BertLayer(config) for _ in range(depth))
        self.verdict = nn.Linear(config.hidden_size, CLASSES)

    def forward(self, below: Tensor, mask: Tensor) -> Tensor:
        """Logits [B, 3] from the states [B, T, H] under the branch; mask [B, T]."""
        return masked_mean(self.verdict(through(self.layers, below, mask)), mask)


class BranchedNet(SentimentNet):
    """A `SentimentNet`, the trunk, with a branch; what the trunk says stays what it was."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.towards = Branch(config)

    @property
    def _halves(self) -> tuple[nn.ModuleList, nn.ModuleList]:
        layers = self.encoder.encoder.layer
        return layers[: -len(self.towards.layers)], layers[-len(self.towards.layers) :]

    def grow(self) -> None:
        """Let the branch begin as what the trunk has."""
        self.towards.layers.load_state_dict(self._halves[1].state_dict())
        self.towards.verdict.load_state_dict(self.sentiment.state_dict())

    def below(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """States [B, T, H] of the trunk's lower layers."""
        return through(self._halves[0], self.encoder.embeddings(input_ids=input_ids), mask)

    def forward(  # type: ignore[override]
        self, input_ids: Tensor, attention_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `SentimentNet` gives, and `target_logits` [B, 3]."""
        below = self.below(input_ids, attention_mask)
        hidden = through(self._halves[1], below, attention_mask)
        token_logits = self.sentiment(hidden)
        return (
            masked_mean(token_logits, attention_mask),
            token_logits,
            self.projection(hidden),
            self.towards(below, attention_mask),
        )


def through(layers: nn.ModuleList, states: Tensor, mask: Tensor) -> Tensor:
    """States [B, T, H] after some layers; tokens where the mask [B, T] is 0 are not seen."""
    unseen = (1.0 - mask[:, None, None, :].to(states.dtype)) * -1e4
    for layer in layers:
        states = layer(states, unseen)
    return states


def masked_mean(rows: Tensor, mask: Tensor) -> Tensor:
    """Mean of `rows` [B, T, D] over the positions where `mask` [B, T] is 1."""
    weights = mask.unsqueeze(-1).to(rows.dtype)
    return (rows * weights).sum(1) / weights.sum(1).clamp(min=1.0)
