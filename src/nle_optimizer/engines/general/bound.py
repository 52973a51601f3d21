"""The bound that multipliers prove, in whole numbers: see docs/reference/decisions.md, The certificate, `bounds`."""

from collections.abc import Sequence
from math import gcd

import numpy as np

from nle_optimizer.engines.decomposition.knapsack import Knapsacks
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Leaf, Multipliers
from nle_optimizer.records import Integers

LARGEST = 2**60
"""Sums in units of 1/divisor stay below this."""

_WIDEST = 5_000
"""Steps that a capacity is divided into at most; a finer one is rounded, which can only raise the bound."""

Held = Sequence[tuple[Integers | None, int]]
"""For each earlier level the pairs' amounts and the least value that holds it; None where it is no sum over pairs."""


def leaf_of(problem: Problem, amounts: Integers, held: Held, multipliers: Multipliers) -> Leaf | None:
    """The leaf of these multipliers with its bound; None where the sums are too large to be exact."""
    worth = _worth(problem, amounts, held, multipliers)
    if worth is None:
        return None
    total = _dot(problem.supporters, multipliers.recipient)
    for resource, price in zip(problem.resources, multipliers.resource, strict=True):
        total += _dot(resource.capacity, price)
    for row, price in zip(problem.rows, multipliers.row.tolist(), strict=True):
        limit = row.upper if price > 0 else row.lower
        total += 0 if limit is None else price * limit
    total -= sum(price * least for price, (_, least) in zip(multipliers.held.tolist(), held, strict=True))
    inside = _knapsacks(problem, worth, multipliers.knapsack)
    if inside is None:
        return None
    divisor = gcd(*np.unique(amounts).tolist()) or 1
    return Leaf(multipliers, (total + inside) // multipliers.divisor // divisor * divisor)


def _worth(problem: Problem, amounts: Integers, held: Held, multipliers: Multipliers) -> Integers | None:
    """What each pair is worth beyond the multipliers; None where that is too large to be exact."""
    terms = [multipliers.divisor * amounts.astype(np.float64), multipliers.recipient[problem.recipient].astype(float)]
    worth = multipliers.divisor * amounts - multipliers.recipient[problem.recipient]
    for resource, price in zip(problem.resources, multipliers.resource, strict=True):
        terms.append(price[problem.nle].astype(np.float64) * resource.use)
        worth -= price[problem.nle] * resource.use
    for row, price in zip(problem.rows, multipliers.row.tolist(), strict=True):
        if price:
            terms.append(np.array([price * float(np.abs(row.amounts).max(initial=0))]))
            worth[row.pairs] -= price * row.amounts
    for (level, _), price in zip(held, multipliers.held.tolist(), strict=True):
        if price and level is not None:
            terms.append(float(price) * level)
            worth += price * level
    size = sum(float(np.abs(term).max(initial=0)) for term in terms)
    return worth if size * max(1, problem.size) < LARGEST * 4 else None


def _knapsacks(problem: Problem, worth: Integers, knapsack: int) -> int | None:
    """The sum over NLEs of the most that pairs within one capacity are worth; None where required pairs exceed it."""
    resource = problem.resources[knapsack]
    required = problem.required_pairs()
    room = resource.capacity.copy()
    np.subtract.at(room, problem.nle[required], resource.use[required])
    if (room < 0).any():
        return None
    free = np.ones(problem.size, bool)
    free[required] = False
    unit = gcd(*np.unique(resource.use).tolist(), 0) or 1
    unit = max(unit, int(room.max(initial=0)) // _WIDEST)
    knapsacks = Knapsacks(problem.nle, resource.use // unit, len(problem.nle_ids))
    most, _ = knapsacks.best(worth, room // unit, free)
    return int(most.sum()) + int(worth[required].sum())


def _dot(left: Integers, right: Integers) -> int:
    return sum(map(int.__mul__, left.tolist(), right.tolist()))
