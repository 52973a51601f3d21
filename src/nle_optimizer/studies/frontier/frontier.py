"""The exact trade-off between two objectives of a scenario."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.evidence.exchanging import written
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level
from nle_optimizer.model.objectives.worth import parts_of
from nle_optimizer.preparation import prepare
from nle_optimizer.records import MILLION
from nle_optimizer.scenario.objective_setting import BLEND_PARTS, MINIMISED, Objective
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.frontier.point import Point
from nle_optimizer.studies.frontier.searches import Searches
from nle_optimizer.studies.frontier.stepped import stepped_points
from nle_optimizer.studies.frontier.supported import supported_points
from nle_optimizer.studies.frontier.weights import weight_between, weight_near

LEAST, SCHOOLS, QUOTA = "min_fit", "schools_supported", "frontier"
OBJECTIVES = (*dict.fromkeys(BLEND_PARTS.values()), LEAST)
"""Objectives between which there is a trade-off curve."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """A trade-off curve.

    Attributes:
        between: the names of the two objectives.
        case: the scenario, prepared.
        levels: the two as levels.
        held: the objectives that come before, at their best.
        points: the best on the first objective first.
        settings: for each point, settings under which `run` gives it; none where nobody is supported.
        complete: whether there is no further point of this kind.
        kind: `supported` (all extreme points that a blend can give), or `stepped` (every point).
        searches: how many searches it took.
        own: the point at which the scenario as it is stands; None where that is not known.
    """

    between: tuple[str, str]
    case: Case
    levels: tuple[AnyLevel, Level]
    held: tuple[Objective, ...]
    points: Sequence[Point]
    settings: Sequence[dict[str, Any]]
    complete: bool
    kind: str
    searches: int
    own: Point | None

    def value(self, point: Point, which: int) -> Decimal:
        """What a point is worth on one of the two, in its own sense and unit."""
        level = self.levels[which]
        return Decimal(level.sense * point.values[which]) / Decimal(level.scale)


def frontier(
    scenario: Scenario,
    between: Sequence[str],
    most: int,
    stopping: Callable[[], Stopping] = Stopping,
    tell: Callable[[str], None] = lambda _: None,
) -> Frontier:
    """The trade-off curve between two objectives.

    Objectives that the scenario puts before the two are kept at their best.

    Args:
        scenario: settings and tables.
        between: the names of two objectives.
        most: points at most, at least 2.
        stopping: gives when each search stops.
        tell: told of each search.

    Raises:
        InputError: there is no curve between the two, or something in the scenario is wrong.
    """
    first, second = names = _two(between)
    plain = prepare(scenario, lambda _: None)
    held = _held(plain.objectives, names)
    if first == LEAST and second in MINIMISED and not held:
        what, hint = f"supporting nobody is best on {second}", "let objectives that ask for somebody come before it"
        raise InputError([Problem(Place(), "--between", what, ",".join(between), hint)])
    order = (second, first) if first == LEAST else names
    asked = scenario.replace({"objectives": [*(level.model_dump() for level in held), *order], "rule": "optimal"})
    case = prepare(asked, lambda _: None)
    *before, one, other = case.problem.levels
    one, other = (other, one) if first == LEAST else (one, other)
    assert isinstance(other, Level)
    search = Searches(
        case.problem, tuple(before), one, other, (), scenario.settings.engine, scenario.settings.seed, stopping
    )
    tell("the two ends")
    curve = _Curve(*_points(search, first, most, tell))
    limits = [found.model_dump(exclude_none=True, exclude_defaults=True) for found in scenario.settings.constraints]
    tell("round weights")
    settings = _settings(search, limits, held, names, curve)
    kind = "stepped" if first in (LEAST, SCHOOLS) else "supported"
    is_same = scenario.settings.rule == "optimal" and plain.problem.size == case.problem.size
    own = search.own(plain.problem) if is_same else None
    return Frontier(names, case, (one, other), held, curve.points, settings, curve.complete, kind, search.count, own)


def _two(between: Sequence[str]) -> tuple[str, str]:
    """The names of the two: the least fit before all others, then schools supported; minimised ones last."""
    path = "--between"
    if len(between) != 2 or between[0] == between[1]:
        what, hint = "two different objectives are needed", "such as fit,distance"
        raise InputError([Problem(Place(), path, what, ",".join(between), hint)])
    names = [BLEND_PARTS.get(name, name) for name in between]
    wrong = [name for name in names if name not in OBJECTIVES]
    if wrong:
        hint = did_you_mean(wrong[0], OBJECTIVES) or f"one of {', '.join(OBJECTIVES)}"
        raise InputError([Problem(Place(), path, "there is no trade-off curve of this objective", wrong[0], hint)])
    names.sort(key=lambda name: (name != LEAST, name != SCHOOLS, name in MINIMISED))
    return names[0], names[1]


def _held(objectives: tuple[Objective, ...], names: Sequence[str]) -> tuple[Objective, ...]:
    """The objectives before the first that concerns either of the two; none where no objective does."""
    for n, objective in enumerate(objectives):
        if objective.name in names or (objective.parts and set(parts_of(objective)) & set(names)):
            return objectives[:n]
    return ()


def _points(search: Searches, first: str, most: int, tell: Callable[[str], None]) -> tuple[list[Point], bool]:
    ends = search.best_first(), search.best_second()
    if ends[0].values == ends[1].values:
        return [ends[0]], True
    if first == LEAST:
        assert isinstance(search.first, LeastFit)
        amounts = search.first.amounts[search.first.counted].tolist()
        held = search.value_of_held(ends[1].matched)
        best = _told(tell, lambda limit: search.with_least_fit(limit, held))
        return stepped_points(ends[1], ends[0], amounts, best, most)
    if first == SCHOOLS:
        counts = range(ends[1].first + 1, ends[0].first)
        return stepped_points(ends[1], ends[0], counts, _told(tell, search.with_schools), most)

    def weighted(one: int, other: int) -> Point:
        tell(f"point {search.count + 1}")
        return search.weighted(one, other)

    return supported_points(*ends, weighted, most)


def _told(tell: Callable[[str], None], best: Callable[[int], Point | None]) -> Callable[[int], Point | None]:
    def search(limit: int) -> Point | None:
        tell(f"at least {limit}")
        return best(limit)

    return search


def _settings(
    search: Searches, limits: Sequence[Any], held: Sequence[Objective], names: tuple[str, str], curve: "_Curve"
) -> list[dict[str, Any]]:
    """Settings under which `run` gives each point."""
    before = [level.model_dump() for level in held]
    if names[0] == LEAST:
        objectives = [*before, names[1], names[0]]
        return [{"objectives": objectives, "fit.minimum": _decimal(point.first, MILLION)} for point in curve.points]
    if names[0] == SCHOOLS:
        objectives, quota = [*before, names[1], names[0]], {"name": QUOTA, "type": "quota", "of": "schools"}
        return [
            {"objectives": objectives, "constraints": [*limits, {**quota, "minimum": point.first}]}
            if point.first
            else {}
            for point in curve.points
        ]
    first, *inner, last = [{"objectives": [*before, *names]}, *_blends(search, before, names, curve), {}]
    if len(curve.points) == 1:
        return [first]
    if before or names[1] not in MINIMISED:
        last = {"objectives": [*before, *reversed(names)]}
    return [first, *inner, last]


def _blends(search: Searches, before: list[Any], names: tuple[str, str], curve: "_Curve") -> list[dict[str, Any]]:
    """The blend of each point between the ends."""
    assert isinstance(search.first, Level)
    scale, senses = Fraction(search.second.scale, search.first.scale), (search.first.sense, search.second.sense)
    settings: list[dict[str, Any]] = []
    for left, point, right in zip(curve.points, curve.points[1:], curve.points[2:], strict=False):
        weight = (
            weight_between(left, point, right, scale) if curve.complete else weight_near(point, search.weighted, scale)
        )
        blend = {} if weight is None else {"blend": {names[0]: senses[0], names[1]: senses[1] * weight}}
        settings.append({"objectives": [*before, blend]} if blend else {})
    return settings


@dataclass(frozen=True, eq=False)
class _Curve:
    points: Sequence[Point]
    complete: bool


def _decimal(amount: int, scale: int) -> Decimal:
    return Decimal(written(Decimal(amount) / scale))
