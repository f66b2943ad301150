"""In a process of its own: how long until the first label, and how much memory labelling takes.

`python -m benchmarks.fresh WHO MODEL [PATH]` prints one JSON object: `first` seconds from the first
line to the first label, `megabytes` resident after 256 texts.
"""

from __future__ import annotations

import time

START = time.perf_counter()

import itertools  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

TEXTS = 256


def measured(who: str, model: Path, path: Path | None) -> dict[str, float]:
    """The figures of a contestant: `molva`, `torch` or `onnx`; the last two need a path."""
    if who == "molva":
        from sentiment.interface import Text  # noqa: PLC0415
        from sentiment.labeller import Labeller  # noqa: PLC0415

        labeller = Labeller.load(model)

        def judge(texts: list[Text]) -> None:
            for _ in labeller.label(texts):
                pass
    else:
        from benchmarks import peers  # noqa: PLC0415
        from sentiment.encoder import Encoder  # noqa: PLC0415
        from sentiment.interface import Text  # noqa: PLC0415

        if path is None:
            raise SystemExit(f"{who} needs a path")
        if who == "torch":
            judge = peers.torch_fp32(path, model, by_length=False)  # type: ignore[assignment]
        else:
            judge = peers.onnx_fp32(Encoder.load(model), path)  # type: ignore[assignment]
    judge([Text("0", "The queue was long and nobody came.", "en")])
    first = time.perf_counter() - START
    from benchmarks.labelling import texts  # noqa: PLC0415 - a measuring tool, not the measured

    judge(list(itertools.islice(texts(seed=3), TEXTS)))
    import psutil  # noqa: PLC0415

    return {"first": first, "megabytes": psutil.Process().memory_info().rss / 1e6}


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[2:]]
    found = measured(sys.argv[1], given[0], given[1] if len(given) > 1 else None)
    print(json.dumps(found))
