"""Hard limits over many pairs, read anew from the settings: what each row counts, and what it may count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.limits.family import BY_NLE, BY_PAIR, BY_SCHOOL, Family, Limits, limits_of
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.pairs.pair_columns import NO_ROW, Codes, PairColumns
from nle_optimizer.evidence.verification.pairs.usage import Usage
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide
from nle_optimizer.evidence.verification.stages.current import Current
from nle_optimizer.evidence.verification.stages.supply import Supply
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, show_value
from nle_optimizer.scenario.constraint_setting import Constraint


@dataclass(frozen=True, eq=False)
class ConstraintReader:
    """Makes the rows of every constraint."""

    columns: PairColumns
    listed: Listed
    current: Current
    supply: Supply
    usage: Usage

    def families(self) -> list[Family]:
        """Those of each constraint, in the order of the settings."""
        constraints = self.columns.scenario.settings.constraints
        return [part for constraint in constraints for part in self._family(constraint).parted()]

    def _family(self, constraint: Constraint) -> Family:
        makers = {
            "quota": self._quota,
            "budget": self._budget,
            "minimum_use": self._minimum_use,
            "keep_together": self._keep_together,
            "new_to_area": self._new_to_area,
        }
        return makers[constraint.type](constraint)

    def _quota(self, constraint: Constraint) -> Family:
        counted = constraint.of or "schools"
        if counted == "pairs":
            return self._of_pairs(constraint, "pairs", 1, _ones)
        side = counted.removesuffix("s")
        everyone = np.ones(len(self.columns.recipients), dtype=bool)
        base, counts = (everyone, everyone) if side == BY_SCHOOL else (self.supply.available, self.supply.giving)
        own, labels = self._groups(constraint, side, base, constraint.by)
        eligible = np.bincount(own[(own >= 0) & counts], minlength=len(labels)).tolist()
        if constraint.by is not None:
            own, labels, eligible = _with_some(own, labels, eligible)

        def codes(pairs: Pairs) -> Integers:
            return np.broadcast_to(own[pairs.rows if side == BY_SCHOOL else pairs.nle], len(pairs))

        def limits(row: int) -> Limits:
            return limits_of(constraint, 1, eligible[row] if constraint.share_of == "eligible" else None)

        return Family(constraint, counted, 1, side, codes, _ones, labels, limits)

    def _groups(self, constraint: Constraint, side: str, base: Flags, by: str | None) -> tuple[Integers, list[str]]:
        """The row of each member of a side that meets `where`, and the labels."""
        table = self.columns.table(side)
        meets = base & (decide(constraint.where, table) == TRUE)
        if by is None:
            return np.where(meets, 0, NO_ROW), [constraint.name]
        column = table.column(by)
        return _coded(column, meets & column.given, f"{constraint.name}[{by}=")

    def _of_pairs(self, constraint: Constraint, unit: str, scale: int, amounts: Callable[[Pairs], Integers]) -> Family:
        meets = self.columns.condition(constraint.where)
        labels: list[str] = [] if constraint.by else [constraint.name]
        values = _pair_values(self.columns, constraint, labels)

        def codes(pairs: Pairs) -> Integers:
            inside = meets(pairs)
            result = np.full(len(pairs), NO_ROW, dtype=np.int64)
            result[inside] = values(pairs.keep(inside))
            return result

        seen: set[int] | None = set() if constraint.by else None
        limits = limits_of(constraint, scale, None)
        return Family(constraint, unit, scale, BY_PAIR, codes, amounts, labels, lambda _: limits, seen)

    def _budget(self, constraint: Constraint) -> Family:
        if constraint.of == "cost":
            return self._of_pairs(constraint, "pounds", MILLION, self.usage.cost)
        return self._of_pairs(constraint, str(constraint.of), MILLION, self._use_of(str(constraint.of)))

    def _use_of(self, resource: str) -> Callable[[Pairs], Integers]:
        at = self.columns.scenario.resources.index(resource)
        return lambda pairs: self.usage.of(pairs)[at]

    def _minimum_use(self, constraint: Constraint) -> Family:
        resources = self.columns.scenario.resources
        resource = constraint.of or resources[0]
        capacity = self.supply.capacity[resources.index(resource)]
        own, labels = self._groups(constraint, BY_NLE, self.supply.available & (capacity > 0), "nle_id")
        owner = np.flatnonzero(own >= 0)

        def limits(row: int) -> Limits:
            return limits_of(constraint, MILLION, int(capacity[owner[row]]))

        def codes(pairs: Pairs) -> Integers:
            return np.broadcast_to(own[pairs.nle], len(pairs))

        return Family(constraint, resource, MILLION, BY_PAIR, codes, self._use_of(resource), labels, limits)

    def _keep_together(self, constraint: Constraint) -> Family:
        by = constraint.by or "trust_id"
        everyone = np.ones(len(self.columns.recipients), dtype=bool)
        own, labels = self._groups(constraint, BY_SCHOOL, everyone, by)
        several = np.bincount(own[own >= 0], minlength=len(labels)) > 1
        own, kept, _ = _with_some(own, labels, several.tolist())
        upper = 1 if constraint.maximum is None else floor(constraint.maximum)
        return Family(
            constraint, "nles", 1, BY_NLE, lambda pairs: own[pairs.rows], _ones, kept, lambda _: Limits(upper=upper)
        )

    def _new_to_area(self, constraint: Constraint) -> Family:
        by = constraint.by or "local_authority"
        everyone = np.ones(len(self.columns.recipients), dtype=bool)
        own, labels = self._groups(constraint, BY_SCHOOL, everyone, by)
        areas = _numbered(self.columns.recipients.table.column(by))
        known, size = self._known_areas(by, areas), len(everyone) + 1
        limits = limits_of(constraint, 1, None)

        def codes(pairs: Pairs) -> Integers:
            is_known = np.isin(pairs.nle * size + areas[pairs.rows], known)
            return np.where(is_known, NO_ROW, own[pairs.rows])

        return Family(constraint, "nles", 1, BY_NLE, codes, _ones, labels, lambda _: limits)

    def _known_areas(self, by: str, areas: Integers) -> Integers:
        """NLE and area, as one number, wherever the NLE is not new to the area."""
        table, nles = self.columns.recipients.table, self.columns.scenario.nles
        column = table.column(by)
        here: dict[Any, set[int]] = {}
        for value, given, area in zip(column.values.tolist(), column.given.tolist(), areas.tolist(), strict=True):
            if given:
                here.setdefault(_folded(value), set()).add(area)
        own = nles.column(by)
        cells = zip(own.values.tolist(), own.given.tolist(), strict=True)
        known = {
            (nle, area) for nle, (cell, given) in enumerate(cells) if given for area in here.get(_folded(cell), ())
        }
        before = [(nle, row) for _, nle, row in self.listed.with_relation("previous", len(nles)) if row >= 0]
        known |= {(nle, int(areas[row])) for nle, row in [*before, *self.current.states]}
        return np.array(sorted(nle * (len(table) + 1) + area for nle, area in known), dtype=np.int64)


def _numbered(column: Column) -> Integers:
    """A number for each value of a column, in order of appearance."""
    values = column.values.tolist()
    number = {value: n for n, value in enumerate(dict.fromkeys(values))}
    return np.array([number[value] for value in values], dtype=np.int64)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _ones(pairs: Pairs) -> Integers:
    return np.ones(len(pairs), dtype=np.int64)


def _coded(column: Column, which: Flags, prefix: str) -> tuple[Integers, list[str]]:
    """A number for each value among the cells in question, in order, and the labels."""
    cells = column.values.tolist()
    inside = np.flatnonzero(which).tolist()
    values = sorted({cells[n] for n in inside})
    number = {value: n for n, value in enumerate(values)}
    codes = np.full(len(cells), NO_ROW, dtype=np.int64)
    codes[inside] = [number[cells[n]] for n in inside]
    return codes, [f"{prefix}{_shown(column.kind, value)}]" for value in values]


def _with_some(own: Integers, labels: Sequence[str], counts: Sequence[int]) -> tuple[Integers, list[str], list[int]]:
    """The rows of which something counts, numbered anew."""
    stay = [row for row, count in enumerate(counts) if count]
    renamed = np.full(len(labels) + 1, NO_ROW, dtype=np.int64)
    renamed[stay] = np.arange(len(stay))
    return renamed[own], [labels[row] for row in stay], [counts[row] for row in stay]


def _shown(kind: Kind, value: Any) -> str:
    return show_value(kind, int(value * MILLION) if isinstance(value, Fraction) else value)


def _pair_values(columns: PairColumns, constraint: Constraint, labels: list[str]) -> Codes:
    """The row of pairs that meet `where`, by the value of a column; new values make new rows."""
    if constraint.by is None:
        return lambda pairs: np.zeros(len(pairs), dtype=np.int64)
    (side, name), prefix = columns.side(constraint.by), f"{constraint.name}[{constraint.by}="
    if side != "pair":
        column = columns.table(side).column(name)
        codes, found = _coded(column, column.given, prefix)
        labels.extend(found)
        return lambda pairs: np.broadcast_to(codes[pairs.rows if side == "school" else pairs.nle], len(pairs))
    number: dict[Any, int] = {}

    def of_cells(pairs: Pairs) -> Integers:
        column = columns.of_pairs(name, pairs)
        result = np.full(len(pairs), NO_ROW, dtype=np.int64)
        for n in np.flatnonzero(column.given).tolist():
            value = column.values[n : n + 1].tolist()[0]
            if value not in number:
                number[value] = len(labels)
                labels.append(f"{prefix}{_shown(column.kind, value)}]")
            result[n] = number[value]
        return result

    return of_cells
