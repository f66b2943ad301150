"""Every collector documents itself: its module's docstring is its page, its snippet loads."""

from __future__ import annotations

import inspect
import re
import textwrap
import tomllib

import pytest

from collectors.interface import Collector, SourceSettings, Terms
from collectors.registry import collector_types, parse_settings
from tests.conformance.kits import kits

TYPES = sorted(collector_types().items())


def page(collector: type[Collector[SourceSettings]]) -> str:
    return inspect.getdoc(inspect.getmodule(collector)) or ""


def test_every_collector_has_a_kit_and_every_kit_a_collector() -> None:
    assert set(kits()) == set(collector_types())


@pytest.mark.parametrize(("name", "collector"), TYPES)
def test_the_page_tells_what_a_person_must_know(
    name: str, collector: type[Collector[SourceSettings]]
) -> None:
    for heading in ("Credentials:", "Limits:", "Terms:"):
        assert heading in page(collector)
    assert collector.terms in Terms


@pytest.mark.parametrize(("name", "collector"), TYPES)
def test_the_snippet_loads(name: str, collector: type[Collector[SourceSettings]]) -> None:
    snippet = re.search(r"^ {4}\[\[source\]\]\n(?: {4}.+\n?)+", page(collector), re.MULTILINE)
    assert snippet, "the docstring ends with an indented [[source]] table"
    (table,) = tomllib.loads(textwrap.dedent(snippet[0]))["source"]
    assert table["type"] == name
    assert isinstance(parse_settings(table), collector.Settings)


@pytest.mark.parametrize(("name", "collector"), TYPES)
def test_the_module_is_short_and_named_after_its_source(
    name: str, collector: type[Collector[SourceSettings]]
) -> None:
    module = inspect.getmodule(collector)
    assert module is not None
    assert module.__name__ == f"collectors.sources.{name}"
    assert len(inspect.getsource(module).splitlines()) <= 200
