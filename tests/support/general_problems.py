"""Small problems with everything a problem can have, and their best allocations one by one."""

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import numpy as np

from nle_optimizer.model.levels import Allowance, AnyLevel, LeastFit, Level, Leximin, Share, Spread
from nle_optimizer.model.problem import Presences, Problem, Resource, Row
from nle_optimizer.records import MILLION, Flags, Integers

KINDS = ("sum", "presences", "within", "least", "leximin", "spread")


def random_problem(
    rng: Random, *, pairs: int = 9, rows: int = 3, kinds: Sequence[str] = KINDS, depth: int = 3, tight: bool = False
) -> Problem:
    """A random problem with few distinct values, so that ties abound; with `tight` it often has no allocation."""
    nles, recipients = rng.randint(1, 4), rng.randint(1, 5)
    every = [(i, j) for i in range(nles) for j in range(recipients)]
    chosen = np.array(sorted(rng.sample(every, rng.randint(1, min(len(every), pairs)))), np.int64)
    size = len(chosen)
    presences = _presences(rng, size)
    resources = tuple(
        Resource(f"resource {n}", _whole(rng, 0, 3, size), _whole(rng, 0, 6, nles)) for n in range(rng.randint(1, 2))
    )
    required = np.array([rng.random() < (0.3 if tight else 0.07) for _ in range(size)])
    return Problem(
        _ids("R", recipients),
        _ids("N", nles),
        chosen[:, 1],
        chosen[:, 0],
        np.array([rng.choice([1, 1, 1, 2, 0 if tight else 1]) for _ in range(recipients)], np.int64),
        resources,
        required if required.any() else None,
        tuple(random_level(rng, rng.choice(kinds), size, presences) for _ in range(rng.randint(1, depth))),
        (),
        tuple(_row(rng, n, size, presences, tight) for n in range(rng.randint(0, rows))),
        presences,
    )


def _ids(letter: str, count: int) -> np.ndarray:
    return np.array([f"{letter}{n}" for n in range(count)], dtype=object)


def _numbers(rng: Random, low: int, high: int, count: int) -> Integers:
    return np.array([rng.randint(low, high) for _ in range(count)], np.int64)


def _whole(rng: Random, low: int, high: int, count: int) -> Integers:
    return _numbers(rng, low, high, count) * MILLION


def _presences(rng: Random, size: int) -> Presences:
    count = rng.randint(0, 3)
    members = [sorted(rng.sample(range(size), rng.randint(1, min(size, 3)))) for _ in range(count)]
    presence = [n for n, own in enumerate(members) for _ in own]
    return Presences(count, np.array(presence, np.int64), np.array([pair for own in members for pair in own], np.int64))


def _some(rng: Random, size: int) -> Integers:
    return np.array(sorted(rng.sample(range(size), rng.randint(0, size))), np.int64)


def _row(rng: Random, number: int, size: int, presences: Presences, tight: bool) -> Row:
    pairs, present = _some(rng, size), _some(rng, presences.count)
    low = rng.choice([-1, 1, 1])
    upper = rng.randint(-1 if low < 0 else 0, 5)
    lower = rng.randint(1, 3) if tight and rng.random() < 0.7 else rng.choice([None, None, -3, 1])
    return Row(
        f"row {number}",
        f"row {number}",
        pairs,
        _numbers(rng, low, 3, len(pairs)),
        None if lower is None else min(lower, upper),
        rng.choice([None, upper, upper]),
        present,
        _numbers(rng, low, 2, len(present)),
    )


def random_level(rng: Random, kind: str, size: int, presences: Presences) -> AnyLevel:
    """A random level of a kind."""
    if kind == "least":
        return LeastFit("least", _numbers(rng, 0, 4, size), _flags(rng, size))
    if kind == "leximin":
        return Leximin("leximin", _numbers(rng, 0, 4, size), _flags(rng, size))
    if kind == "spread":
        return Spread("spread", tuple(_share(rng, size, presences) for _ in range(rng.randint(1, 3))))
    within = Allowance(rng.randint(0, 2), Fraction(rng.randint(0, 30), 100)) if kind == "within" else None
    worth = _numbers(rng, -1, 3, presences.count) if kind == "presences" else None
    step = rng.choice([1, 7])
    return Level("sum", 1, 1, step * _numbers(rng, rng.choice([-2, 0]), 3, size), {}, worth, within)


def _flags(rng: Random, size: int) -> Flags:
    return np.array([rng.random() < 0.8 for _ in range(size)])


def _share(rng: Random, size: int, presences: Presences) -> Share:
    pairs, present = _some(rng, size), _some(rng, presences.count)
    amounts, worth = _numbers(rng, 0, 2, len(pairs)), _numbers(rng, 0, 1, len(present))
    return Share("share", pairs, amounts, present, worth, rng.randint(1, 7))


def every_allocation(problem: Problem) -> list[Integers]:
    """All allocations within the limits, each as the matched pairs."""
    chosen = (np.arange(2**problem.size)[:, None] >> np.arange(problem.size)) & 1
    holds = np.zeros((len(chosen), problem.presences.count), np.int64)
    for presence, pair in zip(problem.presences.presence, problem.presences.pair, strict=True):
        holds[:, presence] |= chosen[:, pair]
    good = (chosen @ _members(problem.recipient, len(problem.supporters)) <= problem.supporters).all(axis=1)
    good &= chosen[:, problem.required_pairs()].all(axis=1)
    for resource in problem.resources:
        taken = chosen @ (_members(problem.nle, len(problem.nle_ids)) * resource.use[:, None])
        good &= (taken <= resource.capacity).all(axis=1)
    for row in problem.rows:
        total = chosen[:, row.pairs] @ row.amounts + holds[:, row.presences] @ row.presence_amounts
        if row.lower is not None:
            good &= total >= row.lower
        if row.upper is not None:
            good &= total <= row.upper
    return [np.flatnonzero(own) for own in chosen[good]]


def _members(of: Integers, count: int) -> Integers:
    return (of[:, None] == np.arange(count)).astype(np.int64)


def best_allocations(problem: Problem, allocations: list[Integers]) -> tuple[list[Integers], list[int]]:
    """The allocations that keep every level at its best in turn, and what the best of each level is."""
    best = []
    for level in problem.levels:
        if isinstance(level, Leximin):
            ranks: list[tuple[int, ...]] = [_counts(level, matched) for matched in allocations]
        else:
            ranks = [(level.value(problem, matched),) for matched in allocations]
        least = max(ranks)
        best.append(least[0])
        if isinstance(level, Level) and level.within is not None:
            least = (level.within.least(least[0]),)
        allocations = [matched for matched, rank in zip(allocations, ranks, strict=True) if rank >= least]
    return allocations, best


def _counts(level: Leximin, matched: Integers) -> tuple[int, ...]:
    fits = level.amounts[matched[level.counted[matched]]]
    return tuple(int((fits >= fit).sum()) for fit in range(1, 5))
