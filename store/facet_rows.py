"""Products and places of a brand as they enter and leave the store; *facet* means either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FacetKind = Literal["product", "place"]
FACET_KINDS: tuple[FacetKind, ...] = ("product", "place")


@dataclass(frozen=True, slots=True)
class FacetSpec:
    """A product or place as configured.

    Attributes:
        slug: its id, unique among the brand's facets of that kind.
        name: what it is called where one name is shown; `names` by language, perhaps none.
    """

    kind: FacetKind
    slug: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A product or place as stored; `brand` is the id of its brand in configuration and exports."""

    id: int
    brand_id: int
    brand: str
    kind: FacetKind
    slug: str
    name: str
    names: Mapping[str, str]

    def called(self, lang: str) -> str:
        """Its name in a language, else the one name it always has."""
        return self.names.get(lang) or self.name


@dataclass(frozen=True, slots=True)
class FacetMatch:
    """That a mention speaks of a facet, or that its author says to be there.

    Attributes:
        about: what the mention speaks of; false: only where its author is.
        term: the term that matched, as configured.
    """

    facet_id: int
    about: bool
    term: str


@dataclass(frozen=True, slots=True)
class Named:
    """The facets of one mention towards one brand, by their ids."""

    products: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    author_places: tuple[str, ...] = ()
    """Where the author says to be; the mention need not be about it."""


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many stories of one brand in an interval speak of a facet, and in what mood."""

    kind: FacetKind
    slug: str
    mentions: int
    negative: int
    positive: int


@dataclass(frozen=True, slots=True)
class KeptText:
    """A kept mention towards a brand, as far as matching looks at it."""

    row_id: int
    revision: int
    text: str
    lang: str
    source_type: str
    author_id: str
    author_handle: str
    author_name: str
    author_location: str
    site: str
    url: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """What a kept mention is found to name now, and whether the brand itself wrote it."""

    row_id: int
    revision: int
    facets: tuple[FacetMatch, ...]
    own: bool
