from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.registry import collector_types
from tests.conformance.kit import Kit, World
from tests.conformance.kits import kits
from tests.conformance.server import serving


def _kit(name: str) -> Kit:
    if name not in kits():
        pytest.fail(f"{name} has no kit in tests/conformance/kits: write one")
    return kits()[name]


@pytest.fixture(params=sorted(collector_types()))
def kit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kit:
    kit = copy.copy(_kit(request.param))
    for name, value in kit.environment.items():
        monkeypatch.setenv(name, value)
    return kit


@pytest.fixture
def world(kit: Kit, tmp_path: Path) -> Iterator[World]:
    world = World(kit, tmp_path)
    with serving(world.respond) as server:
        world.server = server
        yield world


@pytest.fixture
def online(world: World) -> World:
    """The world of a source that is read over HTTP; others cannot fail in HTTP's ways."""
    if not world.kit.over_http:
        pytest.skip(f"{world.kit.type} is not read over HTTP")
    return world
