"""Constraints as the settings state them, counted anew.

Hard limits over many pairs, read anew from the settings: what each row counts, and what it may count. The rows that
one constraint makes: which pairs each counts, and between which limits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.pairs.usage import NO_ROW, Codes, PairColumns, Usage
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide
from nle_optimizer.evidence.verification.stages.supply import Current, DerivedSupply
from nle_optimizer.records import MILLION, Column, Flags, Integers, show_value
from nle_optimizer.scenario.setting_sections import Constraint

BY_PAIR, BY_SCHOOL, BY_NLE = "pair", "school", "nle"
"""What counts once in a row: every pair, every supported recipient, every NLE with a pair of the row."""


@dataclass(frozen=True)
class RowLimits:
    """The limits of one row: whole units, and shares of all that is matched.

    Attributes:
        lower, upper: whole units.
        lower_share, upper_share: shares.
        excess: how far agreed pairs alone are beyond the upper share, in units times its denominator.
    """

    lower: int | None = None
    upper: int | None = None
    lower_share: Fraction | None = None
    upper_share: Fraction | None = None
    excess: int = 0


@dataclass(eq=False)
class Family:
    """The rows that one constraint makes; a pair counts in at most one of them.

    Attributes:
        constraint: the setting.
        unit: what is counted, for people.
        scale: units of a count in one of what people read.
        once: BY_PAIR, BY_SCHOOL or BY_NLE.
        codes: the row of each pair; calling it may add rows.
        amounts: what each pair counts, where it is not 1.
        labels: of each row, without the suffix.
        limits: of a row, by its index.
        seen: the rows that exist because a candidate pair is in them; None where they exist anyway.
        suffix: what labels end with, where the constraint's shares of all that is matched are rows apart.
    """

    constraint: Constraint
    unit: str
    scale: int
    once: str
    codes: Codes
    amounts: Callable[[Pairs], Integers]
    labels: list[str]
    limits: Callable[[int], RowLimits]
    seen: set[int] | None = None
    suffix: str = ""

    def label(self, row: int) -> str:
        """The label of a row."""
        return self.labels[row] + self.suffix

    def parted(self) -> list["Family"]:
        """The limits in numbers and each share of all that is matched apart, where there are several of them."""
        asked = self.constraint
        of_matched = asked.type in ("quota", "budget") and asked.share_of != "eligible"
        words = ("minimum_share", "maximum_share") if of_matched else ()
        shares = [word for word in words if getattr(asked, word) is not None]
        in_numbers = asked.minimum is not None or asked.maximum is not None
        if len(shares) + in_numbers < 2:
            return [self]
        numbers = [replace(self, limits=self._part("numbers"))] if in_numbers else []
        return [*numbers, *(replace(self, limits=self._part(word), suffix=f" {word}") for word in shares)]

    def _part(self, word: str) -> Callable[[int], RowLimits]:
        def limits(row: int) -> RowLimits:
            whole = self.limits(row)
            if word == "minimum_share":
                return RowLimits(lower_share=whole.lower_share)
            return (
                RowLimits(upper_share=whole.upper_share)
                if word == "maximum_share"
                else RowLimits(whole.lower, whole.upper)
            )

        return limits

    def beside(self, agreed: Pairs) -> "Family":
        """The same rows with no upper limit below what agreed pairs alone count."""
        counts, everything = self.counts(agreed), self.everything(agreed)

        def limits(row: int) -> RowLimits:
            own, count = self.limits(row), counts[row] if row < len(counts) else 0
            upper, share = own.upper, own.upper_share
            excess = 0 if share is None else max(share.denominator * count - share.numerator * everything, 0)
            return replace(own, upper=upper if upper is None else max(upper, count), excess=excess if count else 0)

        return replace(self, limits=limits)

    def exceeds(self, agreed: Pairs) -> list[int]:
        """The rows of which agreed pairs alone are beyond an upper limit."""
        beside = self.beside(agreed)
        return [row for row in range(len(self.labels)) if self.limits(row) != beside.limits(row)]

    def rows(self) -> list[int]:
        """The rows that exist, by index."""
        return list(range(len(self.labels))) if self.seen is None else sorted(self.seen)

    def look_at(self, pairs: Pairs) -> Integers:
        """The row of each candidate pair; the rows are noted as existing."""
        codes = self.codes(pairs)
        if self.seen is not None:
            self.seen.update(np.unique(codes[codes >= 0]).tolist())
        return codes

    def counts(self, pairs: Pairs) -> list[int]:
        """What each row counts over matched pairs."""
        codes = self.codes(pairs)
        inside = pairs.keep(codes >= 0)
        kept = codes[codes >= 0]
        result = [0] * len(self.labels)
        if self.once == BY_PAIR:
            for code, amount in zip(kept.tolist(), self.amounts(inside).tolist(), strict=True):
                result[code] += amount
            return result
        which = inside.rows if self.once == BY_SCHOOL else inside.nle
        for code, _ in set(zip(kept.tolist(), np.asarray(which).tolist(), strict=True)):
            result[code] += 1
        return result

    def everything(self, pairs: Pairs) -> int:
        """The same count over all matched pairs, whatever `where` and `by` say."""
        if self.once == BY_PAIR:
            return sum(self.amounts(pairs).tolist())
        return len(set((pairs.rows if self.once == BY_SCHOOL else np.asarray(pairs.nle)).tolist()))


def limits_of(constraint: Constraint, scale: int, whole: int | None) -> RowLimits:
    """The limits of a row.

    Args:
        constraint: the setting.
        scale: units in one of what people read.
        whole: what a share is of; None where it is of all that is matched.
    """
    low, high = constraint.minimum, constraint.maximum
    lowest = [] if low is None else [ceil(Fraction(low) * scale)]
    highest = [] if high is None else [floor(Fraction(high) * scale)]
    least, most = (
        None if share is None else Fraction(share) for share in (constraint.minimum_share, constraint.maximum_share)
    )
    if whole is not None:
        lowest += [ceil(least * whole)] if least is not None else []
        highest += [floor(most * whole)] if most is not None else []
        least = most = None
    return RowLimits(max(lowest, default=None), min(highest, default=None), least, most)


@dataclass(frozen=True, eq=False)
class ConstraintReader:
    """Makes the rows of every constraint."""

    columns: PairColumns
    listed: Listed
    current: Current
    supply: DerivedSupply
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

        def limits(row: int) -> RowLimits:
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

        def limits(row: int) -> RowLimits:
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
            constraint, "nles", 1, BY_NLE, lambda pairs: own[pairs.rows], _ones, kept, lambda _: RowLimits(upper=upper)
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
    return codes, [f"{prefix}{show_value(column.kind, value)}]" for value in values]


def _with_some(own: Integers, labels: Sequence[str], counts: Sequence[int]) -> tuple[Integers, list[str], list[int]]:
    """The rows of which something counts, numbered anew."""
    stay = [row for row, count in enumerate(counts) if count]
    renamed = np.full(len(labels) + 1, NO_ROW, dtype=np.int64)
    renamed[stay] = np.arange(len(stay))
    return renamed[own], [labels[row] for row in stay], [counts[row] for row in stay]


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
                labels.append(f"{prefix}{show_value(column.kind, value)}]")
            result[n] = number[value]
        return result

    return of_cells
