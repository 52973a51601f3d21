"""Points of a frontier: by steps, by weights, and supported ones.

The searches behind a trade-off curve: one problem under weights, or under a limit on the first objective. A point of
a trade-off curve. Points by limits on the first objective: every least fit that can be asked for, or every number of
schools. Round weights of a blend that give an extreme point and no other. Settings that give each point.

All extreme supported points between two sums, by the weights of the line through two neighbours.

Aneja and Nair (1979), Bicriteria transportation problem, Management Science 25(1), doi:10.1287/mnsc.25.1.73.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from heapq import heappop, heappush
from math import gcd
from typing import Any

import numpy as np

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.errors import Fault, InfeasibleError, InputError, Place, UnsupportedError
from nle_optimizer.evidence.alternates import written
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level
from nle_optimizer.model.limits_left import restricted
from nle_optimizer.model.objective_levels import LARGEST_PRODUCT
from nle_optimizer.model.objectives import LARGEST_AMOUNT
from nle_optimizer.model.problem import Problem, Row, Solution
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.scenario.setting_sections import MINIMISED

LEAST, SCHOOLS, QUOTA = "min_fit", "schools_supported", "frontier"


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """One allocation, and what it is worth on both objectives.

    Attributes:
        first, second: values of the two, in their maximising orientation.
        matched: the matched pairs.
        proved: whether it is proved that neither can be bettered without giving up of the other.
        limit: the least fit or the number of schools that was asked for; None where none was.
        weights: the whole weights of both objectives under which it was found; None where it was not.
    """

    first: int
    second: int
    matched: Integers
    proved: bool
    limit: int | None = None
    weights: tuple[int, int] | None = None

    @property
    def values(self) -> tuple[int, int]:
        """Both values."""
        return self.first, self.second


def undominated(points: list[FrontierPoint]) -> list[FrontierPoint]:
    """Those that no other betters on both, the best on the first objective first; one of each pair of values."""
    best: list[FrontierPoint] = []
    for point in sorted(points, key=lambda one: (-one.first, -one.second)):
        if not best or point.second > best[-1].second:
            best.append(point)
    return best


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

    def best_first(self) -> FrontierPoint:
        """The best on the first objective, then on the second."""
        return self._found(self.problem, (self.first, self.second))

    def best_second(self) -> FrontierPoint:
        """The best on the second objective, then on the first."""
        return self._found(self.problem, (self.second, self.first))

    def weighted(self, first: int, second: int) -> FrontierPoint:
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

    def own(self, problem: Problem) -> FrontierPoint:
        """Where the best allocation of another problem over the same pairs stands."""
        return self._point(self._solve(problem))

    def with_schools(self, least: int) -> FrontierPoint:
        """The best on the second objective with so many of the first, a sum, at least."""
        assert isinstance(self.first, Level)
        return self._found(self._at_least(least), (self.second, self.first), least)

    def with_least_fit(self, least: int, held: tuple[int, ...]) -> FrontierPoint | None:
        """The best on the second objective among pairs of so much fit; None where levels before fall below `held`."""
        assert isinstance(self.first, LeastFit)
        kept = ~self.first.counted | (self.first.amounts >= least)
        found = self._restricted(np.asarray(kept, dtype=bool), least)
        return None if found is None or self.value_of_held(found.matched) < held else found

    def _restricted(self, kept: Flags, least: int) -> FrontierPoint | None:
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

    def _found(self, problem: Problem, levels: Sequence[AnyLevel], limit: int | None = None) -> FrontierPoint:
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

    def _point(self, found: Solution, limit: int | None = None) -> FrontierPoint:
        problem = self.problem
        first, second = (level.value(problem, found.matched) for level in (self.first, self.second))
        proved = all(level.proved for level in found.levels[: len(found.levels) - len(self.after)])
        return FrontierPoint(first, second, found.matched, proved, limit)

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


Limited = Callable[[int], FrontierPoint | None]
"""The best point on the second objective with at least so much of the first; None where there is none."""


def stepped_points(
    least: FrontierPoint, first: FrontierPoint, amounts: Sequence[int], best: Limited, most: int
) -> tuple[list[FrontierPoint], bool]:
    """The undominated points between two, by asking for more and more of the first objective.

    Args:
        least: the best on the second objective, and among those on the first.
        first: the best on the first objective, and among those on the second.
        amounts: what the first objective can be, ascending.
        best: finds the best point under a limit.
        most: points at most, at least 2; where there may be more, limits are asked for at even steps.

    Returns:
        The points, the best on the first objective first, and whether these are all.
    """
    between: Integers = np.unique(np.array([one for one in amounts if least.first < one < first.first], np.int64))
    is_all = len(between) <= most - 2
    found = [least, first]
    asked = between if is_all else between[np.linspace(0, len(between) - 1, most - 2).round().astype(int)]
    reached = least.first
    for limit in asked.tolist():
        if limit <= reached:
            continue
        point = best(limit)
        if point is None:
            break
        reached = point.first
        found.append(point)
    return undominated(found), is_all


Weighted = Callable[[int, int], FrontierPoint]
"""The point that is best under the weights of both objectives; among equals the best on the first."""


def supported_points(
    first: FrontierPoint, last: FrontierPoint, best: Weighted, most: int
) -> tuple[list[FrontierPoint], bool]:
    """The extreme supported points, the best on the first objective first.

    Args:
        first: best on the first objective, and among those on the second.
        last: best on the second objective, and among those on the first.
        best: finds the best point under weights.
        most: points at most, at least 2; where there are more, those that stand out most are found.

    Returns:
        The points, and whether these are all.
    """
    found = {first.values: first, last.values: last}
    waiting: list[tuple[int, tuple[int, int], tuple[int, int]]] = []

    def look_between(left: FrontierPoint, right: FrontierPoint) -> None:
        width, height = left.first - right.first, right.second - left.second
        if width > 0 and height > 0:
            heappush(waiting, (-width * height, left.values, right.values))

    look_between(first, last)
    while waiting and len(found) < most:
        _, left, right = heappop(waiting)
        width, height = left[0] - right[0], right[1] - left[1]
        divisor = gcd(width, height)
        point = best(height // divisor, width // divisor)
        if height * (point.first - left[0]) + width * (point.second - left[1]) > 0:
            found[point.values] = point
            look_between(found[left], point)
            look_between(point, found[right])
    return sorted(found.values(), key=lambda point: -point.first), not waiting


FINEST = 18
"""Decimal places of a weight."""
WINDOWS = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100), Fraction(1, 10_000), Fraction(1, 10**8))
"""Shares of a weight by which a rounder one may differ from it, one tried after the other."""


def weight_between(left: FrontierPoint, point: FrontierPoint, right: FrontierPoint, scale: Fraction) -> Decimal:
    """The roundest weight that gives a point between its two neighbours on the curve.

    Args:
        left, point, right: in this order on the curve, with no further extreme point between them.
        scale: the second objective's units in one of what people read, by those of the first.

    Returns:
        What one of the second objective is to be worth in the first, in what people read.
    """
    low = Fraction(left.first - point.first, point.second - left.second)
    high = Fraction(point.first - right.first, right.second - point.second)
    return roundest(low * scale, high * scale)


def weight_near(point: FrontierPoint, best: Weighted, scale: Fraction) -> Decimal | None:
    """A round weight that gives a point, near the one by which it was found; None where none was found.

    Each is tried by a search, as further extreme points may lie on both sides.
    """
    assert point.weights is not None
    weight = Fraction(point.weights[1], point.weights[0]) * scale
    for window in WINDOWS:
        tried = roundest(weight * (1 - window), weight * (1 + window))
        ratio = Fraction(tried) / scale
        if best(ratio.denominator, ratio.numerator).values == point.values:
            return tried
    return None


def roundest(low: Fraction, high: Fraction) -> Decimal:
    """The decimal of fewest places strictly between two positive fractions.

    Raises:
        ValueError: there is none of at most `FINEST` places.
    """
    for places in range(-FINEST, FINEST + 1):
        unit = Fraction(10) ** -places
        count = low // unit + 1
        if count * unit < high:
            return Decimal(int(count)).scaleb(-places)
    raise ValueError(f"no decimal of {FINEST} places lies between {float(low)} and {float(high)}")


def settings_of_points(
    search: Searches,
    limits: Sequence[Any],
    before: Sequence[Any],
    names: tuple[str, str],
    points: Sequence[FrontierPoint],
    *,
    complete: bool,
) -> list[dict[str, Any]]:
    """Settings under which `run` gives each point; none where nobody is supported.

    Args:
        search: what found them.
        limits: the constraints of the scenario, as settings.
        before: the objectives that come before the two, as settings.
        names: of the two.
        points: the best on the first objective first.
        complete: whether there is no further point.
    """
    if names[0] == LEAST:
        objectives = [*before, names[1], names[0]]
        return [{"objectives": objectives, "fit.minimum": _decimal(point.first, MILLION)} for point in points]
    if names[0] == SCHOOLS:
        objectives, quota = [*before, names[1], names[0]], {"name": QUOTA, "type": "quota", "of": "schools"}
        return [
            {"objectives": objectives, "constraints": [*limits, {**quota, "minimum": point.first}]}
            if point.first
            else {}
            for point in points
        ]
    first, *inner, last = [{"objectives": [*before, *names]}, *_blends(search, before, names, points, complete), {}]
    if len(points) == 1:
        return [first]
    if before or names[1] not in MINIMISED:
        last = {"objectives": [*before, *reversed(names)]}
    return [first, *inner, last]


def _blends(
    search: Searches, before: Sequence[Any], names: tuple[str, str], points: Sequence[FrontierPoint], complete: bool
) -> list[dict[str, Any]]:
    """The blend of each point between the ends."""
    assert isinstance(search.first, Level)
    scale, senses = Fraction(search.second.scale, search.first.scale), (search.first.sense, search.second.sense)
    settings: list[dict[str, Any]] = []
    for left, point, right in zip(points, points[1:], points[2:], strict=False):
        weight = weight_between(left, point, right, scale) if complete else weight_near(point, search.weighted, scale)
        blend = {} if weight is None else {"blend": {names[0]: senses[0], names[1]: senses[1] * weight}}
        settings.append({"objectives": [*before, blend]} if blend else {})
    return settings


def _decimal(amount: int, scale: int) -> Decimal:
    return Decimal(written(Decimal(amount) / scale))
