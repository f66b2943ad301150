"""The causes to look for: read from a TOML file and checked field by field.

The shipped `taxonomy.toml` documents the format in its head. A user's file needs no more than an
id, a polarity and a few examples a cause; what it leaves out (the background of texts without a
cause) is taken from the shipped one.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from sentiment.interface import ModelError, Polarity
from sentiment.taxonomy_lines import lines_of
from sentiment.taxonomy_words import Location, did_you_mean, first_problem

ENOUGH = 40
"""Examples a cause from which on a classifier is fitted on them; fewer are compared with."""

COMPARISON = 9
"""The number of the way in which few examples are compared with; part of such a version."""

SHIPPED = Path(__file__).with_name("taxonomy.toml")
LANGUAGES = ("en", "ru")

Language = Literal["en", "ru"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Example = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16_000)]
"""A clause, or a whole post or letter as the encoder reads it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of unhappiness or a driver of delight.

    Attributes:
        name: by language; only the languages the file gives.
        description: one sentence by language, may be empty.
        examples: clauses that show the cause, by language.
        includes: terms that speak for the cause; "*" at the end stands for any ending.
        excludes: terms that rule it out in their clause.
        parent: id of a wider cause of the same polarity, which sums up its children in reports.
    """

    id: str
    polarity: Polarity
    name: Mapping[str, str]
    description: Mapping[str, str]
    examples: Mapping[str, tuple[str, ...]]
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    parent: str | None = None

    def texts(self) -> list[str]:
        """All that teaches the cause: its names, descriptions and examples, each text once."""
        told = [*self.name.values(), *self.description.values()]
        shown = [text for texts in self.examples.values() for text in texts]
        return list(dict.fromkeys(told + shown))


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The causes of one file, in its order.

    Attributes:
        version: the declared version and a hash of the content, such as "1+5f3a91c2".
        background: texts that name no cause, by language.
        source: the file it was read from; None of the shipped one or one that code made.
    """

    version: str
    causes: tuple[Cause, ...]
    background: Mapping[str, tuple[str, ...]]
    source: Path | None = field(default=None, compare=False)

    @classmethod
    def load(cls, path: Path | None = None) -> Taxonomy:
        """The taxonomy in the file `path`, or the shipped one.

        Raises:
            ModelError: the file cannot be read or breaks the format; names file, line and field.
        """
        return replace(_load(path), source=path) if path else _shipped()

    @property
    def findable(self) -> tuple[Cause, ...]:
        """The causes that texts can name; a parent without examples only groups its children."""
        parents = {cause.parent for cause in self.causes}
        return tuple(
            cause
            for cause in self.causes
            if cause.id not in parents or any(cause.examples.values())
        )

    @property
    def few(self) -> bool:
        """Whether the causes have too few examples to fit a classifier on."""
        texts = sum(len(cause.texts()) for cause in self.findable)
        return texts < ENOUGH * len(self.findable)

    def names(self) -> dict[str, dict[str, str]]:
        """Names by cause id and language; a language the file leaves out has another's name."""
        named = {}
        for cause in self.causes:
            other = next(iter(cause.name.values()), cause.id)
            named[cause.id] = {lang: cause.name.get(lang, other) for lang in LANGUAGES}
        return named


def _localised(value: object) -> object:
    """A bare value serves both languages."""
    return value if isinstance(value, dict) else {"en": value}


def _known_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Lines = Annotated[list[Line], AfterValidator(_known_once)]
Examples = Annotated[list[Example], AfterValidator(_known_once)]
LocalisedLine = Annotated[dict[Language, Line], BeforeValidator(_localised)]
LocalisedExamples = Annotated[dict[Language, Examples], BeforeValidator(_localised)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CauseEntry(_Entry):
    id: Annotated[str, StringConstraints(pattern=r"^\w[\w .:/-]*$", max_length=64)]
    polarity: Polarity
    name: LocalisedLine = {}
    description: LocalisedLine = {}
    examples: LocalisedExamples = {}
    includes: Lines = []
    excludes: Lines = []
    parent: str | None = None


class _BackgroundEntry(_Entry):
    examples: LocalisedExamples


class _File(_Entry):
    version: str | int | float
    cause: list[_CauseEntry]
    background: _BackgroundEntry | None = None


_FIELDS: Mapping[str, Collection[str]] = {
    "": _File.model_fields,
    "cause": _CauseEntry.model_fields,
    "background": _BackgroundEntry.model_fields,
}


@cache
def _shipped() -> Taxonomy:
    return _load(SHIPPED)


def _load(path: Path) -> Taxonomy:
    try:
        source = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(source)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path}: not valid TOML: {error}") from error
    try:
        parsed = _File.model_validate(raw)
    except ValidationError as error:
        loc, message = first_problem(error.errors(include_url=False), _FIELDS)
        raise _error(path, source, raw, loc, message) from error
    if problem := _contradiction(parsed):
        raise _error(path, source, raw, *problem)
    return _taxonomy(parsed)


def _contradiction(parsed: _File) -> tuple[Location, str] | None:
    """Where and why causes do not fit together, if they do not."""
    parents = {entry.parent for entry in parsed.cause}
    seen: set[str] = set()
    for at, entry in enumerate(parsed.cause):
        if entry.id in seen:
            return ("cause", at, "id"), "another cause has this id; give each its own"
        seen.add(entry.id)
    for at, entry in enumerate(parsed.cause):
        shown = any(entry.examples.values()) or entry.description or entry.id in parents
        if not shown:
            return ("cause", at, "examples"), "give examples or a description to learn from"
        if problem := _wrong_parent(entry, parsed.cause):
            return ("cause", at, "parent"), problem
    if all(entry.id in parents and not any(entry.examples.values()) for entry in parsed.cause):
        return ("cause",), "at least one [[cause]] with something to learn from is needed"
    return None


def _wrong_parent(entry: _CauseEntry, entries: Sequence[_CauseEntry]) -> str | None:
    """What is wrong with the parent of a cause, if anything is."""
    by_id = {own.id: own for own in entries}
    if entry.parent is None:
        return None
    if entry.parent == entry.id:
        return "it is its own parent; name a wider cause, or leave the parent out"
    if entry.parent not in by_id:
        like = did_you_mean(entry.parent, by_id.keys() - {entry.id})
        return f"there is no other cause {entry.parent!r}{like}"
    if by_id[entry.parent].polarity != entry.polarity:
        return f"{entry.parent!r} has the other polarity; give both the same"
    way = [entry.id]
    above: str | None = entry.parent
    while above in by_id and above not in way:
        way.append(above)
        above = by_id[above].parent
    if above == entry.id:
        told = " → ".join([*way, above])
        return f"parents go round in a circle ({told}); leave one of them out"
    return None


def _taxonomy(parsed: _File) -> Taxonomy:
    """The taxonomy of a file; the version of few examples follows the shipped background, too."""
    causes = tuple(
        Cause(
            id=entry.id,
            polarity=entry.polarity,
            name={lang: text for lang, text in entry.name.items()},  # noqa: C416
            description={lang: text for lang, text in entry.description.items()},  # noqa: C416
            examples={lang: tuple(texts) for lang, texts in entry.examples.items()},
            includes=tuple(entry.includes),
            excludes=tuple(entry.excludes),
            parent=entry.parent,
        )
        for entry in parsed.cause
    )
    if parsed.background:
        given = parsed.background.examples.items()
        background: Mapping[str, tuple[str, ...]] = {lang: tuple(texts) for lang, texts in given}
    else:
        background = _shipped().background
    content: list[object] = [[entry.model_dump() for entry in parsed.cause], background]
    taxonomy = Taxonomy(str(parsed.version), causes, background)
    if taxonomy.few:
        content += [_shipped().version, COMPARISON]
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode("utf-8", "backslashreplace")).hexdigest()
    return replace(taxonomy, version=f"{parsed.version}+{digest[:8]}")


def _error(
    path: Path, source: str, raw: Mapping[str, Any], loc: Location, message: str
) -> ModelError:
    """The message for a person: file, line, field, and what is wrong with it."""
    lines = lines_of(source)
    # What pydantic says of kinds of values and of keys is nothing that a file holds.
    place = tuple(own for own in loc if not (isinstance(own, str) and own.startswith("[")))
    # A bare value serves both languages: it is read as if it stood under "en".
    bare = tuple(own for own in place if own != "en")
    place = bare if place not in lines and bare in lines else place
    around = (place[:length] for length in range(len(place), 0, -1))
    line = next((lines[own] for own in around if own in lines), 1)
    where = _dotted(place)
    if len(place) > 1 and place[0] == "cause" and isinstance(place[1], int):
        own = raw["cause"][place[1]]
        label = own.get("id") if isinstance(own, dict) else None
        named = f"cause {label!r}" if label else f"cause number {place[1] + 1}"
        where = f"{named}, field {_dotted(place[2:])}" if place[2:] else named
    return ModelError(f"{path}, line {line}: {where}: {message}")


def _dotted(place: Location) -> str:
    """`examples.en, number 2` for the second text of a list."""
    if place and isinstance(place[-1], int):
        return f"{_dotted(place[:-1])}, number {place[-1] + 1}"
    return ".".join(map(str, place))
