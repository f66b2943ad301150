"""Run benchmarks: `python -m benchmarks [NAME …] [--quick] [--json]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.measure import Missing, Ratio, machine, table

BENCHMARKS: Final = {
    "export": "a million mentions as Parquet, CSV and JSON Lines, against a bare sqlite3 cursor",
    "ingest": "10,000 entries of 100 feeds, matched and stored, against the reader library",
    "spikes": "1,000 brands x 12 series decided from the store, against ten seconds",
    "labelling": "label texts, against the bare session, torch and ONNX fp32; start, memory",
}


def main(arguments: list[str] | None = None) -> int:
    """Run what is named and print its ratios; 1 if one misses its target."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Molva, each figure against a named peer in the same run.",
        epilog="\n".join(f"{name:12}{about}" for name, about in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help=f"which to run; all of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; figures rough")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no table")
    parser.add_argument("--model", type=Path, help="a model folder other than the shipped one")
    parser.add_argument("--torch-model", type=Path, help="labelling: a Hugging Face fp32 folder")
    parser.add_argument("--onnx-model", type=Path, help="labelling: the fp32 graph, an .onnx file")
    options = parser.parse_args(arguments)
    unknown = set(options.name) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    ratios: list[Ratio | Missing] = []
    for name in options.name or BENCHMARKS:
        sys.stderr.write(f"{name}: {BENCHMARKS[name]}\n")
        run: Callable[..., list[Ratio | Missing]] = import_module(f"benchmarks.{name}").run
        more = (
            {"model": options.model, "torch": options.torch_model, "onnx": options.onnx_model}
            if name == "labelling"
            else {}
        )
        ratios += run(quick=options.quick, **more)
    if options.json:
        print(json.dumps({"machine": machine()}, ensure_ascii=False))
        for row in ratios:
            print(json.dumps(row.as_json(), ensure_ascii=False))
    else:
        print(table(ratios), machine(), sep="\n\n")
    return int(any(_missed(row) for row in ratios))


def _missed(row: Ratio | Missing) -> bool:
    return isinstance(row, Ratio) and row.target is not None and row.ratio > row.target


if __name__ == "__main__":
    sys.exit(main())
