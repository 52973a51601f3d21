"""Levels proved by prices, step by step.

Prices held against every candidate pair: no allocation is lexicographically better (complementary slackness). The
steps of a certificate by prices: levels, and the sums over pairs that thresholds make of the others. Constraints that
have a price: what they take off each pair, and whether their prices are sound.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.constraints import BY_NLE, BY_PAIR, BY_SCHOOL, Family, RowLimits
from nle_optimizer.evidence.verification.findings import Findings, exact_sum
from nle_optimizer.evidence.verification.levels import LEAST, AnyLevel, DerivedLevel, DerivedSpread, Fairness, Measures
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.prices import (
    FILE,
    FREE,
    MATCHED,
    UNMATCHED,
    ClaimedPrices,
    Shown,
    faults,
    is_whole,
    leading,
)
from nle_optimizer.records import Integers, Texts


@dataclass(frozen=True, eq=False)
class ClaimedStep:
    """A sum over pairs that was optimised, or shown to be below 0; of a spread that is always the same, of nothing.

    Attributes:
        entry: what the certificate says of it.
        of: the level it serves, from 0.
        level: that level.
        threshold: the fit from which pairs count, in millionths; 0 where there is none.
        held: whether its value was kept afterwards.
        since: of a leximin, the threshold of the step before; None for its first.
    """

    entry: Mapping[str, Any]
    of: int
    level: AnyLevel
    threshold: int
    held: bool
    since: int | None = None

    @property
    def minimised(self) -> bool:
        """Whether less is better."""
        return self.level.minimised

    def to_maximise(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount, more being better."""
        if isinstance(self.level, DerivedLevel):
            return self.level.to_maximise(pairs, measures)
        if isinstance(self.level, DerivedSpread):
            return np.zeros(len(pairs), dtype=np.int64)
        assert pairs.fit is not None
        counts = np.ones(len(pairs), dtype=bool) if self.level.counts is None else self.level.counts[pairs.rows]
        if self.level.name == LEAST:
            return -(counts & (pairs.fit < self.threshold)).astype(np.int64)
        if self.since is None:
            return (counts & (pairs.fit >= self.threshold)).astype(np.int64)
        return -(counts & (pairs.fit >= self.since) & (pairs.fit < self.threshold)).astype(np.int64)


def read_steps(entries: Any, levels: Sequence[AnyLevel], findings: Findings) -> list[ClaimedStep] | None:
    """The steps; None, with the reason noted, where they are none that the levels could make."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        findings.add(FILE, f"{FILE}: levels is not a list of levels")
        return None
    steps: list[ClaimedStep] = []
    for n, entry in enumerate(entries, start=1):
        of, threshold, held = (entry.get(word) for word in ("of", "threshold", "held"))
        before = steps[-1].of if steps else 0
        if not is_whole(of) or not before <= of < len(levels):
            findings.differs(FILE, f"level {n}", "of", f"a level from {before} to {len(levels) - 1}", of)
            return None
        level = levels[of]
        if not _is_sound(level, threshold, held, steps and steps[-1].of == of):
            findings.add(FILE, f"{FILE}: level {n}: no such step (threshold {threshold}, held {held}) of {level.name}")
            return None
        since = steps[-1].threshold if steps and steps[-1].of == of else None
        steps.append(ClaimedStep(entry, of, level, threshold or 0, held, since))
    return steps


def _is_sound(level: AnyLevel, threshold: Any, held: Any, again: Any) -> bool:
    if not isinstance(level, Fairness):
        return threshold is None and held is True and not again
    if not is_whole(threshold) or not isinstance(held, bool):
        return False
    return held or level.name == LEAST


class Fits:
    """The fits of the candidate pairs that count in a level, as far as thresholds ask for them."""

    def __init__(self, level: Fairness, matched: Pairs):
        self.level, self.matched = level, np.unique(level.fits(matched))
        self._anchors = np.union1d(self.matched, np.zeros(1, dtype=np.int64))
        self._next = np.full(len(self._anchors), -1, dtype=np.int64)

    @property
    def needed(self) -> bool:
        """Whether the level needs any step to be proved."""
        return bool(len(self.matched)) if self.level.name == LEAST else self.above(0) is not None

    def add(self, pairs: Pairs) -> None:
        """Look at some candidate pairs."""
        fits = self.level.fits(pairs)
        at = np.searchsorted(self._anchors, fits, side="left") - 1
        fits, at = fits[at >= 0], at[at >= 0]
        unset = np.iinfo(np.int64).max
        least = np.where(self._next < 0, unset, self._next)
        np.minimum.at(least, at, fits)
        self._next = np.where(least == unset, -1, least)

    def above(self, fit: int) -> int | None:
        """The least fit of a candidate pair above one of the matched fits, or above 0; None where there is none."""
        later: Integers = self._next[np.searchsorted(self._anchors, fit) :]
        later = later[later >= 0]
        return int(later[0]) if len(later) else None


def check_thresholds(steps: Sequence[ClaimedStep], fits: Fits, findings: Findings) -> bool:
    """Whether the steps of one level, each proved, together prove its value; what they lack is noted."""
    wanted = _of_least(fits) if fits.level.name == LEAST else _of_leximin(fits)
    kept = [step.threshold for step in steps if step.held]
    there = [any(_is_met(step, *one) for step in steps) for one in wanted]
    if all(there) and kept == sorted(kept):
        return True
    said = ", ".join(f"{step.threshold}{'' if step.held else ' not held'}" for step in steps) or "none"
    ours = ", ".join(f"{most}{'' if held else ' not held'}" for _, most, held in wanted)
    findings.differs(FILE, f"level {fits.level.name}", "thresholds", ours, said)
    return False


def _is_met(step: ClaimedStep, above: int, most: int, held: bool) -> bool:
    return step.held is held and above < step.threshold <= most


def _of_least(fits: Fits) -> list[tuple[int, int, bool]]:
    """Thresholds that must be there: above one fit, at most another, and whether held."""
    if not len(fits.matched):
        return []
    value = int(fits.matched[0])
    above = fits.above(value)
    return [*([] if above is None else [(value, above, False)]), (value - 1, value, True)]


def _of_leximin(fits: Fits) -> list[tuple[int, int, bool]]:
    """The least fit above each fit that is matched: where the number of pairs that reach it had to be as it is."""
    anchors = sorted({0, *fits.matched.tolist()})
    found = [(anchor, fits.above(anchor)) for anchor in anchors]
    return [(anchor, above, True) for anchor, above in found if above is not None]


@dataclass(frozen=True, eq=False)
class StandingRow:
    """A priced row: its prices by step, and its limits in pairs."""

    label: str
    prices: Sequence[int]
    count: int
    lower: int | None
    upper: int | None

    def limit(self, sign: int) -> int | None:
        """The limit that a price of this sign stands for."""
        return self.upper if sign > 0 else self.lower


@dataclass(eq=False)
class PricedRows:
    """The constraints of which any row has a price in any step."""

    families: Sequence[Family]
    prices: ClaimedPrices
    supporters: Integers
    _amounts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    _nles: set[int] = field(default_factory=set)
    _schools: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.labels = sorted({label for prices in self.prices.rows for label in prices})
        names = {label.partition("[")[0] for label in self.labels}
        self.families = [family for family in self.families if family.constraint.name in names]

    def look_at(self, pairs: Pairs) -> list[Integers]:
        """The row of each candidate pair, by family; -1 for none."""
        return [self._look_at(n, family, pairs) for n, family in enumerate(self.families)]

    def _look_at(self, n: int, family: Family, pairs: Pairs) -> Integers:
        codes, amounts = family.codes(pairs), family.amounts(pairs)
        if family.once != BY_PAIR:
            inside = codes >= 0
            self._nles.update(np.unique(np.asarray(pairs.nle)[inside]).tolist() if family.once == BY_NLE else ())
            self._schools.update(np.unique(pairs.rows[inside]).tolist() if family.once == BY_SCHOOL else ())
            return codes
        codes = np.where(amounts == 0, -1, codes)
        for code in np.unique(codes[codes >= 0]).tolist():
            here = amounts[codes == code]
            least, most = self._amounts.get((n, code), (int(here[0]), int(here[0])))
            self._amounts[n, code] = min(least, int(here.min())), max(most, int(here.max()))
        return codes

    def subtract(self, less: NDArray[Any], codes: Sequence[Integers], step: int, left: Integers | None) -> NDArray[Any]:
        """Take the prices of the rows off each pair's amount."""
        prices = self.prices.rows[step]
        for family, of_pairs in zip(self.families if prices else (), codes, strict=False):
            by_code = np.array(
                [*(prices.get(label, 0) for label in map(family.label, range(len(family.labels)))), 0], dtype=np.int64
            )
            less = less - by_code[of_pairs if left is None else of_pairs[left]]
        return less

    def standing(self, matched: Pairs, places: Integers, findings: Findings) -> list[StandingRow]:
        """Every priced row as it stands, in pairs; those that no price could be of are noted."""
        found = dict(self._standing(matched, places))
        for label in self.labels:
            if label not in found:
                findings.add(
                    FILE, f"{FILE}: constraints: {label} is priced, and it is no row that prices can stand for"
                )
        return list(found.values())

    def _standing(self, matched: Pairs, places: Integers) -> Iterator[tuple[str, StandingRow]]:
        for n, family in enumerate(self.families):
            counts = family.counts(matched)
            for row in family.rows():
                label, limits = family.label(row), family.limits(row)
                least, most = self._amounts.get((n, row), (1, 1))
                if label not in self.labels or least != most or not self._counts_pairs(family, places):
                    continue
                lower, upper = _in_pairs(limits, most)
                if upper is not None and family.once == BY_PAIR and (n, row) not in self._amounts:
                    upper = min(upper, 0)  # of the pairs that it counts none can be matched
                if lower is None and upper is None:
                    continue
                prices = [each.get(label, 0) for each in self.prices.rows]
                yield label, StandingRow(label, prices, counts[row] // most, lower, upper)

    def _counts_pairs(self, family: Family, places: Integers) -> bool:
        """Whether what the rows count once can be made up of one pair only."""
        if family.once == BY_NLE:
            return bool((places[sorted(self._nles)] <= 1).all())
        return family.once == BY_PAIR or bool((self.supporters[sorted(self._schools)] <= 1).all())


def _in_pairs(limits: RowLimits, amount: int) -> tuple[int | None, int | None]:
    lower = None if limits.lower is None else -(-limits.lower // amount)
    return lower, None if limits.upper is None else limits.upper // amount


def check_row_signs(rows: Sequence[StandingRow], held: Sequence[int], findings: Findings) -> None:
    """Note prices that do not go with where a row stands between its limits."""
    for row in rows:
        prices = [row.prices[n] for n in held]
        sign = leading(prices)
        if sign and row.count != row.limit(sign):
            side = "upper" if sign > 0 else "lower"
            what = f"the prices {prices} need it at its {side} limit {row.limit(sign)}, and it stands at {row.count}"
            findings.add(f"{FILE}: constraints", f"{FILE}: constraint {row.label}: {what} (in pairs)")


UNLIMITED = 2**40
"""Places of an NLE whom nothing limits."""


@dataclass(eq=False)
class PriceProof:
    """Looks at all candidate pairs, some at a time.

    Attributes:
        steps, prices, rows: what the certificate says.
        ids, nle_ids: identifiers of recipients and NLEs.
        tied: recipients and NLEs of the unmatched pairs that could be matched at no loss.
        surplus: for each step that is not held, the tuple summed over the pairs that are above their prices.
        own: by held step, the sum over matched pairs that are required or of several supporters.
    """

    steps: Sequence[ClaimedStep]
    prices: ClaimedPrices
    rows: PricedRows
    measures: Measures
    supporters: Integers
    ids: Texts
    nle_ids: Texts
    findings: Findings
    tied: list[tuple[Integers, Integers]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = [n for n, step in enumerate(self.steps) if step.held]
        self.surplus = {n: [0] * len(self.prefix(n)) for n, step in enumerate(self.steps) if not step.held}
        self.own = [0] * len(self.steps)

    def prefix(self, n: int) -> list[int]:
        """The held steps before a step, and itself."""
        return [*(held for held in self.held if held < n), n]

    def add(self, shown: Shown) -> None:
        """Look at some candidate pairs."""
        shown = shown.fitting()
        pairs, signs, matched = shown.pairs, shown.signs, shown.matched
        priced = self.rows.look_at(pairs)

        def difference(step: int, left: Integers | None) -> NDArray[Any]:
            some = pairs if left is None else pairs.keep(left)
            amounts = self.steps[step].to_maximise(some, self.measures)
            less = amounts - self.prices.takers[step][some.rows] - self.prices.givers[step][some.nle]
            return np.asarray(self.rows.subtract(less, priced, step, left))

        wrong, tied = faults(lambda n, left: difference(self.held[n], left), signs, len(self.held))
        loose = tied[signs[tied] == UNMATCHED]
        self.tied.append((pairs.rows[loose], np.asarray(pairs.nle)[loose]))
        self._note(pairs, signs, wrong)
        free = np.flatnonzero(matched & ((signs == FREE) | (self.supporters[pairs.rows] > 1)))
        for step in self.held if len(free) else ():
            self.own[step] += exact_sum(difference(step, free))
        for step, sums in self.surplus.items():
            tuples = np.stack([difference(n, None) for n in self.prefix(step)])
            counted = _is_above_zero(tuples) | (signs == FREE)
            for n, line in enumerate(tuples):
                sums[n] += exact_sum(line[counted])

    def _note(self, pairs: Pairs, signs: Integers, wrong: Integers) -> None:
        nles = np.asarray(pairs.nle)
        for at in wrong.tolist():
            label = f"{FILE}: school {self.ids[pairs.rows[at]]}, NLE {self.nle_ids[nles[at]]}"
            word = "is matched although its prices exceed" if signs[at] == MATCHED else _BELOW
            self.findings.add(f"{FILE}: pairs", f"{label}: the pair {word} what it adds")


_BELOW = "is not matched although its prices are below"


def _is_above_zero(tuples: NDArray[Any]) -> NDArray[Any]:
    """Which columns have a first number other than 0 that is above 0."""
    above = np.zeros(tuples.shape[1], dtype=bool)
    open_ = ~above
    for line in tuples:
        above |= open_ & (line > 0)
        open_ &= line == 0
    return above
