"""The ordered objectives as whole numbers per pair."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.conditions import TRUE, decide, number
from nle_optimizer.evidence.verification.exact import LARGEST
from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.fit import Fitness
from nle_optimizer.evidence.verification.geography import Geography
from nle_optimizer.evidence.verification.listed import Listed, Pairs
from nle_optimizer.evidence.verification.recipients import Recipients
from nle_optimizer.evidence.verification.usage import Usage
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Flags, Integers, Kind
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.objective_setting import BLEND_PARTS, Objective
from nle_optimizer.scenario.scenario import Scenario

SCALES = {
    "schools_supported": 1,
    "fit": MILLION,
    **{f"fit_{area}": MILLION for area in AREAS},
    "distance": 1000,
    "travel_minutes": MILLION,
    "cost": MILLION,
}
"""Units of each objective's whole number in one of what people read (a kilometre has 1000 metres)."""

MINIMISED = frozenset({"distance", "travel_minutes", "cost"})


@dataclass(frozen=True, eq=False)
class Measures:
    """What pairs measure in each objective."""

    geography: Geography
    fitness: Fitness
    usage: Usage
    listed: Listed

    def of(self, name: str, pairs: Pairs) -> Integers | int:
        """Whole numbers per pair, in the units of SCALES; 0 where nothing is known."""
        if name == "schools_supported":
            return 1
        if name == "fit":
            assert pairs.fit is not None
            return pairs.fit
        if name == "distance":
            return self.geography.metres(pairs)
        if name == "cost":
            return self.usage.cost(pairs)
        if name == "travel_minutes":
            told = self.listed.cells(pairs, name)
            return 0 if told is None else np.where(told[1], told[0], 0)
        return np.maximum(self.fitness.area(pairs, name.removeprefix("fit_")), 0)


@dataclass(frozen=True, eq=False)
class Level:
    """One level: per pair the sum of its parts, times the recipient's factor, rounded down to a step.

    Attributes:
        name: the objective's name.
        minimised: whether less is better.
        scale: units of the whole number in one of what people read.
        parts: each measure and its whole coefficient.
        factor: what each recipient's amounts are multiplied by; None for 1.
        step: the multiple that amounts are rounded down to; 1 for none.
        weighted: whether a column weighs the recipients, so that a finer scale says the same.
    """

    name: str
    minimised: bool
    scale: int
    parts: tuple[tuple[str, int], ...]
    factor: NDArray[Any] | None
    step: int
    weighted: bool = False

    def on_scale(self, scale: object) -> "Level":
        """The same level on a finer scale, where it may be stated on any; else unchanged."""
        if not self.weighted or not isinstance(scale, int) or scale <= 0 or scale % self.scale:
            return self
        times = scale // self.scale
        factor = None if self.factor is None else _safe(self.factor * times, self.parts)
        return replace(self, scale=scale, factor=factor, step=self.step * times if self.step != 1 else 1)

    @property
    def sense(self) -> str:
        """The word for the direction."""
        return "minimise" if self.minimised else "maximise"

    def amounts(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount in the level's own sense."""
        total: Any = 0
        for name, coefficient in self.parts:
            measure = measures.of(name, pairs)
            total = total + (measure if coefficient == 1 else coefficient * measure)
        if self.factor is not None:
            total = total * self.factor[pairs.rows]
        if self.step != 1:
            total = total // self.step * self.step
        return np.broadcast_to(np.asarray(total), (len(pairs),))

    def to_maximise(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount, more being better."""
        amounts = self.amounts(pairs, measures)
        return -amounts if self.minimised else amounts


def levels_of(scenario: Scenario, recipients: Recipients, every_distance: bool) -> list[Level]:
    """The levels of a scenario in order.

    Args:
        scenario: settings and tables.
        recipients: who may be matched.
        every_distance: whether every candidate pair has a distance.
    """
    objectives: Sequence[Objective] | None = scenario.settings.objectives
    if objectives is None:
        objectives = _default(bool(recipients.table.given("priority").any()), every_distance)
    return [level for objective in objectives for level in _levels(objective, recipients)]


def _default(by_priority: bool, every_distance: bool) -> list[Objective]:
    first = [Objective.model_validate({"schools_supported": {"by": "priority"}})] if by_priority else []
    last = [Objective.model_validate("distance")] if every_distance else []
    return [*first, Objective.model_validate("fit"), *last]


def _levels(objective: Objective, recipients: Recipients) -> list[Level]:
    if objective.within is not None:
        raise RefusedError(f"objective {objective.name}: within is not checked here")
    scale, parts = _parts(objective)
    factor = _factor(objective, recipients)
    weighted = objective.weight is not None
    if weighted and factor is not None:
        common = int(np.gcd.reduce(factor, initial=MILLION))
        factor, scale = factor // common, scale * (MILLION // common)
    step = 1
    if objective.step is not None:
        exact = Fraction(objective.step) * scale
        if exact.denominator != 1:
            raise RefusedError(f"objective {objective.name}: step is finer than its smallest unit")
        step = int(exact)
    groups: list[Flags | None] = [None]
    if objective.by is not None:
        groups = list(_groups(recipients.stood.column(objective.by)))
    minimised = objective.name in MINIMISED
    factors = [_safe(_restricted(factor, group), parts) for group in groups]
    return [Level(objective.name, minimised, scale, parts, each, step, weighted) for each in factors]


def _parts(objective: Objective) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The common scale of the parts, and each part's coefficient on it."""
    if objective.name != "blend":
        _refuse_unknown(objective.name)
        return SCALES[objective.name], ((objective.name, 1),)
    weights = []
    for word, weight in objective.parts.items():
        name = BLEND_PARTS[word]
        _refuse_unknown(name)
        weights.append((name, Fraction(weight) / SCALES[name]))
    scale = lcm(*(weight.denominator for _, weight in weights))
    return scale, tuple((name, int(weight * scale)) for name, weight in weights)


def _refuse_unknown(name: str) -> None:
    if name not in SCALES:
        raise RefusedError(f"objective {name} is not checked here")


def _factor(objective: Objective, recipients: Recipients) -> Integers | None:
    if not objective.where and objective.weight is None:
        return None
    factor = np.ones(len(recipients), dtype=np.int64)
    if objective.weight is not None:
        factor = in_millionths(recipients.stood.column(objective.weight))
    if objective.where:
        factor = factor * (decide(objective.where, recipients.stood) == TRUE)
    return factor


def in_millionths(column: Column) -> Integers:
    """A column's numbers in millionths, 0 where it is blank or no number."""
    units = {Kind.LEVEL: 1, Kind.SHARE: 1, Kind.AMOUNT: 1, Kind.KILOMETRES: 1000}
    result = np.zeros(len(column), dtype=np.int64)
    rows = np.flatnonzero(column.given)
    if column.kind in TEXT_KINDS:
        numbers = [number(cell) for cell in column.values[rows].tolist()]
        result[rows] = [0 if value is None else round(value * MILLION) for value in numbers]
    elif column.kind is Kind.SHARE and column.values.dtype == object:
        result[rows] = [int(Fraction(cell) * MILLION) for cell in column.values[rows].tolist()]
    else:
        result[rows] = column.values[rows].astype(np.int64) * units.get(column.kind, MILLION)
    return result


def _groups(column: Column) -> Sequence[Flags]:
    values = column.values
    groups = [column.given & (values == value) for value in sorted(set(values[column.given].tolist()))]
    return groups if column.given.all() else [*groups, ~column.given]


def _restricted(factor: Integers | None, group: Flags | None) -> Integers | None:
    if group is None:
        return factor
    return group.astype(np.int64) if factor is None else factor * group


def _safe(factor: Integers | None, parts: tuple[tuple[str, int], ...]) -> NDArray[Any] | None:
    """The factor as Python integers where products might not fit 64 bits."""
    if factor is None:
        return None
    greatest = int(factor.max(initial=0)) * sum(abs(coefficient) for _, coefficient in parts)
    return factor.astype(object) if greatest >= LARGEST // 2**30 else factor
