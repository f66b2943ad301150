"""`python -m sentiment.training STEP --data DIR --work DIR`: the recipe, step by step or all."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from sentiment.training import branch, finish, recipe
from sentiment.training.train import Settings

STEPS = ("split", "convert", "train", "branch", "export", "calibrate", "evaluate")


def main() -> None:
    """Run the steps asked for; finished ones (their result is in the work folder) are skipped."""
    parser = _options()
    given = parser.parse_args()
    if given.upper and given.start is None:
        parser.error("--upper trains on from a shipped model: name its folder with --start")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    given.work.mkdir(parents=True, exist_ok=True)
    paths = recipe.Paths(given.data, given.work, given.wheels or given.work / "wheels")
    settings = Settings(
        threads=given.threads,
        seed=given.seed,
        minutes=given.minutes,
        start=given.start,
        seen=given.seen,
        epochs=given.epochs,
        learning_rate=given.rate,
        upper=given.upper,
        teachers=tuple(given.teacher),
    )
    for step in STEPS if given.step == "all" else (given.step,):
        run_step(step, paths, settings)
    if given.ship is not None:
        finish.ship(paths.work / finish.MODEL_NAME, given.ship)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sentiment.training", description=__doc__)
    parser.add_argument("step", choices=("all", *STEPS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--wheels", type=Path, help="folder of the two wheels, else downloaded")
    parser.add_argument("--ship", type=Path, help="copy the finished model into this folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=17, help="of order, names and the like")
    parser.add_argument("--minutes", type=float, help="end training after so many minutes")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--start", type=Path, help="train on from this shipped model")
    parser.add_argument("--seen", type=int, default=0, help="epochs its weights have seen")
    parser.add_argument(
        "--upper",
        action="store_true",
        help="train on only the upper layers of --start, and its branch",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="with --upper: a shipped model whose answers are learnt; several on average",
    )
    parser.add_argument("--rate", type=float, default=6e-5, help="highest learning rate")
    return parser


def run_step(step: str, paths: recipe.Paths, settings: Settings) -> None:
    """Run one step of the recipe."""
    out = paths.work / finish.MODEL_NAME
    if step == "split":
        recipe.split_data(paths)
    elif step == "convert":
        recipe.convert_base(paths, start=settings.start)
    elif step == "train":
        recipe.fine_tune(paths, settings)
    elif step == "branch":
        branch.train_branch(paths, settings)
    elif step == "export":
        finish.export_model(paths, out)
    elif step == "calibrate":
        finish.calibrate_model(paths, out)
    else:
        finish.measure(paths, out)


if __name__ == "__main__":
    main()
