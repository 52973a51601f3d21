"""A school, a pair and an NLE explained: why it is so, and what would change that.

An eligible school: its NLE or why it has none, its candidates, and what each of them would cost. What it would take
to serve schools that are left out, kind by kind, everybody else staying as they are. How many NLEs each filter keeps
from a school. A pair: every reason for it and against it. An NLE: what it has and gives, whom it supports, whom it
could, and what one more of it is worth.
"""

from typing import Any, TypeVar

import numpy as np

from nle_optimizer.catalogue.reasons import FILTERS
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.evidence.cures import capacity_cures, lifted_cures
from nle_optimizer.evidence.outcome import Outcome, filters_of, in_portions
from nle_optimizer.evidence.reasons import has_room
from nle_optimizer.model.limits_left import holdable
from nle_optimizer.records import Integers, fixed, least_of_each, shortest
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.filters import FilterContext, PairFacts
from nle_optimizer.stages.fit import area_fit
from nle_optimizer.stages.geography import NO_LIMIT
from nle_optimizer.studies.earlier_run import Reopened
from nle_optimizer.studies.explaining.prices import ChangePrices

MOST_CURES = 3
"""Cures of each kind that are told."""
Cures = dict[str, list[dict[str, Any]]]


def cures_of(outcome: Outcome, prices: ChangePrices, context: FilterContext, recipients: Integers) -> list[Cures]:
    """The cheapest cures of each kind: capacity, reach, minimum fit and conflicts.

    Args:
        outcome: the run.
        prices: what a place more is worth if others may move too.
        context: what filters ask of the two sides of the run.
        recipients: who is asked about, ascending; all of them are without an NLE.
    """
    told: dict[int, Cures] = {recipient: {} for recipient in recipients.tolist()}
    _add_capacity(told, outcome, prices, recipients)
    _add_lifted(told, outcome, context, recipients)
    return list(told.values())


def _add_capacity(told: dict[int, Cures], outcome: Outcome, prices: ChangePrices, recipients: Integers) -> None:
    found = capacity_cures(outcome, MOST_CURES, recipients)
    columns = found.recipient.tolist(), found.nle.tolist(), found.cells(outcome)
    for recipient, n, (resource, nle, amount, change) in zip(*columns, strict=True):
        cure = {"nle_id": nle, "resource": resource, "amount": amount, "change": change}
        if prices.exchanges is not None:
            cure["value_of_one_more"] = prices.one_more_place[n]
        told[recipient].setdefault("capacity", []).append(cure)


def _add_lifted(told: dict[int, Cures], outcome: Outcome, context: FilterContext, recipients: Integers) -> None:
    found = lifted_cures(outcome, MOST_CURES, recipients, context)
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


def removed_by_filter(context: FilterContext, recipients: Integers) -> list[dict[str, int]]:
    """For each of some recipients, ascending, how many NLEs every filter removes, in the order of the filters."""
    told: list[dict[str, int]] = []
    for rows, facts in in_portions(context, recipients, np.arange(len(context.nles))):
        removed = {code: pairs.sum(axis=0).tolist() for code, pairs in facts.removed.items() if pairs.any()}
        told += [{code: own[n] for code, own in removed.items() if own[n]} for n in range(len(rows))]
    return told


Row = TypeVar("Row")
MOST, MOST_OF_MANY = 10, 3
"""Candidates that are told with their price: of one school, and of each of many."""


def school(run: Reopened, prices: ChangePrices, recipient: int) -> dict[str, Any]:
    """What there is to know of an eligible recipient, by its index."""
    (told,) = schools(run, prices, np.array([recipient], dtype=np.int64), MOST)
    return told


def schools(
    run: Reopened, prices: ChangePrices, recipients: Integers, most: int = MOST_OF_MANY
) -> list[dict[str, Any]]:
    """The same of several at once, ascending, each with so many candidates; it takes little longer than of one."""
    outcome = run.outcome
    left_out = _left_out(run, prices, recipients[~outcome.supported[recipients]])
    source = "network" if prices.exchanges is not None else prices.why_not
    matched = _of_each(recipients, outcome.candidates.recipient[outcome.matched], outcome.matched.tolist())
    columns = (
        recipients.tolist(),
        outcome.problem.supporters[recipients].tolist(),
        _needs(outcome, recipients),
        matched,
        _candidates(outcome, prices, recipients, most),
    )
    return [
        {
            "state": "supported" if own else "left out",
            "supporters_asked": asked,
            "needs": needs,
            "nles": [{**pair_facts(outcome, pair), "by_area": by_area(outcome, pair)} for pair in own],
            "candidates": candidates,
            "prices_from": source,
            **left_out.get(recipient, {}),
        }
        for recipient, asked, needs, own, candidates in zip(*columns, strict=True)
    ]


def _left_out(run: Reopened, prices: ChangePrices, recipients: Integers) -> dict[int, dict[str, Any]]:
    """Why each of some recipients has no NLE, and what it would take."""
    if not len(recipients):
        return {}
    outcome, table = run.outcome, run.folder.claim.tables["unmatched"]
    context = filters_of(outcome)
    line = {school_id: n for n, school_id in enumerate(table["school_id"])}
    lines = [line[str(school_id)] for school_id in outcome.recipients.ids[recipients]]
    columns = (
        recipients.tolist(),
        [table["reason"][n] for n in lines],
        [table["explanation"][n] for n in lines],
        removed_by_filter(context, recipients),
        cures_of(outcome, prices, context, recipients),
    )
    return {
        recipient: {"reason": reason, "explanation": explanation, "obstacles": obstacles, "cures": cures}
        for recipient, reason, explanation, obstacles, cures in zip(*columns, strict=True)
    }


def _candidates(outcome: Outcome, prices: ChangePrices, recipients: Integers, most: int) -> list[list[dict[str, Any]]]:
    """The first candidates of each of some recipients by fit, a row each, with the price of forcing them, if known."""
    found = outcome.candidates
    pairs = np.flatnonzero(np.isin(found.recipient, recipients))
    shown = pairs[least_of_each(found.recipient[pairs], _by_fit(outcome, pairs), most)]
    recipient = found.recipient[shown]
    columns = {
        "rank": (np.arange(len(shown)) - np.searchsorted(recipient, recipient) + 1).tolist(),
        **facts_of_pairs(outcome, shown),
        "is_its_own": np.isin(shown, outcome.solution.matched).tolist(),
        "has_room": has_room(outcome)[shown].tolist(),
        "is_too_small": (~holdable(outcome.problem)[shown]).tolist(),
    }
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if prices.exchanges is not None:
        for row, price in zip(rows, prices.forced(shown), strict=True):
            if not row["is_its_own"]:
                row["forced"] = price
    return _of_each(recipients, recipient, rows)


def _of_each(recipients: Integers, owner: Integers, rows: list[Row]) -> list[list[Row]]:
    """The rows of each of some recipients, where each has an owner, ascending."""
    first, end = (np.searchsorted(owner, recipients, side=side).tolist() for side in ("left", "right"))
    return [rows[at:until] for at, until in zip(first, end, strict=True)]


def pair_facts(outcome: Outcome, pair: int) -> dict[str, Any]:
    """What a candidate pair is: NLE, fit, distance."""
    return {name: cells[0] for name, cells in facts_of_pairs(outcome, np.array([pair])).items()}


def facts_of_pairs(outcome: Outcome, pairs: Integers) -> dict[str, list[str]]:
    """The same of several, in columns."""
    found, nle = outcome.candidates, outcome.candidates.nle[pairs]
    return {
        "nle_id": found.nles.ids[nle].tolist(),
        "nle_name": found.nles.values("name")[nle].tolist(),
        "fit": [fixed(fit, 6) for fit in found.fit[pairs].tolist()],
        "distance_km": [fixed(metres, 3) if metres >= 0 else "" for metres in found.distance[pairs].tolist()],
    }


def by_area(outcome: Outcome, pair: int) -> dict[str, str]:
    """The share of the need that is met in each area in which there is one and both sides are known."""
    found, needs = outcome.candidates, outcome.candidates.needs
    nle, recipient = found.nle[pair : pair + 1], found.recipient[pair : pair + 1]
    return {
        area: fixed(int(area_fit(needs, n, nle, recipient)[0]), 6)
        for n, area in enumerate(AREAS)
        if needs.need_known[n, recipient[0]] and needs.expertise_known[n, nle[0]] and needs.need[n, recipient[0]] > 0
    }


def _needs(outcome: Outcome, recipients: Integers) -> list[dict[str, str]]:
    """The known needs of each."""
    needs = outcome.candidates.needs
    cells = [
        [fixed(need, 6) if known else "" for need, known in zip(*both, strict=True)]
        for both in zip(needs.need[:, recipients].tolist(), needs.need_known[:, recipients].tolist(), strict=True)
    ]
    return [{area: cell for area, cell in zip(AREAS, own, strict=True) if cell} for own in zip(*cells, strict=True)]


def ranked(outcome: Outcome, pairs: Integers) -> Integers:
    """Pairs by fit, then distance, then the identifier of the NLE."""
    return pairs[np.lexsort(_by_fit(outcome, pairs)[::-1])]


def _by_fit(outcome: Outcome, pairs: Integers) -> tuple[Integers, Integers, Integers]:
    found = outcome.candidates
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    return -found.fit[pairs], far, found.nle[pairs]


def pair(outcome: Outcome, prices: ChangePrices, recipient: int, nle: int, seconds: float | None) -> dict[str, Any]:
    """Every reason for and against a pair of an eligible recipient and an available NLE."""
    facts = filters_of(outcome).of(np.array([nle]), np.array([recipient]))
    obstacles = obstacles_of(facts)
    fit, metres = int(facts.fit[0]), int(facts.distance[0])
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


def obstacles_of(pair: PairFacts) -> dict[str, str]:
    """What stands between the two of the first of some pairs, by code, in words."""
    fit, metres, limit = (int(amounts[0]) for amounts in (pair.fit, pair.distance, pair.limit))
    words = {
        "distance": shortest(metres, 3),
        "limit": "any number of" if limit == NO_LIMIT else shortest(limit, 3),
        "fit": shortest(fit, 6),
    }
    return {code: FILTERS[code].between.format(**words) for code, removed in pair.removed.items() if removed[0]}


def _candidate(outcome: Outcome, prices: ChangePrices, at: int, seconds: float | None) -> dict[str, Any]:
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
    return {**told, "forced": prices.forced_alone(at, Stopping.within(seconds))}


MOST_OF_NLE = 5
"""Schools it could support that are priced."""


def nle(run: Reopened, prices: ChangePrices, identifier: str, index: int | None) -> dict[str, Any]:
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
        "next_best": _next_best(outcome, prices, ranked(outcome, others)[:MOST_OF_NLE]),
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


def _next_best(outcome: Outcome, prices: ChangePrices, pairs: np.ndarray) -> list[dict[str, Any]]:
    found, nles = outcome.candidates, outcome.candidates.nles.ids
    priced = prices.forced(pairs) if prices.exchanges is not None else [None] * len(pairs)
    rows = []
    for pair, price in zip(pairs.tolist(), priced, strict=True):
        has = outcome.matched[found.recipient[outcome.matched] == found.recipient[pair]]
        told = {**_school(outcome, pair), "has": [str(nles[found.nle[each]]) for each in has]}
        rows.append(told if price is None else {**told, "forced": price})
    return rows
