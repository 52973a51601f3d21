"""Small matching problems in whole numbers, their allocations one by one, and a check of prices of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.model.solution import Solution
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
    return NetworkEngine().solve(problem, seed, Stopping())


def values_of(solution: Solution) -> list[int]:
    """The value of every level."""
    return [level.value for level in solution.levels]


def matched_pairs(problem: Problem, solution: Solution) -> set[tuple[str, str]]:
    """The matched pairs by identifier."""
    return {(problem.nle_ids[problem.nle[n]], problem.recipient_ids[problem.recipient[n]]) for n in solution.matched}


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
    depth = range(len(problem.levels))
    beyond = [
        tuple(int(problem.levels[k].amounts[n]) - u[problem.recipient[n]][k] - v[problem.nle[n]][k] for k in depth)
        for n in range(problem.size)
    ]
    used_nle = np.bincount(problem.nle[solution.matched], minlength=len(v)).tolist()
    used_recipient = np.bincount(problem.recipient[solution.matched], minlength=len(u)).tolist()
    limits, room = problem.supporters.tolist(), room_of(problem).tolist()
    faults = [
        *_pair_faults(problem, solution, beyond),
        *_limit_faults("recipient", u, used_recipient, limits),
        *_limit_faults("NLE", v, used_nle, room),
    ]
    free = [n for n in solution.matched.tolist() if not _settled(problem, n)]
    for k, level in enumerate(solution.levels):
        prices = sum(m * price[k] for m, price in zip([*limits, *room], [*u, *v], strict=True))
        bound = prices + sum(beyond[n][k] for n in free)
        if not level.value == bound == level.bound:
            faults.append(f"level {k}: value {level.value}, bound {level.bound}, from prices {bound}")
    return faults


def _settled(problem: Problem, n: int) -> bool:
    """Whether a matched pair must be worth exactly its prices: not required, and the recipient's only one."""
    required = problem.required is not None and bool(problem.required[n])
    return not required and int(problem.supporters[problem.recipient[n]]) == 1


def _pair_faults(problem: Problem, solution: Solution, beyond: Sequence[tuple[int, ...]]) -> list[str]:
    zero = (0,) * len(problem.levels)
    matched, required = set(solution.matched.tolist()), set(problem.required_pairs().tolist())
    faults = []
    for n, left in enumerate(beyond):
        if n not in matched and left > zero:
            faults.append(f"pair {n} would gain {left}")
        elif n in matched - required and left < zero:
            faults.append(f"matched pair {n} loses {left}")
        elif n in matched and _settled(problem, n) and left != zero:
            faults.append(f"matched pair {n} of a single supporter leaves {left}")
    return faults


def _limit_faults(
    side: str, prices: Sequence[tuple[int, ...]], used: Sequence[int], limits: Sequence[int]
) -> list[str]:
    return [
        f"{side} {n} is priced {price} with {used[n]} of {limits[n]} used"
        for n, price in enumerate(prices)
        if price < (0,) * len(price) or (used[n] < limits[n] and any(price))
    ]
