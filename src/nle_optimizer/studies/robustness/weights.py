"""How far the weight of an area can move before another plan is better, found by bisection."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

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
    areas = weighted(scenario)
    down = 0 if len(areas) > 1 else FINENESS // FARTHEST
    return [Edge(area, last) for area in areas for last in (down, FINENESS * FARTHEST)]


def edge(scenario: Scenario, which: Edge, stays_best: Callable[[Scenario], bool]) -> End:
    """How far a plan stays a best one on one side.

    Args:
        scenario: as it was planned.
        which: the area and the side.
        stays_best: whether the plan is a best one of a scenario.

    Raises:
        InputError: weights that are moved in thousandths have more digits than a scenario may say.
    """
    weight = _weight(scenario, which.area)

    def is_best(thousandths: int) -> bool:
        return stays_best(scaled(scenario, which.area, Decimal(thousandths) / FINENESS))

    good, bad = FINENESS, which.last
    if is_best(bad):
        return weight * bad / FINENESS, None
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_best(middle) else (good, middle)
    return weight * good / FINENESS, weight * bad / FINENESS


def ranges_of(scenario: Scenario, found: Mapping[Edge, object]) -> Iterator[Range]:
    """The range of each area of which both ends were found."""
    for area in weighted(scenario):
        ends = [end for which, end in found.items() if which.area == area and isinstance(end, tuple)]
        if len(ends) == 2:
            (low, below), (high, above) = ends
            yield Range(area, _weight(scenario, area), low, high, below, above)


def _weight(scenario: Scenario, area: str) -> Decimal:
    return Decimal(scenario.settings.fit.weights.get(area, 0))  # type: ignore[call-overload]


def weighted(scenario: Scenario) -> list[str]:
    """The areas that have a weight."""
    return [area for area in AREAS if _weight(scenario, area)]


def scaled(scenario: Scenario, area: str, times: Decimal) -> Scenario:
    """The scenario with the weight of one area so many times as great.

    Raises:
        InputError: that weight has more digits than a scenario may say.
    """
    weights = {name: weight * (times if name == area else 1) for name, weight in scenario.settings.fit.weights.items()}
    return scenario.replace({"fit.weights": weights})


def random_weights(scenario: Scenario, draws: int) -> Iterator[dict[str, Decimal]]:
    """Weights of the areas that have one, drawn under the seed, uniform over all that sum to one."""
    from random import Random

    lot = Random(f"weights {scenario.settings.seed}")
    areas = weighted(scenario)
    for _ in range(draws):
        cuts = sorted(lot.randint(0, WHOLE) for _ in areas[1:])
        parts = np.diff([0, *cuts, WHOLE]).tolist()
        yield {area: Decimal(max(1, part)) / WHOLE for area, part in zip(areas, parts, strict=True)}
