"""Posts brought into a store as `molva import` brings them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import import_posts, import_settings
from molva.pipeline.label import label_pending


def bring_in(config: Path, posts: Iterable[Mapping[str, object]], *, label: bool = True) -> None:
    """Import posts and, unless told otherwise, label them."""
    file = config.with_name("posts.jsonl")
    file.write_text("".join(json.dumps(post) + "\n" for post in posts), encoding="utf-8")

    async def work() -> None:
        async with App.open(load_config(config)) as app:
            await import_posts(app.rooms, import_settings(file))
            if label:
                label_pending(app.rooms)

    asyncio.run(work())
    file.unlink()
