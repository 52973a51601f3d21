"""How far the weight of an area can move before another plan is better, found by bisection."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.allocation import solve
from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.errors import InputError
from nle_optimizer.model.levels import Leximin
from nle_optimizer.model.problem import Problem
from nle_optimizer.recall import Recall
from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.given_pairs import locate
from nle_optimizer.studies.robustness.drawn import Pair

End = tuple[Decimal, Decimal | None]
"""The last weight found at which a plan is best on the way, and the next at which it is not, if there is one."""
FARTHEST = 8
"""How many times its weight an area is tried with at most; down it is tried to nothing."""
FINENESS = 1000
"""Weights are tried in steps of a thousandth of the weight as it is."""
WHOLE = 1000
"""Random weights are drawn in steps of a thousandth of their sum."""


@dataclass(frozen=True)
class Range:
    """How far the weight of one area can move, the others as they are.

    Attributes:
        area: which.
        weight: as it is.
        low, high: the plan is still a best one at these.
        below, above: another plan is better at these; None where none was found down to 0, or up to 8 times the weight.
    """

    area: str
    weight: Decimal
    low: Decimal
    high: Decimal
    below: Decimal | None
    above: Decimal | None


@dataclass(frozen=True)
class Edge:
    """One end of a range: the area, and the number of thousandths of its weight that is tried last on that side."""

    area: str
    last: int

    def __str__(self) -> str:
        return f"{self.area} {'up' if self.last > FINENESS else 'down'}"


def edges_of(scenario: Scenario) -> list[Edge]:
    """Both ends for every area with a weight; the only one is not tried with nothing."""
    areas = _weighted(scenario)
    down = 0 if len(areas) > 1 else FINENESS // FARTHEST
    return [Edge(area, last) for area in areas for last in (down, FINENESS * FARTHEST)]


def edge(scenario: Scenario, plan: Sequence[Pair], which: Edge, recall: Recall, known: KnownPrices) -> End:
    """How far a plan stays a best one on one side.

    Raises:
        InputError: weights that are moved in thousandths have more digits than a scenario may say.
    """
    weights = scenario.settings.fit.weights
    weight = _weight(scenario, which.area)

    def is_best(thousandths: int) -> bool:
        tried = weight * thousandths / FINENESS
        return _is_best(plan, scenario.replace({"fit.weights": {**weights, which.area: tried}}), recall, known)

    good, bad = FINENESS, which.last
    if is_best(bad):
        return weight * bad / FINENESS, None
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_best(middle) else (good, middle)
    return weight * good / FINENESS, weight * bad / FINENESS


def ranges_of(scenario: Scenario, found: Mapping[Edge, object]) -> Iterator[Range]:
    """The range of each area of which both ends were found."""
    for area in _weighted(scenario):
        ends = [end for which, end in found.items() if which.area == area and isinstance(end, tuple)]
        if len(ends) == 2:
            (low, below), (high, above) = ends
            yield Range(area, _weight(scenario, area), low, high, below, above)


def _weight(scenario: Scenario, area: str) -> Decimal:
    return Decimal(scenario.settings.fit.weights.get(area, 0))  # type: ignore[call-overload]


def _weighted(scenario: Scenario) -> list[str]:
    return [area for area in AREAS if _weight(scenario, area)]


def _is_best(plan: Sequence[Pair], scenario: Scenario, recall: Recall, known: KnownPrices) -> bool:
    """Whether no allocation is found that is better than a plan, level by level, under other settings."""
    try:
        outcome = solve(scenario, lambda _: None, lambda _: None, nullcontext(lambda: False), recall, known)
    except InputError:  # a pair that must be would be no candidate
        return False
    own = _located(plan, outcome.problem, outcome.candidates.keys)
    if own is None or outcome.status == "infeasible":
        return False
    return outcome.status == "unknown" or _values(outcome.problem, own) >= _values(
        outcome.problem, outcome.solution.matched
    )


def _located(plan: Sequence[Pair], problem: Problem, keys: Integers) -> Integers | None:
    """The plan's pairs among candidates; None where one is no candidate."""
    school = {str(name): n for n, name in enumerate(problem.recipient_ids)}
    nle = {str(name): n for n, name in enumerate(problem.nle_ids)}
    if any(one not in school or other not in nle for one, other in plan):
        return None
    wanted = np.array(sorted(nle[other] * len(school) + school[one] for one, other in plan), dtype=np.int64)
    at, there = locate(wanted, keys)
    return at if there.all() else None


def _values(problem: Problem, matched: Integers) -> tuple[object, ...]:
    """What an allocation is worth on every level, so that the greater tuple is better."""
    values: list[object] = []
    for level in problem.levels:
        if isinstance(level, Leximin):
            own = level.amounts[matched[level.counted[matched]]]
            fits = np.unique(level.amounts[level.counted & (level.amounts > 0)])
            values.append(tuple(int((own >= fit).sum()) for fit in fits))
        else:
            values.append(level.value(problem, matched))
    return tuple(values)


def random_weights(scenario: Scenario, draws: int) -> Iterator[dict[str, Decimal]]:
    """Weights of the areas that have one, drawn under the seed, uniform over all that sum to one."""
    from random import Random

    lot = Random(f"weights {scenario.settings.seed}")
    areas = _weighted(scenario)
    for _ in range(draws):
        cuts = sorted(lot.randint(0, WHOLE) for _ in areas[1:])
        parts = np.diff([0, *cuts, WHOLE]).tolist()
        yield {area: Decimal(max(1, part)) / WHOLE for area, part in zip(areas, parts, strict=True)}
