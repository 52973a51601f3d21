"""What hard limits a set of matched pairs breaks, counted anew in integers."""

import numpy as np

from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers


def overuse(problem: Problem, matched: Integers) -> list[str]:
    """Recipients with more NLEs than they may have, and NLEs that give more than they have, in words."""
    served = np.bincount(problem.recipient[matched], minlength=len(problem.recipient_ids))
    crowded = np.flatnonzero(served > problem.supporters).tolist()
    found = [f"{problem.recipient_ids[n]} has {served[n]} NLEs and may have {problem.supporters[n]}" for n in crowded]
    for resource in problem.resources:
        used = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(used, problem.nle[matched], resource.use[matched])
        too_much = np.flatnonzero(used > resource.capacity).tolist()
        found += [f"{problem.nle_ids[n]} gives more {resource.name} than it has" for n in too_much]
    return found


def breaches(problem: Problem, matched: Integers) -> list[str]:
    """Every hard limit but lower ones that is broken, in words."""
    if not (np.isin(matched, np.arange(problem.size)).all() and (np.diff(matched) > 0).all()):
        return ["the pairs are not distinct candidates in order"]
    lost = np.setdiff1d(problem.required_pairs(), matched).tolist()
    return [
        *overuse(problem, matched),
        *(
            f"{row.label} is above its upper limit"
            for row in problem.rows
            if row.upper is not None and row.total(problem, matched) > row.upper
        ),
        *(required_in_words(problem, pair) for pair in lost),
    ]


def required_in_words(problem: Problem, pair: int) -> str:
    """That a required pair is not matched."""
    return f"{problem.recipient_ids[problem.recipient[pair]]} with {problem.nle_ids[problem.nle[pair]]} is required"
