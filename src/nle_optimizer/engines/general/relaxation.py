"""The relaxation of a programme: its prices, and the bound they prove.

The bound that multipliers prove, in whole numbers: see docs/reference/decisions.md, The certificate, `bounds`.

What the relaxation to fractions says of a level: its prices, rounded, are multipliers that prove a bound.

The relaxation counts pairs only: rows and levels over presences are left out, which makes it weaker and no less valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.decomposition.bound import Knapsacks
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.program import ProgramRows
from nle_optimizer.engines.general.program_from_problem import Draft, groups
from nle_optimizer.engines.general.solving import relax
from nle_optimizer.model.limits_left import uniform
from nle_optimizer.model.problem import Leaf, Multipliers, Problem
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


_FINEST = 10**6
"""Multipliers are rounded to this part of a unit, or less finely where that would be too large to be exact."""

_FAR = 2**40
"""More than any row is broken by."""


@dataclass(frozen=True, eq=False)
class LimitPrices:
    """Prices of the relaxation, per unit of each limit."""

    recipient: NDArray[np.float64]
    resource: NDArray[np.float64]
    row: NDArray[np.float64]
    held: NDArray[np.float64]


def relaxed_leaf(problem: Problem, amounts: Integers, held: Held, stop: Stopping) -> Leaf | None:
    """Multipliers that prove a bound on a sum over pairs; None where there are none in time.

    Args:
        problem: what is solved; required pairs are matched.
        amounts: shape (pairs,): what each pair is worth.
        held: the earlier levels.
        stop: when to give up.
    """
    draft = _pairs_alone(problem)
    _write(draft, problem, held)
    prices = _prices(draft, problem, amounts, stop)
    if prices is None:
        return None
    return leaf_of(problem, amounts, held, _rounded(problem, amounts, prices))


def limit_prices(problem: Problem, amounts: Integers, stop: Stopping) -> LimitPrices | None:
    """What a unit more of each limit is worth in the relaxation of one sum; None where that is not found in time.

    Args:
        problem: what is solved; limits over presences have no price.
        amounts: shape (pairs,): what each pair is worth.
        stop: when to give up.
    """
    draft = _pairs_alone(problem)
    _write(draft, problem, ())
    return _prices(draft, problem, amounts, stop)


def contradiction(problem: Problem, stop: Stopping) -> Leaf | None:
    """Multipliers that prove that there is no allocation; None where the relaxation has one.

    They are the prices of the least sum by which the rows must be broken.
    """
    draft = _pairs_alone(problem)
    _write(draft, problem, ())
    first = len(draft.rows.columns) - len(problem.rows)
    for n in range(len(problem.rows)):
        for way in (1, -1):
            column = draft.add_variables(np.zeros(1, np.int64), np.array([_FAR]))
            draft.rows.extend(first + n, column, np.array([way], np.int64))
    breaking = np.zeros(len(draft.lower), np.int64)
    breaking[problem.size :] = -1
    prices = _prices(draft, problem, breaking, stop)
    if prices is None:
        return None
    nothing = np.zeros(problem.size, np.int64)
    leaf = leaf_of(problem, nothing, (), _rounded(problem, nothing, prices))
    return leaf if leaf is not None and leaf.bound < 0 else None


def _pairs_alone(problem: Problem) -> Draft:
    """A draft with a variable for each pair and no row."""
    lower = np.zeros(problem.size, np.int64)
    lower[problem.required_pairs()] = 1
    return Draft(lower, np.ones(problem.size, np.int64), ProgramRows(divided=False))


def _prices(draft: Draft, problem: Problem, objective: Integers, stop: Stopping) -> LimitPrices | None:
    dual = relax(draft.program(objective), stop)
    if dual is None:
        return None
    recipients, nles, rows = len(problem.recipient_ids), len(problem.nle_ids), len(problem.rows)
    ends = np.cumsum([recipients, len(problem.resources) * nles, rows])
    recipient, resource, row, kept = np.split(dual, ends)
    return LimitPrices(recipient, resource.reshape(len(problem.resources), nles), row, -kept)


def _write(draft: Draft, problem: Problem, held: Held) -> None:
    """One row for each limit that multipliers can price, in the order of the multipliers."""
    nothing = np.zeros(0, np.int64)
    for recipient, pairs in groups(problem.recipient, len(problem.recipient_ids)):
        draft.rows.add(pairs, np.ones(len(pairs), np.int64), None, int(problem.supporters[recipient]))
    for resource in problem.resources:
        for nle, pairs in groups(problem.nle, len(problem.nle_ids)):
            draft.rows.add(pairs, resource.use[pairs], None, int(resource.capacity[nle]))
    for row in problem.rows:
        if len(row.presences):
            draft.rows.add(nothing, nothing, None, None)
        else:
            draft.rows.add(row.pairs, row.amounts, row.lower, row.upper)
    for level, least in held:
        draft.add_row(nothing if level is None else level, None if level is None else least, None)


def _rounded(problem: Problem, amounts: Integers, prices: LimitPrices) -> Multipliers:
    size = max(1, int(np.abs(amounts).astype(np.float64).sum()))
    divisor = int(max(1, min(_FINEST, LARGEST // size)))
    may_rise = np.array([bool(row.upper is not None and not len(row.presences)) for row in problem.rows], bool)
    may_fall = np.array([bool(row.lower is not None and not len(row.presences)) for row in problem.rows], bool)
    row = np.rint(prices.row * divisor).astype(np.int64)
    row = np.where((row > 0) & ~may_rise | (row < 0) & ~may_fall, 0, row)
    resource = _from_nought(prices.resource, divisor)
    knapsack = _knapsack(problem, resource)
    resource[knapsack] = 0
    return Multipliers(
        divisor, _from_nought(prices.recipient, divisor), resource, row, _from_nought(prices.held, divisor), knapsack
    )


def _from_nought(prices: NDArray[np.float64], divisor: int) -> Integers:
    return np.maximum(np.rint(prices * divisor), 0).astype(np.int64)


def _knapsack(problem: Problem, resource: Integers) -> int:
    """The resource to keep as a limit: of which pairs take different amounts, then the one that is worth most."""
    worth = [
        (bool((~uniform(problem, own)).any()), sum(map(int.__mul__, price.tolist(), own.capacity.tolist())))
        for own, price in zip(problem.resources, resource, strict=True)
    ]
    return max(range(len(worth)), key=lambda n: (worth[n], -n))
