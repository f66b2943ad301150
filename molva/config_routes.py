"""Which brands and causes a channel's route may name: one that nothing has loses every alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reports.channels import Channel
from sentiment.taxonomy import Taxonomy
from sentiment.taxonomy_words import did_you_mean

Problem = tuple[tuple[str | int, ...], str]
"""Where (table, number, field) something is wrong, and what."""


def brand_problems(channels: Sequence[Channel], rivals: Mapping[str, bool]) -> Iterator[Problem]:
    """Brands that a channel waits for in vain.

    Args:
        rivals: by brand id, whether it is a rival.
    """
    watched = [brand for brand, rival in rivals.items() if not rival]
    for number, channel in enumerate(channels):
        for name in sorted(channel.brands):
            if rivals.get(name):
                yield ("channel", number, "brands"), f"{name!r} is a rival: no alert is about it"
            elif name not in rivals:
                said = f"no brand has the id {name!r}{_instead(name, watched)}"
                yield ("channel", number, "brands"), said


def cause_problems(
    channels: Sequence[Channel], taxonomy: Taxonomy, facets: Iterable[str]
) -> Iterator[Problem]:
    """Causes that a channel waits for in vain.

    Args:
        facets: ids of products and places, which an alert may be about too.
    """
    own = {cause.id: cause for cause in taxonomy.causes}
    unhappy = [cause.id for cause in taxonomy.findable if cause.polarity == "negative"]
    known = {*unhappy, *facets}
    for number, channel in enumerate(channels):
        for name in sorted(channel.causes - known):
            children = [one for one in unhappy if own[one].parent == name]
            if children:
                said = f"{name!r} is a group of causes; name those of them: {', '.join(children)}"
            elif name in own:
                said = f"{name!r} delights people; alerts name only causes of unhappiness"
            else:
                said = f"the taxonomy has no cause {name!r}{_instead(name, unhappy)}"
            yield ("channel", number, "causes"), said


def _instead(name: str, known: Sequence[str]) -> str:
    """What may have been meant, else what there is."""
    return did_you_mean(name, known) or f"; there are: {', '.join(known)}"
