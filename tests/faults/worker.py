"""One pass of the real pipeline in a process of its own, made to be killed.

It tells through a pipe which step it enters, so that the test can aim.
"""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from functools import cache, wraps
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import molva.app
import molva.pipeline.collect
import molva.pipeline.label
import reports.deliver
from molva.app import App
from molva.clock import SimulatedClock
from molva.config import load_config
from molva.rooms import forget_crashed_polls
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.labeller import Labeller
from sentiment.taxonomy import Taxonomy

STEPS = {
    "collect": (molva.app, "collect_due"),
    "keep": (molva.pipeline.collect, "keep_page"),
    "finish": (molva.pipeline.collect, "finish_poll"),
    "label": (molva.app, "label_pending"),
    "save labels": (molva.pipeline.label, "save_labels"),
    "detect": (molva.app, "detect"),
    "digest": (molva.app, "write_digests"),
    "deliver": (molva.app, "deliver"),
    "mark sent": (reports.deliver, "mark_sent"),
}


@cache
def labeller() -> Labeller:
    """The shipped model with no threads of its own: threads do not survive a fork."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    encoder, taxonomy = Encoder.load(threads=1), Taxonomy.load()
    return Labeller(encoder, CauseFinder(encoder, taxonomy))


def one_pass(config: str, now: str, pipe: Connection) -> None:
    for step, (module, name) in STEPS.items():
        setattr(module, name, _announced(step, getattr(module, name), pipe))
    asyncio.run(_one_pass(Path(config), datetime.fromisoformat(now), pipe))


def _announced(step: str, function: Callable[..., Any], pipe: Connection) -> Callable[..., Any]:
    @wraps(function)
    def announced(*args: Any, **kwargs: Any) -> Any:
        pipe.send(step)
        return function(*args, **kwargs)

    return announced


async def _one_pass(config: Path, now: datetime, pipe: Connection) -> None:
    pipe.send("open")
    async with App.open(load_config(config), SimulatedClock(now)) as app:
        app.rooms.labeller = labeller()
        forget_crashed_polls(app.rooms)
        await app.run_pass(force=True)
