"""The rooms, opened together from one configuration."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from collectors.http import HttpClient
from collectors.interface import Clock, Collector
from collectors.query import Matcher
from collectors.registry import create
from collectors.rereads import rereader
from molva.config import BrandConfig, Config
from molva.facets import FacetMatcher, rules_of
from molva.ledger import StoreLedger
from molva.silences import StoreSilences
from molva.writer import Writer
from sentiment.choice import Models, load_models
from sentiment.labeller import Labeller
from sentiment.taxonomy import Taxonomy
from store.brands import sync_brands
from store.engine import open_store, writing
from store.facets import facets as stored_facets
from store.interface import BrandRow, BrandSpec, SourceSpec
from store.sources import close_crashed_polls, sync_sources, wake_blocked


@dataclass
class Rooms:
    """Everything a step of the pipeline may need.

    Attributes:
        facets: finds the products and places that posts speak of.
        writer: in whose thread posts are matched and stored.
        label_version: the stored id of the model and taxonomy in use, once it is known.
        head: version of the fitted head that was in use then, or none.
    """

    config: Config
    clock: Clock
    engine: Engine
    http: HttpClient
    collectors: Mapping[str, Collector[Any]]
    brands: tuple[BrandRow, ...]
    matcher: Matcher
    facets: FacetMatcher
    rng: random.Random
    writer: Writer
    label_version: int | None = None
    head: str | None = None

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The causes and drivers in use."""
        return config_taxonomy(self.config)

    @cached_property
    def models(self) -> Models:
        """The configured models; loaded when first needed, and once."""
        return load_models(self.config.sentiment.choice(self.config.folder))

    @cached_property
    def labeller(self) -> Labeller:
        """The model with its taxonomy; `molva.pipeline.label` puts one with a head in its place."""
        return self.models.labeller(self.taxonomy)

    async def close(self) -> None:
        """Let go of the network and the store."""
        await self.http.__aexit__(None, None, None)
        self.writer.close()
        self.engine.dispose()


def config_taxonomy(config: Config) -> Taxonomy:
    """The taxonomy a configuration names, or the shipped one; each file is read once.

    Raises:
        ModelError: it cannot be read.
    """
    path = config.sentiment.taxonomy
    return _taxonomy_at(config.resolve(path) if path else None)


@cache
def _taxonomy_at(path: Path | None) -> Taxonomy:
    return Taxonomy.load(path)


def open_rooms(config: Config, clock: Clock, *, seed: int | None = None) -> Rooms:
    """Open the store, bring its brands and sources up to the configuration, build collectors.

    Raises:
        StoreError: the store cannot be opened.
    """
    engine = open_store(config.store_url)
    writer = Writer(engine)
    ledger, silences = StoreLedger(engine, writer), StoreSilences(engine, writer, clock)
    http = HttpClient(config.http, clock, ledger, silences)
    collectors = {
        source.name: create(source, http, clock) for source in config.sources if source.enabled
    }
    now = clock()
    with writing(engine) as conn:
        brands = sync_brands(conn, [_brand_spec(brand, config) for brand in config.brands], now)
        facets = stored_facets(conn)
        sync_sources(conn, [source_spec(collector) for collector in collectors.values()], now)
    return Rooms(
        config=config,
        clock=clock,
        engine=engine,
        http=http,
        collectors=collectors,
        brands=tuple(brands),
        matcher=Matcher({brand.id: brand.compiled() for brand in config.brands}),
        facets=FacetMatcher(config.brands, facets),
        rng=random.Random(seed),  # noqa: S311 - jitter, not a secret
        writer=writer,
    )


def forget_crashed_polls(rooms: Rooms) -> int:
    """Mark polls that a killed process left running, and let what was blocked try again at once.

    Call it only while holding the lease.
    """
    with writing(rooms.engine) as conn:
        wake_blocked(conn, rooms.clock())
        return close_crashed_polls(conn, rooms.clock())


def _brand_spec(brand: BrandConfig, config: Config) -> BrandSpec:
    return BrandSpec(
        slug=brand.id,
        name=brand.name,
        query=brand.effective_query,
        is_rival=brand.rival,
        facets=tuple(facet.spec(config.language) for facet in brand.facets),
        rules=rules_of(brand),
    )


def source_spec(collector: Collector[Any]) -> SourceSpec:
    """A collector's configuration as the store keeps it."""
    settings = collector.settings
    return SourceSpec(
        name=settings.name,
        type=settings.type,
        scope=collector.scope,
        terms=str(collector.terms),
        interval_seconds=round(settings.interval.total_seconds()),
        rereads=rereader(collector) is not None,
    )
