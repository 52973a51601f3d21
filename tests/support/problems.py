"""Small matching problems in whole numbers, and their allocations one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.model.levels import AnyLevel, Level, Leximin
from nle_optimizer.model.problem import Problem, Resource, Solution
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
    """All allocations within the limits and rows that hold every required pair, shape (allocations, pairs)."""
    size = problem.size
    chosen = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    by_nle = chosen @ (problem.nle[:, None] == np.arange(len(problem.nle_ids)))
    by_recipient = chosen @ (problem.recipient[:, None] == np.arange(len(problem.recipient_ids)))
    within = (by_nle <= room_of(problem)).all(axis=1) & (by_recipient <= problem.supporters).all(axis=1)
    if problem.required is not None:
        within &= chosen[:, problem.required].all(axis=1)
    for row in problem.rows:
        total = chosen[:, row.pairs] @ row.amounts
        within &= row.lower is None or total >= row.lower
        within &= row.upper is None or total <= row.upper
    return chosen[within].astype(bool)


def best_allocations(problem: Problem, allocations: Flags, levels: Sequence[AnyLevel]) -> tuple[Flags, list[int]]:
    """The allocations that are best level by level, and the value of each level."""
    values = []
    for level in levels:
        worth = [_worth(problem, level, np.flatnonzero(row)) for row in allocations]
        best = max(worth)
        allocations = allocations[[own == best for own in worth]]
        values.append(level.value(problem, np.flatnonzero(allocations[0])))
    return allocations, values


def _worth(problem: Problem, level: AnyLevel, matched: Integers) -> tuple[int, ...]:
    """What makes one allocation better than another on a level."""
    if not isinstance(level, Leximin):
        return (level.value(problem, matched),)
    own = level.amounts[matched][level.counted[matched]]
    return tuple(int((own >= fit).sum()) for fit in np.unique(level.amounts) if fit > 0)


def as_allocation(problem: Problem, solution: Solution) -> Flags:
    """The solution as one row of `every_allocation`."""
    row = np.zeros(problem.size, dtype=bool)
    row[solution.matched] = True
    return row
