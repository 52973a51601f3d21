"""A part of a case solved anew: prices of its own, its good patterns, and the best choice among them."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.ascent import improve
from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.patterns import Patterns, enumerate_patterns
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.engines.decomposition.programme import solve_patterns
from nle_optimizer.engines.decomposition.start import first_allocation
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.records import Integers

STEPS = 60
"""Steps of the ascent."""

NARROWER = 0.75
"""How much the margin shrinks while there are too many patterns."""

MOST_STATES = 20
"""Partial patterns at any time, as a multiple of the patterns wanted."""


@dataclass(frozen=True, eq=False)
class Effort:
    """How hard a part is worked on.

    Attributes:
        patterns: the most that enter the integer programme.
        nodes: the most nodes of its tree.
    """

    patterns: int
    nodes: int


@dataclass(frozen=True, eq=False)
class Found:
    """What became of a part.

    Attributes:
        taken: positions of a better choice of pairs; None where none was found.
        exhausted: whether nothing better exists.
    """

    taken: Integers | None
    exhausted: bool


def solve_part(case: Case, prices: Floats, taken: Integers, effort: Effort, seconds: float | None) -> Found:
    """Look for a choice of pairs worth more than those taken.

    Args:
        case: the part.
        prices: to start from, as `Pricing` orders them.
        taken: positions of the pairs of the present choice.
        effort: how hard to work.
        seconds: how long the integer programme may take; None for as long as its nodes do.
    """
    pricing, current = Pricing.of(case), case.worth(taken)
    ascent = improve(pricing, prices, current, STEPS, Stopping(), target=float(current))
    if ascent.bound < current + 1e-6 * max(1.0, abs(current)) * 1e-6:
        return Found(None, True)
    patterns = within(case, pricing.reduced(ascent.prices), ascent.bound - current, effort.patterns)
    answer = solve_patterns(case, patterns.joined(_of(case, taken)), effort.nodes, seconds)
    if answer.taken is None:
        return Found(None, False)
    better = first_allocation(pricing, ascent.prices, answer.taken)
    for found in (better, answer.taken):
        if case.worth(found) > current and case.allows(found):
            return Found(found, False)
    return Found(None, False)


def _of(case: Case, taken: Integers) -> Patterns:
    """The patterns of pairs taken."""
    nles, pattern = np.unique(case.nle[taken], return_inverse=True)
    return Patterns(nles, pattern, taken)


def within(case: Case, reduced: Floats, gap: float, most: int) -> Patterns:
    """The patterns within the gap, or within as much of it as keeps them few enough."""
    margin = gap
    while margin > gap * 1e-6:
        patterns = enumerate_patterns(case, reduced, margin, MOST_STATES * most)
        if patterns is not None and patterns.count <= most:
            return patterns
        margin *= NARROWER
    return Patterns(*(np.zeros(0, np.int64) for _ in range(3)))
