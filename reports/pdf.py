"""The digest as PDF, drawn from the page's own HTML by WeasyPrint (the `pdf` extra)."""

from __future__ import annotations

import logging
from typing import Any

from reports.interface import ReportError

_PRINT = (
    "@page{size:A4;margin:16mm 15mm}body{font-size:10.5pt;background:#fff}main{max-width:none;"
    "padding:0}.list{display:block}.kpis{display:block}"
    ".kpis li{display:inline-block;vertical-align:top;width:31%;margin:0 1% 3mm 0}"
    ".value,.name,.notable .name,.above .normal,.below .normal,mark{font-weight:700}"
)


def render_pdf(html: str) -> bytes:
    """A page as PDF; nothing is fetched.

    Raises:
        ReportError: WeasyPrint or the system's Pango is not there.
    """
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415 - an extra
    except (ImportError, OSError) as error:
        raise ReportError(
            'a PDF needs the pdf extra: pip install "molva[pdf]", and Pango of the system '
            f"(Debian: libpango-1.0-0 libpangoft2-1.0-0); {error}"
        ) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    page = HTML(string=html, url_fetcher=_refuse)
    return bytes(page.write_pdf(stylesheets=[CSS(string=_PRINT, url_fetcher=_refuse)]))


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise ValueError(f"a report fetches nothing, not even {url}")
