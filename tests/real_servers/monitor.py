"""The whole of Molva over one source of a real server: what is kept, edited, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from molva.app import App
from molva.clock import utc_now
from molva.config import load_config
from molva.pipeline.collect import SourceOutcome, collect_due
from molva.pipeline.reread import RereadReport, reread_due
from store.engine import reading
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter

CONFIG = """\
[[brand]]
id = "zerno"
name = "Zerno"
query = "zerno OR зерно"
[[source]]
name = "it"
{source}
[http]
allow_private = true
requests_per_second = 1000
retries = 0
read_timeout = 90
total_timeout = 120
"""


@dataclass
class Monitor:
    """Opened anew for every step, as after a restart; `later` moves its clock ahead."""

    folder: Path
    source: str
    later: timedelta = timedelta(0)

    def now(self) -> datetime:
        return utc_now() + self.later

    def opened(self) -> App:
        path = self.folder / "molva.toml"
        path.write_text(CONFIG.format(source=self.source), encoding="utf-8")
        return App.open(load_config(path), self.now, seed=1)

    async def poll(self) -> SourceOutcome:
        async with self.opened() as app:
            (outcome,) = await collect_due(app.rooms, force=True)
        assert not outcome.error, outcome.error
        return outcome

    async def reread(self) -> RereadReport:
        async with self.opened() as app:
            return await reread_due(app.rooms)

    async def mentions(self) -> list[LabelledMention]:
        async with self.opened() as app:
            with reading(app.rooms.engine) as conn:
                return list(labelled_mentions(conn, MentionFilter(include_deleted=True)))
