"""A source's conformance world, for the tests of what is peculiar to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kit import NOW, Item, Kit, World
from tests.conformance.server import Request, serving


def world_of(kit: Kit) -> Callable[..., Any]:
    """A fixture: the kit's service on loopback, its credentials set."""

    @pytest.fixture
    def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
        for name, value in kit.environment.items():
            monkeypatch.setenv(name, value)
        world = World(kit, tmp_path)
        with serving(world.respond) as server:
            world.server = server
            yield world

    return world


def changed(world: World, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Let the source's table have other settings."""
    table = {**world.table(), **settings}
    monkeypatch.setattr(world, "table", lambda: table)


def asked(world: World) -> list[Request]:
    """What the service was asked, in order."""
    assert world.server is not None
    return world.server.requests


def items(count: int, start: datetime = NOW - timedelta(hours=1)) -> list[Item]:
    """Posts 1 to `count`, a minute apart."""
    return [Item(n, f"Post {n}", start + timedelta(minutes=n)) for n in range(1, count + 1)]
