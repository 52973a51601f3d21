"""Blocking pairs: recipients and NLEs that would both rather have each other than what they have."""

import numpy as np

from nle_optimizer.model.preferences import UNACCEPTABLE, Order, Preferences
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.room import room_in
from nle_optimizer.records import Flags, Integers

NOBODY = np.iinfo(np.int64).max
"""The place of the worst partner of somebody who still has room: anybody is better."""


def blocking_pairs(problem: Problem, preferences: Preferences, matched: Integers) -> Integers:
    """The pairs that block a matching, ascending.

    A pair blocks that is not matched, that both accept, where the recipient has fewer NLEs than it may have or likes
    this one better than its worst; and where the NLE can take it within every limit, if need be by dropping
    recipients that it likes less. Required pairs are not dropped. Likes are strict: lots have settled ties.
    (Gale and Shapley 1962, doi:10.2307/2312726; with sizes as McDermid and Manlove 2010, Journal of
    Combinatorial Optimization 19.)

    Args:
        problem: limits and sizes.
        preferences: both sides' orders.
        matched: indices of the matched pairs, ascending.
    """
    wanting = _wanting(problem, preferences.recipients, matched)
    wanting[matched] = False
    wanting &= preferences.nles.place != UNACCEPTABLE
    found = np.flatnonzero(wanting)
    found = found[_has_room(problem, preferences.nles, matched, found)]
    if not any(row.upper is not None for row in problem.rows):
        return found
    return found[_within_rows(problem, preferences, matched, found)]


def _wanting(problem: Problem, order: Order, matched: Integers) -> Flags:
    """Pairs that their recipient would take, for the worst NLE it has if it has all that it may."""
    worst = np.full(order.agents, -1, dtype=np.int64)
    free = matched[~_required(problem)[matched]]
    np.maximum.at(worst, problem.recipient[free], np.where(order.place[free] < 0, NOBODY, order.place[free]))
    has = np.bincount(problem.recipient[matched], minlength=order.agents)
    worst[has < problem.supporters] = NOBODY
    return np.asarray((order.place >= 0) & (order.place < worst[problem.recipient]), dtype=bool)


def _required(problem: Problem) -> Flags:
    return np.zeros(problem.size, dtype=bool) if problem.required is None else problem.required


def _has_room(problem: Problem, order: Order, matched: Integers, found: Integers) -> Flags:
    """Which pairs their NLE can take beside the required ones and those that it likes better."""
    kept = np.where(_required(problem)[matched] | (order.place[matched] < 0), -1, order.place[matched])
    in_order = np.lexsort((kept, problem.nle[matched]))
    pairs, kept = matched[in_order], kept[in_order]
    span = problem.size + 2
    at = np.searchsorted(problem.nle[pairs] * span + kept + 1, problem.nle[found] * span + order.place[found] + 1)
    start = np.searchsorted(problem.nle[pairs], problem.nle[found])
    fits = np.ones(len(found), dtype=bool)
    for resource in problem.resources:
        used = np.append(0, np.cumsum(resource.use[pairs]))
        fits &= used[at] - used[start] + resource.use[found] <= resource.capacity[problem.nle[found]]
    return fits


def _within_rows(problem: Problem, preferences: Preferences, matched: Integers, found: Integers) -> Flags:
    """Which pairs also keep to the rows, once the recipient and the NLE have dropped all that they may."""
    room, required = room_in(problem), _required(problem)
    for pair in matched.tolist():
        room.take(pair)
    fits = np.zeros(len(found), dtype=bool)
    for n, pair in enumerate(found.tolist()):
        own = matched[problem.nle[matched] == problem.nle[pair]]
        place = preferences.nles.place
        dropped = own[~required[own] & ((place[own] > place[pair]) | (place[own] < 0))].tolist()
        theirs = matched[problem.recipient[matched] == problem.recipient[pair]]
        if len(theirs) >= problem.supporters[problem.recipient[pair]]:
            theirs = theirs[~required[theirs]]
            likes = preferences.recipients.place[theirs]
            dropped.append(int(theirs[np.argmax(np.where(likes < 0, NOBODY, likes))]))
        before = room.excess()
        for other in dropped:
            room.give_back(other)
        if room.fits(pair):
            room.take(pair)
            fits[n] = room.excess() <= before
            room.give_back(pair)
        for other in reversed(dropped):
            room.take(other)
    return fits
