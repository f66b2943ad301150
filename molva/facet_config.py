"""The products and places of a brand in `molva.toml`: `[[brand.product]]` and `[[brand.place]]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from slugify import slugify

from collectors.query import Query, QueryError, compile_query, query_from_names
from store.facet_rows import FacetKind, FacetSpec

MOST_FACETS = 500
"""Products, and places, of one brand."""
_LONGEST_SLUG = 40

Name = Annotated[str, Field(min_length=1, max_length=120)]


def _by_language(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


Names = Annotated[
    Mapping[Literal["", "en", "ru"], Name], BeforeValidator(_by_language), Field(min_length=1)
]
"""Names by language; the one name for all languages under an empty one."""


class FacetConfig(BaseModel):
    """A product or place of a brand: by its names and terms, or by a query."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[FacetKind]

    id: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="Short and unchanging; default: made of the (English) name.",
    )
    name: Names = Field(description="One name, or name.en and name.ru.")
    terms: tuple[str, ...] = Field(default=(), description="Other words it is known by.")
    exclude: tuple[str, ...] = Field(default=(), description="Phrases that mean another thing.")
    query: str | None = Field(default=None, description="Replaces names, terms and exclude.")
    ids: tuple[Name, ...] = Field(
        default=(),
        description="What a source knows it by (`thread_id` in an export): a Google Business "
        "location, an app, a shop's article.",
    )

    @model_validator(mode="after")
    def _sound(self) -> FacetConfig:
        if self.query is not None and (self.terms or self.exclude):
            raise ValueError("give either query, or terms and exclude, not both")
        if not self.slug:
            raise ValueError("no id can be made of this name: give one with id")
        return self

    @property
    def names(self) -> Mapping[str, str]:
        """Its names by language; empty if it has one name for all."""
        return {lang: name for lang, name in self.name.items() if lang}

    @property
    def slug(self) -> str:
        """Its id."""
        return self.id or slugify(self._called("en"), max_length=_LONGEST_SLUG)

    @property
    def effective_query(self) -> str:
        """The query as written, or the one made from names, terms and exclusions; or its ids."""
        told = self.query or query_from_names((*self.name.values(), *self.terms), self.exclude)
        known = [f'thread:"{own}"' for own in self.ids]
        return " OR ".join([f"({told})", *known]) if known else told

    def compiled(self) -> Query:
        """The query, ready to match.

        Raises:
            QueryError: it is not valid; the error says where.
        """
        return compile_query(self.effective_query, name=self.slug)

    def spec(self, lang: str) -> FacetSpec:
        """It as the store keeps it; `lang` is the language of the one name that exports show."""
        return FacetSpec(self.kind, self.slug, self._called(lang), self.names)

    def _called(self, lang: str) -> str:
        return self.names.get(lang) or next(iter(self.name.values()), "")


class ProductConfig(FacetConfig):
    """A product or service of a brand."""

    kind = "product"


class PlaceConfig(FacetConfig):
    """A shop, branch, town or region of a brand."""

    kind = "place"

    authors: tuple[Name, ...] = Field(
        default=(),
        description="How people who are there write it in their profile; kept apart from what "
        "mentions speak of.",
    )

    def compiled_authors(self) -> Query | None:
        """What to look for in the place an author gives; None where nothing is configured.

        Raises:
            QueryError: a name is not valid.
        """
        if not self.authors:
            return None
        return compile_query(query_from_names(self.authors), name=self.slug)


def facet_problems(facets: Sequence[FacetConfig]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What is wrong with a brand's products, or places: where (number, field), and what."""
    ids: set[str] = set()
    names: set[str] = set()
    for number, facet in enumerate(facets):
        try:
            facet.compiled()
            if isinstance(facet, PlaceConfig):
                facet.compiled_authors()
        except (QueryError, ValueError) as error:
            yield (number, "terms" if facet.query is None else "query"), str(error)
        if facet.slug in ids:
            yield (number, "id"), f"{facet.slug!r} is used twice: give this one an id of its own"
        own = set(facet.name.values())
        for name in sorted(own & names):
            yield (number, "name"), f"{name!r} is used twice"
        ids.add(facet.slug)
        names |= own
