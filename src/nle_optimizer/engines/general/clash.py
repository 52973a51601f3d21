"""What clashes where no allocation is possible, and what would mend it.

Which requirements cannot all be met: those that prices of the relaxation name, or all, cut down until none is spare.

The set is divided and each half tried without the other, so that few solves are needed where few requirements clash
(Junker 2004, QuickXplain, AAAI-04, 167-172).

The least change that would make an allocation possible: limits that give way at a price, the sum as small as can be.

One unit of what people read, of whatever kind, weighs as much as any other, and as much as one required pair. After the
least change come others that touch none of the requirements changed so far, each the least of those.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.program import Effort, SolverAnswer
from nle_optimizer.engines.general.program_from_problem import (
    Draft,
    RequiredPart,
    draft_of,
    first_allocation,
    groups,
    requirements_of,
    restricted,
    row_terms,
)
from nle_optimizer.engines.general.relaxation import contradiction
from nle_optimizer.engines.general.solving import solve
from nle_optimizer.model.problem import Clash, Problem, Row, counted, shown, shown_limit
from nle_optimizer.records import MILLION, Integers, shortest

_REPAIR_WORK = 300.0
"""Units of work of CP-SAT for each change."""

_MOST = 3
"""Changes of the requirements that are looked for."""


def repairs_of(problem: Problem, stop: Stopping) -> tuple[str, ...]:
    """Changes after each of which an allocation exists: of the requirements, and of the NLEs' capacity."""
    return tuple(repair for repair in (*_of_requirements(problem, stop), _of_capacity(problem, stop)) if repair)


def _of_requirements(problem: Problem, stop: Stopping) -> Iterator[str]:
    every = requirements_of(problem)
    draft = draft_of(restricted(problem, []))
    slack = draft.add_variables(
        np.zeros(len(every), np.int64), np.array([_most_slack(problem, one) for one in every], np.int64)
    )
    for one, column in zip(every, slack.tolist(), strict=True):
        _add_soft(draft, problem, one, column)
    weights = np.array([_weight(problem, one) for one in every], np.int64)
    for _ in range(_MOST):
        given, least = _least(draft, slack, weights, stop)
        if given is None or not given.any():
            return
        changes = [_change(problem, one, by) for one, by in zip(every, given.tolist(), strict=True) if by]
        yield " and ".join(changes) + ("" if least else " (less might do)")
        draft.upper[slack[given > 0]] = 0


def _least(draft: Draft, slack: Integers, weights: Integers, stop: Stopping) -> tuple[Integers | None, bool]:
    """By how much each limit gives way, None where nothing was found; and whether that is surely the least."""
    objective = np.zeros(len(draft.lower), np.int64)
    objective[slack] = -weights
    answer = solve("cpsat", draft.program(objective), Effort(_REPAIR_WORK, stop.seconds_left), stop)
    if answer.values is None:
        return None, False
    return answer.values[slack], answer.status == "optimal"


def _most_slack(problem: Problem, one: RequiredPart) -> int:
    """How much a requirement must give way at most until nothing is left of it."""
    if one.kind == "pair":
        return 1
    row = problem.rows[one.at]
    amounts = np.concatenate([row.amounts, row.presence_amounts])
    reach = int(np.abs(amounts).sum()) + abs(row.lower or 0) + abs(row.upper or 0)
    return reach // _step(row) + 1


def _step(row: Row) -> int:
    """The row's units in one unit of what it counts."""
    return 1 if row.share is None else row.share.denominator


def _weight(problem: Problem, one: RequiredPart) -> int:
    """What giving way by one unit weighs, in millionths."""
    return MILLION if one.kind == "pair" else MILLION // problem.rows[one.at].scale


def _add_soft(draft: Draft, problem: Problem, one: RequiredPart, column: int) -> None:
    """The requirement as a row that may be broken by as much as a variable says."""
    if one.kind == "pair":
        draft.rows.add(np.array([one.at, column]), np.array([1, 1]), 1, None)
        return
    row = problem.rows[one.at]
    columns, coefficients = row_terms(problem, row)
    step, least = (_step(row), row.lower) if one.kind == "minimum" else (-_step(row), None)
    most = row.upper if one.kind == "maximum" else None
    draft.rows.add(np.append(columns, column), np.append(coefficients, step), least, most)


def _change(problem: Problem, one: RequiredPart, by: int) -> str:
    if one.kind == "pair":
        return f"drop the requirement of {one.label(problem)}"
    row = problem.rows[one.at]
    if row.share is not None:
        where = "below its least" if one.kind == "minimum" else "above its greatest"
        return f"let {row.label} be {shown(by, row)} {where} share of {shown_limit(row, one.kind)}"
    if one.kind == "minimum":
        return (
            f"lower the minimum of {row.label} from {shown(row.lower or 0, row)} to {shown((row.lower or 0) - by, row)}"
        )
    return f"raise the maximum of {row.label} from {shown(row.upper or 0, row)} to {shown((row.upper or 0) + by, row)}"


def _more(number: str, resource: str) -> str:
    return counted(number, f"more {resource}")


def _of_capacity(problem: Problem, stop: Stopping) -> str | None:
    """What more the NLEs would have to have so that every requirement can be met; None where that is not enough."""
    draft = draft_of(problem, capacities=False)
    names, units, columns = [], [], []
    for resource in problem.resources:
        unit = int(np.gcd.reduce(resource.use)) or 1
        for nle, pairs in groups(problem.nle, len(problem.nle_ids)):
            use, capacity = resource.use[pairs], int(resource.capacity[nle])
            more = int(use.sum()) - capacity
            if more > 0:
                column = draft.add_variables(np.zeros(1, np.int64), np.array([-(-more // unit)]))
                draft.rows.add(np.append(pairs, column), np.append(use, -unit), None, capacity)
                names.append((problem.nle_ids[nle], resource.name))
                units.append(unit)
                columns.append(int(column[0]))
    given, least = _least(draft, np.array(columns, np.int64), np.array(units, np.int64), stop)
    if given is None or not given.any():
        return None
    more_of = zip(names, (given * np.array(units)).tolist(), strict=True)
    changes = [
        f"give NLE {nle} {_more(shortest(amount, 6), resource)}" for (nle, resource), amount in more_of if amount
    ]
    return " and ".join(changes) + ("" if least else " (less might do)")


_ANY_WORK = 200.0
"""Units of work of CP-SAT for each question whether an allocation exists."""

Group = list[RequiredPart]
Clashes = Callable[[Sequence[RequiredPart]], bool]


def any_allocation(problem: Problem, work: float, stop: Stopping) -> SolverAnswer:
    """CP-SAT's answer to whether there is any allocation."""
    program = draft_of(problem).program(np.zeros(0, np.int64))
    return solve("cpsat", program, Effort(work, stop.seconds_left), stop)


def clash_of(problem: Problem, stop: Stopping) -> Clash:
    """What clashes in a problem that has no allocation, and what would mend it."""
    stop.tell("looking for what clashes")
    sure = True

    def clashes(kept: Sequence[RequiredPart]) -> bool:
        nonlocal sure
        reduced = restricted(problem, kept)
        if first_allocation(reduced) is not None:
            return False
        status = any_allocation(reduced, _ANY_WORK, stop).status
        sure &= status not in ("unknown", "died")
        return status == "infeasible"

    by_label: dict[str, list[RequiredPart]] = {}
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


def _candidates(problem: Problem, stop: Stopping) -> list[RequiredPart]:
    """The rows that the relaxation's prices name beside the required pairs, where it has no allocation."""
    every = requirements_of(problem)
    leaf = contradiction(problem, stop)
    if leaf is None:
        return every
    named = {problem.rows[n].label for n in np.flatnonzero(leaf.multipliers.row)}
    return [one for one in every if one.kind == "pair" or one.label(problem) in named]


def _with_all_pairs(problem: Problem, found: Sequence[RequiredPart]) -> Problem:
    """The problem with the limits found and every required pair, which whoever checks the proof knows anyway."""
    pairs = [one for one in requirements_of(problem) if one.kind == "pair"]
    return restricted(problem, [*pairs, *(one for one in found if one.kind != "pair")])


def _sentence(problem: Problem, found: Sequence[RequiredPart], *, sure: bool) -> str:
    names = [one.words(problem) for one in found]
    listed = f"{', '.join(names[:-1])} and {names[-1]} cannot all be met" if len(names) > 1 else _alone(names)
    return listed if sure else f"{listed} (there was no time to try whether all of them are needed)"


def _alone(names: Sequence[str]) -> str:
    return f"{names[0]} cannot be met" if names else "the NLEs and schools allow no allocation at all"
