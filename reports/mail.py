"""The digest as an e-mail: tables and inlined styles, since mail programs know little else.

Charts are PNG pictures inside the mail (most programs drop SVG), rasterised by `resvg` from the
very SVG of the page.
"""

from __future__ import annotations

import base64
from functools import cache

from css_inline import CSSInliner
from resvg_py import svg_to_bytes

from reports.digest_facts import DigestFacts
from reports.digest_view import charts_of, digest_view, page_words
from reports.environment import environment

PICTURE_WIDTH = 1200
"""Pixels: twice the width of the mail, for sharp screens."""


def render_mail(facts: DigestFacts, page: str = "") -> tuple[str, dict[str, str]]:
    """The HTML part and its pictures, content id -> PNG in base64.

    Args:
        facts: the numbers.
        page: the web address of the page with the lists; without it numbers are not links.
    """
    pictures = {
        f"{name}.{facts.slug}@molva.invalid": _png(svg)
        for name, svg in charts_of(facts).items()
        if svg
    }
    names = {content_id.partition(".")[0]: content_id for content_id in pictures}
    view = digest_view(facts, page_words(facts, page, linked=bool(page)))
    html = environment().get_template("digest.mail.html.j2").render(view, cid=names, page=page)
    return _inliner().inline(html), pictures


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def _png(svg: str) -> str:
    picture = svg_to_bytes(
        svg_string=svg,
        background="#ffffff",
        width=PICTURE_WIDTH,
        skip_system_fonts=True,
    )
    return base64.b64encode(bytes(picture)).decode("ascii")
