"""The objectives of a scenario as levels: whole amounts per pair, maximised in order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.model.objectives.registry import ADDITIVE, NOT_ADDITIVE
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.objective_setting import BLEND_PARTS, Objective
from nle_optimizer.stages.conditions import as_held, holds

LARGEST_AMOUNT = 2**47
"""Greatest amount of a pair."""

LARGEST_PRODUCT = 2**61
"""Greatest amount of a pair times the number of recipients and NLEs: the solver multiplies the two in 63 bits."""


def default_objectives(recipients: Records, *, distances_known: bool) -> list[Objective]:
    """What is optimised where a scenario does not say: supported by priority, fit, then distance."""
    words: list[object] = ["fit"]
    if recipients.given("priority").any():
        words.insert(0, {"schools_supported": {"by": "priority"}})
    if distances_known:
        words.append("distance")
    return [Objective.model_validate(word) for word in words]


def uses_distance(objectives: list[Objective]) -> bool:
    """Whether any level looks at distance."""
    return any("distance" in parts_of(objective) for objective in objectives)


def parts_of(objective: Objective) -> dict[str, Decimal]:
    """The additive objectives a level is made of, with their weights in people's units."""
    if objective.name != "blend":
        return {objective.name: Decimal(1)}
    parts: dict[str, Decimal] = {}
    for word, weight in objective.parts.items():
        parts[BLEND_PARTS[word]] = parts.get(BLEND_PARTS[word], Decimal(0)) + weight
    return parts


def build_levels(objectives: list[Objective], stakes: Stakes) -> tuple[Level, ...]:
    """The levels of a list of objectives.

    Raises:
        UnsupportedError: an objective that no engine here can optimise.
        InputError: the first objective is to be minimised, which supporting nobody would do best;
            amounts too large; an objective twice.
    """
    _refuse(objectives)
    levels = [level for objective in objectives for level in _levels(objective, stakes)]
    nodes = len(stakes.candidates.recipients) + len(stakes.candidates.nles) + 1
    for level in levels:
        if len(level.amounts) and int(np.abs(level.amounts).max()) > min(LARGEST_AMOUNT, LARGEST_PRODUCT // nodes):
            what = "its amounts are too large to be exact; use rounder weights or a `step`"
            raise InputError([Problem(Place(), f"objectives.{level.name}", what)])
    return tuple(levels)


def _refuse(objectives: list[Objective]) -> None:
    problems = []
    for n, objective in enumerate(objectives):
        path = f"objectives.{n}"
        for name in parts_of(objective):
            if name in NOT_ADDITIVE:
                needs = NOT_ADDITIVE[name].needs
                problems.append(Problem(Place(), path, f"{name} is not available yet (it needs {needs})"))
        if objective.within is not None:
            problems.append(Problem(Place(), path, "`within` is not available yet (it needs a general engine)"))
        if objective in objectives[:n]:
            problems.append(Problem(Place(), path, f"{objective.name} stands twice"))
    if problems:
        raise UnsupportedError(problems)
    first = objectives[0]
    minimised = first.name in ADDITIVE and ADDITIVE[first.name].sense == "minimise"
    if minimised or all(weight <= 0 for weight in parts_of(first).values()):
        what = f"{first.name} cannot come first: supporting nobody would be best; put fit before it"
        raise InputError([Problem(Place(), "objectives.0", what)])


def _levels(objective: Objective, stakes: Stakes) -> list[Level]:
    whole = _one_level(objective, stakes)
    if objective.by is None:
        return [whole]
    column = stakes.candidates.recipients.column(objective.by)
    return [
        _restricted(whole, f"{objective.name}[{objective.by}={label}]", rows[stakes.candidates.recipient])
        for label, rows in _groups(column)
    ]


def _restricted(level: Level, name: str, rows: Flags) -> Level:
    return replace(level, name=name, amounts=np.where(rows, level.amounts, 0))


def _groups(column: Column) -> list[tuple[str, Flags]]:
    """The rows of each value of a column, least first, blanks last."""
    values = sorted(set(column.values[column.given].tolist()))
    groups = [(str(value), column.given & (column.values == value)) for value in values]
    return groups if column.given.all() else [*groups, ("blank", ~column.given)]


def _one_level(objective: Objective, stakes: Stakes) -> Level:
    level = _blend(objective, stakes) if objective.name == "blend" else _plain(objective, stakes)
    amounts, scale = level.amounts, level.scale
    table, recipient = stakes.candidates.recipients, stakes.candidates.recipient
    if objective.where:
        amounts = np.where(holds(objective.where, table)[recipient], amounts, 0)
    if objective.weight is not None:
        weights, unit = _weights(table, objective.weight)
        if len(amounts) and int(np.abs(amounts).max()) * int(weights.max(initial=0)) > LARGEST_AMOUNT:
            raise InputError(
                [
                    Problem(
                        Place(),
                        f"objectives.{objective.name}.weight",
                        "the weighted amounts are too large to be exact",
                    )
                ]
            )
        amounts, scale = amounts * weights[recipient], scale * unit
    if objective.step is not None:
        step = int(objective.step * scale)
        if step != objective.step * scale:
            what = f"the step must be a multiple of 1/{scale}, the unit of this level"
            raise InputError([Problem(Place(), f"objectives.{objective.name}.step", what)])
        amounts = level.sense * (level.sense * amounts // step * step)
    return replace(level, scale=scale, amounts=amounts)


def _weights(table: Records, name: str) -> tuple[Integers, int]:
    """A column as whole weights without a common divisor, and what 1 became."""
    column = table.column(name)
    if column.values.dtype == object:
        numbers = [as_held(Kind.AMOUNT, text) if text else 0 for text in column.values]
        if any(not isinstance(number, int) or number < 0 for number in numbers):
            what = "the column must hold numbers from 0 up with at most six decimal places"
            raise InputError([Problem(Place(table.source), name, what)])
        return np.array(numbers, dtype=np.int64), MILLION
    values = np.where(column.given, column.values, 0)
    if column.kind in (Kind.AMOUNT, Kind.SHARE, Kind.LEVEL):
        return values, MILLION
    return (values, 1) if column.kind is Kind.COUNT else (values * MILLION, MILLION)


def _plain(objective: Objective, stakes: Stakes) -> Level:
    chosen = ADDITIVE[objective.name]
    sense = 1 if chosen.sense == "maximise" else -1
    return Level(chosen.name, sense, chosen.scale, sense * chosen.amounts(stakes))


@dataclass(frozen=True)
class Blend:
    """A blend on the coarsest common scale on which every weight is whole."""

    scale: int
    weights: Mapping[str, int]


def blend_of(parts: Mapping[str, Decimal]) -> Blend:
    """The whole weights of a blend's parts, by the unit of each part's amounts."""
    shares = {name: Fraction(weight) / ADDITIVE[name].scale for name, weight in parts.items()}
    scale = lcm(*(share.denominator for share in shares.values()))
    return Blend(scale, {name: int(share * scale) for name, share in shares.items()})


def _blend(objective: Objective, stakes: Stakes) -> Level:
    blend = blend_of(parts_of(objective))
    total = np.zeros(len(stakes.candidates), dtype=np.int64)
    for name, weight in blend.weights.items():
        amounts = ADDITIVE[name].amounts(stakes)
        if len(amounts) and int(np.abs(amounts).max()) * abs(weight) > LARGEST_AMOUNT:
            what = f"the amounts of {name} are too large to be exact; use rounder weights"
            raise InputError([Problem(Place(), "objectives.blend", what)])
        total += weight * amounts
    return Level("blend", 1, blend.scale, total, objective.parts)
