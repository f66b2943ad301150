"""Reviews that their authors write into several fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from collectors.items import string
from collectors.text import clean

MERITS: Final = "Достоинства: "
FAULTS: Final = "Недостатки: "


def joined(review: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """The text of a review, each field under the form's own heading.

    Args:
        review: as the service sent it.
        fields: names of its fields by their headings, in the order they are to stand.
    """
    said = {heading: clean(string(review.get(name))) for heading, name in fields.items()}
    return clean("\n".join(heading + words for heading, words in said.items() if words))
