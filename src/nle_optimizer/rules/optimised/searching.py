"""The optimum of a rule's own levels, as a matching: with floors where they can be kept, else without."""

from dataclasses import replace

import numpy as np

from nle_optimizer.engines.registry import engines_for
from nle_optimizer.errors import InfeasibleError, UnsupportedError
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Matching

NO_FLOORS = "its lower limits cannot be kept here, and are left aside"


def unsolvable(agenda: Agenda, problem: Problem, levels: tuple[AnyLevel, ...] | None = None) -> str | None:
    """Why no engine that may be asked can find the best matching, in words; None where one can."""
    try:
        next(engines_for(problem if levels is None else replace(problem, levels=levels), agenda.settings.engine))
    except UnsupportedError as refusal:
        return refusal.problems[0].what
    return None


def optimum(agenda: Agenda, problem: Problem, levels: tuple[AnyLevel, ...] | None = None) -> Matching:
    """The best matching of a problem under its own levels or others.

    Where no allocation keeps the lower limits of rows, they are dropped, and that is said.

    Raises:
        InfeasibleError: the required pairs clash with the upper limits.
    """
    asked = problem if levels is None else replace(problem, levels=levels)
    try:
        return _matching(_solved(agenda, asked))
    except InfeasibleError:
        without = replace(asked, rows=tuple(replace(row, lower=None) for row in asked.rows))
        found = _matching(_solved(agenda, without))
        return Matching(found.pairs, (NO_FLOORS, *found.remarks))


def _solved(agenda: Agenda, problem: Problem) -> Solution:
    refusals: list[UnsupportedError] = []
    for engine in engines_for(problem, agenda.settings.engine):
        try:
            return engine.solve(problem, agenda.settings.seed, agenda.stop)
        except UnsupportedError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _matching(found: Solution) -> Matching:
    remarks = () if found.stopped is None else (f"the search stopped ({found.stopped}) before it was proved",)
    return Matching(np.asarray(found.matched), remarks)
