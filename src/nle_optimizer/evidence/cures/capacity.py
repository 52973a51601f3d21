"""The least extra capacity at one NLE after which a recipient without one is served, and everybody else as now."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.exchanging import in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.extension import breaks_of, gains_of
from nle_optimizer.model.levels import Level
from nle_optimizer.records import Integers, shortest


@dataclass(frozen=True)
class Cure:
    """What would have to change.

    Attributes:
        kind: the resource of which the NLE would need more.
        nle_id: the NLE.
        amount: how much more, in millionths.
        price: by how much the first objective then changes, in its own sense and unit; never for the worse.
    """

    kind: str
    nle_id: str
    amount: int
    price: Decimal

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Kind, NLE, amount and price as the files write them."""
        return self.kind, self.nle_id, shortest(self.amount, 6), written(self.price)


def can_be_cured(outcome: Outcome) -> bool:
    """Whether cures are worked out: there is an allocation, and its first objective is a sum."""
    level = next(iter(outcome.problem.levels), None)
    return isinstance(level, Level) and outcome.status not in ("infeasible", "unknown")


def cures_by_recipient(outcome: Outcome, most: int) -> dict[int, list[Cure]]:
    """The cheapest cures by capacity of every recipient without an NLE, at most so many of each.

    Earlier resources first, then less of it, the better price, the fit, the distance.
    """
    found: dict[int, list[Cure]] = {}
    for recipient, cure in _cures(outcome, most) if can_be_cured(outcome) else ():
        found.setdefault(recipient, []).append(cure)
    return found


def _cures(outcome: Outcome, most: int) -> Iterator[tuple[int, Cure]]:
    problem, found, level = outcome.problem, outcome.candidates, outcome.problem.levels[0]
    assert isinstance(level, Level)
    missing = _missing(outcome)
    able = ~outcome.supported[found.recipient] & ((missing > 0).sum(axis=0) == 1)
    able &= (problem.supporters > 0)[found.recipient]
    able[breaks_of(problem, outcome.solution.matched, np.flatnonzero(able)).pair] = False
    pairs = np.flatnonzero(able)
    worth = gains_of(problem, level, outcome.solution.matched, pairs)
    pairs, worth = pairs[worth >= 0], worth[worth >= 0]
    resource = (missing[:, pairs] > 0).argmax(axis=0) if len(pairs) else pairs
    amount = missing[resource, pairs]
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    recipient = found.recipient[pairs]
    keys = (resource, amount, -worth, -found.fit[pairs], far, found.nle[pairs])
    names, ids = [each.name for each in problem.resources], found.nles.ids
    for n in least_of_each(recipient, keys, most).tolist():
        price = in_its_unit(level, int(worth[n]))
        yield int(recipient[n]), Cure(names[resource[n]], str(ids[found.nle[pairs[n]]]), int(amount[n]), price)


def _missing(outcome: Outcome) -> Integers:
    """What each pair's NLE lacks of each resource to take it beside those it has, shape (resources, pairs)."""
    problem = outcome.problem
    left = [resource.capacity - used for resource, used in zip(problem.resources, outcome.used, strict=True)]
    uses = [resource.use for resource in problem.resources]
    return np.array([np.maximum(use - room[problem.nle], 0) for use, room in zip(uses, left, strict=True)])
