"""What an engine is: something that solves problems of a certain structure, and says of which."""

from typing import Protocol

from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution


class Engine(Protocol):
    """A way to solve a problem. One file each; register it in `registry.py`."""

    name: str
    summary: str

    def refuses(self, problem: Problem) -> str | None:
        """Why this engine cannot solve the problem, in words; None if it can."""

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """The solution, checked against the problem's limits.

        Raises:
            InfeasibleError: no allocation meets the hard limits.
            EngineError: the solver failed or contradicted itself.
        """
