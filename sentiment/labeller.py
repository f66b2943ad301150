"""The whole of labelling: language, sentiment, causes, joined into a `Label` a text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from sentiment.causes import CauseFinder
from sentiment.encoder import EncodedText, Encoder, chunked
from sentiment.interface import IntentLink, Label, Reasons, Sentiment, Text
from sentiment.judge import Judge, ShippedJudge
from sentiment.language import Language, detect
from sentiment.target import names_in
from sentiment.taxonomy import Taxonomy
from sentiment.whose import Chances, Move, of_target

CLASSES: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
"""Classes in the order of the logits."""

MOST_OTHERS = 8
"""Other brands of one text that are asked about: a list of firms is about none of them."""


class Causes(Protocol):
    """What the labeller asks of a cause finder."""

    @property
    def version(self) -> str:
        """What it knows: another version finds other causes."""

    def read(
        self, items: Sequence[tuple[EncodedText, str, str]], several: Collection[int] = ()
    ) -> Sequence[Reasons]:
        """Causes and intents of (encoded, text, language) triples, spans in the original text.

        `several` are the numbers of texts that name several brands.
        """


class NoCauses:
    """Finds nothing, at once: for those who want the sentiment alone."""

    version = "none"

    def read(
        self, items: Sequence[tuple[EncodedText, str, str]], several: Collection[int] = ()
    ) -> Sequence[Reasons]:
        """Nothing for each text."""
        del several
        return [Reasons() for _ in items]


@dataclass(frozen=True, slots=True)
class _Read:
    """A text in a language of the judge, and what the model says of it towards its target."""

    item: Text
    lang: str
    encoded: EncodedText
    chances: Chances


class Labeller:
    """Labels texts with one model and one taxonomy.

    Attributes:
        model_version: name and content hash of the model.
        taxonomy_version: versions of the causes and of the signals beside them.
    """

    def __init__(self, encoder: Encoder, causes: Causes, judge: Judge | None = None) -> None:
        self._encoder = encoder
        self._causes = causes
        self._judge: Judge = judge or ShippedJudge(encoder)
        self.model_version = self._judge.version
        self.taxonomy_version = causes.version

    @classmethod
    def load(cls, model: Path | None = None, taxonomy: Taxonomy | None = None) -> Labeller:
        """A labeller with the model in the folder `model` (or the shipped one) and a taxonomy.

        Raises:
            ModelError: the model or the taxonomy cannot be used.
        """
        encoder = Encoder.load(model)
        chosen = taxonomy or Taxonomy.load()
        return cls(encoder, CauseFinder(encoder, chosen))

    def label(self, texts: Iterable[Text]) -> Iterator[Label]:
        """Label texts, in order; memory does not grow with their number.

        A text in a language the model does not know, or with too few letters to tell, is
        `unscored`. Of a very long text the first 16,000 characters (at most 16 windows of the
        model) are read and averaged. Nothing in a text makes this raise.
        """
        for chunk in chunked(texts, lambda item: item.text):
            yield from self._label_chunk(chunk)

    def _label_chunk(self, chunk: Sequence[Text]) -> list[Label]:
        languages = [detect(item.text, item.lang) for item in chunk]
        known = [i for i, found in enumerate(languages) if found.code in self._judge.languages]
        encoded = self._encoder.encode_chunk([(chunk[i].text, chunk[i].names) for i in known])
        chances = self._chances(
            [chunk[i] for i in known], encoded, [languages[i].code for i in known]
        )
        read = [
            _Read(chunk[i], languages[i].code, own, chance)
            for i, own, chance in zip(known, encoded, chances, strict=True)
        ]
        labels = [self._unscored(item, lang) for item, lang in zip(chunk, languages, strict=True)]
        for i, own, reasons in zip(known, read, self._reasons(read), strict=True):
            labels[i] = self._scored(own.item, languages[i], own.chances, reasons)
        return labels

    def _reasons(self, read: Sequence[_Read]) -> list[Reasons]:
        """The causes and intents of texts, but those of other brands that they name."""
        # A judge from elsewhere may know languages that the shipped causes do not.
        known = [at for at, own in enumerate(read) if own.lang in self._encoder.languages]
        others = [_others(read[at].item) for at in known]
        found = self._causes.read(
            [(read[at].encoded, read[at].item.text, read[at].lang) for at in known],
            [number for number, names in enumerate(others) if names],
        )
        named = [(at, name) for at, names in zip(known, others, strict=True) for name in names]
        items = [replace(read[at].item, target=name, aliases=()) for at, name in named]
        encoded = self._encoder.encode_chunk([(item.text, item.names) for item in items])
        felt = iter(self._chances(items, encoded, [read[at].lang for at, _ in named]))
        reasons = [Reasons()] * len(read)
        for at, names, own in zip(known, others, found, strict=True):
            move = _move(own.intents, read[at].item.names, names)
            reasons[at] = of_target(own, read[at].chances, [next(felt) for _ in names], move)
        return reasons

    def _chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> list[Chances]:
        if not items:
            return []
        found = self._judge.chances(items, encoded, langs)
        return cast("list[Chances]", found.tolist())

    def _unscored(self, item: Text, lang: Language) -> Label:
        return Label(
            id=item.id,
            lang=lang.code,
            lang_confidence=lang.confidence,
            sentiment="unscored",
            p_negative=None,
            p_neutral=None,
            p_positive=None,
            low_confidence=True,
            causes=(),
            model_version=self.model_version,
            taxonomy_version=self.taxonomy_version,
        )

    def _scored(
        self,
        item: Text,
        lang: Language,
        chance: Chances,
        reasons: Reasons,
    ) -> Label:
        best = max(range(len(CLASSES)), key=chance.__getitem__)
        return Label(
            id=item.id,
            lang=lang.code,
            lang_confidence=lang.confidence,
            sentiment=CLASSES[best],
            p_negative=chance[0],
            p_neutral=chance[1],
            p_positive=chance[2],
            low_confidence=chance[best] < self._judge.confidence_floor,
            causes=reasons.causes,
            model_version=self.model_version,
            taxonomy_version=self.taxonomy_version,
            intents=tuple(own for own in reasons.intents if not arrives(own, item.names)),
        )


def arrives(intent: IntentLink, names: Sequence[str]) -> bool:
    """Whether the writer has switched to the very brand, of these names, that is judged.

    A brand may be called by a part of its name: "moved to Osprey" for Osprey Power.
    """
    return intent.rival is not None and _same(intent.rival, names)


def _move(intents: Sequence[IntentLink], own: Sequence[str], others: Sequence[str]) -> Move | None:
    """Where the writer has switched to, if it was between a brand and the only other one."""
    rivals = [intent.rival for intent in intents if intent.rival is not None]
    if len(others) != 1 or not rivals:
        return None
    if _same(rivals[0], own):
        return "here"
    return "away" if _same(rivals[0], others) else None


def _others(item: Text) -> list[str]:
    """The other brands that a text names, at most `MOST_OTHERS`, if it is judged towards one."""
    own = item.names
    named = dict.fromkeys(name for name in item.others if names_in(item.text, (name,)))
    return [name for name in named if own and not _same(name, own)][:MOST_OTHERS]


def _same(name: str, names: Sequence[str]) -> bool:
    """Whether a name is, holds or is held by one of these."""
    return names_in(name, names) or any(names_in(own, (name,)) for own in names)
