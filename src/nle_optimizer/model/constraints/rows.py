"""Constraints as rows over pairs, for engines, and as they stand, for readers.

A constraint as rows over pairs and presences, for engines. A constraint as counts of the matched pairs, one by one,
with what they break in words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.model.constraints.requirement import Limit, Requirement
from nle_optimizer.model.constraints.tally import PresenceBook, Sum, Tally, sum_of
from nle_optimizer.model.problem import Row, counted
from nle_optimizer.records import MILLION, Integers, shortest

LARGEST_SUM = 2**61
MOST_SHOWN = 20


def refuse_impossible(requirements: Sequence[Requirement]) -> None:
    """Refuse limits that could not be met even if every candidate pair were matched.

    Raises:
        InputError: with each of them.
    """
    if problems := [problem for requirement in requirements for problem in _impossible(requirement)]:
        raise InputError(problems[:MOST_SHOWN])


def rows_of(requirement: Requirement, book: PresenceBook) -> list[Row]:
    """The rows of a constraint; one without a pair, which nothing could break, is left out.

    Raises:
        InputError: too large a sum.
    """
    limits, members = list(requirement.limits()), _members(requirement.tally)
    every, whole = np.arange(len(requirement.nle)), None
    if any(limit.share is not None for _, _, limit in limits):
        whole = _sum(requirement, requirement.tally.everything(), every, book)
    sums = {n: _sum(requirement, requirement.tally, members[n], book) for n, _, _ in limits}
    rows = [
        replace(
            _row(requirement.asked.name, label, limit, sums[n], whole),
            unit=requirement.tally.shown,
            scale=requirement.tally.scale,
            share=limit.share,
        )
        for n, label, limit in limits
    ]
    return [row for row in rows if len(row.pairs) or len(row.presences)]


def _members(tally: Tally) -> list[Integers]:
    """The pairs that each row of a tally counts, ascending."""
    order = np.argsort(tally.row, kind="stable")
    ends = np.searchsorted(tally.row[order], np.arange(len(tally.keys) + 1))
    return [order[ends[n] : ends[n + 1]] for n in range(len(tally.keys))]


def _sum(requirement: Requirement, tally: Tally, pairs: Integers, book: PresenceBook) -> Sum:
    several = requirement.several
    if tally.unit == "nle":
        several = np.ones(int(requirement.nle.max(initial=-1)) + 1, dtype=bool)
    return sum_of(tally, pairs, requirement.units, several, book)


def _row(name: str, label: str, limit: Limit, counted: Sum, whole: Sum | None) -> Row:
    lower, upper, size = limit.lower, limit.upper, counted.size
    if limit.share is not None and whole is not None:
        size = limit.share.denominator * counted.size + limit.share.numerator * whole.size
    if size > LARGEST_SUM:
        what = "its amounts are too large to be exact; use a rounder share"
        raise InputError([Fault(Place(), f"constraints.{name}", what)])
    if limit.share is not None and whole is not None:
        counted = counted.less(limit.share.as_integer_ratio(), whole)
        lower, upper = (0, None) if limit.is_lower else (None, limit.excess)
    amounts = (counted.pairs, counted.amounts)
    return Row(name, label, *amounts, lower, upper, counted.presences, counted.presence_amounts)


def _impossible(requirement: Requirement) -> Iterator[Fault]:
    """Lower limits that all candidate pairs together would not reach, or that are above the upper limit."""
    asked, members = requirement.asked, _members(requirement.tally)
    for n, label, limit in requirement.limits():
        if limit.lower is None:
            continue
        path = f"constraints.{asked.name}.{'minimum' if asked.minimum is not None else 'minimum_share'}"
        most, got = _most(requirement, members[n]), _shown(requirement, limit.lower)
        if most < limit.lower:
            what = f"{label} could not be met: all its candidate pairs together give {_shown(requirement, most)}"
            yield Fault(Place(), path, what, got, "lower it, or widen who can be matched")
        elif limit.upper is not None and limit.upper < limit.lower:
            what = f"{label}: the lower limit is above the upper, {_shown(requirement, limit.upper)}"
            yield Fault(Place(), path, what, got, "lower it, or raise the upper limit")


def _most(requirement: Requirement, pairs: Integers) -> int:
    amounts = requirement.tally.amounts
    return len(np.unique(requirement.units[pairs])) if amounts is None else int(amounts[pairs].sum())


def _shown(requirement: Requirement, amount: int) -> str:
    number = shortest(amount, 0 if requirement.tally.scale == 1 else 6)
    return counted(number, requirement.tally.shown)


@dataclass(frozen=True)
class RowStanding:
    """What a row of a constraint counts in an allocation, and what it may.

    Attributes:
        name, label, type: of the constraint, the row, and the constraint's type.
        unit: what is counted, in words.
        scale: units of the figures in 1 of what people read.
        value: the count.
        minimum, maximum: its limits; None for none.
    """

    name: str
    label: str
    type: str
    unit: str
    scale: int
    value: int
    minimum: Fraction | None
    maximum: Fraction | None

    @property
    def binds(self) -> bool:
        """Whether the count stands at a limit."""
        return self.value in (self.minimum, self.maximum)

    def violation(self) -> str | None:
        """What limit the count breaks, in words; None where it breaks none."""
        counted = f"{self.label}: {self._shown(self.value)} {self.unit}"
        if self.minimum is not None and self.value < self.minimum:
            return f"{counted}, and at least {self._shown(self.minimum)} are needed"
        if self.maximum is not None and self.value > self.maximum:
            return f"{counted}, and at most {self._shown(self.maximum)} are allowed"
        return None

    def _shown(self, amount: int | Fraction) -> str:
        return shortest(int(Fraction(amount) * MILLION / self.scale), 6)


def standings(requirement: Requirement, matched: Integers) -> list[RowStanding]:
    """How every row of a constraint stands where the given pairs are matched."""
    asked, tally, units = requirement.asked, requirement.tally, requirement.units
    counted: list[dict[int, int]] = [{} for _ in tally.keys]
    everything: dict[int, int] = {}
    for pair in matched.tolist():
        unit, row = int(units[pair]), int(tally.row[pair])
        everything[unit] = 1 if tally.amounts is None else int(tally.amounts[pair])
        if row >= 0:
            counted[row][unit] = everything[unit]
    whole = sum(everything.values())
    found = []
    for n, label, limit in requirement.limits():
        least = None if limit.lower is None else Fraction(limit.lower)
        most = None if limit.upper is None else Fraction(limit.upper)
        if limit.share is not None:
            bound = limit.share * whole + Fraction(limit.excess, limit.share.denominator)
            least, most = (bound, None) if limit.is_lower else (None, bound)
        value = sum(counted[n].values())
        found.append(RowStanding(asked.name, label, asked.type, tally.shown, tally.scale, value, least, most))
    return found


def violations(requirement: Requirement, matched: Integers) -> list[str]:
    """Every limit of a constraint that an allocation breaks, in words for people."""
    return [told for standing in standings(requirement, matched) if (told := standing.violation()) is not None]
