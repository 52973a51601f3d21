"""The searches behind a trade-off curve: one problem under weights, or under a limit on the first objective."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nle_optimizer.engines.registry import engines_for
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InfeasibleError, InputError, Place, UnsupportedError
from nle_optimizer.errors import Problem as Fault
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level
from nle_optimizer.model.objectives.levels import LARGEST_PRODUCT
from nle_optimizer.model.objectives.worth import LARGEST_AMOUNT
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.model.restriction import restricted
from nle_optimizer.model.solution import Solution
from nle_optimizer.records import Flags, Integers
from nle_optimizer.studies.frontier.point import Point

LIMIT = "the number of schools asked for"


@dataclass(eq=False)
class Searches:
    """Searches for points between two objectives of a problem.

    Attributes:
        problem: the limits; its own levels do not count.
        held: levels that come before the two, at their best.
        first, second: the two.
        after: levels that decide between points of the same values.
        engine: the engine asked for, or `auto`.
        seed: for ties.
        stopping: gives when each search stops.
        count: how many searches were made.
        latest: what the last of them found.
    """

    problem: Problem
    held: tuple[AnyLevel, ...]
    first: AnyLevel
    second: Level
    after: tuple[AnyLevel, ...] = ()
    engine: str = "auto"
    seed: int = 0
    stopping: Callable[[], Stopping] = Stopping
    count: int = field(default=0)
    latest: Solution | None = field(default=None)

    def best_first(self) -> Point:
        """The best on the first objective, then on the second."""
        return self._found(self.problem, (self.first, self.second))

    def best_second(self) -> Point:
        """The best on the second objective, then on the first."""
        return self._found(self.problem, (self.second, self.first))

    def weighted(self, first: int, second: int) -> Point:
        """The best under whole weights of both, the best on the first among equals.

        Raises:
            UnsupportedError: the weighted amounts are too large to be exact.
        """
        assert isinstance(self.first, Level)
        blend = _sum_of(self.first, first, self.second, second)
        nodes = len(self.problem.recipient_ids) + len(self.problem.nle_ids) + 1
        if np.abs(blend.amounts).max(initial=0) > min(LARGEST_AMOUNT, LARGEST_PRODUCT // nodes):
            what = "the points lie too close to tell them apart exactly; ask for fewer points"
            raise UnsupportedError([Fault(Place(), "--points", what)])
        return replace(self._found(self.problem, (blend, self.first, self.second)), weights=(first, second))

    def own(self, problem: Problem) -> Point:
        """Where the best allocation of another problem over the same pairs stands."""
        return self._point(self._solve(problem))

    def with_schools(self, least: int) -> Point:
        """The best on the second objective with so many of the first, a sum, at least."""
        assert isinstance(self.first, Level)
        return self._found(self._at_least(least), (self.second, self.first), least)

    def with_least_fit(self, least: int, held: tuple[int, ...]) -> Point | None:
        """The best on the second objective among pairs of so much fit; None where levels before fall below `held`."""
        assert isinstance(self.first, LeastFit)
        kept = ~self.first.counted | (self.first.amounts >= least)
        found = self._restricted(np.asarray(kept, dtype=bool), least)
        return None if found is None or self.value_of_held(found.matched) < held else found

    def _restricted(self, kept: Flags, least: int) -> Point | None:
        problem = self.problem
        if problem.required is not None and (problem.required & ~kept).any():
            return None
        levels = (*self.held, self.second, self.first, *self.after)
        places = np.flatnonzero(kept)
        try:
            reduced = restricted(replace(problem, levels=levels), kept)
            found = self._solve(reduced)
        except InfeasibleError:
            return None
        return self._point(replace(found, matched=places[found.matched]), least)

    def _at_least(self, least: int) -> Problem:
        """The problem with a row that asks for so much of the first objective."""
        assert isinstance(self.first, Level)
        counted = np.flatnonzero(self.first.amounts)
        worth = self.first.presence_amounts
        present = np.zeros(0, np.int64) if worth is None else np.flatnonzero(worth)
        amounts = np.zeros(0, np.int64) if worth is None else worth[present]
        row = Row(LIMIT, LIMIT, counted, self.first.amounts[counted], least, None, present, amounts)
        return replace(self.problem, rows=(*self.problem.rows, row))

    def _found(self, problem: Problem, levels: Sequence[AnyLevel], limit: int | None = None) -> Point:
        return self._point(self._solve(replace(problem, levels=(*self.held, *levels, *self.after))), limit)

    def _solve(self, problem: Problem) -> Solution:
        """Solve one problem.

        Raises:
            InputError: nothing was found in the time given.
        """
        self.count += 1
        refusals: list[UnsupportedError] = []
        for engine in engines_for(problem, self.engine):
            try:
                found = engine.solve(problem, self.seed, self.stopping())
            except UnsupportedError as refusal:
                refusals.append(refusal)
                continue
            if not found.levels:
                raise InputError(
                    [Fault(Place(), "--time-limit", "a search found nothing in the time given; give more")]
                )
            self.latest = found
            return found
        raise refusals[0]

    def _point(self, found: Solution, limit: int | None = None) -> Point:
        problem = self.problem
        first, second = (level.value(problem, found.matched) for level in (self.first, self.second))
        proved = all(level.proved for level in found.levels[: len(found.levels) - len(self.after)])
        return Point(first, second, found.matched, proved, limit)

    def value_of_held(self, matched: Integers) -> tuple[int, ...]:
        """What an allocation is worth on the levels before the two."""
        return tuple(level.value(self.problem, matched) for level in self.held)


def _sum_of(one: Level, weight: int, other: Level, weight_of_other: int) -> Level:
    """The weighted sum of two levels."""
    presences = [
        times * level.presence_amounts
        for level, times in ((one, weight), (other, weight_of_other))
        if level.presence_amounts is not None
    ]
    size = max((len(part) for part in presences), default=0)
    padded = [np.append(part, np.zeros(size - len(part), np.int64)) for part in presences]
    total = np.sum(padded, axis=0) if padded else None
    return Level("blend", 1, 1, weight * one.amounts + weight_of_other * other.amounts, presence_amounts=total)
