"""What the labels of somebody else's classifier are called, and which of our three they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sentiment.interface import ModelError

SentimentClass = Literal["negative", "neutral", "positive"]

CLASSES: tuple[SentimentClass, ...] = ("negative", "neutral", "positive")

_STEMS: tuple[tuple[str, SentimentClass], ...] = (
    (r"neg(?:ative?)?|негатив\w*|отрицательн\w*", "negative"),
    (r"neu(?:t(?:ral)?)?|нейтрал\w*", "neutral"),
    (r"pos(?:itive?)?|позитив\w*|положительн\w*", "positive"),
)
_DEGREE = r"(?:(?:very|strongly|extremely|somewhat|slightly|очень|скорее) )?"
_PATTERNS = tuple((re.compile(_DEGREE + f"(?:{stem})"), kind) for stem, kind in _STEMS)
_STARS = re.compile(r"([1-5]) ?(?:stars?|зв[её]зд[аы]?)")


def class_of(name: str) -> SentimentClass | None:
    """The class a label means by its name, or None when the name does not say (`LABEL_0`).

    Understood in any case: neg, negative, NEUTRAL, pos, "very negative", негативный,
    положительная and the like; one and two stars are negative, three neutral, four and five
    positive.
    """
    plain = " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
    stars = _STARS.fullmatch(plain)
    if stars:
        return CLASSES[int(np.sign(int(stars[1]) - 3)) + 1]
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(plain)), None)


def class_matrix(
    names: Sequence[str], given: Mapping[str, SentimentClass], where: str
) -> NDArray[np.float64]:
    """Which class [n, 3] each of a model's labels adds its probability to.

    Args:
        names: the model's labels, in the order of its logits.
        given: what the user says labels mean; it goes before what their names say.
        where: the model, for the error.

    Raises:
        ModelError: a label has no meaning, `given` names one the model does not have, or nothing
            is left that could be called negative or positive.
    """
    own = {name.strip().casefold(): kind for name, kind in given.items()}
    known = {name.strip().casefold() for name in names}
    strangers = [name for name in given if name.strip().casefold() not in known]
    if strangers:
        raise ModelError(
            f"{where} has no label {strangers[0]!r}; its labels are {_listed(names)}: correct "
            "[sentiment.labels]"
        )
    kinds = [own.get(name.strip().casefold()) or class_of(name) for name in names]
    unknown = [name for name, kind in zip(names, kinds, strict=True) if kind is None]
    if unknown:
        example = ", ".join(f'{_key(name)} = "…"' for name in unknown)
        raise ModelError(
            f"{where}: its labels are {_listed(names)}, and it is not clear what "
            f"{_listed(unknown)} mean; say so under [sentiment]: labels = {{{example}}}, each one "
            "negative, neutral or positive"
        )
    if not {"negative", "positive"} <= set(kinds):
        raise ModelError(
            f"{where} does not tell negative from positive: its labels are {_listed(names)}; "
            "choose a sentiment model, or map its labels with [sentiment.labels]"
        )
    return np.array([[kind == own_class for own_class in CLASSES] for kind in kinds], np.float64)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else f'"{name}"'
