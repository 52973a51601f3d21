"""What more moves would buy: the best that each number of moves can give, up to planning afresh.

The points that a blend can give are found by the weights of the line through two neighbours (Aneja and Nair 1979).
Every other lies below such a line by less than the triangle under it: pairs whose reduced value, by the prices of the
blend, is farther below nothing than that are in none of them. So the points between are found exactly among the few
pairs that are left, however many there are in all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import gcd

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import InfeasibleError, UnsupportedError
from nle_optimizer.evidence.alternates import written
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import restricted
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.studies.frontier_points import FrontierPoint, Searches, undominated
from nle_optimizer.studies.replanning.replanning import KEPT

MOST = 150
"""Searches for a curve among pairs that have prices, or among few of them."""
FEW = 12
"""Searches for a curve among others."""
SMALL = 5_000
"""Pairs among which points are looked for without prices."""
LARGEST = 5_000_000
"""Candidate pairs of a problem for which a curve is made."""


@dataclass(frozen=True, eq=False)
class MovesFrontier:
    """The best by the first objective that each number of moves gives, fewest moves first.

    Attributes:
        table: `moves_frontier.csv`: moves, the first objective, and how many are supported how well. A number of moves
            that is not there gives no more than the next lower one that is.
        objective: the name of the first objective.
        complete: whether every number of moves at which the plan gets better is there.
        why_not: why there is no curve, in words; blank where there is one.
    """

    table: TextTable
    objective: str = ""
    complete: bool = True
    why_not: str = ""

    @property
    def steps(self) -> int:
        """How many rows the table has."""
        return len(self.table["moves"])


def moves_frontier(case: Case, standing: int, stopping: Callable[[], Stopping] = Stopping) -> MovesFrontier:
    """The curve for a case whose first objective keeps pairs.

    Args:
        case: the new plan's, prepared.
        standing: how many pairs stand and are candidates.
        stopping: gives when each search stops.
    """
    levels = case.problem.levels
    if len(levels) < 2 or levels[0].name != KEPT:
        return MovesFrontier(_table("", []), why_not="no pair of the earlier plan stands")
    kept, first, *after = levels
    if not isinstance(first, Level) or not isinstance(kept, Level):
        return MovesFrontier(_table("", []), why_not=f"{first.name} is no sum, so no blend can weigh it against moves")
    if case.problem.size > LARGEST:
        return MovesFrontier(_table("", []), why_not=f"it takes several searches among {case.problem.size:,} pairs")
    plain = Level(kept.name, kept.sense, kept.scale, kept.amounts)
    problem = replace(case.problem, levels=(plain, first, *after))
    curve = _Curve(case.scenario.settings.seed, stopping)
    try:
        complete = curve.trace(_Part(problem, np.arange(problem.size)))
    except UnsupportedError as error:
        return MovesFrontier(_table("", []), why_not=error.problems[0].what)
    except InfeasibleError:
        return MovesFrontier(_table("", []), why_not="no allocation meets every requirement")
    complete = complete and all(point.proved for point in curve.found)  # a search that was stopped may miss points
    rows = [_row(case, point, first, standing) for point in undominated(curve.found)]
    return MovesFrontier(_table(first.name, rows), first.name, complete)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some pairs of the problem.

    Attributes:
        problem: with those pairs alone; its levels are the kept pairs, the first objective, and those after.
        pairs: their indices in the whole.
    """

    problem: Problem
    pairs: Integers

    def only(self, kept: Flags) -> "_Part":
        """Some of these pairs."""
        return self if kept.all() else _Part(restricted(self.problem, kept), self.pairs[kept])


@dataclass(eq=False)
class _Curve:
    """The points found so far, and how many searches that took."""

    seed: int
    stopping: Callable[[], Stopping]
    found: list[FrontierPoint] = field(default_factory=list)
    searches: int = 0

    def trace(self, whole: _Part) -> bool:
        """Find the points; whether these are all."""
        search = self._search(whole)
        ends = search.best_first(), search.best_second()
        self.found = list(ends)
        self.searches += search.count
        waiting, complete = [(*ends, whole)], True
        while waiting:
            left, right, part = waiting.pop()
            if left.first - right.first < 2 or right.second - left.second < 2:
                continue
            point, narrow = self._blended(left, right, part)
            if point is not None:
                waiting += [(left, point, narrow), (point, right, narrow)]
            else:
                complete = self._between(left, right, narrow) and complete
            if self.searches >= (MOST if narrow is not part or narrow.problem.size <= SMALL else FEW):
                return complete and not any(self._has_room(*each[:2]) for each in waiting)
        return complete

    @staticmethod
    def _has_room(left: FrontierPoint, right: FrontierPoint) -> bool:
        return left.first - right.first > 1 and right.second - left.second > 1

    def _search(self, part: _Part) -> Searches:
        kept, first, *after = part.problem.levels
        assert isinstance(first, Level)
        return Searches(part.problem, (), kept, first, tuple(after), seed=self.seed, stopping=self.stopping)

    def _blended(self, left: FrontierPoint, right: FrontierPoint, part: _Part) -> tuple[FrontierPoint | None, _Part]:
        """The point farthest above the line through two others, if any; and the pairs of all points between them."""
        width, height = left.first - right.first, right.second - left.second
        weights = height // gcd(width, height), width // gcd(width, height)
        search = self._search(part)
        point = search.weighted(*weights)
        self.searches += search.count
        assert search.latest is not None
        best = weights[0] * point.first + weights[1] * point.second
        least = weights[0] * (right.first + 1) + weights[1] * (left.second + 1)
        narrow = part.only(_may_be(part.problem, search.latest, weights, best - least))
        if best == weights[0] * left.first + weights[1] * left.second:
            return None, narrow
        mapped = replace(point, matched=part.pairs[point.matched])
        self.found.append(mapped)
        return mapped, narrow

    def _between(self, left: FrontierPoint, right: FrontierPoint, part: _Part) -> bool:
        """Find the points below the line through two neighbours, most moves first; whether these are all."""
        if part.problem.size > SMALL:
            return False
        least = right.first + 1
        while least < left.first and self.searches < MOST:
            search = self._search(part)
            point = search.with_schools(least)
            self.searches += search.count
            if point.second <= left.second:
                return point.proved
            self.found.append(replace(point, matched=part.pairs[point.matched]))
            least = point.first + 1
        return least >= left.first


def _may_be(problem: Problem, found: Solution, weights: tuple[int, int], slack: int) -> Flags:
    """Which pairs may be in an allocation that a blend has no farther below its best; all where there are no prices.

    Args:
        problem: with the two levels first.
        found: the best by the blend, with the prices that prove it.
        weights: of the two levels.
        slack: how far below.
    """
    kept, first = problem.levels[:2]
    everything = np.ones(problem.size, dtype=bool)
    if found.prices is None or not found.levels[0].proved:
        return everything
    assert isinstance(kept, Level) and isinstance(first, Level)
    value = weights[0] * kept.amounts + weights[1] * first.amounts
    value -= found.prices.recipient[0][problem.recipient] + found.prices.nle[0][problem.nle]
    for row, price in zip(problem.rows, found.prices.row[0].tolist(), strict=True):
        value[row.pairs] -= price
    stays = value >= -slack
    stays[found.matched] = True
    return stays if problem.required is None else stays | problem.required


def _row(case: Case, point: FrontierPoint, first: Level, standing: int) -> list[str]:
    recipient, fit = case.candidates.recipient[point.matched], case.candidates.fit[point.matched]
    value = Decimal(first.sense * point.second) / Decimal(first.scale)
    return [
        str(standing - point.first),
        written(value),
        str(len(np.unique(recipient))),
        written(Decimal(int(fit.sum())) / MILLION),
        "yes" if point.proved else "no",
    ]


def _table(objective: str, rows: list[list[str]]) -> TextTable:
    names = ("moves", objective or "objective", "supported", "total_fit", "proved")
    return {name: [row[n] for row in rows] for n, name in enumerate(dict.fromkeys(names))}
