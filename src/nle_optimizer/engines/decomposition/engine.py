"""The decomposition engine: generalised assignment with ordered levels, found by patterns and bounded by prices."""

import os

from nle_optimizer.engines.decomposition.case import TINY
from nle_optimizer.engines.decomposition.watching import Watch, unwatched
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution
from nle_optimizer.records import Integers

MOST_CHILDREN = 2
"""Processes at work; what is found does not depend on how many there are."""


class DecompositionEngine:
    """Patterns and prices for days: bounded by whole multipliers that anyone can re-evaluate.

    Args:
        watch: told of every better value and bound.
        children: how many processes work at once; None for as many as there are cores, up to `MOST_CHILDREN`.
    """

    name = "decomposition"
    summary = "patterns and prices where schools take different amounts of an NLE's capacity, such as days"

    def __init__(self, watch: Watch = unwatched, children: int | None = None) -> None:
        self._watch = watch
        self._children = children or min(MOST_CHILDREN, os.cpu_count() or 1)

    def refuses(self, problem: Problem) -> str | None:
        """Why the problem is no generalised assignment, in words; None if it is."""
        for level in problem.levels:
            if not isinstance(level, Level):
                return f"the objective {level.name} is no sum over pairs"
            if level.presence_amounts is not None and level.presence_amounts.any():
                return f"the objective {level.name} counts schools or NLEs once, whatever their number of pairs"
        for row in problem.rows:
            if len(row.presences):
                return f"the constraint {row.constraint} counts schools or NLEs once, whatever their number of pairs"
        return None

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:  # noqa: ARG002
        """Optimise the levels in order; see `Engine.solve`. Nothing is drawn: the seed does not matter.

        A unit of work is a round of neighbourhoods or a case of branch and bound; see `stage` for how many there
        are where nothing else ends a level.
        """
        return self._solved(problem, stop, None)

    def solve_from(self, problem: Problem, seed: int, stop: Stopping, start: Integers) -> Solution:  # noqa: ARG002
        """The same from an allocation; see `FromAStart`."""
        return self._solved(problem, stop, start)

    def _solved(self, problem: Problem, stop: Stopping, start: Integers | None) -> Solution:
        from nle_optimizer.engines.decomposition.crew import crew_of

        with crew_of(self._children) as crew:
            if problem.size > TINY:
                crew.start()
            from nle_optimizer.engines.decomposition.solving import solve_levels

            return solve_levels(problem, crew, stop, self._watch, start)
