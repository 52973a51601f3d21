"""The least extra capacity at one NLE after which a recipient without one is served, and everybody else as now."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.exchanging import in_texts
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.extension import breaks_of, gains_of
from nle_optimizer.model.levels import Level
from nle_optimizer.records import Integers, shortest


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
