"""Required pairs that clash with the capacity of an NLE or the supporters of a recipient, seen without solving."""

from collections.abc import Mapping

import numpy as np

from nle_optimizer.model.problem import Problem
from nle_optimizer.model.wording import counted
from nle_optimizer.records import Flags, shortest

Words = Mapping[int, str]
MOST_NAMED = 5
"""Pairs that a sentence names."""


def overfull(problem: Problem, words: Words | None = None) -> list[str]:
    """The NLEs and recipients of whom more is required than they have or may have, in words.

    Args:
        problem: what is to be solved.
        words: why each required pair must be: `required`, `agreed` or `started`; pairs without a word are not named.
    """
    required = problem.required_pairs()
    if not len(required):
        return []
    return [*_overfull_nles(problem, words or {}), *_overfull_recipients(problem, words or {})]


def _named(problem: Problem, words: Words, mine: Flags, *, by_nle: bool) -> str:
    """The other side of some of the required pairs, each with why it must be, in brackets."""
    pairs = problem.required_pairs()[mine]
    others = problem.recipient_ids[problem.recipient[pairs]] if by_nle else problem.nle_ids[problem.nle[pairs]]
    told = [f"{other} {words[pair]}" for other, pair in zip(others, pairs.tolist(), strict=True) if pair in words]
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return f" ({', '.join(told[:MOST_NAMED])}{more})" if told else ""


def _overfull_nles(problem: Problem, words: Words) -> list[str]:
    required = problem.required_pairs()
    told: dict[int, str] = {}
    for resource in problem.resources:
        taken = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(taken, problem.nle[required], resource.use[required])
        for n in np.flatnonzero(taken > resource.capacity).tolist():
            has, takes = counted(shortest(int(resource.capacity[n]), 6), resource.name), shortest(int(taken[n]), 6)
            pairs = _named(problem, words, problem.nle[required] == n, by_nle=True)
            told.setdefault(
                n,
                f"NLE {problem.nle_ids[n]} has {has}, and its required pairs take {takes}{pairs}: "
                "drop a requirement or give it more capacity",
            )
    return [told[n] for n in sorted(told)]


def _overfull_recipients(problem: Problem, words: Words) -> list[str]:
    recipients = problem.recipient[problem.required_pairs()]
    of_recipient = np.bincount(recipients, minlength=len(problem.recipient_ids))
    return [
        f"school {problem.recipient_ids[n]} may have {counted(str(problem.supporters[n]), 'nles')}, and "
        f"{of_recipient[n]} are required for it{_named(problem, words, recipients == n, by_nle=False)}: "
        "drop a requirement or raise its supporters"
        for n in np.flatnonzero(of_recipient > problem.supporters)
    ]
