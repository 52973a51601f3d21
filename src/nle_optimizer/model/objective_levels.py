"""The objectives of a scenario as levels, maximised in order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.model.constraints.tally import PresenceBook
from nle_optimizer.model.levels import AUTO, Allowance, AnyLevel, EngineAsked, Level
from nle_optimizer.model.objective_kinds import Stakes, fair_level, spread_of
from nle_optimizer.model.objectives import LARGEST_AMOUNT, Worth, parts_of, sense_of, worth_of
from nle_optimizer.records import Column, Flags, Integers, Records
from nle_optimizer.scenario.setting_sections import Objective
from nle_optimizer.stages.conditions import holds

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


def build_levels(objectives: list[Objective], stakes: Stakes, book: PresenceBook) -> tuple[AnyLevel, ...]:
    """The levels of a list of objectives.

    Args:
        objectives: in order.
        stakes: what they look at.
        book: holds the presences of the rows, and takes those of the levels; none may follow.

    Raises:
        InputError: amounts too large to be exact, or something that an objective needs and the tables do not give.
    """
    supported = _supported(objectives, stakes, book)
    levels: list[AnyLevel] = []
    for n, objective in enumerate(objectives):
        path = f"objectives.{n}.{objective.name}"
        engine = EngineAsked(objective.engine or AUTO, f"{path}.engine")
        levels += [replace(level, engine=engine) for level in _levels(objective, stakes, path, book, supported)]
    return tuple(_of_all_presences(level, len(book)) for level in levels)


def _levels(
    objective: Objective, stakes: Stakes, path: str, book: PresenceBook, supported: Integers
) -> Iterator[AnyLevel]:
    """The levels that one objective makes."""
    if objective.name in ("load_balance", "region_gap"):
        yield spread_of(objective, stakes, book)
    elif objective.name in ("min_fit", "leximin_fit"):
        counted = holds(objective.where, stakes.candidates.recipients)
        for name, rows in _split(objective, stakes):
            yield fair_level(name, objective, counted & rows, stakes, path)
    else:
        yield from _sums(objective, stakes, path, supported)


def _of_all_presences(level: AnyLevel, presences: int) -> AnyLevel:
    """The level with an amount for presences that later levels asked for too."""
    if not isinstance(level, Level) or level.presence_amounts is None:
        return level
    return replace(level, presence_amounts=np.append(level.presence_amounts, np.zeros(presences, np.int64))[:presences])


def _supported(objectives: list[Objective], stakes: Stakes, book: PresenceBook) -> Integers:
    """The presence of each recipient of several supporters that a level counts once; -1 for the others."""
    presence = np.full(len(stakes.candidates.recipients), -1, dtype=np.int64)
    if any("schools_supported" in parts_of(objective) for objective in objectives):
        recipient = stakes.candidates.recipient
        pairs = np.flatnonzero(stakes.candidates.several[recipient])
        presence[np.unique(recipient[pairs])] = book.of_each(recipient[pairs], pairs)
    return presence


def _sums(objective: Objective, stakes: Stakes, path: str, supported: Integers) -> Iterator[Level]:
    worth = worth_of(objective, stakes, path)
    nodes = len(stakes.candidates.recipients) + len(stakes.candidates.nles) + 1
    if worth.greatest > min(LARGEST_AMOUNT, LARGEST_PRODUCT // nodes):
        what = "its amounts are too large to be exact; use rounder weights or a `step`"
        raise InputError([Fault(Place(), path, what)])
    level = Level(
        objective.name,
        sense_of(objective),
        worth.scale,
        worth.pairs,
        objective.parts,
        within=_allowance(objective, worth.scale),
    )
    for name, rows in _split(objective, stakes):
        own = worth.times(rows.astype(np.int64), stakes.candidates.recipient)
        yield replace(level, name=name, amounts=own.pairs, presence_amounts=_once(own, supported))


def _once(worth: Worth, supported: Integers) -> Integers | None:
    """The amounts of presences, or None where none counts."""
    counted = (supported >= 0) & (worth.recipients != 0)
    if not counted.any():
        return None
    amounts = np.zeros(int(supported.max()) + 1, dtype=np.int64)
    amounts[supported[counted]] = worth.recipients[counted]
    return amounts


def _allowance(objective: Objective, scale: int) -> Allowance | None:
    within = objective.within
    if within is None:
        return None
    if isinstance(within, str):
        return Allowance(share=Fraction(Decimal(within.rstrip("%"))) / 100)
    return Allowance(units=int(within * scale))


def _split(objective: Objective, stakes: Stakes) -> list[tuple[str, Flags]]:
    """The name of each level that `by` makes, and the recipients that count in it; all where there is no `by`."""
    table = stakes.candidates.recipients
    if objective.by is None:
        return [(objective.name, np.ones(len(table), dtype=bool))]
    groups = _groups(table.column(objective.by))
    return [(f"{objective.name}[{objective.by}={label}]", rows) for label, rows in groups]


def _groups(column: Column) -> list[tuple[str, Flags]]:
    """The rows of each value of a column, least first, blanks last."""
    values = sorted(set(column.values[column.given].tolist()))
    groups = [(str(value), column.given & (column.values == value)) for value in values]
    return groups if column.given.all() else [*groups, ("blank", ~column.given)]
