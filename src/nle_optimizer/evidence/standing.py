"""Where each matched pair stands among its recipient's other candidates."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Flags, Integers

NONE = -1


@dataclass(frozen=True, eq=False)
class Standing:
    """Candidates of each recipient, shapes (recipients,).

    Attributes:
        candidates: how many NLEs could support it.
        next_best: index of the best-fitting NLE it does not have (ties: nearest, then lower identifier).
        with_room: whether one of them has room left.
        holdable: whether one of them could take it if it had nobody else.
    """

    candidates: Integers
    next_best: Integers
    with_room: Flags
    holdable: Flags


def standing(outcome: Outcome) -> Standing:
    """Where every recipient stands; one pass over the candidate pairs."""
    found = outcome.candidates
    recipients = len(found.recipients)
    matched = outcome.solution.matched
    has = np.array([resource.capacity for resource in outcome.problem.resources])
    left_out = np.ones(len(found), dtype=bool)
    left_out[matched] = False
    with_room = np.zeros(recipients, dtype=bool)
    with_room[found.recipient[_fits(outcome, has - outcome.used) & left_out]] = True
    holdable = np.zeros(recipients, dtype=bool)
    holdable[found.recipient[_fits(outcome, has)]] = True
    return Standing(
        np.bincount(found.recipient, minlength=recipients),
        _next_best(outcome, left_out & outcome.supported[found.recipient]),
        with_room,
        holdable,
    )


def _fits(outcome: Outcome, room: Integers) -> Flags:
    """Candidate pairs for which the NLE has room, shape (resources, nles), in every resource."""
    fits = np.ones(outcome.problem.size, dtype=bool)
    for resource, left in zip(outcome.problem.resources, room, strict=True):
        fits &= resource.use <= left[outcome.problem.nle]
    return fits


def _next_best(outcome: Outcome, pairs: Flags) -> Integers:
    found = outcome.candidates
    at = np.flatnonzero(pairs)
    best = np.full(len(found.recipients), NONE, dtype=np.int64)
    recipient = found.recipient[at]
    top = np.full(len(best), NONE, dtype=np.int64)
    np.maximum.at(top, recipient, found.fit[at])
    at = at[found.fit[at] == top[recipient]]
    nearest = np.full(len(best), np.iinfo(np.int64).max)
    np.minimum.at(nearest, found.recipient[at], found.distance[at])
    at = at[found.distance[at] == nearest[found.recipient[at]]][::-1]
    best[found.recipient[at]] = found.nle[at]
    return best


def better_elsewhere(outcome: Outcome) -> Integers:
    """For each pair of `outcome.matched`, how many other NLEs, none of them its own, fit its recipient better."""
    found, pairs = outcome.candidates, outcome.matched
    free = np.ones(len(found), dtype=bool)
    free[pairs] = False
    most = np.bincount(found.recipient[pairs], minlength=len(found.recipients)).max(initial=0)
    better = np.zeros(len(pairs), dtype=np.int64)
    turn = np.arange(len(pairs)) - np.searchsorted(found.recipient[pairs], found.recipient[pairs])
    for number in range(most):
        at = np.flatnonzero(turn == number)
        own = np.full(len(found.recipients), np.iinfo(np.int64).max)
        own[found.recipient[pairs[at]]] = found.fit[pairs[at]]
        counts = np.bincount(found.recipient[free & (found.fit > own[found.recipient])], minlength=len(own))
        better[at] = counts[found.recipient[pairs[at]]]
    return better
