"""A pair: every reason for it and against it."""

from typing import Any

import numpy as np

from nle_optimizer.evidence.around import around
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.model.places import holdable
from nle_optimizer.records import fixed, shortest
from nle_optimizer.stages.geography import NO_LIMIT
from nle_optimizer.stages.obstacles import Obstacles
from nle_optimizer.studies.explaining.prices import Prices, stopping
from nle_optimizer.studies.explaining.school import by_area, pair_facts, ranked

OBSTACLES = {
    "not-listed": "the pairs table lists the only candidates, and does not list it",
    "no-place": "a place is not known, so neither is the distance",
    "too-far": "it is too far: {distance} km, and at most {limit} km may lie between",
    "too-near": "it is nearer than the least distance: {distance} km",
    "travel-time": "the travel time is above the limit, or not known",
    "other-area": "the NLE does not work in the school's area",
    "phase": "the NLE does not work in the school's phase",
    "faith": "the NLE does not work with the school's faith",
    "diocese": "the NLE does not work with the school's diocese",
    "home-school": "it is the NLE's home school",
    "own-trust": "both belong to one trust",
    "same-authority": "both lie in one local authority",
    "declared": "a conflict of interest was declared, or one side objects",
    "forbidden": "the pair is forbidden in the pairs table",
    "unknown-fit": "needs or expertise are not assessed",
    "no-need-met": "the school has no need in an area that counts",
    "fit-below-minimum": "the fit is below the minimum: {fit}",
}
"""What stands between the two, in words."""


def pair(outcome: Outcome, prices: Prices, recipient: int, nle: int, seconds: float | None) -> dict[str, Any]:
    """Every reason for and against a pair of an eligible recipient and an available NLE."""
    between = around(outcome).of(np.array([recipient], dtype=np.int64))
    obstacles = obstacles_of(between, nle)
    fit, metres = (int(amounts[nle, 0]) for amounts in (between.fit, between.distance))
    at = np.flatnonzero((outcome.candidates.recipient == recipient) & (outcome.candidates.nle == nle)).tolist()
    told: dict[str, Any] = {
        "is_candidate": bool(at),
        "fit": fixed(fit, 6) if "unknown-fit" not in obstacles else "",
        "distance_km": fixed(metres, 3) if metres >= 0 else "",
        "obstacles": [{"code": code, "why": why} for code, why in obstacles.items()],
    }
    if not at:
        return {**told, "is_matched": False}
    return {**told, **_candidate(outcome, prices, at[0], seconds)}


def obstacles_of(between: Obstacles, nle: int) -> dict[str, str]:
    """What stands between the first of some recipients and an NLE, by code, in words."""
    fit, metres, limit = (int(amounts[nle, 0]) for amounts in (between.fit, between.distance, between.limit))
    words = {
        "distance": shortest(metres, 3),
        "limit": "any number of" if limit == NO_LIMIT else shortest(limit, 3),
        "fit": shortest(fit, 6),
    }
    return {code: OBSTACLES[code].format(**words) for code, removed in between.codes.items() if removed[nle, 0]}


def _candidate(outcome: Outcome, prices: Prices, at: int, seconds: float | None) -> dict[str, Any]:
    """Where a candidate pair stands, and what it would cost to have it, or not to."""
    found = outcome.candidates
    is_matched = bool(np.isin(at, outcome.solution.matched))
    mine = np.flatnonzero(found.recipient == found.recipient[at])
    rank = int(np.flatnonzero(ranked(outcome, mine) == at)[0]) + 1
    own = outcome.matched[found.recipient[outcome.matched] == found.recipient[at]]
    required = outcome.problem.required
    told: dict[str, Any] = {
        "is_matched": is_matched,
        "is_required": bool(required is not None and required[at]),
        "by_area": by_area(outcome, at),
        "rank": rank,
        "candidates": len(mine),
        "has_room": bool(has_room(outcome)[at]),
        "is_too_small": not holdable(outcome.problem)[at],
        "instead": [pair_facts(outcome, int(each)) for each in own if each != at],
    }
    if is_matched:
        firm = outcome.firm
        if firm is not None:
            told["in_every_optimum"] = bool(firm[np.flatnonzero(outcome.matched == at)[0]])
        if prices.exchanges is not None:
            told["without_it"] = prices.changes(prices.exchanges.refused(np.array([at])))[0]
        return told
    return {**told, "forced": prices.forced_alone(at, stopping(seconds))}
