"""What a run claims to be the best, stated once more as a program in whole numbers.

Every pair is matched or not (1 or 0). What several pairs make true together, such as that an NLE works in a trust, is
a variable of its own beside them, and so are the ends of a spread. All limits are rows: a sum is at most a number. A
question asks for a plan that would disprove a claim; where there is none, the claim is proved.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.constraints import BY_NLE, BY_PAIR, BY_SCHOOL, Family
from nle_optimizer.evidence.verification.levels import LEXIMIN, AnyLevel, DerivedLevel, DerivedSpread, Fairness
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance
from nle_optimizer.evidence.verification.proofs.trees import TreeInstance
from nle_optimizer.records import MILLION, Integers

Sum = Mapping[int, int]
"""What each variable counts."""


def pair_label(nle: str, school: str) -> str:
    """What a certificate calls a required pair."""
    return f"pair {nle}, {school}"


@dataclass(frozen=True)
class WantedPlan:
    """Is there a plan within all limits by which a sum is at least a number?

    Attributes:
        rows: sums, each with what it is at most.
        lower, upper: of each variable; the first variables are the candidate pairs.
        objective: the sum; empty where any plan will do.
        target: the number.
        pairs: how many variables, the first, are pairs.
    """

    rows: Sequence[tuple[Sum, int]]
    lower: Integers
    upper: Integers
    objective: Sum
    target: int
    pairs: int


class Statement:
    """The limits of an instance, and of the levels that are held, as rows.

    Args:
        instance: what is claimed.
        ground: all candidate pairs.
        sweep: what one pass over them found.
        only: the names of the required pairs and rows of constraints that count; all of them where None.
    """

    def __init__(
        self, instance: Instance, ground: TreeInstance, sweep: CandidatePass, only: Collection[str] | None = None
    ):
        self._instance, self._ground, self._sweep, self._only = instance, ground, sweep, only
        self._nle, self._school = np.asarray(ground.pairs.nle), ground.pairs.rows
        self._upper = (ground.fits | ground.required).astype(np.int64).tolist()
        self._lower = [0] * len(self._upper)
        for pair in np.flatnonzero(ground.required).tolist():
            name = pair_label(instance.nle_ids[self._nle[pair]], instance.recipients.ids[self._school[pair]])
            self._lower[pair] = int(only is None or name in only)
        self._rows: list[tuple[Sum, int]] = []
        self._known: dict[tuple[int, ...], Sum] = {}
        self._sums: dict[int, Sum] = {}
        for school, pairs in self._owned(self._school):
            self._at_most(dict.fromkeys(pairs, 1), int(ground.supporters[school]))
        for use, capacity in zip(ground.use.tolist(), ground.capacity.tolist(), strict=True):
            for nle, pairs in self._owned(self._nle):
                self._at_most({pair: use[pair] for pair in pairs}, capacity[nle])
        for family in instance.families:
            self._add_family(family)

    @property
    def size(self) -> int:
        """Entries of all rows together, and variables."""
        return len(self._lower) + sum(len(row) for row, _ in self._rows)

    def any_plan(self) -> WantedPlan:
        """Is there a plan within all limits?"""
        return self._asked({}, 0)

    def better(self, level: AnyLevel, value: int, bound: int) -> Iterator[WantedPlan]:
        """Is there a plan that is better on a level than is claimed to be possible?

        Args:
            level: the next one.
            value, bound: what the claim's plan comes to, and what is claimed to be the most; both in the maximising
                orientation.
        """
        if isinstance(level, DerivedLevel | DerivedSpread):
            total = self._sum_of(level)
            yield self._asked(total, bound + 1)
        elif level.name != LEXIMIN:
            least = self._copied()
            least.hold_least(level, bound + 1)
            yield least.any_plan()
        elif bound > value:
            yield self._asked(self._reaching(level, bound + 1), 1)
        else:
            yield from self._more_reach(level)

    def hold(self, level: AnyLevel, least: int, *, just: bool) -> None:
        """Let a level be no worse than a value, in the maximising orientation; or just as good."""
        if isinstance(level, DerivedLevel | DerivedSpread):
            total = self._sum_of(level)
            self._at_least(total, least)
            if just:
                self._at_most(total, least)
        elif level.name != LEXIMIN:
            self.hold_least(level, least)
        else:
            for fit, count in self._reached(level):
                self._at_least(self._reaching(level, fit), count)

    def hold_least(self, level: Fairness, value: int) -> None:
        """Let no pair that counts fit worse; above 0 there has to be such a pair."""
        fits = self._fits(level)
        for pair in np.flatnonzero((fits >= 0) & (fits < value)).tolist():
            self._upper[pair] = 0
        if value > 0:
            self._at_least(dict.fromkeys(np.flatnonzero(fits >= 0).tolist(), 1), 1)

    def _copied(self) -> "Statement":
        other: Statement = object.__new__(Statement)
        other.__dict__ |= self.__dict__
        other._lower, other._upper, other._rows = [*self._lower], [*self._upper], [*self._rows]
        other._known, other._sums = {**self._known}, {**self._sums}
        return other

    def _asked(self, total: Sum, target: int) -> WantedPlan:
        unit = gcd(*total.values()) or 1
        objective = {at: amount // unit for at, amount in total.items()}
        lower, upper = np.array(self._lower, dtype=np.int64), np.array(self._upper, dtype=np.int64)
        return WantedPlan(self._rows, lower, upper, objective, -(-target // unit), len(self._ground.pairs))

    def _fits(self, level: Fairness) -> Integers:
        """The fit of each pair; -1 where it does not count."""
        pairs = self._ground.pairs
        assert pairs.fit is not None
        return pairs.fit if level.counts is None else np.where(level.counts[pairs.rows], pairs.fit, -1)

    def _reaching(self, level: Fairness, fit: int) -> Sum:
        return dict.fromkeys(np.flatnonzero(self._fits(level) >= fit).tolist(), 1)

    def _reached(self, level: Fairness) -> list[tuple[int, int]]:
        """Each fit above 0 of the claim's pairs, least first, and how many of them reach it."""
        fits = np.sort(level.fits(self._instance.matched))
        fits = fits[fits > 0]
        return [(int(fit), int((fits >= fit).sum())) for fit in np.unique(fits)]

    def _more_reach(self, level: Fairness) -> Iterator[WantedPlan]:
        """Do more pairs than the claim's reach a fit, if as many reach every lesser one?

        It is enough to ask of the first fit above each that the claim's pairs have: who reaches a greater one reaches
        this too.
        """
        held, number = self._copied(), len(self._reached_by(level, 1))
        yield held._asked(held._reaching(level, 1), number + 1)
        for fit, count in self._reached(level):
            held._at_least(held._reaching(level, fit), count)
            yield held._asked(held._reaching(level, fit + 1), len(self._reached_by(level, fit + 1)) + 1)

    def _reached_by(self, level: Fairness, fit: int) -> Integers:
        fits = level.fits(self._instance.matched)
        return fits[fits >= fit]

    def _owned(self, owner: Integers) -> Iterator[tuple[int, list[int]]]:
        """Each owner, with its pairs."""
        order = np.argsort(owner, kind="stable")
        cuts = np.flatnonzero(np.diff(owner[order], prepend=-1))
        for part in np.split(order, cuts[1:]) if len(order) else ():
            yield int(owner[part[0]]), part.tolist()

    def _at_most(self, total: Sum, limit: int) -> None:
        """Add a row in its least terms, unless nothing could break it."""
        some = {at: amount for at, amount in total.items() if amount and (self._upper[at] or self._lower[at])}
        unit = gcd(*some.values()) or 1
        most = sum(amount * (self._upper if amount > 0 else self._lower)[at] for at, amount in some.items())
        if most > limit:
            self._rows.append(({at: amount // unit for at, amount in some.items()}, limit // unit))

    def _at_least(self, total: Sum, limit: int) -> None:
        self._at_most({at: -amount for at, amount in total.items()}, -limit)

    def _variable(self, least: int, most: int) -> int:
        self._lower.append(least)
        self._upper.append(most)
        return len(self._lower) - 1

    def _any_of(self, pairs: Sequence[int]) -> Sum:
        """1 where any of some pairs is matched; a variable of its own where several of them can be."""
        some = tuple(pair for pair in pairs if self._upper[pair])
        if some not in self._known:
            self._known[some] = self._made(some)
        return self._known[some]

    def _made(self, pairs: tuple[int, ...]) -> Sum:
        at = list(pairs)
        nles, schools = np.unique(self._nle[at]), np.unique(self._school[at])
        alone = len(nles) == 1 and self._sweep.places[nles[0]] <= 1
        alone |= len(schools) == 1 and self._ground.supporters[schools[0]] <= 1
        if len(at) <= 1 or alone:
            return dict.fromkeys(at, 1)
        own = self._variable(0, 1)
        for pair in at:
            self._at_most({pair: 1, own: -1}, 0)
        self._at_most({own: 1, **dict.fromkeys(at, -1)}, 0)
        return {own: 1}

    def _add_family(self, family: Family) -> None:
        """The rows of a constraint."""
        codes, amounts = family.codes(self._ground.pairs), family.amounts(self._ground.pairs)
        everything: Sum | None = None
        for row in family.rows():
            if self._only is not None and family.label(row) not in self._only:
                continue
            limits, total = family.limits(row), self._counted(family, np.flatnonzero(codes == row), amounts)
            if limits.upper is not None:
                self._at_most(total, limits.upper)
            if limits.lower is not None:
                self._at_least(total, limits.lower)
            for share, sign, excess in ((limits.upper_share, 1, limits.excess), (limits.lower_share, -1, 0)):
                if share is not None:
                    everything = everything or self._counted(family, np.arange(len(codes)), amounts)
                    terms = ((total, share.denominator), (everything, -share.numerator))
                    self._at_most(_added((each, sign * times) for each, times in terms), excess)

    def _counted(self, family: Family, inside: Integers, amounts: Integers) -> Sum:
        """What a constraint counts of some pairs."""
        if family.once == BY_PAIR:
            return {pair: int(amounts[pair]) for pair in inside.tolist()}
        owner = {BY_SCHOOL: self._school, BY_NLE: self._nle}[family.once]
        groups = (inside[np.array(own)].tolist() for _, own in self._owned(owner[inside]))
        return _added((self._any_of(own), 1) for own in groups)

    def _sum_of(self, level: DerivedLevel | DerivedSpread) -> Sum:
        """A level in the maximising orientation."""
        if id(level) not in self._sums:
            self._sums[id(level)] = self._spread(level) if isinstance(level, DerivedSpread) else self._weighed(level)
        return self._sums[id(level)]

    def _weighed(self, level: DerivedLevel) -> Sum:
        sign = -1 if level.minimised else 1
        of_pairs = level.of_pairs(self._ground.pairs, self._instance.measures)
        terms: list[tuple[Sum, int]] = [({n: int(amount) for n, amount in enumerate(of_pairs.tolist())}, sign)]
        for school, pairs in self._owned(self._school) if level.once else ():
            once = int(level.of_supported(np.array([school]))[0])
            terms.append((self._any_of(pairs), sign * once))
        return _added(terms)

    def _spread(self, level: DerivedSpread) -> Sum:
        """Least less greatest share, each between two variables that all shares lie between."""
        parts = [(total, whole) for total, whole in self._shares(level) if whole]
        if not parts:
            return {}
        high, low = self._variable(0, MILLION), self._variable(0, MILLION)
        for total, whole in parts:
            part = self._number(total)
            self._at_most(_added([(part, MILLION), ({high: 1}, -whole)]), 0)
            self._at_most(_added([({low: 1}, whole), (part, -MILLION)]), 0)
        return {high: -1, low: 1}

    def _number(self, total: Sum) -> Sum:
        """The same as a variable of its own, by which a search may split plans."""
        unit = gcd(*total.values()) or 1
        least, most = (
            sum(bound(0, amount) * self._upper[at] for at, amount in total.items()) // unit for bound in (min, max)
        )
        own = self._variable(least, most)
        for sign in (1, -1):
            self._at_most(_added([(total, sign), ({own: 1}, -sign * unit)]), 0)
        return {own: unit}

    def _shares(self, level: DerivedSpread) -> Iterator[tuple[Sum, int]]:
        """What is counted for each share, and its whole."""
        if level.region is None:
            use, capacity = self._ground.use[0].tolist(), self._ground.capacity[0].tolist()
            for nle, pairs in self._owned(self._nle):
                yield {pair: use[pair] for pair in pairs}, capacity[nle]
            return
        region = level.region[self._school]
        for number, whole in enumerate(np.bincount(level.region[level.region >= 0]).tolist()):
            inside = np.flatnonzero(region == number)
            groups = (inside[np.array(own)].tolist() for _, own in self._owned(self._school[inside]))
            yield _added((self._any_of(own), 1) for own in groups), whole


def _added(terms: Any) -> Sum:
    """Sums, each so many times, as one."""
    result: dict[int, int] = {}
    for total, times in terms:
        for at, amount in total.items():
            result[at] = result.get(at, 0) + times * amount
    return result
