"""The network: one encoder pass gives sentiment and a general semantic space.

Both heads are linear over token states, so they commute with mean pooling: the logits (or the
embedding) of any span are the mean of its tokens' rows, and a clause costs no second pass.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

CLASSES = 3
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


def round_weights(network: SentimentNet, *, on: bool) -> None:
    """Let the encoder's linear layers compute with rounded weights, or no longer."""
    for module in network.encoder.modules():
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
    def from_base(cls, folder: Path) -> SentimentNet:
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


def masked_mean(rows: Tensor, mask: Tensor) -> Tensor:
    """Mean of `rows` [B, T, D] over the positions where `mask` [B, T] is 1."""
    weights = mask.unsqueeze(-1).to(rows.dtype)
    return (rows * weights).sum(1) / weights.sum(1).clamp(min=1.0)
