"""The whole of labelling: language, sentiment, causes, joined into a `Label` a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, cast

from sentiment.causes import CauseFinder
from sentiment.encoder import EncodedText, Encoder, chunked
from sentiment.interface import IntentLink, Label, Reasons, Sentiment, Text
from sentiment.judge import Judge, ShippedJudge
from sentiment.language import Language, detect
from sentiment.target import names_in
from sentiment.taxonomy import Taxonomy

CLASSES: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
"""Classes in the order of the logits."""


class Causes(Protocol):
    """What the labeller asks of a cause finder."""

    @property
    def version(self) -> str:
        """What it knows: another version finds other causes."""

    def read(self, items: Sequence[tuple[EncodedText, str, str]]) -> Sequence[Reasons]:
        """Causes and intents of (encoded, text, language) triples, spans in the original text."""


class NoCauses:
    """Finds nothing, at once: for those who want the sentiment alone."""

    version = "none"

    def read(self, items: Sequence[tuple[EncodedText, str, str]]) -> Sequence[Reasons]:
        """Nothing for each text."""
        return [Reasons() for _ in items]


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
        # A judge from elsewhere may know languages that the shipped causes do not.
        caused = [
            (i, own)
            for i, own in zip(known, encoded, strict=True)
            if languages[i].code in self._encoder.languages
        ]
        found = self._causes.read([(own, chunk[i].text, languages[i].code) for i, own in caused])
        reasons = {i: own for (i, _), own in zip(caused, found, strict=True)}
        labels = [self._unscored(item, lang) for item, lang in zip(chunk, languages, strict=True)]
        for i, chance in zip(known, chances, strict=True):
            labels[i] = self._scored(chunk[i], languages[i], chance, reasons.get(i, Reasons()))
        return labels

    def _chances(
        self, items: Sequence[Text], encoded: Sequence[EncodedText], langs: Sequence[str]
    ) -> list[tuple[float, float, float]]:
        if not items:
            return []
        found = self._judge.chances(items, encoded, langs)
        return cast("list[tuple[float, float, float]]", found.tolist())

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
        chance: tuple[float, float, float],
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
    rival = intent.rival
    if rival is None:
        return False
    return names_in(rival, names) or any(names_in(name, (rival,)) for name in names)
