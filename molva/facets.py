"""Which of a brand's products and places a post speaks of, and whether the brand wrote it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b

from collectors.query import Document, Matcher, Query
from molva.config import BrandConfig
from molva.facet_config import PlaceConfig
from store.facet_rows import FacetMatch, FacetRow


class FacetMatcher:
    """Finds the facets of brands in posts; without any configured it costs nothing.

    Args:
        brands: as configured.
        facets: their facets as stored.
    """

    def __init__(self, brands: Sequence[BrandConfig], facets: Sequence[FacetRow]) -> None:
        self._facets = {f"{row.brand}/{row.kind}/{row.slug}": (row.brand, row.id) for row in facets}
        about: dict[str, Query] = {}
        homes: dict[str, Query] = {}
        for brand in brands:
            for facet in brand.facets:
                key = f"{brand.id}/{facet.kind}/{facet.slug}"
                about[key] = facet.compiled()
                home = facet.compiled_authors() if isinstance(facet, PlaceConfig) else None
                if home is not None:
                    homes[key] = home
        self._about = Matcher(about) if about else None
        self._homes = Matcher(homes) if homes else None
        self._own = {brand.id: own_names(brand.accounts) for brand in brands}

    def named(
        self, document: Document, location: str, brands: Collection[str]
    ) -> Mapping[str, tuple[FacetMatch, ...]]:
        """The facets of these brands that a post speaks of, or its author lives at; by brand.

        Args:
            document: the post.
            location: where its author says to be.
            brands: the ids of those that it speaks of.
        """
        if not brands or self._about is None:
            return {}
        found: dict[str, tuple[FacetMatch, ...]] = {}
        looked = [(self._about, document, True)]
        if self._homes is not None and location:
            looked.append((self._homes, Document(text=location), False))
        for matcher, where, about in looked:
            for match in matcher.match(where):
                brand, facet_id = self._facets[match.key]
                if brand in brands:
                    own = FacetMatch(facet_id, about, match.term)
                    found[brand] = (*found.get(brand, ()), own)
        return found

    def is_own(self, brand: str, handle: str, author_id: str) -> bool:
        """Whether one of the brand's own accounts goes by that handle or id."""
        own = self._own.get(brand)
        if not own:
            return False
        return own_name(handle) in own or author_id.lower() in own


def own_names(accounts: Collection[str]) -> frozenset[str]:
    """Accounts as they are compared: in small letters, without `@`."""
    return frozenset(filter(None, map(own_name, accounts)))


def own_name(account: str) -> str:
    """A handle or author id as it is compared."""
    return account.lower().removeprefix("@")


def rules_of(brand: BrandConfig) -> str:
    """A digest of all that `FacetMatcher` goes by for a brand; empty where nothing is configured.

    What a facet is called is no part of it.
    """
    if not brand.facets and not brand.accounts:
        return ""
    said = [
        sorted(own_names(brand.accounts)),
        *(
            [
                facet.kind,
                facet.slug,
                facet.effective_query,
                list(facet.authors) if isinstance(facet, PlaceConfig) else [],
            ]
            for facet in brand.facets
        ),
    ]
    return blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()
