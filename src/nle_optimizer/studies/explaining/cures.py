"""What it would take to serve a school that is left out, kind by kind, everybody else staying as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.evidence.cures.capacity import Cure as OfCapacity
from nle_optimizer.evidence.cures.lifted import Lifted
from nle_optimizer.evidence.exchanging import written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import fixed, shortest
from nle_optimizer.studies.explaining.prices import Prices

MOST = 3
"""Cures of each kind that are told."""
Cure = Mapping[str, Any]


def cures(
    outcome: Outcome, capacity: Sequence[OfCapacity], lifted: Mapping[str, Sequence[Lifted]], prices: Prices
) -> dict[str, list[Cure]]:
    """The cheapest cures of each kind: capacity, reach, minimum fit and conflicts.

    Args:
        outcome: the run.
        capacity: the cures by capacity of one without an NLE.
        lifted: its cures by lifting a filter, by kind.
        prices: what a place more is worth if others may move too.
    """
    told: dict[str, list[Cure]] = {"capacity": [_capacity(cure, prices) for cure in capacity]} if capacity else {}
    minimum = shortest(int(outcome.scenario.settings.fit.minimum * 1_000_000), 6)
    return {**told, **{kind: [_lifted(cure, minimum) for cure in own] for kind, own in lifted.items()}}


def _capacity(cure: OfCapacity, prices: Prices) -> Cure:
    resource, nle, amount, price = cure.cells
    told = {"nle_id": nle, "resource": resource, "amount": amount, "change": price}
    if prices.exchanges is not None:
        told["value_of_one_more"] = prices.one_more_place[prices.index[nle]]
    return told


def _lifted(cure: Lifted, minimum: str) -> Cure:
    own = {
        "reach": {"more_km": cure.amount, "limit_km": fixed(cure.limit, 3)},
        "minimum_fit": {"minimum_now": minimum},
        "conflict": {"conflict": cure.code},
    }
    return {
        "nle_id": cure.nle_id,
        "fit": fixed(cure.fit, 6),
        "distance_km": fixed(cure.distance, 3) if cure.distance >= 0 else "",
        "change": written(cure.price),
        **own[cure.kind],
    }
