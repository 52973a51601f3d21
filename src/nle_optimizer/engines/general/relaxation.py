"""What the relaxation to fractions says of a level: its prices, rounded, are multipliers that prove a bound.

The relaxation counts pairs only: rows and levels over presences are left out, which makes it weaker and no less valid.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.general.bound import LARGEST, Held, leaf_of
from nle_optimizer.engines.general.draft import Draft, groups
from nle_optimizer.engines.general.program import Rows
from nle_optimizer.engines.general.solving import relax
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.places import uniform
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Leaf, Multipliers
from nle_optimizer.records import Integers

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
    return Draft(lower, np.ones(problem.size, np.int64), Rows(divided=False))


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
