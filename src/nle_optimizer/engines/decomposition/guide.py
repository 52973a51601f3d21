"""What to look for where a level alone says too little: many allocations of one number of schools are all alike."""

from collections.abc import Sequence

import numpy as np

from nle_optimizer.model.levels import Level
from nle_optimizer.records import Integers

FEW = 3
"""Different amounts up to which a level is coarse."""

WEIGHT = 3
"""How much more a coarse level weighs than all that comes after it can be worth for one pair."""


def guide_of(levels: Sequence[Level]) -> Integers | None:
    """Amounts that lead to good allocations of the first of these levels; None where it leads well enough itself.

    The coarse levels that come first are weighed against the first that is not: such a sum finds what is best for a
    coarse level much faster than the level itself, and near what is best for the next. It only guides.
    """
    coarse = 0
    while coarse < len(levels) and len(np.unique(levels[coarse].amounts)) <= FEW:
        coarse += 1
    if coarse in (0, len(levels)):
        return None
    guide = levels[coarse].amounts
    for level in reversed(levels[:coarse]):
        least = int(np.abs(level.amounts[level.amounts != 0]).min(initial=1))
        guide = level.amounts // least * WEIGHT * max(1, int(np.abs(guide).max(initial=0))) + guide
    return guide
