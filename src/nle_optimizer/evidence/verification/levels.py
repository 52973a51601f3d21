"""What pairs measure, and the levels of a claim, worked out anew.

One level of the ordered objectives: whole numbers per pair, and once for each supported recipient. Levels that are no
sums over pairs: the least fit of anybody, and how far shares lie apart. What the summary says of each level, and the
status that follows from it. What pairs measure: the parts that objectives are made of, in whole numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import LARGEST, Findings, exact_sum
from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.pairs.geography import Distances
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.pairs.usage import Usage
from nle_optimizer.evidence.verification.proofs.prices import is_whole
from nle_optimizer.evidence.verification.stages.supply import Current
from nle_optimizer.records import MILLION, Flags, Integers, Texts
from nle_optimizer.scenario.columns import AREAS

LEAST, LEXIMIN = "min_fit", "leximin_fit"
LOAD, GAP = "load_balance", "region_gap"


@dataclass(frozen=True, eq=False)
class Fairness:
    """The least fit of a matched pair that counts, to be maximised; for LEXIMIN only the first thing to look at.

    Attributes:
        name: LEAST or LEXIMIN.
        counts: the recipients whose pairs count; None for everybody.
        scale: units of the value in 1 of fit.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    counts: Flags | None
    scale: int = MILLION
    minimised: bool = False
    engine: str = "auto"

    def fits(self, pairs: Pairs) -> Integers:
        """The fits of those of the pairs that count."""
        assert pairs.fit is not None
        return pairs.fit if self.counts is None else pairs.fit[self.counts[pairs.rows]]

    def value(self, matched: Pairs) -> int:
        """The least fit that counts among matched pairs, of LEXIMIN the least above 0; of nobody 0."""
        fits = self.fits(matched)
        fits = fits[fits > 0] if self.name == LEXIMIN else fits
        return int(fits.min()) if len(fits) else 0


@dataclass(frozen=True, eq=False)
class DerivedSpread:
    """Greatest less least of some shares, to be minimised.

    Attributes:
        name: LOAD or GAP.
        region: for GAP, the number of each recipient's region, -1 where it does not count.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    region: Integers | None = None
    scale: int = MILLION
    minimised: bool = True
    engine: str = "auto"

    def of_regions(self, matched: Pairs) -> tuple[list[int], list[int]]:
        """For GAP: how many recipients of each region are supported, and how many there are."""
        assert self.region is not None
        wholes = np.bincount(self.region[self.region >= 0])
        served = self.region[np.unique(matched.rows)]
        return np.bincount(served[served >= 0], minlength=len(wholes)).tolist(), wholes.tolist()


AnyFairness = Fairness | DerivedSpread


def spread(parts: Sequence[int], wholes: Sequence[int]) -> int:
    """Greatest less least share in millionths: the greatest rounded up, the least down; 0 where there is none."""
    shares = [(part * MILLION, whole) for part, whole in zip(parts, wholes, strict=True) if whole]
    if not shares:
        return 0
    return max(-(-part // whole) for part, whole in shares) - min(part // whole for part, whole in shares)


def regions_of(names: Texts, counts: Flags) -> Integers:
    """A number for the region of each recipient that counts; -1 where it does not, or the region is blank."""
    known = sorted({name for name in names[counts].tolist() if name})
    number = {name: n for n, name in enumerate(known)}
    return np.array([number.get(name, -1) if here else -1 for name, here in zip(names, counts, strict=True)], np.int64)


SUPPORTED, KEPT = "schools_supported", "kept_pairs"
SCALES = {
    SUPPORTED: 1,
    "fit": MILLION,
    **{f"fit_{area}": MILLION for area in AREAS},
    "distance": 1000,
    "travel_minutes": MILLION,
    "cost": MILLION,
    KEPT: 1,
}
"""Units of each objective's whole number in one of what people read (a kilometre has 1000 metres)."""

MINIMISED = frozenset({"distance", "travel_minutes", "cost"})


@dataclass(frozen=True, eq=False)
class Measures:
    """What pairs measure in each objective."""

    geography: Distances
    fitness: Fitness
    usage: Usage
    listed: Listed
    current: Current

    def of(self, name: str, pairs: Pairs) -> Integers | int:
        """Whole numbers per pair, in the units of SCALES; 0 where nothing is known."""
        if name == SUPPORTED:
            return 1
        if name == KEPT:
            return self.current.kept(pairs).astype(np.int64)
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
class DerivedLevel:
    """One level: per pair the sum of its parts, times the recipient's factor, rounded down to a step.

    Attributes:
        name: the objective's name.
        minimised: whether less is better.
        scale: units of the whole number in one of what people read.
        parts: each measure and its whole coefficient.
        factor: what each recipient's amounts are multiplied by; None for 1.
        step: the multiple that amounts are rounded down to; 1 for none.
        weighted: whether a column weighs the recipients, so that a finer scale says the same.
        once: what counts once for each supported recipient, however many NLEs it has, before factor and step.
        within: what later levels may give up, in what people read or as a percentage; None for nothing.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    minimised: bool
    scale: int
    parts: tuple[tuple[str, int], ...]
    factor: NDArray[Any] | None
    step: int
    weighted: bool = False
    once: int = 0
    within: Decimal | str | None = None
    engine: str = "auto"

    def on_scale(self, scale: object) -> "DerivedLevel":
        """The same level on a finer scale, where it may be stated on any; else unchanged."""
        if not self.weighted or not isinstance(scale, int) or scale <= 0 or scale % self.scale:
            return self
        times = scale // self.scale
        factor = None if self.factor is None else safe_factor(self.factor * times, self.parts)
        return replace(self, scale=scale, factor=factor, step=self.step * times if self.step != 1 else 1)

    def amounts(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount in the level's own sense, as if it were its recipient's only one."""
        amounts = self.of_pairs(pairs, measures)
        return amounts + self.of_supported(pairs.rows) if self.once else amounts

    def of_pairs(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount in the level's own sense, without what its recipient counts once."""
        total: Any = 0
        for name, coefficient in self.parts:
            measure = measures.of(name, pairs)
            total = total + (measure if coefficient == 1 else coefficient * measure)
        return self._finished(total, pairs.rows)

    def _finished(self, total: Any, rows: Integers) -> NDArray[Any]:
        if self.factor is not None:
            total = total * self.factor[rows]
        if self.step != 1:
            total = total // self.step * self.step
        return np.broadcast_to(np.asarray(total), (len(rows),))

    def value(self, matched: Pairs, measures: Measures) -> int:
        """The level over matched pairs, in its own sense."""
        return exact_sum(self.of_pairs(matched, measures)) + exact_sum(self.of_supported(np.unique(matched.rows)))

    def of_supported(self, rows: Integers) -> NDArray[Any]:
        """What supported recipients add, however many NLEs each has, in the level's own sense."""
        return self._finished(self.once, rows)

    def is_sum(self, crowded: Flags) -> bool:
        """Whether it is the sum of `amounts`, where only these recipients could be matched more than once."""
        return not self.of_supported(np.flatnonzero(crowded)).any()

    def least(self, value: int) -> int:
        """The least value, in the maximising orientation, that still holds the level at a value of it."""
        if isinstance(self.within, str):
            return value - int(abs(value) * Fraction(self.within.rstrip("%")) / 100)
        return value - int(Fraction(self.within or 0) * self.scale)

    def to_maximise(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount, more being better."""
        amounts = self.amounts(pairs, measures)
        return -amounts if self.minimised else amounts


AnyLevel = DerivedLevel | AnyFairness


def safe_factor(factor: Integers | None, parts: tuple[tuple[str, int], ...]) -> NDArray[Any] | None:
    """The factor as Python integers where products might not fit 64 bits."""
    if factor is None:
        return None
    greatest = int(factor.max(initial=0)) * sum(abs(coefficient) for _, coefficient in parts)
    return factor.astype(object) if greatest >= LARGEST // 2**30 else factor


SUMMARY = "summary.json"
TOLERANCE = 1e-9
OF_BOUNDS = ("multipliers", "leaves", "solver", "trivial")
"""How a bound may be proved where no prices prove it."""
PROOFS_OF = {
    "network": ("prices", "trivial"),
    "decomposition": OF_BOUNDS,
    "cp-sat": OF_BOUNDS,
    "highs": OF_BOUNDS,
}
"""The engines, and how each may prove a level."""


def near(ours: float, theirs: Any) -> bool:
    """Whether a number of a document is ours, but for the last digits of a float."""
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        return False
    return abs(theirs - ours) <= TOLERANCE * max(abs(ours), abs(theirs))


def claims_proof(summary: Mapping[str, Any]) -> bool:
    """Whether a summary says that anything is bounded or proved."""
    return summary.get("status") in ("optimal", "feasible") or any(
        entry.get("proved") is True for entry in entries_of(summary)
    )


def entries_of(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of `objectives`; none where they are no such thing."""
    entries = summary.get("objectives")
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else []


def bound_of(entry: Mapping[str, Any]) -> Any:
    """The exact bound that a summary gives a level; None where there is none."""
    exact = entry.get("exact")
    return exact.get("bound") if isinstance(exact, dict) else None


def reaches(level: AnyLevel, value: int, bound: int) -> bool:
    """Whether a value is as good as a bound, but for what later levels may give up."""
    sign = -1 if level.minimised else 1
    least = level.least(sign * bound) if isinstance(level, DerivedLevel) else sign * bound
    return sign * value >= least


def check_objectives(
    summary: Mapping[str, Any], levels: Sequence[AnyLevel], values: Sequence[int], findings: Findings, *, proves: bool
) -> None:
    """Check `objectives` of the summary: names, senses, values, bounds and gaps; and the status.

    Args:
        summary: the claim's summary.
        levels, values: the levels, and what they come to.
        findings: what is wrong.
        proves: whether the rule is one that gives an optimum, or a bound.
    """
    entries = summary.get("objectives")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        findings.differs(SUMMARY, "", "objectives", "a list", entries)
        return
    if len(entries) != len(levels):
        findings.differs(SUMMARY, "", "objectives", f"{len(levels)} levels", f"{len(entries)} levels")
        return
    completed = summary.get("status") == "completed"
    for n, (entry, level, value) in enumerate(zip(entries, levels, values, strict=True), start=1):
        where = f"objectives: level {n}"
        check_heading(SUMMARY, where, entry, level, findings)
        exact = entry.get("exact")
        exact = exact if isinstance(exact, dict) else {}
        _same(findings, where, "exact value", value, exact.get("value"))
        _same(findings, where, "exact scale", level.scale, exact.get("scale"))
        _float(findings, where, "value", value / level.scale, entry.get("value"))
        if not completed or entry.get("proved") is True:
            _check_bound(where, entry, level, value, exact.get("bound"), findings)
            _check_engine(where, entry, level, findings)
    _check_status(summary, entries, findings, proves=proves)


def _check_engine(where: str, entry: Mapping[str, Any], level: AnyLevel, findings: Findings) -> None:
    """Check, where it is said who solved a level, that it was asked for and gives such proofs."""
    able = [name for name, proofs in PROOFS_OF.items() if level.engine in ("auto", name)]
    able = [name for name in able if entry.get("proof") in PROOFS_OF[name]]
    if "engine" in entry and entry["engine"] not in able:
        findings.differs(SUMMARY, where, "engine", " or ".join(able) or "none with this proof", entry["engine"])


def _check_bound(
    where: str, entry: Mapping[str, Any], level: AnyLevel, value: int, bound: Any, findings: Findings
) -> None:
    if not is_whole(bound):
        findings.differs(SUMMARY, where, "exact bound", "a whole number", bound)
        return
    if (bound - value) * (-1 if level.minimised else 1) < 0:
        findings.differs(SUMMARY, where, "exact bound", f"one that {value} does not exceed", bound)
    _float(findings, where, "bound", bound / level.scale, entry.get("bound"))
    _float(findings, where, "gap", abs(bound - value) / max(1, abs(bound)), entry.get("gap"))
    proved = reaches(level, value, bound)
    may_doubt = level.name == LEXIMIN or bound != value
    if entry.get("proved") is not proved and not (may_doubt and entry.get("proved") is False):
        findings.differs(SUMMARY, where, "proved", str(proved).lower(), entry.get("proved"))


def _check_status(
    summary: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], findings: Findings, *, proves: bool
) -> None:
    if not proves:
        if summary.get("status") != "completed":
            findings.differs(SUMMARY, "", "status", "completed, as the rule proves nothing", summary.get("status"))
        return
    if not entries:
        return
    status = "optimal" if all(entry.get("proved") is True for entry in entries) else "feasible"
    if summary.get("status") != status:
        given = "optimal, as every level is proved" if status == "optimal" else "feasible, as not all levels are proved"
        findings.differs(SUMMARY, "", "status", given, summary.get("status"))


def check_heading(file: str, where: str, entry: Mapping[str, Any], level: AnyLevel, findings: Findings) -> None:
    """Check name and sense of a level."""
    name = str(entry.get("name", ""))
    if name != level.name and not name.startswith(f"{level.name}["):
        findings.differs(file, where, "name", level.name, entry.get("name"))
    sense = "minimise" if level.minimised else "maximise"
    if entry.get("sense") != sense:
        findings.differs(file, where, "sense", sense, entry.get("sense"))


def _same(findings: Findings, where: str, what: str, ours: int, theirs: Any) -> None:
    if not is_whole(theirs) or theirs != ours:
        findings.differs(SUMMARY, where, what, ours, theirs)


def _float(findings: Findings, where: str, what: str, ours: float, theirs: Any) -> None:
    if not near(ours, theirs):
        findings.differs(SUMMARY, where, what, ours, theirs)
