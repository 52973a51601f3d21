"""A level that is a sum over pairs and presences: one whole-number program, and its relaxation's own proof."""

import numpy as np

from nle_optimizer.engines.general.relaxation import relaxed_leaf
from nle_optimizer.engines.general.run import Run
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Leaf, LevelOutcome
from nle_optimizer.records import Integers


def optimise(run: Run, level: Level, known: int | None = None) -> tuple[LevelOutcome, Leaf | None]:
    """Optimise a level and hold it; its outcome, and the multipliers that prove a bound where there are any.

    Args:
        run: where the engine stands.
        level: what is optimised.
        known: the most that a solver has shown the level to be; None where it was not asked.
    """
    amounts = amounts_of(level)
    leaf = None
    if level.presence_amounts is None and run.problem.resources:
        leaf = relaxed_leaf(run.problem, level.amounts, run.held, run.stop)
    trivial = most_of(run.problem, level)
    ceiling = min(trivial, trivial if leaf is None else leaf.bound, trivial if known is None else known)
    value = level.value(run.problem, run.matched)
    bound = ceiling
    if not run.stop.good_enough(value, ceiling):
        bound = _search(run, amounts, ceiling)
        value = level.value(run.problem, run.matched)
    if bound > value:
        run.leave()
    run.hold(level, amounts, value, proved=bound == value)
    return LevelOutcome(value, bound, _proof(bound, leaf, trivial)), leaf


def amounts_of(level: Level) -> Integers:
    """What each pair and each presence is worth."""
    return level.amounts if level.presence_amounts is None else np.concatenate([level.amounts, level.presence_amounts])


def most_of(problem: Problem, level: Level) -> int:
    """The most a level can have whatever the capacities: each recipient its best pairs, each presence that helps."""
    gains = np.flatnonzero(level.amounts > 0)
    order = gains[np.lexsort((-level.amounts[gains], problem.recipient[gains]))]
    recipients = problem.recipient[order]
    rank = np.arange(len(order)) - np.searchsorted(recipients, recipients)
    best = int(level.amounts[order[rank < problem.supporters[recipients]]].sum())
    if level.presence_amounts is None:
        return best
    return best + int(level.presence_amounts[level.presence_amounts > 0].sum())


def _search(run: Run, amounts: Integers, ceiling: int) -> int:
    """Look for a better allocation until it is proved that there is none; the bound."""
    draft = run.draft.copy()
    draft.add_row(amounts, None, ceiling)
    answer = run.solve(draft, amounts, gap=float(run.stop.gap))
    if answer.values is not None:
        run.adopt_better(answer.values, amounts)
    return ceiling if answer.bound is None else min(ceiling, answer.bound)


def _proof(bound: int, leaf: Leaf | None, trivial: int) -> str:
    if leaf is not None and leaf.bound == bound:
        return "multipliers"
    return "trivial" if bound == trivial else "solver"
