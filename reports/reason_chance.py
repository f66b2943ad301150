"""Which rates differ from what they are held against by more than chance, either way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.causes import FALSE_DISCOVERIES, LEAST_TO_CLAIM
from reports.statistics import Estimate, benjamini_hochberg, poisson_ratio_p, rate_ratio


@dataclass(frozen=True, slots=True)
class Compared:
    """Stories in an interval and before it; `lengths` is how many intervals long before is."""

    now: int
    before: int
    lengths: float

    @property
    def ratio(self) -> Estimate:
        """How many times the rate before the rate is now, with its 95 % interval."""
        return rate_ratio(self.now, 1.0, self.before, self.lengths)

    @property
    def testable(self) -> bool:
        """Whether there are stories enough, in both together, to claim anything.

        Given their sum, how they fall before and now is what is tested: to leave out small sums
        does not bend the chances of the others.
        """
        return self.lengths > 0 and self.now + self.before >= LEAST_TO_CLAIM

    @property
    def chance(self) -> float:
        """The chance of so great a difference either way: twice the smaller exact tail."""
        rise = poisson_ratio_p(self.now, 1.0, self.before, self.lengths)
        fall = poisson_ratio_p(self.before, self.lengths, self.now, 1.0)
        return min(1.0, 2 * min(rise, fall))


def beyond_chance(tested: Sequence[Compared]) -> list[bool]:
    """Which of them stand, false discoveries over all of them controlled at 5 %.

    What stands beside an interval that holds 1 would not be believed, so it must not hold it.
    """
    stands = benjamini_hochberg([one.chance for one in tested], FALSE_DISCOVERIES)
    return [
        stand and not one.ratio.low <= 1 <= one.ratio.high
        for one, stand in zip(tested, stands, strict=True)
    ]
