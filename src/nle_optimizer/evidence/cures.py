"""What would have to change for a recipient that is left out to be supported.

The least that a longer reach, a lower minimum fit or a lifted conflict takes to serve a recipient without an NLE.
Pairs that one filter alone keeps from being candidates, of recipients without an NLE and NLEs with room for them. The
least extra capacity at one NLE after which a recipient without one is served, and everybody else as now. The cheapest
cure of each kind of every recipient without an NLE, as `unmatched.csv` has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.catalogue.reasons import CURES, FILTERS
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.alternates import in_texts
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.outcome import Outcome, filters_of, in_portions
from nle_optimizer.model.build import state_problem, use_where_known
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import requirement
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import breaks_of, gains_of
from nle_optimizer.model.objective_kinds import Stakes
from nle_optimizer.model.objectives import ADDITIVE, parts_of
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers, fixed, least_of_each, shortest
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.filters import FilterContext, PairFacts

LIFTED = tuple((kind, code) for kind in CURES for code, reason in FILTERS.items() if reason.cure == kind)
"""Each kind of cure with the filters that it lifts."""


@dataclass(frozen=True, eq=False)
class Barred:
    """Pairs that one filter alone removes, sorted by NLE, then recipient; shapes (pairs,).

    Attributes:
        pairs: them with fit and distance, as if each were a candidate of the outcome.
        use: what each takes of each resource, in millionths.
        filter: the filter, as a number in `LIFTED`.
        limit: metres that may lie between the two.
        more: metres more that would have to be allowed; 0 where the filter is not about distance.
    """

    pairs: Candidates
    use: dict[str, Integers]
    filter: Integers
    limit: Integers
    more: Integers


def barred_pairs(outcome: Outcome, recipients: Integers, nles: Integers, facts: PairFacts, left: Integers) -> Barred:
    """The barred pairs between some recipients and some NLEs in which the NLE has room beside all that it supports.

    Args:
        outcome: the run.
        recipients, nles: indices, ascending.
        facts: of their pairs, shape (nles, recipients).
        left: shape (resources, all NLEs): what each NLE has left, in millionths.
    """
    found, settings = outcome.candidates, outcome.scenario.settings
    lifted, alone = np.full(facts.shape, -1, dtype=np.int64), facts.count == 1
    for n, (_, code) in enumerate(LIFTED):
        if code in facts.removed:
            lifted[facts.removed[code] & alone] = n
    at = np.nonzero(lifted >= 0)
    pairs = replace(
        found,
        nle=nles[at[0]],
        recipient=recipients[at[1]],
        distance=facts.distance[at],
        fit=facts.fit[at],
        required=None,
        exempt=None,
    )
    use = {name: use_where_known(pairs, settings, name) for name in outcome.scenario.resources}
    able = [known & (amounts <= room[pairs.nle]) for (amounts, known), room in zip(use.values(), left, strict=True)]
    if outcome.objectives and "travel_minutes" in parts_of(outcome.objectives[0]):
        able.append(pairs.from_table("travel_minutes").given)
    kept = np.flatnonzero(np.all(able, axis=0))
    at = at[0][kept], at[1][kept]
    return Barred(
        pairs.some(kept),
        {name: amounts[kept] for name, (amounts, _) in use.items()},
        lifted[at],
        facts.limit[at],
        np.where(facts.removed["too-far"][at], facts.reach[at] - facts.limit[at], 0),
    )


@dataclass(frozen=True, eq=False)
class CapacityCures:
    """What would have to change; by recipient, the cheapest first, shapes (cures,).

    Attributes:
        recipient: who would be served.
        nle: who would need more.
        resource: of which resource of the problem.
        amount: how much more, in millionths.
        worth: by how much the first objective then changes, in its maximising orientation; never below 0.
    """

    recipient: Integers
    nle: Integers
    resource: Integers
    amount: Integers
    worth: Integers

    def cells(self, outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
        """Resource, NLE, amount and change of the first objective, as the files write them."""
        names = [resource.name for resource in outcome.problem.resources]
        amounts = {amount: shortest(amount, 6) for amount in set(self.amount.tolist())}
        return zip(
            [names[n] for n in self.resource.tolist()],
            outcome.candidates.nles.ids[self.nle].tolist(),
            [amounts[amount] for amount in self.amount.tolist()],
            in_texts(outcome.problem.levels[0], self.worth) if len(self.worth) else [],
            strict=True,
        )


def can_be_cured(outcome: Outcome) -> bool:
    """Whether cures are worked out: there is an allocation, and its first objective is a sum."""
    level = next(iter(outcome.problem.levels), None)
    return isinstance(level, Level) and outcome.status not in ("infeasible", "unknown")


def capacity_cures(outcome: Outcome, most: int, recipients: Integers | None = None) -> CapacityCures:
    """The cheapest cures by capacity of every recipient without an NLE, at most so many of each.

    Earlier resources first, then less of it, the better price, the fit, the distance.

    Args:
        outcome: the run.
        most: how many of each.
        recipients: those who are asked about; all where there is none.
    """
    if not can_be_cured(outcome):
        return CapacityCures(*[np.zeros(0, dtype=np.int64)] * 5)
    problem, found, level = outcome.problem, outcome.candidates, outcome.problem.levels[0]
    assert isinstance(level, Level)
    waiting = ~outcome.supported & (problem.supporters > 0)
    if recipients is not None:
        waiting &= np.isin(np.arange(len(waiting)), recipients)
    pairs = np.flatnonzero(waiting[found.recipient])
    missing = _missing(outcome, pairs)
    lacking = (missing > 0).sum(axis=0) == 1
    pairs, missing = pairs[lacking], missing[:, lacking]
    worth = gains_of(problem, level, outcome.solution.matched, pairs)
    able = (worth >= 0) & ~np.isin(pairs, breaks_of(problem, outcome.solution.matched, pairs).pair)
    pairs, worth, missing = pairs[able], worth[able], missing[:, able]
    resource, amount = (missing > 0).argmax(axis=0), missing.sum(axis=0)
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    recipient, nle = found.recipient[pairs], found.nle[pairs]
    least = least_of_each(recipient, (resource, amount, -worth, -found.fit[pairs], far, nle), most)
    return CapacityCures(*(column[least] for column in (recipient, nle, resource, amount, worth)))


def _missing(outcome: Outcome, pairs: Integers) -> Integers:
    """What each pair's NLE lacks of each resource to take it beside those it has, shape (resources, pairs)."""
    resources, nle = outcome.problem.resources, outcome.problem.nle[pairs]
    rooms = [resource.capacity - used for resource, used in zip(resources, outcome.used, strict=True)]
    lacks = [np.maximum(resource.use[pairs] - room[nle], 0) for resource, room in zip(resources, rooms, strict=True)]
    return np.array(lacks, dtype=np.int64).reshape(len(resources), len(pairs))


@dataclass(frozen=True, eq=False)
class LiftedCures:
    """Pairs that would serve a recipient if one filter let them through; by recipient, kind, the least first.

    Attributes:
        recipient, nle: shapes (cures,).
        filter: the filter, as a number in `LIFTED`.
        fit, distance: of the pair: millionths, and metres, -1 where not known.
        limit: metres that may lie between the two now.
        more: metres more that a longer reach would have to allow; 0 for other kinds.
        worth: by how much the first objective then changes, in its maximising orientation; never below 0.
    """

    recipient: Integers
    nle: Integers
    filter: Integers
    fit: Integers
    distance: Integers
    limit: Integers
    more: Integers
    worth: Integers

    @property
    def kinds(self) -> list[str]:
        """The kind of each, see `CURES`."""
        return [LIFTED[n][0] for n in self.filter.tolist()]

    def cells(self, outcome: Outcome) -> Iterator[tuple[str, str, str]]:
        """NLE, what would have to be, and the change of the first objective, as the files write them.

        What would have to be are kilometres more, the minimum, or the conflict.
        """
        columns = self.filter.tolist(), self.fit.tolist(), self.more.tolist()
        return zip(
            outcome.candidates.nles.ids[self.nle].tolist(),
            [_amount(n, fit, more) for n, fit, more in zip(*columns, strict=True)],
            in_texts(outcome.problem.levels[0], self.worth) if len(self.worth) else [],
            strict=True,
        )


def _amount(number: int, fit: int, more: int) -> str:
    kind, code = LIFTED[number]
    if kind == "reach":
        return fixed(more, 3)
    return shortest(fit, 6) if kind == "minimum_fit" else code


def lifted_cures(
    outcome: Outcome, most: int, recipients: Integers | None = None, context: FilterContext | None = None
) -> LiftedCures:
    """The least cures by lifting a filter of every recipient without an NLE, at most so many of each kind.

    Less of it first, then the better price, the fit, the distance.

    Args:
        outcome: the run.
        most: how many of each kind.
        recipients: those who are asked about, ascending; all where there is none.
        context: what filters ask of the two sides of the run, if it is made out already.
    """
    found = [np.zeros((len(fields(LiftedCures)), 0), dtype=np.int64)]
    if can_be_cured(outcome):
        waiting = ~outcome.supported & (outcome.problem.supporters > 0)
        rows = np.flatnonzero(waiting) if recipients is None else recipients[waiting[recipients]]
        left = np.array([resource.capacity for resource in outcome.problem.resources]) - outcome.used
        nles = np.flatnonzero((left > 0).any(axis=0))
        if len(nles) and len(rows):
            for portion, facts in in_portions(context or filters_of(outcome), rows, nles):
                barred = barred_pairs(outcome, portion, nles, facts, left)
                if len(barred.pairs):
                    found.append(_least(outcome, barred, most))
    return LiftedCures(*np.concatenate(found, axis=1))


def _least(outcome: Outcome, barred: Barred, most: int) -> Integers:
    """The columns of `LiftedCures`; none where the objective cannot be told of pairs that are no candidates."""
    pairs = barred.pairs
    try:
        worth, allowed = _effects(outcome, barred)
    except InputError:  # no travel time, or an amount beyond what is exact
        return np.zeros((len(fields(LiftedCures)), 0), dtype=np.int64)
    at = np.flatnonzero(allowed & (worth >= 0))
    kinds = [list(CURES).index(kind) for kind, _ in LIFTED]
    kind = np.array(kinds, dtype=np.int64)[barred.filter[at]]
    is_poor = np.array([kind == "minimum_fit" for kind, _ in LIFTED])[barred.filter[at]]
    least = np.where(is_poor, -pairs.fit[at], barred.more[at])
    far = np.where(pairs.distance[at] < 0, np.iinfo(np.int64).max, pairs.distance[at])
    group = pairs.recipient[at] * len(CURES) + kind
    keys = (least, -worth[at], -pairs.fit[at], far, pairs.nle[at])
    chosen = at[least_of_each(group, keys, most)]
    of_pairs = (pairs.recipient, pairs.nle, barred.filter, pairs.fit, pairs.distance, barred.limit, barred.more, worth)
    return np.array([column[chosen] for column in of_pairs])


def _effects(outcome: Outcome, barred: Barred) -> tuple[Integers, Integers]:
    """What each barred pair adds to the first objective, and whether it breaks no limit beside those matched."""
    problem, at, matched = _beside(outcome, barred)
    allowed = np.ones(problem.size, dtype=bool)
    allowed[breaks_of(problem, matched, at).pair] = False
    level = problem.levels[0]
    assert isinstance(level, Level)
    return gains_of(problem, level, matched, at), allowed[at]


def _beside(outcome: Outcome, barred: Barred) -> tuple[Problem, Integers, Integers]:
    """The problem of the barred pairs beside those matched, and where in it the one and the other are."""
    found, settings = outcome.candidates, outcome.scenario.settings
    # Of a row of which no pair is matched a rule may miss a limit, and one more pair elsewhere a least share.
    has_least_share = any(each.minimum_share is not None for each in settings.constraints)
    whole = outcome.status == "completed" or has_least_share
    known = np.arange(len(found)) if whole else outcome.solution.matched
    keys = np.concatenate([found.keys[known], barred.pairs.keys])
    order = np.argsort(keys)

    def both(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([ours[known], theirs])[order]

    theirs = barred.pairs
    together = replace(
        found,
        nle=both(found.nle, theirs.nle),
        recipient=both(found.recipient, theirs.recipient),
        distance=both(found.distance, theirs.distance),
        fit=both(found.fit, theirs.fit),
        required=None,
        exempt=None if found.exempt is None else both(found.exempt, np.zeros(len(theirs), dtype=bool)),
    )
    use = {name: both(amounts, barred.use[name]) for name, amounts in outcome.use.items()}
    cost = ADDITIVE["cost"].amounts(Stakes(together, use, settings.costs))
    ground = Ground(together, use, cost, {each.name: each.capacity for each in outcome.problem.resources})
    requirements = [requirement(asked, ground) for asked in settings.constraints]
    problem = state_problem(ground, requirements, list(outcome.objectives[:1]), settings)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    matched = np.isin(known, outcome.solution.matched)
    return problem, place[len(known) :], np.sort(place[: len(known)][matched])


FIRST = ("cure_kind", "cure_id", "cure_amount", "cure_price")
OF_KIND = {
    "reach": ("reach_nle_id", "reach_more_km", "reach_price"),
    "minimum_fit": ("minimum_fit_nle_id", "minimum_fit_needed", "minimum_fit_price"),
    "conflict": ("conflict_nle_id", "conflict", "conflict_price"),
}


def cheapest_cures(outcome: Outcome, rows: Integers) -> tuple[TextTable, TextTable]:
    """Columns about some recipients without an NLE: the first cure there is, and the cure of each lifted kind.

    The first is by a resource, else by reach, by minimum fit, by a conflict; blank where there is none.
    """
    of_capacity, lifted = capacity_cures(outcome, 1), lifted_cures(outcome, 1)
    first = dict(zip(of_capacity.recipient.tolist(), of_capacity.cells(outcome), strict=True))
    by_kind: dict[str, dict[int, tuple[str, str, str]]] = {kind: {} for kind in CURES}
    for row, kind, cells in zip(lifted.recipient.tolist(), lifted.kinds, lifted.cells(outcome), strict=True):
        by_kind[kind][row] = cells
        first.setdefault(row, (kind, *cells))
    told = _columns(FIRST, first, rows)
    each = {name: own for kind, names in OF_KIND.items() for name, own in _columns(names, by_kind[kind], rows).items()}
    return told, each


def _columns(names: Sequence[str], cells: Mapping[int, tuple[str, ...]], rows: Integers) -> TextTable:
    """Cells of some recipients, blank where one has none."""
    blank = ("",) * len(names)
    told = [cells.get(row, blank) for row in rows.tolist()]
    return {name: [own[n] for own in told] for n, name in enumerate(names)}
