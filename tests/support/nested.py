"""Random problems with nested limits: groups of schools one inside the other, and groups of NLEs likewise."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.model.problem import Problem, Row
from support.problems import random_problem


def nested_problem(rng: Random, *, most_rows: int = 4, lowers: float = 0.4, **shape: Any) -> Problem:
    """A random problem with random nested rows on both sides; it may be infeasible."""
    problem = random_problem(rng, **shape)
    rows = [
        *_rows(rng, problem.recipient, len(problem.recipient_ids), "schools", rng.randint(0, most_rows), lowers),
        *_rows(rng, problem.nle, len(problem.nle_ids), "NLEs", rng.randint(0, most_rows), lowers),
    ]
    rng.shuffle(rows)
    return replace(problem, rows=tuple(rows))


def _rows(rng: Random, of_pair: np.ndarray, count: int, side: str, most: int, lowers: float) -> Iterator[Row]:
    """Intervals of one random order of the nodes that are nested or apart."""
    order = list(range(count))
    rng.shuffle(order)
    laid: list[tuple[int, int]] = []
    for _ in range(most):
        start, end = sorted((rng.randint(0, count), rng.randint(0, count)))
        if any(start < a < end < b or a < start < b < end for a, b in laid):
            continue
        laid.append((start, end))
        pairs = np.flatnonzero(np.isin(of_pair, order[start:end]))
        yield _limited(rng, f"{side} {start}-{end}, {len(laid)}", pairs, lowers)


def _limited(rng: Random, label: str, pairs: np.ndarray, lowers: float) -> Row:
    """A row of random limits, in units of some amount; now and then they are equal, or lie within one unit."""
    amount = rng.choice([1, 1, 3])
    lower = rng.randint(0, 3) * amount - rng.choice([0, amount - 1]) if rng.random() < lowers else None
    upper = rng.randint(0, 4) * amount + rng.choice([0, amount - 1]) if rng.random() < 0.7 else None
    if lower is not None and upper is not None and (lower > upper or rng.random() < 0.3):
        upper = lower = max(lower, upper) // amount * amount
    return Row(label, label, pairs, np.full(len(pairs), amount), lower, upper)


def with_threshold_level(
    rng: Random, problem: Problem, kind: type[LeastFit] | type[Leximin], *, before: bool = True, most: int = 4
) -> Problem:
    """The problem with the number matched first, and a least fit or a leximin among its levels."""
    fits = np.array([rng.randint(0, most) for _ in range(problem.size)], dtype=np.int64)
    counted = np.ones(problem.size, dtype=bool)
    own = kind("by threshold", fits, counted)
    number = Level("matched", 1, 1, counted.astype(np.int64))
    return replace(problem, levels=(*((number,) if before else ()), own, *problem.levels))
