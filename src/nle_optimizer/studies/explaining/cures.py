"""What it would take to serve a school that is left out, kind by kind, everybody else staying as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.cures import Cure as OfCapacity
from nle_optimizer.evidence.exchanging import in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Flags, fixed, shortest
from nle_optimizer.stages.geography import NO_LIMIT
from nle_optimizer.stages.obstacles import CONFLICTS
from nle_optimizer.studies.explaining.around import Around
from nle_optimizer.studies.explaining.prices import Prices

MOST = 3
"""Cures of each kind that are told."""
Cure = Mapping[str, Any]


def cures(outcome: Outcome, capacity: Sequence[OfCapacity], found: Around, prices: Prices) -> dict[str, list[Cure]]:
    """The cheapest cures of each kind: capacity, reach, minimum fit and conflicts.

    Args:
        outcome: the run.
        capacity: the cures by capacity of one without an NLE.
        found: everything around that recipient alone.
        prices: what a place more is worth if others may move too.
    """
    told = {
        "capacity": [_capacity(cure, prices) for cure in capacity],
        "reach": _reach(outcome, found),
        "minimum_fit": _minimum(outcome, found),
        "conflict": _conflicts(outcome, found),
    }
    return {kind: own for kind, own in told.items() if own}


def _capacity(cure: OfCapacity, prices: Prices) -> Cure:
    resource, nle, amount, price = cure.cells
    told = {"nle_id": nle, "resource": resource, "amount": amount, "change": price}
    if prices.exchanges is not None:
        told["value_of_one_more"] = prices.one_more_place[prices.index[nle]]
    return told


def _alone(found: Around, codes: tuple[str, ...]) -> Flags:
    """Pairs that one of some filters alone removes, and whose NLE has room."""
    mine = np.any([found.codes[code] for code in codes if code in found.codes], axis=0)
    return np.asarray(mine & (found.count == 1) & found.fits)


def _reach(outcome: Outcome, found: Around) -> list[Cure]:
    able = np.flatnonzero(_alone(found, ("too-far",)))
    distance, limit = found.reach[able], found.limit[able]
    order = np.lexsort((found.nle[able], distance, distance - limit))[:MOST]
    return [
        {
            **_pair(outcome, found, pair),
            "more_km": fixed(int(found.reach[pair] - found.limit[pair]), 3),
            "limit_km": fixed(int(found.limit[pair]), 3),
        }
        for pair in able[order].tolist()
        if found.limit[pair] != NO_LIMIT
    ]


def _minimum(outcome: Outcome, found: Around) -> list[Cure]:
    able = np.flatnonzero(_alone(found, ("fit-below-minimum",)))
    fit = found.fit[able]
    order = np.lexsort((found.nle[able], -fit))[:MOST]
    minimum = shortest(int(outcome.scenario.settings.fit.minimum * 1_000_000), 6)
    return [{**_pair(outcome, found, pair), "minimum_now": minimum} for pair in able[order].tolist()]


def _conflicts(outcome: Outcome, found: Around) -> list[Cure]:
    able = np.flatnonzero(_alone(found, CONFLICTS))
    order = np.lexsort((found.nle[able], -found.fit[able]))[:MOST]
    return [{**_pair(outcome, found, pair), "conflict": found.of(pair)[0]} for pair in able[order].tolist()]


def _pair(outcome: Outcome, found: Around, pair: int) -> dict[str, Any]:
    metres = int(found.distance[pair])
    level = outcome.problem.levels[0] if outcome.problem.levels else None
    worth = "" if found.worth is None or level is None else written(in_its_unit(level, int(found.worth[pair])))
    return {
        "nle_id": str(outcome.candidates.nles.ids[found.nle[pair]]),
        "fit": fixed(int(found.fit[pair]), 6),
        "distance_km": fixed(metres, 3) if metres >= 0 else "",
        "change": worth,
    }
