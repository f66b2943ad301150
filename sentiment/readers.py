"""Which model reads texts of a language a second time, where a taxonomy has few examples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from sentiment.interface import ModelError
from sentiment.minilm import MiniLM
from sentiment.model_files import SUMS
from sentiment.second_reader import SecondReader
from sentiment.use import Use

READERS: Final[Mapping[str, type[SecondReader]]] = {"en": MiniLM, "ru": Use}
"""By the language of the texts that it reads."""

TOKENISED: Final = ("en",)
"""Of whose languages they give each token an embedding of its own."""


@cache
def shipped(lang: str) -> SecondReader:
    """The reader of a language's texts that comes with the package, loaded once.

    Raises:
        ModelError: a file of it is missing or damaged.
    """
    return READERS[lang].load()


@cache
def version() -> str:
    """The first eight hex digits of the SHA-256 of the readers' contents.

    Raises:
        ModelError: the package was installed without them.
    """
    sums = [own.shipped / SUMS for own in READERS.values()]
    try:
        return hashlib.sha256(b"".join(own.read_bytes() for own in sums)).hexdigest()[:8]
    except OSError as error:
        raise ModelError(f"a second reader is missing; reinstall molva: {error}") from error
