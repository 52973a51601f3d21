"""Required pairs that clash with the capacity of an NLE or the supporters of a recipient, seen without solving."""

from collections.abc import Mapping

import numpy as np

from nle_optimizer.errors import Place
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.wording import counted
from nle_optimizer.records import Flags, shortest

Places = Mapping[int, Place]
MOST_ROWS = 5
"""Rows that a sentence names."""


def overfull(problem: Problem, places: Places | None = None) -> list[str]:
    """The NLEs and recipients of whom more is required than they have or may have, in words.

    Args:
        problem: what is to be solved.
        places: where each required pair is asked for.
    """
    required = problem.required_pairs()
    if not len(required):
        return []
    return [*_overfull_nles(problem, places or {}), *_overfull_recipients(problem, places or {})]


def _asked_at(problem: Problem, places: Places, mine: Flags) -> str:
    """The rows that ask for some of the required pairs, in brackets."""
    rows = [str(places[pair]) for pair in problem.required_pairs()[mine].tolist() if pair in places]
    more = f" and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
    return f" ({', '.join(rows[:MOST_ROWS])}{more})" if rows else ""


def _overfull_nles(problem: Problem, places: Places) -> list[str]:
    required = problem.required_pairs()
    told: dict[int, str] = {}
    for resource in problem.resources:
        taken = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(taken, problem.nle[required], resource.use[required])
        for n in np.flatnonzero(taken > resource.capacity).tolist():
            has, takes = counted(shortest(int(resource.capacity[n]), 6), resource.name), shortest(int(taken[n]), 6)
            rows = _asked_at(problem, places, problem.nle[required] == n)
            told.setdefault(
                n,
                f"NLE {problem.nle_ids[n]} has {has}, and its required pairs take {takes}{rows}: "
                "drop a requirement or give it more capacity",
            )
    return [told[n] for n in sorted(told)]


def _overfull_recipients(problem: Problem, places: Places) -> list[str]:
    recipients = problem.recipient[problem.required_pairs()]
    of_recipient = np.bincount(recipients, minlength=len(problem.recipient_ids))
    return [
        f"school {problem.recipient_ids[n]} may have {counted(str(problem.supporters[n]), 'nles')}, and "
        f"{of_recipient[n]} are required for it{_asked_at(problem, places, recipients == n)}: "
        "drop a requirement or raise its supporters"
        for n in np.flatnonzero(of_recipient > problem.supporters)
    ]
