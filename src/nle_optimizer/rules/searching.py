"""Rules that search: the Nash product, least ranks, and each region by itself.

The optimum of a rule's own levels, as a matching: with floors where they can be kept, else without. Nash welfare:
first as many as possible with a fit above 0, then the greatest product of their fits. Rank-minimal: as many
recipients as possible, then the least average rank of the NLE received. Regional: the optimal rule inside each region
alone, so that the difference is what borders cost.
"""

from dataclasses import replace
from decimal import Context, Decimal

import numpy as np

from nle_optimizer.engines.engine import engines_for
from nle_optimizer.errors import InfeasibleError, UnsupportedError
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.limits_left import restricted
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.rules.rule import Agenda, Matching, Promise
from nle_optimizer.stages.fit import folded

NO_FLOORS = "its lower limits cannot be kept here, and are left aside"


def unsolvable(agenda: Agenda, problem: Problem, levels: tuple[AnyLevel, ...] | None = None) -> str | None:
    """Why no engine that may be asked can find the best matching, in words; None where one can."""
    try:
        next(engines_for(problem if levels is None else replace(problem, levels=levels), agenda.settings.engine))
    except UnsupportedError as refusal:
        return refusal.problems[0].what
    return None


def optimum(agenda: Agenda, problem: Problem, levels: tuple[AnyLevel, ...] | None = None) -> Matching:
    """The best matching of a problem under its own levels or others.

    Where no allocation keeps the lower limits of rows, they are dropped, and that is said.

    Raises:
        InfeasibleError: the required pairs clash with the upper limits.
    """
    asked = problem if levels is None else replace(problem, levels=levels)
    try:
        return _matching(_solved(agenda, asked))
    except InfeasibleError:
        without = replace(asked, rows=tuple(replace(row, lower=None) for row in asked.rows))
        found = _matching(_solved(agenda, without))
        return Matching(found.pairs, (NO_FLOORS, *found.remarks))


def _solved(agenda: Agenda, problem: Problem) -> Solution:
    refusals: list[UnsupportedError] = []
    for engine in engines_for(problem, agenda.settings.engine):
        try:
            return engine.solve(problem, agenda.settings.seed, agenda.stop)
        except UnsupportedError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _matching(found: Solution) -> Matching:
    remarks = () if found.stopped is None else (f"the search stopped ({found.stopped}) before it was proved",)
    return Matching(np.asarray(found.matched), remarks)


DIGITS = Context(prec=20)
"""Digits of a logarithm before it is rounded to millionths."""


class Nash:
    """The number of recipients with a positive fit, then the sum of the logarithms of their fits."""

    name = "nash"
    promise = Promise(
        summary="as many recipients with a positive fit as possible, then the greatest product of fits",
        guarantees="no allocation of as many has a greater product of fits, logarithms taken to a millionth; Pareto "
        "efficient up to that",
        caveats="total fit may be below the best; schools that may have several NLEs are refused",
        misreports="yes",
        complexity="as its engine",
        source="Nash (1950), doi:10.2307/1907266; Caragiannis and others (2019), doi:10.1145/3355902",
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where a school may have several NLEs, whose fits would add up."""
        if (agenda.problem.supporters > 1).any():
            return "it needs schools that have one NLE each"
        return unsolvable(agenda, agenda.problem, _nash_levels(agenda))

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Optimise the two."""
        return optimum(agenda, agenda.problem, _nash_levels(agenda))


def _nash_levels(agenda: Agenda) -> tuple[Level, Level]:
    fit = agenda.candidates.fit
    positive = Level("positive_fit", 1, 1, (fit > 0).astype(np.int64))
    return positive, Level("log_fit", 1, MILLION, logarithms(fit))


def logarithms(fit: Integers) -> Integers:
    """The natural logarithm of each fit above 0 in millionths, 0 for the others; fits in millionths too."""
    values, at = np.unique(fit, return_inverse=True)
    logs = [
        int((DIGITS.ln(Decimal(value) / MILLION) * MILLION).to_integral_value()) if value > 0 else 0
        for value in values.tolist()
    ]
    return np.array(logs, dtype=np.int64)[at]


NASH = Nash()


class RankMinimal:
    """The number of acceptable pairs, then the sum of ranks; NLEs liked as well have the same rank."""

    name = "rank-minimal"
    promise = Promise(
        summary="as many pairs as possible, then the least average rank of the NLE received",
        guarantees="no allocation of as many pairs has a lower average rank, so it is rank efficient among them",
        caveats="priorities do not count, and it is not stable; unranked NLEs are not acceptable to a school that "
        "ranks any",
        misreports="yes: a recipient gains by ranking what it can get the higher",
        complexity="as its engine",
        source="Featherstone (2020), Rank efficiency: modeling a common policymaker objective",
        ordinal=True,
        by_ranks=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where no engine that may be asked can optimise the two."""
        return unsolvable(agenda, agenda.problem, _rank_levels(agenda))

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Optimise the two; pairs that are not acceptable count as worse than none."""
        return optimum(agenda, agenda.problem, _rank_levels(agenda))


def _rank_levels(agenda: Agenda) -> tuple[Level, Level]:
    order = agenda.preferences.recipients
    accepted = order.place >= 0
    number = Level("accepted", 1, 1, np.where(accepted, 1, -1))
    return number, Level("rank", -1, 1, -np.where(accepted, order.level + 1, 0))


RANK_MINIMAL = RankMinimal()


class Regional:
    """The scenario's objectives over the pairs whose two regions are known and the same."""

    name = "regional"
    promise = Promise(
        summary="the optimal rule inside each region alone",
        guarantees="the best of all allocations that cross no border of a region",
        caveats="where a floor cannot be kept inside regions, floors are left aside and told as missed; a side without "
        "a region is matched with nobody, unless the pair is required",
        misreports="as the optimal rule",
        complexity="as the optimal rule",
        source="what nine regional offices do on their own",
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where no region is known there is no border."""
        found = agenda.candidates
        if found.recipients.given("region").any() and found.nles.given("region").any():
            return unsolvable(agenda, restricted(agenda.problem, self._inside(agenda)))
        return "no region is filled on one side, so nobody could be matched inside one"

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Solve what is left without the pairs that cross a border."""
        kept = self._inside(agenda)
        found = optimum(agenda, restricted(agenda.problem, kept))
        return Matching(np.flatnonzero(kept)[found.pairs], found.remarks)

    def _inside(self, agenda: Agenda) -> Flags:
        """The pairs that cross no border, and those that are required."""
        problem, found = agenda.problem, agenda.candidates
        theirs, ours = (folded(side.values("region")) for side in (found.recipients, found.nles))
        kept = (theirs[problem.recipient] == ours[problem.nle]) & (theirs != "")[problem.recipient]
        kept[problem.required_pairs()] = True
        return np.asarray(kept, dtype=bool)


REGIONAL = Regional()
