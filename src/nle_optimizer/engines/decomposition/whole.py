"""The whole of a small case: its patterns within the gap, and branch and bound over them in several processes.

The open cases are dealt out in two hands, whatever the number of processes, and gathered after so many nodes: what is
found does not depend on who works at it.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.ascent import improve
from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.crew import Crew
from nle_optimizer.engines.decomposition.master import Master, Pool
from nle_optimizer.engines.decomposition.packing import Packing
from nle_optimizer.engines.decomposition.part import within
from nle_optimizer.engines.decomposition.patterns import Patterns, enumerate_patterns
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.engines.decomposition.programme import Answer, solve_pairs
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.records import Integers

STEPS = 300
"""Steps of the ascent."""

FEW = 15_000
"""Patterns of a first look, which may better the allocation and so narrow the gap."""

MOST = 2_000_000
"""Partial patterns above which the solver is given pairs."""

PAIR_NODES = 2000
"""Nodes of the solver where it is given pairs."""

HANDS = 2
"""Hands that open cases are dealt out in."""

EARLY = 1.0
"""Seconds before the deadline at which a child ends its work."""


@dataclass(frozen=True)
class Limits:
    """How hard to work.

    Attributes:
        nodes: cases looked at in all.
        slice: cases that a hand looks at before all are gathered.
    """

    nodes: int
    slice: int


def solve_whole(
    case: Case, prices: Floats, taken: Integers, limits: Limits, crew: Crew, stop: Stopping
) -> Answer | None:
    """The best of all allocations; None where a child died or it was time to stop.

    Args:
        case: of few pairs.
        prices: to start from, as `Pricing` orders them.
        taken: positions of the pairs of the present allocation.
        limits: how hard to work.
        crew: the processes at work.
        stop: when to end.
    """
    (opened,) = crew.ask(open_whole, [(case, prices, taken, _seconds(stop))], stop)
    if opened is None or isinstance(opened, Answer):
        return opened
    done = 0
    while opened.left and done < limits.nodes and not stop.reason():
        hands = opened.dealt(HANDS)
        played = crew.ask(played_hand, [(hand, limits.slice, _seconds(stop)) for hand in hands], stop)
        opened = opened.gathered([hand for hand in played if hand is not None])
        done += HANDS * limits.slice
        if any(hand is None for hand in played):
            return Answer(opened.taken, None, False)
    return Answer(opened.taken, opened.bound, False)


def open_whole(case: Case, prices: Floats, taken: Integers, seconds: float | None) -> Packing | Answer:
    """The branch and bound with its first case looked at; the solver's answer where there are too many patterns."""
    pricing, current = Pricing.of(case), case.worth(taken)
    ascent = improve(pricing, prices, current, STEPS, Stopping(), target=float(current))
    reduced, gap = pricing.reduced(ascent.prices), max(0.0, ascent.bound - current)
    patterns = enumerate_patterns(case, reduced, gap, MOST)
    if patterns is None or patterns.count > FEW:
        first = _looked(pricing, reduced, within(case, reduced, gap, FEW), taken, seconds)
        if first.best > current:
            taken, gap = first.taken, max(0.0, ascent.bound - first.best)
            patterns = enumerate_patterns(case, reduced, gap, MOST)
    if patterns is not None:
        return _looked(pricing, reduced, patterns, taken, seconds)
    answer = solve_pairs(case, PAIR_NODES, seconds)
    bound = None if answer.bound is None else max(answer.bound, case.worth(taken))
    return Answer(taken if answer.taken is None else answer.taken, bound, False)


def played_hand(packing: Packing, nodes: int, seconds: float | None) -> Packing:
    """The branch and bound after so many cases."""
    packing.run(nodes, seconds)
    return packing


def _looked(pricing: Pricing, reduced: Floats, patterns: Patterns, taken: Integers, seconds: float | None) -> Packing:
    best, _ = pricing.knapsacks.best(reduced, pricing.case.room)
    worth = np.bincount(patterns.pattern, weights=reduced[patterns.position], minlength=patterns.count)
    nles, own = np.unique(pricing.case.nle[taken], return_inverse=True)
    pool = Pool.of(pricing.case, patterns.joined(Patterns(nles, own, taken)))
    short = np.concatenate([best[patterns.nle] - worth, np.zeros(len(nles))])
    packing = Packing(pricing.case, taken)
    packing.push(Master.of(pool, short), np.inf)
    packing.run(1, seconds)
    return packing


def _seconds(stop: Stopping) -> float | None:
    return None if stop.seconds_left is None else max(0.0, stop.seconds_left - EARLY)
