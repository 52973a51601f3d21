"""A bound that needs no solving: every recipient has its best NLEs, or every NLE its best recipients."""

import numpy as np

from nle_optimizer.model.levels import AnyLevel, Level, Leximin, Spread
from nle_optimizer.model.places import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers


def trivial_bound(problem: Problem, level: AnyLevel) -> int:
    """A value that no allocation exceeds, in the maximising orientation.

    Of a leximin one more than the greatest fit: its value, the least fit, may be that and others still do better.
    """
    if isinstance(level, Level):
        return min(
            _best(problem.recipient, problem.supporters, level.amounts),
            _best(problem.nle, places(problem), level.amounts),
        )
    assert not isinstance(level, Spread)
    return int(level.amounts[level.counted].max(initial=0)) + isinstance(level, Leximin)


def _best(nodes: Integers, most: Integers, amounts: Integers) -> int:
    """The sum over nodes of their greatest amounts above 0, at most so many of each."""
    gain = np.flatnonzero(amounts > 0)
    order = gain[np.lexsort((-amounts[gain], nodes[gain]))]
    of = nodes[order]
    rank = np.arange(len(of)) - np.searchsorted(of, of)
    return int(amounts[order][rank < most[of]].sum())
