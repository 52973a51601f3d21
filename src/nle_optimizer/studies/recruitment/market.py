"""What any choice of recruits is worth: one problem with all of them, those not chosen without capacity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.engines.registry import engines_for
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InfeasibleError, InputError, Place, UnsupportedError
from nle_optimizer.errors import Problem as Fault
from nle_optimizer.model.levels import Level
from nle_optimizer.model.places import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.restriction import restricted
from nle_optimizer.model.solution import Solution

Choice = tuple[int, ...]
"""Numbers of chosen recruits, ascending; a number stands twice where two are chosen at one place."""


@dataclass(frozen=True, eq=False)
class Worth:
    """What a choice is worth.

    Attributes:
        values: of each level, in its maximising orientation.
        bound: at most so much of the first level can be had; above the value where that is not proved.
        at_most: for each recruit that is not chosen, by how much it would raise the first level at most, in a network;
            None elsewhere.
    """

    values: tuple[int, ...]
    bound: int
    at_most: tuple[int, ...] | None


@dataclass(eq=False)
class Market:
    """All possible recruits in one problem.

    Attributes:
        problem: with all of them among the NLEs, each with its capacity.
        recruits: the index of each among the NLEs.
        repeats: how often one may be chosen, each time with its capacity; more than once in a network alone.
        engine, seed: the scenario's.
        stopping: gives when each search stops.
        known: what was worked out.
    """

    problem: Problem
    recruits: Sequence[int]
    repeats: int
    engine: str
    seed: int
    stopping: Callable[[], Stopping] = Stopping
    known: dict[Choice, Worth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        levels = levels_of_exchanges(self.problem, len(self.problem.levels))
        first = next(iter(self.problem.levels), None)
        self.is_submodular = (
            not isinstance(levels, str)
            and isinstance(first, Level)
            and first.within is None
            and all(row.lower is None for row in self.problem.rows)
            and self.problem.required is None
        )
        """Whether a recruit adds the less to the first level the more there are: network, sum, upper limits alone."""
        if not self.is_submodular or (self.problem.supporters > 1).any():
            self.repeats = 1
        self._room = places(self.problem) if self.is_submodular else None

    def worth(self, choice: Choice) -> Worth:
        """What a choice is worth.

        Raises:
            InfeasibleError: no allocation meets the requirements under it.
            InputError: a search found nothing in the time given.
        """
        if choice not in self.known:
            self.known[choice] = self._in_network(choice) if self.is_submodular else self._alone(choice)
        return self.known[choice]

    def _in_network(self, choice: Choice) -> Worth:
        """Solve with those not chosen at no capacity, and read off what a place at each of them would add."""
        times = np.ones(len(self.problem.nle_ids), dtype=np.int64)
        times[np.array(self.recruits)] = np.bincount(np.array(choice, dtype=np.int64), minlength=len(self.recruits))
        resources = (replace(resource, capacity=resource.capacity * times) for resource in self.problem.resources)
        problem = replace(self.problem, resources=tuple(resources))
        found = self._solved(problem)
        gains = Exchanges(problem, found.matched, 1).one_more_place(np.array(self.recruits, dtype=np.int64))
        assert self._room is not None
        room = self._room[np.array(self.recruits, dtype=np.int64)]
        at_most = gains.values[:, 0] * np.minimum(room, len(problem.recipient_ids))
        return replace(self._of(found), at_most=tuple(at_most.tolist()))

    def _alone(self, choice: Choice) -> Worth:
        """Solve without those not chosen, and without requirements that only they could meet."""
        shut = np.zeros(len(self.problem.nle_ids), dtype=bool)
        shut[[nle for n, nle in enumerate(self.recruits) if n not in choice]] = True
        kept = ~shut[self.problem.nle]
        rows = tuple(
            row for row in self.problem.rows if row.lower is None or not len(row.pairs) or kept[row.pairs].any()
        )
        return self._of(self._solved(restricted(replace(self.problem, rows=rows), kept)))

    def _solved(self, problem: Problem) -> Solution:
        refusals: list[UnsupportedError] = []
        for engine in engines_for(problem, self.engine):
            try:
                found = engine.solve(problem, self.seed, self.stopping())
            except UnsupportedError as refusal:
                refusals.append(refusal)
                continue
            if problem.levels and not found.levels:
                raise InputError(
                    [Fault(Place(), "--time-limit", "a search found nothing in the time given; give more")]
                )
            return found
        raise refusals[0]

    def _of(self, found: Solution) -> Worth:
        return Worth(tuple(level.value for level in found.levels), found.levels[0].bound, None)


def is_possible(market: Market) -> bool:
    """Whether there is an allocation without any recruit."""
    try:
        market.worth(())
    except InfeasibleError:
        return False
    return True
