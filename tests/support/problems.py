"""Small matching problems in whole numbers, their allocations one by one, and a check of prices of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.model.problem import Level, Problem, Resource, Solution
from nle_optimizer.records import MILLION, Flags, Integers

Pair = tuple[int, int]
"""NLE, recipient."""


def problem_of(
    values: Mapping[Pair, Sequence[int]],
    places: Sequence[int],
    supporters: Sequence[int],
    *,
    required: Sequence[Pair] = (),
    tie_break: Mapping[Pair, int] | None = None,
) -> Problem:
    """A problem from the value of each candidate pair at every level."""
    pairs = sorted(values)
    nle, recipient = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    depth = len(next(iter(values.values()), (0,)))
    return Problem(
        _ids("R", len(supporters)),
        _ids("N", len(places)),
        recipient,
        nle,
        np.array(supporters, dtype=np.int64),
        (Resource("placements", np.full(len(pairs), MILLION), np.array(places, dtype=np.int64) * MILLION),),
        np.array([pair in required for pair in pairs], dtype=bool) if required else None,
        tuple(_level(f"level {n}", [values[pair][n] for pair in pairs]) for n in range(depth)),
        () if tie_break is None else (_level("tie", [tie_break[pair] for pair in pairs]),),
    )


def _ids(letter: str, count: int) -> np.ndarray:
    return np.array([f"{letter}{n:03d}" for n in range(count)], dtype=object)


def _level(name: str, amounts: Sequence[int]) -> Level:
    return Level(name, 1, 1, np.array(amounts, dtype=np.int64))


def random_problem(
    rng: Random,
    *,
    nles: int = 3,
    recipients: int = 4,
    most_pairs: int = 10,
    depth: int = 2,
    low: int = -2,
    high: int = 3,
    most_supporters: int = 1,
    least_supporters: int = 1,
    most_places: int = 3,
    required: int = 0,
    tied: bool = False,
) -> Problem:
    """A random problem with few distinct values, so that ties abound."""
    n_nles, n_recipients = rng.randint(1, nles), rng.randint(1, recipients)
    every = [(i, j) for i in range(n_nles) for j in range(n_recipients)]
    pairs = rng.sample(every, rng.randint(0, min(len(every), most_pairs)))
    levels = rng.randint(1, depth)
    return problem_of(
        {pair: [rng.randint(low, high) for _ in range(levels)] for pair in pairs},
        [rng.randint(0, most_places) for _ in range(n_nles)],
        [rng.randint(least_supporters, most_supporters) for _ in range(n_recipients)],
        required=rng.sample(pairs, min(len(pairs), rng.randint(0, required))),
        tie_break={pair: rng.randint(0, 2) for pair in pairs} if tied else None,
    )


def solve(problem: Problem, seed: int = 0) -> Solution:
    """The network engine's answer."""
    return NetworkEngine().solve(problem, seed)


def values_of(solution: Solution) -> list[int]:
    """The value of every level."""
    return [level.value for level in solution.levels]


def matched_pairs(problem: Problem, solution: Solution) -> set[tuple[str, str]]:
    """The matched pairs by identifier."""
    return {
        (problem.nle_ids[problem.nle[n]], problem.recipient_ids[problem.recipient[n]])
        for n in solution.matched
    }


def firm_pairs(problem: Problem, solution: Solution) -> set[tuple[str, str]]:
    """The pairs said to stand in every optimum, by identifier."""
    firm = replace(solution, matched=solution.matched[solution.in_every_optimum])
    return matched_pairs(problem, firm)


def room_of(problem: Problem) -> Integers:
    """How many recipients each NLE can take, for problems made here."""
    return np.asarray(problem.resources[0].capacity // MILLION)


def every_allocation(problem: Problem) -> Flags:
    """All allocations within the limits that hold every required pair, shape (allocations, pairs)."""
    size = problem.size
    chosen = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    by_nle = chosen @ (problem.nle[:, None] == np.arange(len(problem.nle_ids)))
    by_recipient = chosen @ (problem.recipient[:, None] == np.arange(len(problem.recipient_ids)))
    within = (by_nle <= room_of(problem)).all(axis=1) & (by_recipient <= problem.supporters).all(axis=1)
    if problem.required is not None:
        within &= chosen[:, problem.required].all(axis=1)
    return chosen[within].astype(bool)


def best_allocations(problem: Problem, allocations: Flags, levels: Sequence[Level]) -> tuple[Flags, list[int]]:
    """The allocations that are best level by level, and the value of each level."""
    values = []
    for level in levels:
        totals = allocations.astype(np.int64) @ level.amounts
        values.append(int(totals.max()))
        allocations = allocations[totals == values[-1]]
    return allocations, values


def as_allocation(problem: Problem, solution: Solution) -> Flags:
    """The solution as one row of `every_allocation`."""
    row = np.zeros(problem.size, dtype=bool)
    row[solution.matched] = True
    return row


def price_faults(problem: Problem, solution: Solution) -> list[str]:
    """Where the prices break the certificate of docs/reference/decisions.md, in plain Python."""
    assert solution.prices is not None
    u = [tuple(row) for row in solution.prices.recipient.T.tolist()]
    v = [tuple(row) for row in solution.prices.nle.T.tolist()]
    zero = (0,) * len(problem.levels)
    matched, required = set(solution.matched.tolist()), set(problem.required_pairs().tolist())
    faults: list[str] = []
    beyond = dict.fromkeys(range(len(problem.levels)), 0)
    for n in range(problem.size):
        i, j = int(problem.nle[n]), int(problem.recipient[n])
        left = tuple(
            int(level.amounts[n]) - u[j][k] - v[i][k] for k, level in enumerate(problem.levels)
        )
        if n not in matched and left > zero:
            faults.append(f"pair {n} would gain {left}")
        if n in matched and n not in required and left < zero:
            faults.append(f"matched pair {n} loses {left}")
        if n in matched and (n in required or problem.supporters[j] > 1):
            beyond = {k: total + left[k] for k, total in beyond.items()}
        elif n in matched and left != zero:
            faults.append(f"matched pair {n} of a single supporter leaves {left}")
    used_nle = np.bincount(problem.nle[solution.matched], minlength=len(v)).tolist()
    used_recipient = np.bincount(problem.recipient[solution.matched], minlength=len(u)).tolist()
    sides = (("u", u, used_recipient, problem.supporters.tolist()), ("v", v, used_nle, room_of(problem).tolist()))
    for name, prices, used, limit in sides:
        for n, price in enumerate(prices):
            if price < zero or (used[n] < limit[n] and price != zero):
                faults.append(f"{name}{n} is {price} with {used[n]} of {limit[n]} used")
    for k, level in enumerate(solution.levels):
        bound = sum(m * price[k] for side in sides for m, price in zip(side[3], side[1], strict=True)) + beyond[k]
        if not level.value == bound == level.bound:
            faults.append(f"level {k}: value {level.value}, bound {level.bound}, from prices {bound}")
    return faults
