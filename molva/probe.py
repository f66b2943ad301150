"""One look at the model and at each source, for `molva check` and `molva sources test`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from collectors.http import HttpClient
from collectors.interface import Clock, Collector, CollectorError, Page
from collectors.registry import create
from molva.clock import utc_now
from molva.config import Config
from sentiment.choice import load_models
from sentiment.interface import ModelError

QUIET_INTERVALS = 50
"""A source with no new item for this many of its polls, and at least a day, is silent."""


@dataclass(frozen=True)
class Probe:
    """What one source (or the model) answered: a sample, or why there is none."""

    name: str
    sample: str = ""
    error: str = ""


def probe_model(config: Config) -> Probe:
    """Load the models that would label, and say which."""
    try:
        models = load_models(config.sentiment.choice(config.folder))
    except ModelError as error:
        return Probe("model", error=str(error))
    languages = ", ".join(sorted(models.judge.languages))
    note = f"; {models.note}" if models.note else ""
    return Probe("model", sample=f"{models.judge.version} ({languages}){note}")


async def probe_sources(config: Config, clock: Clock = utc_now) -> list[Probe]:
    """Fetch the first page of every enabled source, side by side; nothing is stored."""
    async with HttpClient(config.http, clock) as http:
        collectors = [create(source, http, clock) for source in config.sources if source.enabled]
        return list(await asyncio.gather(*(_probe(collector) for collector in collectors)))


async def _probe(collector: Collector[Any]) -> Probe:
    name = collector.settings.name
    pages = collector.poll({})
    try:
        async for page in pages:
            return Probe(name, sample=_sample(page))
    except CollectorError as error:
        return Probe(name, error=str(error))
    finally:
        await pages.aclose()  # type: ignore[attr-defined]
    return Probe(name, sample="it answers, and has nothing now")


def _sample(page: Page) -> str:
    if not page.posts:
        return page.note or "it answers, and has nothing now"
    post = page.posts[0]
    line = " ".join((post.title or post.text).split())
    return f"{len(page.posts)} items, e.g. {line[:100]!r}"
