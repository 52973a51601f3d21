"""A figure of an allocation: what it is called, its unit, and how fits, loads and aims are measured.

What a metric is. An allocation as the metrics see it. How well those served are served, and how evenly. What is used
of the NLEs, and how evenly. What the scenario itself asks for: the value of each of its objectives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.preferences import PreferenceOrders, preferences_of
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.scenario.columns import AREAS


@dataclass(frozen=True, eq=False)
class Measured:
    """The matched pairs of a case.

    Attributes:
        case: the case.
        matched: indices of the matched pairs, ascending.
        preferences: who prefers whom; worked out once for all allocations of a case.
    """

    case: Case
    matched: Integers
    preferences: PreferenceOrders

    @cached_property
    def count(self) -> Integers:
        """How many NLEs each recipient has."""
        return self.per_recipient(np.ones(len(self.matched), dtype=np.int64))

    @property
    def served(self) -> Flags:
        """Which recipients have at least one NLE."""
        return np.asarray(self.count > 0, dtype=bool)

    @cached_property
    def fit(self) -> Integers:
        """The fit of each recipient in millionths, summed over its NLEs; 0 where it has none."""
        return self.per_recipient(self.case.candidates.fit[self.matched])

    def per_recipient(self, amounts: Integers) -> Integers:
        """Amounts of the matched pairs summed by recipient."""
        total = np.zeros(len(self.case.recipients), dtype=np.int64)
        np.add.at(total, self.case.candidates.recipient[self.matched], amounts)
        return total


def preferences_in(case: Case) -> PreferenceOrders:
    """Who prefers whom in a case."""
    return preferences_of(case.problem, case.candidates, case.scenario.settings)


Figure = Fraction | float | None
"""Exact where it is a ratio of whole numbers; None where nothing can be measured."""


@dataclass(frozen=True)
class Metric:
    """A figure of an allocation.

    Attributes:
        name: of the figure; of one by group, `coverage[region=London]`, what stands before the bracket.
        sense: `more` or `less` where that is better, else `neither`.
        unit: of the figure.
        formula: in words.
        figures: its values by name.
        source: where it comes from.
    """

    name: str
    sense: str
    unit: str
    formula: str
    figures: Callable[[Measured], Mapping[str, Figure]]
    source: str = "this project"


def one(name: str, value: Callable[[Measured], Figure]) -> Callable[[Measured], Mapping[str, Figure]]:
    """A metric with a single figure."""
    return lambda measured: {name: value(measured)}


def ratio(total: int, count: int, scale: int = 1) -> Fraction | None:
    """A total by a count; None where the count is 0."""
    return Fraction(int(total), int(count) * scale) if count else None


def _decile(measured: Measured) -> Figure:
    fit = np.sort(measured.fit[measured.served])
    return ratio(fit[-(-len(fit) // 10) - 1], MILLION) if len(fit) else None


def _least(measured: Measured) -> Figure:
    fit = measured.fit[measured.served]
    return ratio(fit.min(), MILLION) if len(fit) else None


def _gini(measured: Measured) -> Figure:
    fit = np.sort(measured.fit)
    ranks = 2 * np.arange(1, len(fit) + 1) - len(fit) - 1
    return ratio(int(ranks @ fit), len(fit) * int(fit.sum()))


def _nash(measured: Measured) -> Figure:
    fit = measured.fit[measured.fit > 0]
    return float(np.log(np.sort(fit) / MILLION).sum()) if len(fit) else None


def _need_met(measured: Measured) -> dict[str, Figure]:
    """Of each area the need that the matched NLEs cover, of all eligible recipients' need."""
    found = measured.case.candidates
    nle, recipient = found.nle[measured.matched], found.recipient[measured.matched]
    figures: dict[str, Figure] = {}
    for n, area in enumerate(AREAS):
        need = np.where(found.needs.need_known[n], found.needs.need[n], 0)
        expertise = np.where(found.needs.expertise_known[n], found.needs.expertise[n], 0)
        covered = np.zeros(len(need), dtype=np.int64)
        np.add.at(covered, recipient, expertise[nle])
        figures[f"need_met[area={area}]"] = ratio(np.minimum(covered, need).sum(), int(need.sum()))
    return figures


def _quantiles(measured: Measured) -> dict[str, Figure]:
    """The vector of fits over all eligible recipients, from the least up, at tenths of its length."""
    fit = np.sort(measured.fit)
    return {
        f"fit_at[share={tenth * 10}%]": ratio(fit[-(-tenth * len(fit) // 10) - 1], MILLION) if len(fit) else None
        for tenth in range(1, 11)
    }


FITS = (
    Metric(
        "need_met",
        "more",
        "share",
        "of each area: sum over recipients of min(need, expertise of its NLEs) / sum of the needs of all eligible",
        _need_met,
    ),
    Metric(
        "fit_at",
        "more",
        "fit",
        "the fits of all eligible recipients, unmatched as 0, from the least up (the leximin vector): that at place "
        "ceil(k n / 10) of n, k from 1 to 10",
        _quantiles,
        "Burkard and Rendl (1991), doi:10.1016/0167-6377(91)90018-K",
    ),
    Metric(
        "total_fit",
        "more",
        "fit",
        "sum of the fit of all matched pairs",
        one("total_fit", lambda m: ratio(m.fit.sum(), MILLION)),
    ),
    Metric(
        "mean_fit",
        "more",
        "fit",
        "total fit / supported recipients",
        one("mean_fit", lambda m: ratio(m.fit.sum(), m.served.sum(), MILLION)),
    ),
    Metric("min_fit", "more", "fit", "least fit of a supported recipient", one("min_fit", _least)),
    Metric(
        "lowest_decile_fit",
        "more",
        "fit",
        "fit of the supported recipient at place ceil(n / 10) of n, from the least up",
        one("lowest_decile_fit", _decile),
    ),
    Metric(
        "gini_fit",
        "less",
        "share",
        "sum over k of (2k - n - 1) x_k / (n sum of x), fits x ascending over all n eligible, unmatched as 0",
        one("gini_fit", _gini),
        "Gini (1912); Sen (1973)",
    ),
    Metric(
        "nash_welfare",
        "more",
        "logarithm",
        "sum of the natural logarithms of the fits above 0; compare only where as many are supported",
        one("nash_welfare", _nash),
        "Nash (1950), doi:10.2307/1907266",
    ),
)


def _use(measured: Measured) -> Mapping[str, Figure]:
    return {
        f"capacity_used[{part.name}]": ratio(part.use[measured.matched].sum(), part.capacity.sum())
        for part in measured.case.problem.resources
    }


def _load(measured: Measured) -> Figure:
    problem = measured.case.problem
    able = np.any([part.capacity > 0 for part in problem.resources], axis=0)
    pairs = np.bincount(problem.nle[measured.matched], minlength=len(problem.nle_ids))[able]
    return ratio(pairs.max() - pairs.min(), 1) if len(pairs) else None


LOAD = (
    Metric("capacity_used", "neither", "share", "what matched pairs use / what available NLEs have, by resource", _use),
    Metric(
        "load_spread",
        "less",
        "pairs",
        "most pairs of an available NLE that has any capacity less the fewest",
        one("load_spread", _load),
    ),
)


def _objectives(measured: Measured) -> Mapping[str, Figure]:
    problem = measured.case.problem
    return {
        f"objective[{n}={level.name}]": Fraction(level.sense * level.value(problem, measured.matched), level.scale)
        for n, level in enumerate(problem.levels, 1)
    }


AIMS = (
    Metric(
        "objective",
        "neither",
        "that of the objective",
        "the value of each objective of the scenario, numbered in their order; under the optimal rule the first is the "
        "best there is, and each further one the best that those before it leave",
        _objectives,
    ),
)
