"""A level that is the distance between the greatest share and the least: two variables stand for the two."""

import numpy as np

from nle_optimizer.engines.general.draft import Draft
from nle_optimizer.engines.general.run import Run
from nle_optimizer.model.levels import Share, Spread
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import LevelOutcome
from nle_optimizer.records import MILLION, Integers


def optimise(run: Run, level: Spread) -> LevelOutcome:
    """Optimise a level and hold it."""
    amounts = _added(run, level)
    value, bound = level.value(run.problem, run.matched), 0
    if not run.stop.good_enough(value, bound):
        answer = run.solve(run.draft, amounts, gap=float(run.stop.gap))
        if answer.values is not None:
            run.adopt_better(answer.values, amounts)
        value, bound = level.value(run.problem, run.matched), min(0, 0 if answer.bound is None else answer.bound)
    if bound > value:
        run.leave()
    _keep(run, amounts, value)
    return LevelOutcome(value, bound, "trivial" if bound == 0 else "solver")


def hold(run: Run, level: Spread, value: int) -> None:
    """Keep a level at its value while others are optimised."""
    _keep(run, _added(run, level), value)


def _added(run: Run, level: Spread) -> Integers:
    """Add the variables of a level; what each variable is worth for it."""
    columns = _add_ends(run.problem, run.draft, level)
    run.spreads.append((level, columns))
    amounts = np.zeros(len(run.draft.lower), dtype=np.int64)
    amounts[columns] = -1, 1
    return amounts


def _keep(run: Run, amounts: Integers, value: int) -> None:
    run.draft.add_row(amounts, value, None)
    run.held.append((None, value))


def _add_ends(problem: Problem, draft: Draft, level: Spread) -> Integers:
    """Variables for the greatest and the least share in millionths, which every share lies between."""
    terms = [_terms(problem, share) for share in level.shares]
    reach = [_reach(coefficients, share.whole) for (_, coefficients), share in zip(terms, level.shares, strict=True)]
    low, high = (np.array(ends, np.int64) for ends in zip(*reach, strict=True))
    columns = draft.add_variables(np.array([low.max(), low.min()]), np.array([high.max(), high.min()]))
    for (own, coefficients), share in zip(terms, level.shares, strict=True):
        for column, least, most in ((columns[0], 0, None), (columns[1], None, 0)):
            draft.rows.add(np.append(own, column), np.append(-MILLION * coefficients, share.whole), least, most)
    return columns


def _terms(problem: Problem, share: Share) -> tuple[Integers, Integers]:
    columns = np.concatenate([share.pairs, problem.size + share.presences])
    return columns, np.concatenate([share.amounts, share.presence_amounts])


def _reach(coefficients: Integers, whole: int) -> tuple[int, int]:
    """The least share in millionths, rounded down, and the greatest, rounded up, whatever is matched."""
    least, most = int(coefficients[coefficients < 0].sum()), int(coefficients[coefficients > 0].sum())
    return least * MILLION // whole, -(-most * MILLION // whole)
