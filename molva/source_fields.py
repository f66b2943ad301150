"""What a source of some type has to be told, and how an answer becomes a value of its table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from collectors.interface import Collector, SourceSettings
from collectors.registry import parse_settings


class WrongFieldsError(Exception):
    """The fields do not make a source; each problem says which field and what."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Question:
    """A field that has to be given: its name, what it means, an answer to suggest."""

    field: str
    text: str
    suggestion: str = ""


def questions(kind: type[Collector[Any]], given: Mapping[str, Any]) -> list[Question]:
    """What still has to be asked before a source of this type can be read."""
    return [
        _question(kind, name, info)
        for name, info in kind.Settings.model_fields.items()
        if info.is_required() and name not in {"name", "type", *given}
    ]


def _question(kind: type[Collector[Any]], name: str, info: FieldInfo) -> Question:
    text = name + (f" ({info.description.rstrip('.')})" if info.description else "")
    if _is_list(info):
        text += ", comma-separated"
    is_variable = name.endswith("_env")
    suggestion = f"MOLVA_{kind.type}_{name.removesuffix('_env')}".upper() if is_variable else ""
    return Question(name, text, suggestion)


def value_of(kind: type[Collector[Any]], name: str, answer: str) -> Any:
    """An answer as a TOML value of its field: a list for lists, a number or true where it is one.

    Raises:
        WrongFieldsError: the type has no such field.
    """
    info = kind.Settings.model_fields.get(name)
    if info is None:
        known = ", ".join(field for field in kind.Settings.model_fields if field != "type")
        raise WrongFieldsError([f"{kind.type} has no field {name!r}; there are: {known}"])
    literal = _literal(answer)
    if _is_list(info):
        if isinstance(literal, list):
            return literal
        return [part.strip() for part in answer.split(",") if part.strip()]
    if isinstance(literal, bool | int | float) and _takes_text(info):
        return answer
    return answer if literal is None else literal


def settings_of(fields: Mapping[str, Any]) -> SourceSettings:
    """The settings that fields make.

    Raises:
        WrongFieldsError: something is missing or wrong.
    """
    try:
        return parse_settings(fields)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{where}: {message}" if where else message)
        raise WrongFieldsError(problems) from None
    except ValueError as error:
        raise WrongFieldsError([str(error)]) from None


def _literal(answer: str) -> Any:
    """The answer read as a TOML value; `None` if it is none, and so plain text."""
    try:
        return tomllib.loads(f"answer = {answer}")["answer"]
    except tomllib.TOMLDecodeError:
        return None


def _is_list(info: FieldInfo) -> bool:
    return get_origin(info.annotation) in {tuple, list, frozenset, set}


def _takes_text(info: FieldInfo) -> bool:
    kinds = get_args(info.annotation) or (info.annotation,)
    return not any(kind in {bool, int, float} for kind in kinds)
