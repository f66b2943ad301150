"""Secrets, which configuration names by environment variable and never holds."""

from __future__ import annotations

import os
from pathlib import Path

from collectors.interface import FatalError


def secret(*names: str) -> tuple[str, ...]:
    """The values of environment variables.

    Raises:
        FatalError: some are not set; the message names them.
    """
    values = tuple(os.environ.get(name, "").strip() for name in names)
    unset = [name for name, value in zip(names, values, strict=True) if not value]
    if unset:
        listed = " and ".join(unset)
        raise FatalError(f"set the environment variable{'s' * (len(unset) > 1)} {listed}")
    return values


def bearer(name: str) -> dict[str, str]:
    """The header that shows the token of an environment variable.

    Raises:
        FatalError: it is not set.
    """
    (token,) = secret(name)
    return {"Authorization": f"Bearer {token}"}


def secret_document(name: str) -> str:
    """A key that is a document of its own: the variable's value, or the file it points at.

    Raises:
        FatalError: the variable is not set, or its file cannot be read.
    """
    (value,) = secret(name)
    if value.startswith(("{", "-----BEGIN")):
        return value.replace("\\n", "\n") if value.startswith("-") else value
    try:
        return Path(value).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError):
        # The value is not shown: it may be the key itself, pasted without its first line.
        raise FatalError(
            f"the environment variable {name} holds neither a key nor the path of a readable file"
        ) from None
