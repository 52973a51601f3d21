"""Better prices, step by step: subgradients with memory, each step as long as the gap left makes it.

Held, Wolfe and Crowder (1974), Validation of subgradient optimization, doi:10.1007/BF01580223; the memory of earlier
directions after Camerini, Fratta and Maffioli (1975), doi:10.1007/BFb0120697.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.case import Floats
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.engines.stopping import Stopping

MEMORY = 0.6
PATIENCE = 6
SHRINK = 0.6
FADING = 0.9
"""How much of what was seen before each step keeps in the record of pairs."""

SMALLEST = 1e-4
"""Once steps are this much shorter than at first, more of them gain nothing."""


@dataclass(frozen=True, eq=False)
class Ascent:
    """Where an ascent ended.

    Attributes:
        prices: the best ones met.
        bound: theirs, nearly.
        often: shape (pairs,): how often each pair was in the best sets of late, from 0 to 1.
        steps: how many were taken.
    """

    prices: Floats
    bound: float
    often: Floats
    steps: int


def improve(
    pricing: Pricing, prices: Floats, least: float, steps: int, stop: Stopping, *, target: float | None = None
) -> Ascent:
    """Lower the bound of a case by better prices.

    Args:
        prices: to start from.
        least: a bound at or below this needs no improving.
        steps: how many to take at most.
        stop: asked between two steps.
        target: the value that the optimum is thought to have; None for 0.1 % below the bound met so far.
    """
    prices = pricing.admissible(prices)
    best, best_prices = np.inf, prices
    direction, length, stalled = np.zeros(len(prices)), 1.0, 0
    often = np.zeros(pricing.case.size)
    for step in range(steps):
        bound, taken = pricing.bound(prices)
        often *= FADING if step else 0.0
        often[taken] += 1 - FADING if step else 1.0
        stalled = 0 if bound < best - 1e-6 * abs(best) else stalled + 1
        if bound < best:
            best, best_prices = bound, prices
        if best <= least or length < SMALLEST or stop.reason():
            return Ascent(best_prices, best, often, step + 1)
        if stalled > PATIENCE:
            length, stalled, prices = length * SHRINK, 0, best_prices
            direction[:] = 0
            continue
        slack = pricing.slack(prices, taken) / pricing.scale
        direction = MEMORY * direction + (1 - MEMORY) * slack if step else slack
        prices = _stepped(pricing, prices, direction, length * _distance(best, target))
        if prices is best_prices:
            break
    return Ascent(best_prices, best, often, steps)


def _distance(best: float, target: float | None) -> float:
    return 1e-3 * max(1.0, abs(best)) if target is None else max(best - target, 1e-6 * max(1.0, abs(best)))


def _stepped(pricing: Pricing, prices: Floats, direction: Floats, distance: float) -> Floats:
    """One step against the direction, leaving alone prices that may not move that way."""
    stuck = ((prices <= pricing.least) & (direction > 0)) | ((prices >= pricing.most) & (direction < 0))
    move = np.where(stuck, 0.0, direction)
    norm = float(move @ move)
    if norm == 0.0:
        return prices
    return pricing.admissible(prices - distance / norm * move / pricing.scale)
