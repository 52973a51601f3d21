"""Required pairs that clash with the capacity of an NLE or the supporters of a recipient, seen without solving."""

import numpy as np

from nle_optimizer.model.problem import Problem
from nle_optimizer.records import shortest


def overfull(problem: Problem) -> list[str]:
    """The NLEs and recipients of whom more is required than they have or may have, in words."""
    required = problem.required_pairs()
    if not len(required):
        return []
    return [*_overfull_nles(problem), *_overfull_recipients(problem)]


def _overfull_nles(problem: Problem) -> list[str]:
    required = problem.required_pairs()
    told: dict[int, str] = {}
    for resource in problem.resources:
        taken = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(taken, problem.nle[required], resource.use[required])
        for n in np.flatnonzero(taken > resource.capacity).tolist():
            has, takes = shortest(int(resource.capacity[n]), 6), shortest(int(taken[n]), 6)
            told.setdefault(
                n,
                f"NLE {problem.nle_ids[n]} has {has} {resource.name}, and its required pairs take {takes}: "
                "drop a requirement or give it more capacity",
            )
    return [told[n] for n in sorted(told)]


def _overfull_recipients(problem: Problem) -> list[str]:
    of_recipient = np.bincount(problem.recipient[problem.required_pairs()], minlength=len(problem.recipient_ids))
    return [
        f"school {problem.recipient_ids[n]} may have {problem.supporters[n]} of the {of_recipient[n]} NLEs that are "
        "required for it: drop a requirement or raise its supporters"
        for n in np.flatnonzero(of_recipient > problem.supporters)
    ]
