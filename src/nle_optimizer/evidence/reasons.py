"""Why each recipient is left out, and where each matched pair stands, in words.

Why a recipient was left out: a code, and one sentence that claims no more than is known. Why a pair was made, in one
sentence. Where each matched pair stands among its recipient's other candidates, and what the others lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.catalogue.reasons import REASONS
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.model.limits_left import Breaks, breaks_of, changes_of, holdable
from nle_optimizer.model.preferences import closed_by_ranks
from nle_optimizer.model.problem import counted, limit_in_words
from nle_optimizer.records import Flags, Integers, least_of_each, shortest
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.fit import area_fit

NONE = -1


@dataclass(frozen=True, eq=False)
class CandidateStanding:
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


def standing(outcome: Outcome) -> CandidateStanding:
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
    return CandidateStanding(
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


NOBODY = {"infeasible": "infeasible", "unknown": "stopped"}
"""The reason code of every recipient with a candidate, where nobody is matched, by status."""

MOST_LIMITS = 3
"""Limits that one sentence names."""


def why_unmatched(outcome: Outcome, standing: CandidateStanding, rows: Integers) -> list[tuple[str, str]]:
    """Reason code and sentence for each of the given recipients, who have no NLE."""
    status = outcome.status
    limits, ranks = _limits_in_the_way(outcome, standing), _ranks_in_the_way(outcome)
    small = _too_small(outcome, standing, rows)
    reasons = []
    for row in rows.tolist():
        code = outcome.candidates.last_filter[row]
        if code or status in NOBODY:
            code = code or NOBODY[status]
            reasons.append((code, REASONS[code].sentence))
        elif standing.open_pair[row] >= 0:
            code = "not-worth-it" if status == "optimal" else "not-placed"
            reasons.append((code, _open(outcome, standing, row)))
        elif standing.with_room[row]:
            count, among = int(standing.holders[row]), int(standing.with_room[row])
            reasons.append(("constraint", _hindered(count, among, limits[row]) + _no_better(outcome)))
        elif standing.holders[row]:
            count, among = int(standing.candidates[row]), int(standing.holders[row])
            reasons.append(("all-in-use", _all_in_use(count, among) + _no_better(outcome)))
        else:
            reasons.append(("no-room", small[row]))
    return [(code, text + ranks.get(row, "")) for row, (code, text) in zip(rows.tolist(), reasons, strict=True)]


def _ranks_in_the_way(outcome: Outcome) -> dict[int, str]:
    """Of each recipient with pairs that ranks close, under a rule that goes by them, what was ranked and what not."""
    if not outcome.solution.by_ranks:
        return {}
    found = outcome.candidates
    closed = closed_by_ranks(outcome.problem, found)
    told, either = {}, np.logical_or(*closed)
    count, own, theirs = (
        np.bincount(found.recipient[pairs], minlength=len(found.recipients)).tolist()
        for pairs in (np.ones(len(found), dtype=bool), closed[0], closed[1] & ~closed[0])
    )
    for row in np.unique(found.recipient[either]).tolist():
        its = "its only candidate" if count[row] == 1 else f"of its {count[row]} candidates"
        by_it = [f"it gave ranks, and none to {_so_many(own[row], its)}"] if own[row] else []
        by_them = [f"{_so_many(theirs[row], its)} gave ranks, and none to it"] if theirs[row] else []
        told[row] = f" By this rule ranks say who is acceptable: {'; '.join([*by_it, *by_them])}."
    return told


def _so_many(number: int, whose: str) -> str:
    return f"{number} {whose}" if whose.startswith("of") else whose


def _no_better(outcome: Outcome) -> str:
    """What is known of exchanges that would serve a recipient whom nobody can simply take on."""
    if outcome.status == "optimal":
        return ", and no exchange would be better."
    if outcome.solution.completed:
        return "."
    return f"; {_unsettled(outcome)} whether an exchange would be better."


def _unsettled(outcome: Outcome) -> str:
    return "the search was stopped before it was settled" if outcome.solution.stopped else "it is not proved"


def _all_in_use(count: int, holders: int) -> str:
    """That all those of the NLEs are full who have enough in all."""
    if count == holders:
        return f"{_who(count)} {'is' if count == 1 else 'are'} full"
    enough = "1 has" if holders == 1 else f"{holders} have"
    full = "is full" if holders == 1 else "are full"
    return f"Of the {count} NLEs who could support it {enough} as much in all as it takes, and {full}"


def _too_small(outcome: Outcome, standing: CandidateStanding, rows: Integers) -> dict[int, str]:
    """For each of some recipients of whom no NLE has as much in all as it takes, that in words."""
    problem, resources = outcome.problem, outcome.problem.resources
    asked = np.zeros(len(problem.recipient_ids), dtype=bool)
    able = asked.copy()
    asked[rows] = standing.holders[rows] == 0
    pairs = np.flatnonzero(asked[problem.recipient])
    nle, recipient = problem.nle[pairs], problem.recipient[pairs]
    able[recipient[np.any([resource.capacity[nle] > 0 for resource in resources], axis=0)]] = True
    lacks = [np.maximum(resource.use[pairs] - resource.capacity[nle], 0) for resource in resources]
    short = np.array([lack > 0 for lack in lacks]).sum(axis=0)
    told = {}
    for at in least_of_each(recipient, (short, *lacks, nle)).tolist():
        count, row = int(standing.candidates[recipient[at]]), int(recipient[at])
        if not able[row]:
            told[row] = f"{_who(count)} {'has' if count == 1 else 'have'} no capacity at all."
            continue
        lacking = next(resource for resource, lack in zip(resources, lacks, strict=True) if lack[at])
        has = counted(shortest(int(lacking.capacity[nle[at]]), 6), lacking.name)
        takes = f"has {has} in all, and it takes {shortest(int(lacking.use[pairs[at]]), 6)}"
        nearest = f"NLE {problem.nle_ids[nle[at]]}" + ("" if count == 1 else ", which lacks least,")
        told[row] = f"{_who(count)} {'is' if count == 1 else 'are'} too small: {nearest} {takes}."
    return told


def _who(count: int) -> str:
    return "The one NLE who could support it" if count == 1 else f"All {count} NLEs who could support it"


def _hindered(count: int, with_room: int, limits: Sequence[str]) -> str:
    """That every pair with room would break a limit, and which."""
    named = _listed(limits)
    if count == 1:
        return f"{_who(1)} has room, but the pair would break {named}"
    if with_room == 1:
        return f"1 of its {count} NLEs has room, but the pair would break {named}"
    return f"{with_room} of its {count} NLEs have room, but every pair with them would break {named}"


def _listed(limits: Sequence[str]) -> str:
    shown = [*limits[:MOST_LIMITS], *([f"{len(limits) - MOST_LIMITS} more"] if len(limits) > MOST_LIMITS else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _limits_in_the_way(outcome: Outcome, standing: CandidateStanding) -> dict[int, list[str]]:
    """Of each recipient, the limits that its pairs with room would break, in the order of the constraints."""
    breaks, recipient = standing.breaks, outcome.candidates.recipient
    entries = np.unique(np.column_stack([recipient[breaks.pair], breaks.row, breaks.lower]), axis=0)
    words: dict[tuple[int, int], str] = {}
    found: dict[int, list[str]] = {}
    for who, row, lower in entries.tolist():
        if (row, lower) not in words:
            words[row, lower] = limit_in_words(outcome.problem.rows[row], "minimum" if lower else "maximum")
        found.setdefault(who, []).append(words[row, lower])
    return found


def _open(outcome: Outcome, standing: CandidateStanding, row: int) -> str:
    """What stands against a pair that could be matched as all else is, as far as that is known."""
    pair, count = int(standing.open_pair[row]), int(standing.holders[row])
    nle = outcome.candidates.nles.ids[outcome.candidates.nle[pair]]
    place = "its only candidate" if count == 1 else f"one of its {count}"
    has = f"NLE {nle}, {place}, has room"
    if outcome.solution.completed:
        return f"{has}; the rule did not match them."
    changes = list(
        zip(outcome.problem.levels, changes_of(outcome.problem, outcome.solution.matched, pair), strict=True)
    )
    worse = next((level for level, change in changes if change < 0), None)
    better = next((level for level, change in changes if change > 0), None)
    if outcome.status != "optimal":
        first = next((change for _, change in changes if change), 0)
        told = "and the pair breaks no limit"
        if first:
            told = f"and the pair would {_turn(better, 1)}" if first > 0 else f"but the pair would {_turn(worse, -1)}"
        return f"{has}, {told}; {_unsettled(outcome)} whether it belongs to the best allocation."
    if worse is not None:
        return f"{has}, but the pair would {_turn(worse, -1)}."
    if better is not None:
        return f"{has}, but the pair would only {_turn(better, 1)}, by less than later objectives may give up."
    return f"{has}, but the pair would better no objective."


def _turn(level: AnyLevel | None, way: int) -> str:
    """`raise fit`, `lower distance`: what makes a level better (1) or worse (-1)."""
    assert level is not None
    name = "the blend" if level.name == "blend" else level.name
    return f"{'raise' if level.sense * way > 0 else 'lower'} {name}"


def why_matched(outcome: Outcome, standing: CandidateStanding, areas: Sequence[Integers]) -> list[str]:
    """A sentence for each matched pair, in the order of `outcome.matched`."""
    found, pairs = outcome.candidates, outcome.matched
    recipient = found.recipient[pairs]
    shown = [shown_areas(outcome, n).tolist() for n in range(len(AREAS))]
    words = [
        [f"{word} {round(share / 10_000)} %" if told else "" for share, told in zip(own.tolist(), known, strict=True)]
        for word, own, known in zip(AREAS, areas, shown, strict=True)
    ]
    columns = (
        [", ".join(filter(None, own)) for own in zip(*words, strict=True)],
        found.distance[pairs].tolist(),
        better_elsewhere(outcome).tolist(),
        np.maximum(standing.holders[recipient], 1).tolist(),
        _in_part(outcome, recipient),
    )
    return [
        f"Meets {share or 'what the pairs table says'}{_away(metres)}; {_rank(better, count)}{part}."
        for share, metres, better, count, part in zip(*columns, strict=True)
    ]


def _in_part(outcome: Outcome, recipient: Integers) -> list[str]:
    """For each matched pair, that its recipient has fewer NLEs than it may have, if so."""
    found, asked = outcome.found[recipient].tolist(), outcome.problem.supporters[recipient].tolist()
    return [
        f"; found {has} of the {may} NLEs asked for" if has < may else "" for has, may in zip(found, asked, strict=True)
    ]


def area_fits(outcome: Outcome) -> list[Integers]:
    """The share of need met in each area, for each pair of `outcome.matched`, in millionths."""
    found, pairs = outcome.candidates, outcome.matched
    return [area_fit(found.needs, n, found.nle[pairs], found.recipient[pairs]) for n in range(len(AREAS))]


def shown_areas(outcome: Outcome, area: int) -> Flags:
    """Matched pairs whose fit in one area can be told: both sides known, and a need."""
    found, pairs = outcome.candidates, outcome.matched
    recipient, nle = found.recipient[pairs], found.nle[pairs]
    known = found.needs.need_known[area, recipient] & found.needs.expertise_known[area, nle]
    return known & (found.needs.need[area, recipient] > 0)


def _away(metres: int) -> str:
    return f", {metres / 1000:.1f} km away" if metres >= 0 else ""


def _rank(better: int, count: int) -> str:
    if count == 1:
        return "its only candidate"
    if better == 0:
        return f"none of its {count} candidates fits better"
    if better == 1:
        return f"1 of its {count} candidates fits better but serves others"
    return f"{better} of its {count} candidates fit better but serve others"
