"""The least extra capacity at one NLE after which a recipient without one is served, and everybody else as now."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.direct import keeps_rows
from nle_optimizer.evidence.exchanging import in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import Level
from nle_optimizer.records import Integers, shortest

NONE = -1


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


def cures_by_recipient(outcome: Outcome, most: int) -> dict[int, list[Cure]]:
    """The cheapest cures of every recipient without an NLE, at most so many of each."""
    found: dict[int, list[Cure]] = {}
    for recipient, cure in _cures(outcome, np.ones(len(outcome.candidates), dtype=bool), most):
        found.setdefault(recipient, []).append(cure)
    return found


def cheapest_cures(outcome: Outcome) -> dict[int, Cure]:
    """The cheapest cure of every recipient without an NLE that has one, by recipient."""
    first: dict[int, Cure] = {}
    for recipient, cure in _cures(outcome, np.ones(len(outcome.candidates), dtype=bool), most=1):
        first.setdefault(recipient, cure)
    return first


def _cures(outcome: Outcome, asked: np.ndarray, most: int | None = None) -> list[tuple[int, Cure]]:
    """Recipient and cure: earlier resources first, then less of it, the better price, the fit, the distance."""
    problem, found = outcome.problem, outcome.candidates
    level = problem.levels[0] if problem.levels else None
    if (
        not isinstance(level, Level)
        or level.presence_amounts is not None
        or outcome.status in ("infeasible", "unknown")
    ):
        return []
    missing = _missing(outcome)
    able = asked & ~outcome.supported[found.recipient] & ((missing > 0).sum(axis=0) == 1) & (level.amounts >= 0)
    able &= (problem.supporters > 0)[found.recipient] & keeps_rows(outcome, np.full(problem.size, NONE))
    pairs = np.flatnonzero(able)
    resource = (missing[:, pairs] > 0).argmax(axis=0) if len(pairs) else pairs
    amount = missing[resource, pairs]
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    recipient = found.recipient[pairs]
    keys = (found.nle[pairs], far, -found.fit[pairs], -level.amounts[pairs], amount, resource, recipient)
    order = np.lexsort(keys)
    if most is not None:
        place = np.arange(len(order)) - np.searchsorted(recipient[order], recipient[order])
        order = order[place < most]
    names, ids = [each.name for each in problem.resources], found.nles.ids
    return [
        (
            int(recipient[n]),
            Cure(
                names[resource[n]],
                str(ids[found.nle[pairs[n]]]),
                int(amount[n]),
                in_its_unit(level, int(level.amounts[pairs[n]])),
            ),
        )
        for n in order.tolist()
    ]


def _missing(outcome: Outcome) -> Integers:
    """What each pair's NLE lacks of each resource to take it beside those it has, shape (resources, pairs)."""
    problem = outcome.problem
    left = [resource.capacity - used for resource, used in zip(problem.resources, outcome.used, strict=True)]
    uses = [resource.use for resource in problem.resources]
    return np.array([np.maximum(use - room[problem.nle], 0) for use, room in zip(uses, left, strict=True)])
