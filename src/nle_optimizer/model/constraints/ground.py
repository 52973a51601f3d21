"""What a constraint type is, and what it counts by.

What a type of constraint states of itself. What a constraint may look at, and the columns of a pair.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.constraints.tally import NO_ROW, Tally, followed, grouped
from nle_optimizer.records import Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.columns import PAIRS, owner_of
from nle_optimizer.scenario.quantities import When
from nle_optimizer.scenario.setting_sections import Constraint
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.conditions import holds
from nle_optimizer.stages.fit import folded


@dataclass(frozen=True, eq=False)
class Ground:
    """The candidate pairs with what they take and cost, and the capacity of the NLEs.

    Attributes:
        use: what each pair takes of each resource, in millionths, in the order of the resources.
        cost: shape (pairs,): in millionths of a pound.
        capacity: what each available NLE has of each resource, in millionths.
    """

    candidates: Candidates
    use: Mapping[str, Integers]
    cost: Integers
    capacity: Mapping[str, Integers]

    @property
    def with_capacity(self) -> Flags:
        """NLEs that have something of some resource."""
        return np.any([amounts > 0 for amounts in self.capacity.values()], axis=0)

    def pairs_that(self, where: When) -> Flags:
        """Candidate pairs that certainly meet every condition."""
        met = np.ones(len(self.candidates), dtype=bool)
        for name, condition in where.items():
            table, column, side = self._owner(name)
            flags = holds({column: condition}, table)
            met &= flags if side is None else flags[side]
        return met

    def rows_by(self, name: str | None, counted: Flags) -> tuple[tuple[str, ...], Integers]:
        """A row for each value of a pair's column among the counted pairs, and the row of each pair."""
        if name is None:
            return grouped(None, None, counted)
        table, column, side = self._owner(name)
        cells = table.column(column)
        if side is None:
            return grouped(name, cells, counted)
        standing = np.zeros(len(table), dtype=bool)
        standing[side[counted]] = True
        keys, row = grouped(name, cells, standing)
        return keys, np.where(counted, followed(row, side), NO_ROW)

    def _owner(self, name: str) -> tuple[Records, str, Integers | None]:
        """The table that holds a pair's column, the column's name there, and each pair's row of it."""
        found = self.candidates
        owner, column = owner_of(name, None if found.given is None else found.given.table)
        if owner == "schools":
            return found.recipients, column, found.recipient
        if owner == "nles":
            return found.nles, column, found.nle
        cells = self._own(column) if owner == "pair" else found.from_table(column)
        rows = np.zeros(len(found), dtype=np.int64)
        return Records(PAIRS, PAIRS.name, rows, {column: cells}), column, None

    def _own(self, name: str) -> Column:
        found = self.candidates
        if name == "fit":
            return Column(Kind.AMOUNT, found.fit, np.ones(len(found), dtype=bool))
        if name == "distance_km":
            return Column(Kind.KILOMETRES, found.distance, found.distance >= 0)
        theirs, ours = found.recipients.values("region"), found.nles.values("region")
        both = (theirs != "")[found.recipient] & (ours != "")[found.nle]
        return Column(Kind.YES_NO, folded(theirs)[found.recipient] != folded(ours)[found.nle], both)


@dataclass(frozen=True)
class ConstraintType:
    """A type of constraint; `constraint_types.py` has every one.

    Attributes:
        name: the word a scenario uses under `type`.
        counts: what its rows count, for people.
        columns: the columns that `where` and `by` may name, for people.
        tally: what its rows count, of the candidate pairs.
    """

    name: str
    counts: str
    columns: str
    tally: Callable[[Constraint, Ground], Tally]
