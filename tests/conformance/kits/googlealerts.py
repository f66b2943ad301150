from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conformance.kits.rss import RssKit


class GoogleAlertsKit(RssKit):
    type = "googlealerts"

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"url": f"{base_url}/alerts/feeds/1/2?key=s3cret-feed-key"}


KIT = GoogleAlertsKit()
