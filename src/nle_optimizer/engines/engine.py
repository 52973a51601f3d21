"""What an engine is: something that solves problems of a certain structure, and says of which."""

from typing import Protocol, runtime_checkable

from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution
from nle_optimizer.records import Integers


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


@runtime_checkable
class FromAStart(Protocol):
    """An engine that gains from an allocation of a similar problem."""

    def solve_from(self, problem: Problem, seed: int, stop: Stopping, start: Integers) -> Solution:
        """The solution, as by `Engine.solve`; what is proved optimal is worth the same from any start.

        Args:
            problem: what is solved.
            seed: of the lottery that settles ties.
            stop: when to stop before everything is proved.
            start: indices of pairs, such as the allocation of a similar problem. It is not believed: pairs that the
                limits have no room for are left out.

        Raises:
            InfeasibleError, EngineError: as `Engine.solve`.
        """


@runtime_checkable
class FromPrices(Protocol):
    """An engine that is sooner done where it knows the prices of a similar problem."""

    def solve_near(self, problem: Problem, seed: int, stop: Stopping, known: KnownPrices) -> Solution:
        """The very solution of `Engine.solve`, whatever is known; the prices found are kept there.

        Raises:
            InfeasibleError, EngineError: as `Engine.solve`.
        """


@runtime_checkable
class TakesOver(Engine, Protocol):
    """An engine that can go on where another has optimised the first levels."""

    def solve_after(self, problem: Problem, seed: int, stop: Stopping, before: Solution) -> Solution:
        """The solution after the levels that were optimised before, each held as far as its `within` allows.

        Args:
            problem: what is solved, with all its levels.
            seed: of the lottery that settles ties.
            stop: when to stop before everything is proved.
            before: an allocation with the outcomes of the first levels, and what proves them. Where it was stopped,
                the other levels are taken as they stand.

        Returns:
            The solution of all levels, with the proofs of those before.

        Raises:
            EngineError: as `Engine.solve`.
        """
