"""Moves of one recipient into spare capacity, everybody else staying where they are."""

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.model.levels import Level
from nle_optimizer.records import Flags, Integers

NONE = -1


def own_pairs(outcome: Outcome) -> Integers:
    """The matched pair of each recipient, shape (recipients,); -1 where it has none, or has or may have several."""
    own = np.full(len(outcome.recipients), NONE, dtype=np.int64)
    matched = outcome.solution.matched
    own[outcome.problem.recipient[matched]] = matched
    own[(outcome.problem.supporters > 1) | (outcome.found > 1)] = NONE
    return own


def direct_moves(outcome: Outcome) -> tuple[Integers, Integers]:
    """Unmatched pairs that could take the place of their recipient's own, all else as it is.

    Their NLE has room, no limit of a row would break, and the own pair is not required. Pairs of a row that counts
    what several pairs make true together are left out, and so is a recipient that has all the NLEs it may have, or
    more, and has or may have several.

    Returns:
        The pairs, and what each loses of the levels that are sums, as far as the first that is none, shapes (n,) and
        (n, levels); one column of 0 where the first is none.
    """
    problem = outcome.problem
    if outcome.status in ("infeasible", "unknown"):
        return np.zeros(0, dtype=np.int64), np.zeros((0, 1), dtype=np.int64)
    own = own_pairs(outcome)[problem.recipient]
    allowed = has_room(outcome) & keeps_rows(outcome, own)
    allowed[outcome.solution.matched] = False
    if problem.required is not None:
        allowed &= ~np.append(problem.required, False)[own]
    allowed &= (own != NONE) | (outcome.found < problem.supporters)[problem.recipient]
    pairs = np.flatnonzero(allowed)
    losses = []
    for level in problem.levels:
        if not isinstance(level, Level):
            break
        losses.append(-_gains(level, pairs, own[pairs]))
    return pairs, np.stack(losses or [np.zeros(len(pairs), dtype=np.int64)], axis=1)


def _gains(level: Level, pairs: Integers, own: Integers) -> Integers:
    padded = np.append(level.amounts, 0)
    return np.asarray(padded[pairs] - padded[own])


def keeps_rows(outcome: Outcome, own: Integers) -> Flags:
    """Pairs that in place of their recipient's own break no limit of a row, nor break it further."""
    problem = outcome.problem
    kept = np.ones(problem.size, dtype=bool)
    for row in problem.rows:
        amounts = np.zeros(problem.size + 1, dtype=np.int64)
        amounts[row.pairs] = row.amounts
        change = amounts[:-1] - amounts[own]
        total = row.total(problem, outcome.solution.matched)
        if row.upper is not None:
            kept &= (change <= 0) | (total + change <= row.upper)
        if row.lower is not None:
            kept &= (change >= 0) | (total + change >= row.lower)
        if len(row.presences):
            shared = np.zeros(problem.size + 1, dtype=bool)
            shared[problem.presences.pair[np.isin(problem.presences.presence, row.presences)]] = True
            kept &= ~shared[:-1] & ~shared[own]
    return kept


def changes_of_first(outcome: Outcome, pairs: Integers) -> Integers:
    """What each pair in place of its recipient's own changes of the first level, shape (pairs,)."""
    problem = outcome.problem
    if not problem.levels or not len(pairs):
        return np.zeros(len(pairs), dtype=np.int64)
    level, own = problem.levels[0], own_pairs(outcome)[problem.recipient[pairs]]
    if isinstance(level, Level) and level.presence_amounts is None:
        return _gains(level, pairs, own)
    matched = outcome.solution.matched
    before = level.value(problem, matched)
    after = [np.sort(np.append(matched[matched != old], new)) for new, old in zip(pairs, own, strict=True)]
    return np.array([level.value(problem, each) - before for each in after], dtype=np.int64)
