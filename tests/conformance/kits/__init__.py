"""One kit a source: how its service would answer. A source without a kit fails the suite."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tests.conformance.kit import Kit


@cache
def kits() -> dict[str, Kit]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        kit = importlib.import_module(f"{__name__}.{module.name}").KIT
        found[kit.type] = kit
    return found
