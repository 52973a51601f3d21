"""What an engine is: something that solves problems of a certain structure, and says of which."""

from typing import Protocol

from nle_optimizer.model.problem import Problem, Solution


class Engine(Protocol):
    """A way to solve a problem. One file each; register it in `registry.py`."""

    name: str
    summary: str

    def refuses(self, problem: Problem) -> str | None:
        """Why this engine cannot solve the problem, in words; None if it can."""

    def check(self, problem: Problem) -> None:
        """Look, without solving, for requirements that cannot all be met.

        Raises:
            InfeasibleError: some cannot.
        """

    def solve(self, problem: Problem, seed: int) -> Solution:
        """The solution, checked against the problem's limits.

        Raises:
            InfeasibleError: no allocation meets the required pairs.
            EngineError: the solver failed or contradicted itself.
        """
