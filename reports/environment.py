"""The templates of this room."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reports.digest_words import margin_of
from reports.markdown import escape, link
from reports.words import isolated_html


@cache
def environment() -> Environment:
    """The templates of this room: pages escape everything, text parts nothing."""
    env = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["isolated"] = isolated_html
    env.filters["md"] = escape
    env.globals["md_link"] = link
    env.globals["margin_of"] = margin_of
    return env
