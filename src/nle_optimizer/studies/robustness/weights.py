"""How far the weight of an area can move before another plan is better, found by bisection."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.engines.registry import engines_for
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import Leximin
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution
from nle_optimizer.preparation import prepare
from nle_optimizer.recall import Recall
from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.given_pairs import locate

FARTHEST = Decimal(8)
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


class Plan:
    """The matched pairs of a run, to be judged under other settings."""

    def __init__(self, outcome: Outcome, recall: Recall):
        self._scenario, self._recall = outcome.scenario, recall
        found = outcome.candidates
        ids = outcome.recipients.ids, found.nles.ids
        matched = outcome.solution.matched
        self._pairs = [(str(ids[0][found.recipient[n]]), str(ids[1][found.nle[n]])) for n in matched.tolist()]

    def is_best(self, scenario: Scenario) -> bool:
        """Whether the plan is a best one, level by level, under other settings."""
        case = prepare(scenario, lambda _: None, self._recall)
        own = self._located(case.problem, case.candidates.keys, len(case.recipients))
        if own is None:
            return False
        found = _solved(case.problem, scenario)
        return _values(case.problem, own) >= _values(case.problem, found.matched)

    def _located(self, problem: Problem, keys: Integers, recipients: int) -> Integers | None:
        """The plan's pairs among candidates; None where one is no candidate."""
        school = {str(name): n for n, name in enumerate(problem.recipient_ids)}
        nle = {str(name): n for n, name in enumerate(problem.nle_ids)}
        if any(one not in school or other not in nle for one, other in self._pairs):
            return None
        wanted = np.array(sorted(nle[other] * recipients + school[one] for one, other in self._pairs), dtype=np.int64)
        at, there = locate(wanted, keys)
        return at if there.all() else None


def _solved(problem: Problem, scenario: Scenario) -> Solution:
    refusals: list[UnsupportedError] = []
    for engine in engines_for(problem, scenario.settings.engine):
        try:
            return engine.solve(problem, scenario.settings.seed, Stopping())
        except UnsupportedError as refusal:
            refusals.append(refusal)
    raise refusals[0]


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


def weight_ranges(outcome: Outcome, recall: Recall, tell: Callable[[str], None] = lambda _: None) -> Iterator[Range]:
    """The range of each area with a weight, within which the plan stays a best one; the first change by bisection."""
    plan, weights = Plan(outcome, recall), outcome.scenario.settings.fit.weights
    for area in AREAS:
        weight = Decimal(weights.get(area, 0))  # type: ignore[call-overload]
        if not weight:
            continue

        def is_best(tried: Decimal, area: str = area) -> bool:
            tell(f"{area} {tried:f}")
            return plan.is_best(outcome.scenario.replace({"fit.weights": {**weights, area: tried}}))

        others = any(value for name, value in weights.items() if name != area)
        low, below = _edge(is_best, weight, 0 if others else 1 / FARTHEST)
        high, above = _edge(is_best, weight, FARTHEST)
        yield Range(area, weight, low, high, below, above)


def _edge(is_best: Callable[[Decimal], bool], weight: Decimal, times: Decimal | int) -> tuple[Decimal, Decimal | None]:
    """The last weight found at which the plan is best on the way, and the next at which it is not, if there is one."""
    good, bad = FINENESS, int(FINENESS * times)
    if is_best(weight * times):
        return weight * times, None
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if is_best(weight * middle / FINENESS) else (good, middle)
    return weight * good / FINENESS, weight * bad / FINENESS


def random_weights(scenario: Scenario, draws: int) -> Iterator[dict[str, Decimal]]:
    """Weights of the areas that have one, drawn under the seed, uniform over all that sum to one."""
    from random import Random

    lot = Random(f"weights {scenario.settings.seed}")
    areas = [area for area in AREAS if scenario.settings.fit.weights.get(area, 0)]  # type: ignore[call-overload]
    for _ in range(draws):
        cuts = sorted(lot.randint(0, WHOLE) for _ in areas[1:])
        parts = np.diff([0, *cuts, WHOLE]).tolist()
        yield {area: Decimal(max(1, part)) / WHOLE for area, part in zip(areas, parts, strict=True)}
