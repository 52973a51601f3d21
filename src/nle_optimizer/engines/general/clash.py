"""Which requirements cannot all be met: those that prices of the relaxation name, or all, cut down until none is spare.

The set is divided and each half tried without the other, so that few solves are needed where few requirements clash
(Junker 2004, QuickXplain, AAAI-04, 167-172).
"""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.engines.general.answer import Answer, Effort
from nle_optimizer.engines.general.draft import draft_of
from nle_optimizer.engines.general.relaxation import contradiction
from nle_optimizer.engines.general.repairs import repairs_of
from nle_optimizer.engines.general.requirements import Requirement, requirements_of, restricted
from nle_optimizer.engines.general.solving import solve
from nle_optimizer.engines.general.start import first_allocation
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.clash import Clash
from nle_optimizer.model.problem import Problem

_WORK = 200.0
"""Units of work of CP-SAT for each question whether an allocation exists."""

Group = list[Requirement]
Clashes = Callable[[Sequence[Requirement]], bool]


def any_allocation(problem: Problem, work: float, stop: Stopping) -> Answer:
    """CP-SAT's answer to whether there is any allocation."""
    program = draft_of(problem).program(np.zeros(0, np.int64))
    return solve("cpsat", program, Effort(work, stop.seconds_left), stop)


def clash_of(problem: Problem, stop: Stopping) -> Clash:
    """What clashes in a problem that has no allocation, and what would mend it."""
    stop.tell("looking for what clashes")
    sure = True

    def clashes(kept: Sequence[Requirement]) -> bool:
        nonlocal sure
        reduced = restricted(problem, kept)
        if first_allocation(reduced) is not None:
            return False
        status = any_allocation(reduced, _WORK, stop).status
        sure &= status not in ("unknown", "died")
        return status == "infeasible"

    by_label: dict[str, list[Requirement]] = {}
    for one in _candidates(problem, stop):
        by_label.setdefault(one.label(problem), []).append(one)
    groups = irreducible(clashes, list(by_label.values()))
    limits = irreducible(clashes, [[one] for group in groups for one in group])
    found = [one for one in requirements_of(problem) if [one] in limits]
    leaf = contradiction(_with_all_pairs(problem, found), stop)
    labels = tuple(dict.fromkeys(one.label(problem) for one in found))
    sentence = _sentence(problem, found, sure=sure)
    return Clash(labels, (sentence,), "solver" if leaf is None else "multipliers", leaf, repairs_of(problem, stop))


def irreducible(clashes: Clashes, among: Sequence[Group]) -> list[Group]:
    """Some of the given groups of requirements that clash, none of them spare; together they must clash."""

    def needed(background: list[Group], added: bool, rest: list[Group]) -> list[Group]:
        if added and clashes([one for group in background for one in group]):
            return []
        if len(rest) == 1:
            return rest
        left, right = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        of_right = needed([*background, *left], True, right)
        of_left = needed([*background, *of_right], bool(of_right), left)
        return [*of_left, *of_right]

    return [] if clashes([]) else needed([], False, list(among))


def _candidates(problem: Problem, stop: Stopping) -> list[Requirement]:
    """The rows that the relaxation's prices name beside the required pairs, where it has no allocation."""
    every = requirements_of(problem)
    leaf = contradiction(problem, stop)
    if leaf is None:
        return every
    named = {problem.rows[n].label for n in np.flatnonzero(leaf.multipliers.row)}
    return [one for one in every if one.kind == "pair" or one.label(problem) in named]


def _with_all_pairs(problem: Problem, found: Sequence[Requirement]) -> Problem:
    """The problem with the limits found and every required pair, which whoever checks the proof knows anyway."""
    pairs = [one for one in requirements_of(problem) if one.kind == "pair"]
    return restricted(problem, [*pairs, *(one for one in found if one.kind != "pair")])


def _sentence(problem: Problem, found: Sequence[Requirement], *, sure: bool) -> str:
    names = [one.words(problem) for one in found]
    listed = f"{', '.join(names[:-1])} and {names[-1]} cannot all be met" if len(names) > 1 else _alone(names)
    return listed if sure else f"{listed} (there was no time to try whether all of them are needed)"


def _alone(names: Sequence[str]) -> str:
    return f"{names[0]} cannot be met" if names else "the NLEs and schools allow no allocation at all"
