"""Readers of the labelled sets: each yields `Row`s with three classes, nothing else.

The folder of data stays outside the repository; every set has its own README there with origin
and licence. A set that is not in the folder is skipped with a line in the log.
"""

from __future__ import annotations

import ast
import csv
import gzip
import html
import io
import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from sentiment.training.entities import spellings
from sentiment.training.rows import UNLABELLED, Row

log = logging.getLogger(__name__)

_POLARITY = {"neg": 0, "neu": 1, "pos": 2}
_PLACEHOLDER = re.compile(r"\{link\}|\[(?:phone|email|number|name)\]")
_NOTHING = re.compile(r"^\W*(?:нет|никаких|не\s\w+|отсутству\w*|их нет|все)?\W*$", re.IGNORECASE)


def _table(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    lines = io.StringIO(text, newline="")
    if delimiter == "\t":
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        yield from csv.DictReader(lines)


def _clean(text: str) -> str:
    return " ".join(_PLACEHOLDER.sub(" ", text).split())


def tweeteval(folder: Path) -> Iterator[Row]:
    """English tweets, sentiment of the whole tweet."""
    for name in ("train.tsv.gz", "val.tsv", "extra_2016devtest.tsv"):
        for row in _table(folder / "tweeteval_sentiment" / name, "\t"):
            yield Row("tweeteval", "en", row["text"], int(row["label"]))


def semeval_topic(folder: Path) -> Iterator[Row]:
    """English tweets, five points towards a topic, joined to three."""
    for row in _table(folder / "semeval_topic_sentiment" / "train.tsv.gz", "\t"):
        score = int(row["label"])
        label = 1 + (score > 0) - (score < 0)
        yield Row("semeval_topic", "en", row["text"], label, row["topic"].lstrip("@#"))


def rusentitweet(folder: Path) -> Iterator[Row]:
    """General Russian tweets; `skip` is left out, `speech` (greetings, thanks) is neutral."""
    labels = {"negative": 0, "neutral": 1, "speech": 1, "positive": 2}
    for row in _table(folder / "rusentitweet" / "train.csv.gz", ","):
        if row["label"] in labels:
            yield Row("rusentitweet", "ru", row["text"], labels[row["label"]])


def sentirueval(folder: Path) -> Iterator[Row]:
    """Russian tweets on banks and telecoms, sentiment towards the named one."""
    for row in _table(folder / "sentirueval2016" / "train.csv.gz", ","):
        source = f"sentirueval_{row['domain']}"
        text, entity = row["text"], row["entity"]
        label = int(row["label"]) + 1
        yield Row(source, "ru", text, label, entity, aliases=spellings(entity, text))


def clothes(folder: Path) -> Iterator[Row]:
    """Russian reviews of clothes by stars."""
    for row in _table(folder / "rureviews_clothes_sample" / "train.csv.gz", ","):
        yield Row("rureviews_clothes", "ru", row["text"], _POLARITY[row["label"][:3]])


def otzovik(folder: Path) -> Iterator[Row]:
    """Russian bank reviews by stars (3 is neutral); short pros and cons as texts of their own."""
    for row in _table(folder / "bank_reviews_otzovik" / "train.csv.gz", ","):
        rating = int(row["rating"])
        label = 1 + (rating > 3) - (rating < 3)
        body = _clean(f"{row['title']}. {row['text'].removesuffix('...')}")
        yield Row("bank_otzovik", "ru", body, label, weight=0.6 if rating == 3 else 1.0)
        for field, polarity in (("pros", 2), ("cons", 0)):
            part = _clean(row[field])
            if not _NOTHING.match(part) and 3 <= len(part.split()) <= 25:
                yield Row("bank_pros_cons", "ru", part, polarity, weight=0.5)


def sravni(folder: Path) -> Iterator[Row]:
    """Russian bank reviews, poles only; praise of the one bank that gives most of it is thinned."""
    for index, row in enumerate(_table(folder / "bank_reviews_sravni" / "train.csv.gz", ",")):
        praise = int(row["rating"]) > 3
        if not praise or "sovkom" not in row["bank"] or index % 4 == 0:
            yield Row("bank_sravni", "ru", _clean(row["text"]), 2 if praise else 0)


def products(folder: Path) -> Iterator[Row]:
    """Russian reviews of phones by stars (3 is neutral)."""
    for row in _table(folder / "product_reviews_small" / "train.csv.gz", ","):
        rating = int(row["rating"])
        yield Row("product_reviews", "ru", row["text"], 1 + (rating > 3) - (rating < 3))


def romip(folder: Path) -> Iterator[Row]:
    """Russian news quotes, spaces before punctuation taken out."""
    for row in _table(folder / "romip2012_news_quotes" / "train.csv", ","):
        text = re.sub(r"\s+([.,!?;:])", r"\1", row["text"])
        yield Row("romip_news", "ru", text, int(row["label"]) + 1, weight=0.6)


def sxsw(folder: Path) -> Iterator[Row]:
    """English tweets towards a product; rows without a target are left out (noisy set)."""
    for row in _table(folder / "brand_tweets_sxsw" / "train.csv.gz", ","):
        label = {"negative": 0, "none": 1, "positive": 2}.get(row["label"])
        if label is not None and row["target"] in {"iPad", "Apple", "Google", "iPhone", "Android"}:
            yield Row("sxsw", "en", _clean(row["text"]), label, row["target"], 0.5)


def mcdonalds(folder: Path) -> Iterator[Row]:
    """English complaints: every row with a settled reason is negative."""
    for row in _table(folder / "mcdonalds_complaints" / "train.csv.gz", ","):
        if row["reasons"] not in {"", "na"}:
            yield Row("mcdonalds", "en", row["text"], 0)


def cedr(folder: Path) -> Iterator[Row]:
    """Russian sentences by emotion, for the tone it has; surprise and mixed ones are left out."""
    tones = {"joy": 2, "sadness": 0, "fear": 0, "anger": 0, "none": 1}
    for row in _table(folder / "cedr_emotions" / "train.csv.gz", ","):
        found = {tones.get(emotion) for emotion in row["label"].split("|")}
        label = found.pop() if len(found) == 1 else None
        if label is not None:
            yield Row("cedr", "ru", row["text"], label, weight=0.4)


def emotion(folder: Path) -> Iterator[Row]:
    """English tweets by emotion, for the tone it has: anger and sadness, joy and optimism."""
    tones = {"0": 0, "1": 2, "2": 2, "3": 0}
    place = folder / "tweeteval_emotion"
    texts = gzip.decompress((place / "train_text.txt.gz").read_bytes()).decode("utf-8")
    labels = (place / "train_labels.txt").read_text(encoding="utf-8")
    for text, label in zip(texts.splitlines(), labels.split(), strict=True):
        yield Row("emotion", "en", html.unescape(text), tones[label], weight=0.4)


def tweets_of_other_tasks(task: str, folder: Path) -> Iterator[Row]:
    """English tweets labelled with something that says nothing of sentiment."""
    texts = gzip.decompress((folder / f"tweeteval_{task}" / "train_text.txt.gz").read_bytes())
    for text in texts.decode("utf-8").splitlines():
        yield Row(UNLABELLED, "en", html.unescape(text), label=1)


def _agreed(polarities: list[str]) -> int | None:
    """The class all polarities of a sentence share, or None when they differ or are unknown."""
    found = {_POLARITY.get(value.strip().casefold()[:3]) for value in polarities}
    return found.pop() if len(found) == 1 else None


def semeval_absa(folder: Path) -> Iterator[Row]:
    """English review sentences all of whose opinions agree."""
    for path in sorted((folder / "semeval_absa").glob("*.xml.gz")):
        with gzip.open(path) as file:
            # The folder is the trainer's own choice, not something fetched.
            tree = ElementTree.parse(file)  # noqa: S314
        for sentence in tree.iter("sentence"):
            marks = [node.get("polarity") for node in sentence.iter() if node.get("polarity")]
            label = _agreed([mark for mark in marks if mark])
            text = sentence.findtext("text")
            if label is not None and text:
                yield Row("semeval_absa", "en", text, label)


def m_absa(folder: Path) -> Iterator[Row]:
    """Review sentences of seven domains in both languages all of whose opinions agree."""
    for lang in ("ru", "en"):
        for path in sorted((folder / "m_absa" / lang).glob("*.txt")):
            for line in path.read_text(encoding="utf-8").splitlines():
                text, _, literal = line.partition("####")
                try:
                    triplets = ast.literal_eval(literal)
                    label = _agreed([str(triplet[2]) for triplet in triplets])
                except (ValueError, SyntaxError, IndexError):
                    # A dozen lines are not literals (quotes inside terms); the README says so.
                    continue
                if label is not None:
                    yield Row(f"m_absa_{lang}", lang, text, label)


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "tweeteval_sentiment": tweeteval,
    "semeval_topic_sentiment": semeval_topic,
    "rusentitweet": rusentitweet,
    "sentirueval2016": sentirueval,
    "rureviews_clothes_sample": clothes,
    "bank_reviews_otzovik": otzovik,
    "bank_reviews_sravni": sravni,
    "product_reviews_small": products,
    "romip2012_news_quotes": romip,
    "brand_tweets_sxsw": sxsw,
    "mcdonalds_complaints": mcdonalds,
    "semeval_absa": semeval_absa,
    "m_absa": m_absa,
    "cedr_emotions": cedr,
    "tweeteval_emotion": emotion,
    "tweeteval_irony": partial(tweets_of_other_tasks, "irony"),
    "tweeteval_offensive": partial(tweets_of_other_tasks, "offensive"),
}


def read_all(folder: Path) -> Iterator[Row]:
    """Every row of every set found in `folder`, in a fixed order."""
    for name, reader in READERS.items():
        if (folder / name).is_dir():
            yield from (row for row in reader(folder) if row.text.strip())
        else:
            log.warning("data set %s is not in %s, going on without it", name, folder)
