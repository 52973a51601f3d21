"""The least that a longer reach, a lower minimum fit or a lifted conflict takes to serve a recipient without an NLE."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.around import around, in_portions
from nle_optimizer.evidence.cures.barred import FILTERS, KINDS, Barred, barred_pairs
from nle_optimizer.evidence.cures.capacity import can_be_cured
from nle_optimizer.evidence.exchanging import in_texts
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.build import state_problem
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import requirement
from nle_optimizer.model.extension import breaks_of, gains_of
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.model.objectives.registry import ADDITIVE
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers, fixed, shortest
from nle_optimizer.stages.obstacles import Between


@dataclass(frozen=True, eq=False)
class LiftedCures:
    """Pairs that would serve a recipient if one filter let them through; by recipient, kind, the least first.

    Attributes:
        recipient, nle: shapes (cures,).
        filter: the filter, as a number in `FILTERS`.
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
        """The kind of each, see `KINDS`."""
        return [FILTERS[n][0] for n in self.filter.tolist()]

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
    kind, code = FILTERS[number]
    if kind == "reach":
        return fixed(more, 3)
    return shortest(fit, 6) if kind == "minimum_fit" else code


def lifted_cures(
    outcome: Outcome, most: int, recipients: Integers | None = None, between: Between | None = None
) -> LiftedCures:
    """The least cures by lifting a filter of every recipient without an NLE, at most so many of each kind.

    Less of it first, then the better price, the fit, the distance.

    Args:
        outcome: the run.
        most: how many of each kind.
        recipients: those who are asked about, ascending; all where there is none.
        between: the two sides of the run, if they are made out already.
    """
    found = [np.zeros((len(fields(LiftedCures)), 0), dtype=np.int64)]
    if can_be_cured(outcome):
        waiting = ~outcome.supported & (outcome.problem.supporters > 0)
        rows = np.flatnonzero(waiting) if recipients is None else recipients[waiting[recipients]]
        left = np.array([resource.capacity for resource in outcome.problem.resources]) - outcome.used
        nles = np.flatnonzero((left > 0).any(axis=0))
        if len(nles) and len(rows):
            for portion, obstacles in in_portions(between or around(outcome), rows, nles):
                barred = barred_pairs(outcome, portion, nles, obstacles, left)
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
    kinds = [list(KINDS).index(kind) for kind, _ in FILTERS]
    kind = np.array(kinds, dtype=np.int64)[barred.filter[at]]
    is_poor = np.array([kind == "minimum_fit" for kind, _ in FILTERS])[barred.filter[at]]
    least = np.where(is_poor, -pairs.fit[at], barred.more[at])
    far = np.where(pairs.distance[at] < 0, np.iinfo(np.int64).max, pairs.distance[at])
    group = pairs.recipient[at] * len(KINDS) + kind
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
