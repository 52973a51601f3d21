"""Small generalised assignment problems, and the proof of their bounds read again in plain Python."""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import gcd
from random import Random

import numpy as np

from nle_optimizer.engines.decomposition.engine import DecompositionEngine
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.model.levels import Allowance, Level
from nle_optimizer.model.problem import Leaf, Problem, Resource, Row, Solution, Tree
from nle_optimizer.records import MILLION, Flags, Integers

VOID = -(2**62)


def days_problem(
    rng: Random,
    *,
    nles: int = 3,
    recipients: int = 5,
    most_pairs: int = 11,
    depth: int = 1,
    resources: int = 1,
    rows: int = 0,
    required: int = 0,
    most_supporters: int = 1,
    low: int = 0,
    high: int = 20,
    unit: int = MILLION,
    allowance: Allowance | None = None,
) -> Problem:
    """A random problem of few pairs, each of which takes its own amount of every resource."""
    n_nles, n_recipients = rng.randint(1, nles), rng.randint(1, recipients)
    every = [(i, j) for i in range(n_nles) for j in range(n_recipients)]
    pairs = sorted(rng.sample(every, rng.randint(0, min(len(every), most_pairs))))
    nle, recipient = (_whole(pair[side] for pair in pairs) for side in (0, 1))
    size = len(pairs)
    return Problem(
        np.array([f"R{n}" for n in range(n_recipients)], dtype=object),
        np.array([f"N{n}" for n in range(n_nles)], dtype=object),
        recipient,
        nle,
        _whole(rng.randint(1, most_supporters) for _ in range(n_recipients)),
        tuple(
            Resource(
                f"r{n}",
                _whole(rng.randint(1, 5) * unit for _ in pairs),
                _whole(rng.randint(0, 12) * unit for _ in range(n_nles)),
            )
            for n in range(resources)
        ),
        np.array([n in rng.sample(range(size), min(size, rng.randint(0, required))) for n in range(size)], bool)
        if required
        else None,
        tuple(
            Level(f"level {n}", 1, 1, _whole(rng.randint(low, high) for _ in pairs), within=allowance)
            for n in range(depth)
        ),
        rows=tuple(_row(rng, size, n) for n in range(rows)),
    )


def _row(rng: Random, size: int, number: int) -> Row:
    pairs = sorted(rng.sample(range(size), rng.randint(0, size)))
    amounts = _whole(rng.choice((-2, -1, 1, 1, 2, 3)) for _ in pairs)
    lower, upper = rng.choice(((None, 3), (1, None), (-1, 2), (0, 0), (None, 1), (2, 4)))
    return Row("quota", f"quota {number}", _whole(pairs), amounts, lower, upper)


def _whole(values: "Iterator[int] | list[int]") -> Integers:
    return np.array(list(values), dtype=np.int64)


def every_assignment(problem: Problem) -> Flags:
    """All allocations within every limit that hold every required pair, shape (allocations, pairs)."""
    size = problem.size
    chosen = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    within = (chosen @ (problem.recipient[:, None] == np.arange(len(problem.recipient_ids))) <= problem.supporters).all(
        1
    )
    for resource in problem.resources:
        of_nle = (problem.nle[:, None] == np.arange(len(problem.nle_ids))) * resource.use[:, None]
        within &= (chosen @ of_nle <= resource.capacity).all(axis=1)
    within &= chosen[:, problem.required_pairs()].all(axis=1)
    for row in problem.rows:
        total = chosen[:, row.pairs] @ row.amounts
        within &= (row.lower is None or total >= row.lower) & (row.upper is None or total <= row.upper)
    return chosen[within].astype(bool)


def solve_days(
    problem: Problem, stop: Stopping | None = None, children: int = 1, start: Integers | None = None
) -> Solution:
    """The decomposition engine's answer, from a start or from nothing."""
    engine = DecompositionEngine(children=children)
    if start is None:
        return engine.solve(problem, 0, stop or Stopping())
    return engine.solve_from(problem, 0, stop or Stopping(), start)


def bound_of(problem: Problem, solution: Solution, level: int) -> int:
    """The greatest bound of any leaf of a level's tree, each evaluated anew from the formula."""
    tree = solution.trees[level]
    assert tree is not None
    required = set(problem.required_pairs().tolist())
    return max(
        _leaf_bound(problem, solution, level, leaf, fixed_in | required, fixed_out)
        for leaf, fixed_in, fixed_out in _leaves(tree, frozenset(), frozenset())
    )


def _leaves(
    tree: Tree, fixed_in: frozenset[int], fixed_out: frozenset[int]
) -> Iterator[tuple[Leaf, set[int], set[int]]]:
    if isinstance(tree, Leaf):
        yield tree, set(fixed_in), set(fixed_out)
        return
    yield from _leaves(tree.matched, fixed_in | {tree.pair}, fixed_out)
    yield from _leaves(tree.unmatched, fixed_in, fixed_out | {tree.pair})


def _leaf_bound(
    problem: Problem, solution: Solution, level: int, leaf: Leaf, fixed_in: set[int], fixed_out: set[int]
) -> int:
    if _impossible(problem, fixed_in):
        return VOID
    own, amounts = leaf.multipliers, problem.levels[level].amounts
    assert (own.recipient >= 0).all() and (own.resource >= 0).all() and (own.held >= 0).all()
    assert not own.resource[own.knapsack].any()
    total = sum(int(u) * int(k) for u, k in zip(own.recipient, problem.supporters, strict=True))
    for v, resource in zip(own.resource.tolist(), problem.resources, strict=True):
        total += sum(price * int(capacity) for price, capacity in zip(v, resource.capacity, strict=True))
    worth = [int(own.divisor * amounts[p] - own.recipient[problem.recipient[p]]) for p in range(problem.size)]
    for v, resource in zip(own.resource, problem.resources, strict=True):
        worth = [w - int(v[problem.nle[p]] * resource.use[p]) for p, w in enumerate(worth)]
    for w, row in zip(own.row.tolist(), problem.rows, strict=True):
        if w:
            limit = row.upper if w > 0 else row.lower
            assert limit is not None
            total += w * limit
        for p, amount in zip(row.pairs.tolist(), row.amounts.tolist(), strict=True):
            worth[p] -= w * amount
    for number, h in enumerate(own.held.tolist()):
        earlier, outcome = problem.levels[number], solution.levels[number]
        kept = outcome.bound if outcome.proved else outcome.value
        total -= h * (kept if earlier.within is None else earlier.within.least(kept))
        worth = [w + h * int(earlier.amounts[p]) for p, w in enumerate(worth)]
    knapsack = problem.resources[own.knapsack]
    for nle in range(len(problem.nle_ids)):
        total += _knapsack(problem, knapsack, worth, nle, fixed_in, fixed_out)
    step = reduce(gcd, (int(amount) for amount in amounts), 0) or 1
    bound = Fraction(total, own.divisor).__floor__() // step * step
    assert leaf.bound >= bound
    return bound


def _knapsack(
    problem: Problem, resource: Resource, worth: list[int], nle: int, fixed_in: set[int], fixed_out: set[int]
) -> int:
    best = {0: 0}
    for pair in np.flatnonzero(problem.nle == nle).tolist():
        if pair in fixed_out:
            continue
        use = int(resource.use[pair])
        with_pair = {used + use: value + worth[pair] for used, value in best.items()}
        kept = {} if pair in fixed_in else dict(best)
        for used, value in with_pair.items():
            if used <= resource.capacity[nle]:
                kept[used] = max(value, kept.get(used, value))
        best = kept
    return max(best.values())


def _impossible(problem: Problem, fixed_in: set[int]) -> bool:
    pairs = np.array(sorted(fixed_in), dtype=np.int64)
    served = np.bincount(problem.recipient[pairs], minlength=len(problem.recipient_ids))
    over = [
        np.bincount(problem.nle[pairs], weights=r.use[pairs], minlength=len(problem.nle_ids)) > r.capacity
        for r in problem.resources
    ]
    return bool((served > problem.supporters).any() or any(o.any() for o in over))
