"""An NLE: what it has and gives, whom it supports, whom it could, and what one more of it is worth."""

from typing import Any

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.places import holdable
from nle_optimizer.records import fixed, shortest
from nle_optimizer.studies.explaining.prices import Prices
from nle_optimizer.studies.explaining.school import ranked
from nle_optimizer.studies.reopening import Reopened

MOST = 5
"""Schools it could support that are priced."""


def nle(run: Reopened, prices: Prices, identifier: str, index: int | None) -> dict[str, Any]:
    """What there is to know of an NLE.

    Args:
        run: the run.
        prices: what changes cost.
        identifier: the NLE.
        index: its row among the available ones; None where it is out.
    """
    if index is None:
        table = run.folder.claim.tables["nles"]
        row = table["nle_id"].index(identifier)
        return {"state": "out", "reason": table["reason"][row]}
    outcome = run.outcome
    found = outcome.candidates
    own = outcome.matched[found.nle[outcome.matched] == index]
    others = np.setdiff1d(np.flatnonzero(found.nle == index), own)
    told: dict[str, Any] = {
        "state": "available",
        "capacity": {
            resource.name: {
                "has": shortest(int(resource.capacity[index]), 6),
                "gives": shortest(int(used[index]), 6),
            }
            for resource, used in zip(outcome.problem.resources, outcome.used, strict=True)
        },
        "schools": [_school(outcome, int(pair)) for pair in ranked(outcome, own)],
        "candidates": int((found.nle == index).sum()),
        "could_hold": int(holdable(outcome.problem)[found.nle == index].sum()),
        "next_best": _next_best(outcome, prices, ranked(outcome, others)[:MOST]),
        "prices_from": "network" if prices.exchanges is not None else prices.why_not,
    }
    if prices.exchanges is not None:
        one = np.array([index], dtype=np.int64)
        told["one_more"] = prices.changes(prices.exchanges.one_more_place(one))[0]
        told["one_fewer"] = prices.changes(prices.exchanges.one_fewer_place(one))[0]
    return told


def _school(outcome: Outcome, pair: int) -> dict[str, Any]:
    found = outcome.candidates
    metres, recipient = int(found.distance[pair]), int(found.recipient[pair])
    return {
        "school_id": str(outcome.recipients.ids[recipient]),
        "school_name": str(outcome.recipients.values("name")[recipient]),
        "fit": fixed(int(found.fit[pair]), 6),
        "distance_km": fixed(metres, 3) if metres >= 0 else "",
    }


def _next_best(outcome: Outcome, prices: Prices, pairs: np.ndarray) -> list[dict[str, Any]]:
    found, nles = outcome.candidates, outcome.candidates.nles.ids
    priced = prices.forced(pairs) if prices.exchanges is not None else [None] * len(pairs)
    rows = []
    for pair, price in zip(pairs.tolist(), priced, strict=True):
        has = outcome.matched[found.recipient[outcome.matched] == found.recipient[pair]]
        told = {**_school(outcome, pair), "has": [str(nles[found.nle[each]]) for each in has]}
        rows.append(told if price is None else {**told, "forced": price})
    return rows
