"""What it would take to serve schools that are left out, kind by kind, everybody else staying as they are."""

from typing import Any

from nle_optimizer.evidence.cures.capacity import capacity_cures
from nle_optimizer.evidence.cures.lifted import lifted_cures
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers, fixed, shortest
from nle_optimizer.stages.obstacles import Between
from nle_optimizer.studies.explaining.prices import Prices

MOST = 3
"""Cures of each kind that are told."""
Cures = dict[str, list[dict[str, Any]]]


def cures_of(outcome: Outcome, prices: Prices, between: Between, recipients: Integers) -> list[Cures]:
    """The cheapest cures of each kind: capacity, reach, minimum fit and conflicts.

    Args:
        outcome: the run.
        prices: what a place more is worth if others may move too.
        between: the two sides of the run.
        recipients: who is asked about, ascending; all of them are without an NLE.
    """
    told: dict[int, Cures] = {recipient: {} for recipient in recipients.tolist()}
    _add_capacity(told, outcome, prices, recipients)
    _add_lifted(told, outcome, between, recipients)
    return list(told.values())


def _add_capacity(told: dict[int, Cures], outcome: Outcome, prices: Prices, recipients: Integers) -> None:
    found = capacity_cures(outcome, MOST, recipients)
    columns = found.recipient.tolist(), found.nle.tolist(), found.cells(outcome)
    for recipient, n, (resource, nle, amount, change) in zip(*columns, strict=True):
        cure = {"nle_id": nle, "resource": resource, "amount": amount, "change": change}
        if prices.exchanges is not None:
            cure["value_of_one_more"] = prices.one_more_place[n]
        told[recipient].setdefault("capacity", []).append(cure)


def _add_lifted(told: dict[int, Cures], outcome: Outcome, between: Between, recipients: Integers) -> None:
    found = lifted_cures(outcome, MOST, recipients, between)
    minimum = shortest(int(outcome.scenario.settings.fit.minimum * 1_000_000), 6)
    integers = (column.tolist() for column in (found.recipient, found.fit, found.distance, found.limit))
    columns = *integers, found.kinds, found.cells(outcome)
    for recipient, fit, metres, limit, kind, (nle, amount, change) in zip(*columns, strict=True):
        cure = {
            "nle_id": nle,
            "fit": fixed(fit, 6),
            "distance_km": fixed(metres, 3) if metres >= 0 else "",
            "change": change,
        }
        if kind == "reach":
            cure |= {"more_km": amount, "limit_km": fixed(limit, 3)}
        elif kind == "minimum_fit":
            cure["minimum_now"] = minimum
        else:
            cure["conflict"] = amount
        told[recipient].setdefault(kind, []).append(cure)
