"""Where each matched pair stands among its recipient's other candidates, and what the others lack."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.extension import Breaks, breaks_of
from nle_optimizer.model.places import holdable
from nle_optimizer.records import Flags, Integers

NONE = -1


@dataclass(frozen=True, eq=False)
class Standing:
    """Candidates of each recipient, shapes (recipients,).

    Attributes:
        candidates: how many NLEs could support it, but for what they have.
        holders: how many of them have as much in all as it takes.
        next_best: index of the best-fitting of those that it does not have (ties: nearest, then lower identifier).
        with_room: how many of them have room left.
        open_pair: of a recipient without an NLE, its best-fitting pair that could be matched as all else is: its NLE
            has room, and no limit of a row would break; -1 where there is none.
        breaks: of the recipients without an NLE, what their pairs with room would break.
    """

    candidates: Integers
    holders: Integers
    next_best: Integers
    with_room: Integers
    open_pair: Integers
    breaks: Breaks


def standing(outcome: Outcome) -> Standing:
    """Where every recipient stands; one pass over the candidate pairs."""
    found, problem = outcome.candidates, outcome.problem
    recipients = len(found.recipients)
    matched = outcome.solution.matched
    left_out = np.ones(len(found), dtype=bool)
    left_out[matched] = False
    held = holdable(problem)
    roomy = has_room(outcome) & left_out
    supported = outcome.supported[found.recipient]
    breaks = breaks_of(problem, matched, np.flatnonzero(roomy & ~supported))
    free = roomy & ~supported
    free[breaks.pair] = False
    return Standing(
        np.bincount(found.recipient, minlength=recipients),
        np.bincount(found.recipient[held], minlength=recipients),
        _nle_of(outcome, _best_pair(outcome, left_out & supported & held)),
        np.bincount(found.recipient[roomy], minlength=recipients),
        _best_pair(outcome, free),
        breaks,
    )


def has_room(outcome: Outcome) -> Flags:
    """Whether each pair's NLE has room for it in every resource, as all else is, shape (pairs,)."""
    fits = np.ones(outcome.problem.size, dtype=bool)
    for resource, used in zip(outcome.problem.resources, outcome.used, strict=True):
        fits &= resource.use <= (resource.capacity - used)[outcome.problem.nle]
    return fits


def _best_pair(outcome: Outcome, pairs: Flags) -> Integers:
    """Of each recipient the best-fitting of some pairs, ties to the nearest, then to the lower identifier."""
    found = outcome.candidates
    at = np.flatnonzero(pairs)
    best = np.full(len(found.recipients), NONE, dtype=np.int64)
    at = at[least_of_each(found.recipient[at], (-found.fit[at], found.distance[at]))]
    best[found.recipient[at]] = at
    return best


def _nle_of(outcome: Outcome, pairs: Integers) -> Integers:
    """The NLE of each pair; -1 where there is none."""
    nle = np.append(outcome.candidates.nle, NONE)
    return nle[pairs]


def better_elsewhere(outcome: Outcome) -> Integers:
    """For each pair of `outcome.matched`, how many NLEs that could have its recipient instead fit it better."""
    found, pairs = outcome.candidates, outcome.matched
    free = holdable(outcome.problem)
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
