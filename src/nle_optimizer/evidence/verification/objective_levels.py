"""The levels that the objectives of a scenario make."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm

import numpy as np

from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.levels import (
    GAP,
    LEAST,
    LEXIMIN,
    LOAD,
    MINIMISED,
    SCALES,
    SUPPORTED,
    AnyFairness,
    AnyLevel,
    DerivedLevel,
    DerivedSpread,
    Fairness,
    regions_of,
    safe_factor,
)
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide, number
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Flags, Integers, Kind
from nle_optimizer.scenario.policies import STATUS_QUO, objectives_asked
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, Objective
from nle_optimizer.scenario.settings import Settings


def objectives_of(scenario: Scenario, recipients: Recipients, every_distance: bool) -> Sequence[Objective]:
    """The objectives in force, asked for or by default.

    Args:
        scenario: settings and tables.
        recipients: who may be matched.
        every_distance: whether every candidate pair has a distance.
    """
    asked = objectives_asked(scenario.settings)
    return _default(bool(recipients.table.given("priority").any()), every_distance) if asked is None else asked


def levels_of(objectives: Sequence[Objective], settings: Settings, recipients: Recipients) -> list[AnyLevel]:
    """The levels that objectives make of recipients, in order."""
    several = bool((recipients.supporters > 1).any()) or settings.rule == STATUS_QUO
    return [
        replace(level, engine=_engine(objective, settings.engine))
        for objective in objectives
        for level in _levels(objective, recipients, several)
    ]


def _engine(objective: Objective, of_scenario: str) -> str:
    return of_scenario if objective.engine in (None, "auto") else str(objective.engine)


def _default(by_priority: bool, every_distance: bool) -> list[Objective]:
    first = [Objective.model_validate({SUPPORTED: {"by": "priority"}})] if by_priority else []
    last = [Objective.model_validate("distance")] if every_distance else []
    return [*first, Objective.model_validate("fit"), *last]


def _levels(objective: Objective, recipients: Recipients, several: bool) -> Sequence[AnyLevel]:
    if objective.name in (LEAST, LEXIMIN, LOAD, GAP):
        return _fair_levels(objective, recipients)
    scale, parts = _parts(objective)
    factor = _factor(objective, recipients)
    weighted = objective.weight is not None
    if weighted and factor is not None:
        common = int(np.gcd.reduce(factor, initial=MILLION))
        factor, scale = factor // common, scale * (MILLION // common)
    step = 1
    if objective.step is not None:
        exact = Fraction(objective.step) * scale
        if weighted and factor is not None:  # on the least scale on which the step is whole
            factor, scale, exact = factor * exact.denominator, scale * exact.denominator, exact * exact.denominator
        if exact.denominator != 1:
            raise RefusedError(f"objective {objective.name}: step is finer than its smallest unit")
        step = int(exact)
    once = sum(weight for name, weight in parts if name == SUPPORTED) if several else 0
    of_pairs = tuple(part for part in parts if part[0] != SUPPORTED) if several else parts
    return [
        DerivedLevel(
            objective.name,
            objective.name in MINIMISED,
            scale,
            of_pairs,
            safe_factor(_restricted(factor, group), parts),
            step,
            weighted,
            once,
            objective.within,
        )
        for group in _groups(objective, recipients)
    ]


def _fair_levels(objective: Objective, recipients: Recipients) -> Sequence[AnyFairness]:
    where = decide(objective.where, recipients.table) == TRUE
    if objective.name == LOAD:
        return [DerivedSpread(LOAD)]
    if objective.name == GAP:
        return [DerivedSpread(GAP, regions_of(recipients.table.values("region"), where))]
    groups = _groups(objective, recipients)
    counts = [where if group is None else where & group for group in groups]
    return [Fairness(objective.name, None if each.all() else each) for each in counts]


def _parts(objective: Objective) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The common scale of the parts, and each part's coefficient on it."""
    if objective.name != "blend":
        _refuse_unknown(objective.name)
        return SCALES[objective.name], ((objective.name, 1),)
    weights: dict[str, Fraction] = {}
    for word, weight in objective.parts.items():
        name = BLEND_PARTS[word]
        _refuse_unknown(name)
        weights[name] = weights.get(name, Fraction(0)) + Fraction(weight) / SCALES[name]
    scale = lcm(*(weight.denominator for weight in weights.values()))
    return scale, tuple((name, int(weight * scale)) for name, weight in weights.items())


def _refuse_unknown(name: str) -> None:
    if name not in SCALES:
        raise RefusedError(f"objective {name} is not checked here")


def _factor(objective: Objective, recipients: Recipients) -> Integers | None:
    if not objective.where and objective.weight is None:
        return None
    factor = np.ones(len(recipients), dtype=np.int64)
    if objective.weight is not None:
        factor = in_millionths(recipients.table.column(objective.weight))
    if objective.where:
        factor = factor * (decide(objective.where, recipients.table) == TRUE)
    return factor


def in_millionths(column: Column) -> Integers:
    """A column's numbers in millionths, 0 where it is blank or no number."""
    units = {Kind.LEVEL: 1, Kind.SHARE: 1, Kind.AMOUNT: 1, Kind.KILOMETRES: 1000}
    result = np.zeros(len(column), dtype=np.int64)
    rows = np.flatnonzero(column.given)
    if column.kind in TEXT_KINDS:
        numbers = [number(cell) for cell in column.values[rows].tolist()]
        result[rows] = [0 if value is None else round(value * MILLION) for value in numbers]
    else:
        result[rows] = column.values[rows].astype(np.int64) * units.get(column.kind, MILLION)
    return result


def _groups(objective: Objective, recipients: Recipients) -> Sequence[Flags | None]:
    """The recipients of each of the levels that one objective makes; None for everybody."""
    if objective.by is None:
        return [None]
    column = recipients.table.column(objective.by)
    values = column.values
    groups = [column.given & (values == value) for value in sorted(set(values[column.given].tolist()))]
    return groups if column.given.all() else [*groups, ~column.given]


def _restricted(factor: Integers | None, group: Flags | None) -> Integers | None:
    if group is None:
        return factor
    return group.astype(np.int64) if factor is None else factor * group
