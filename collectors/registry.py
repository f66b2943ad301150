"""Which collectors there are: every module of `collectors/sources` that defines one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from collectors import sources
from collectors.http import HttpClient
from collectors.interface import Clock, Collector, SourceSettings


@cache
def collector_types() -> Mapping[str, type[Collector[Any]]]:
    """Every collector by the name its `type =` uses, in alphabetical order."""
    found: dict[str, type[Collector[Any]]] = {}
    for module in pkgutil.iter_modules(sources.__path__):
        for value in vars(importlib.import_module(f"{sources.__name__}.{module.name}")).values():
            if _is_collector(value) and value.__module__.endswith(f".{module.name}"):
                if value.type in found:
                    raise TypeError(f"two collectors are called {value.type!r}")
                found[value.type] = value
    return MappingProxyType(dict(sorted(found.items())))


def parse_settings(table: Mapping[str, Any], *, folder: Path | None = None) -> SourceSettings:
    """The settings of one `[[source]]` table.

    Args:
        table: as read from TOML.
        folder: where relative paths in it start from; the working directory if not given.

    Raises:
        ValueError: its `type` is missing or unknown; the message lists the known ones.
        pydantic.ValidationError: a field is wrong.
    """
    known = collector_types()
    name = table.get("type")
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"type = {name!r} is unknown; there are {', '.join(known)}")
    return known[name].Settings.model_validate(table, context={"folder": folder})


def create(settings: SourceSettings, http: HttpClient, clock: Clock) -> Collector[Any]:
    """The collector that reads the source of these settings."""
    return collector_types()[settings.type](settings, http, clock)


def _is_collector(value: object) -> bool:
    return (
        inspect.isclass(value)
        and issubclass(value, Collector)
        and not inspect.isabstract(value)
        and hasattr(value, "type")
    )
