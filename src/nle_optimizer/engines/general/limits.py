"""Whether an allocation keeps every limit of a problem, in whole numbers and without any program."""

import numpy as np

from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers


def keeps_limits(problem: Problem, matched: Integers) -> bool:
    """Whether the matched pairs keep every limit of a problem."""
    return bool(
        np.isin(problem.required_pairs(), matched).all()
        and (np.bincount(problem.recipient[matched], minlength=len(problem.supporters)) <= problem.supporters).all()
        and all(_fits(problem, matched, resource.use, resource.capacity) for resource in problem.resources)
        and all(within(row.total(problem, matched), row.lower, row.upper) for row in problem.rows)
    )


def within(value: int, lower: int | None, upper: int | None) -> bool:
    """Whether a value lies between two limits, of which either may be none."""
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def _fits(problem: Problem, matched: Integers, use: Integers, capacity: Integers) -> bool:
    taken = np.zeros(len(capacity), dtype=np.int64)
    np.add.at(taken, problem.nle[matched], use[matched])
    return bool((taken <= capacity).all())
