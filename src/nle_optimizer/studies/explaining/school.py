"""An eligible school: its NLE or why it has none, its candidates, and what each of them would cost."""

from typing import Any, TypeVar

import numpy as np

from nle_optimizer.evidence.around import around
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.places import holdable
from nle_optimizer.records import Integers, fixed
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.fit import area_fit
from nle_optimizer.studies.explaining.cures import cures_of
from nle_optimizer.studies.explaining.prices import Prices
from nle_optimizer.studies.explaining.removed import removed_by_filter
from nle_optimizer.studies.reopening import Reopened

Row = TypeVar("Row")
MOST, MOST_OF_MANY = 10, 3
"""Candidates that are told with their price: of one school, and of each of many."""


def school(run: Reopened, prices: Prices, recipient: int) -> dict[str, Any]:
    """What there is to know of an eligible recipient, by its index."""
    (told,) = schools(run, prices, np.array([recipient], dtype=np.int64), MOST)
    return told


def schools(run: Reopened, prices: Prices, recipients: Integers, most: int = MOST_OF_MANY) -> list[dict[str, Any]]:
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


def _left_out(run: Reopened, prices: Prices, recipients: Integers) -> dict[int, dict[str, Any]]:
    """Why each of some recipients has no NLE, and what it would take."""
    if not len(recipients):
        return {}
    outcome, table = run.outcome, run.folder.claim.tables["unmatched"]
    between = around(outcome)
    line = {school_id: n for n, school_id in enumerate(table["school_id"])}
    lines = [line[str(school_id)] for school_id in outcome.recipients.ids[recipients]]
    columns = (
        recipients.tolist(),
        [table["reason"][n] for n in lines],
        [table["explanation"][n] for n in lines],
        removed_by_filter(between, recipients),
        cures_of(outcome, prices, between, recipients),
    )
    return {
        recipient: {"reason": reason, "explanation": explanation, "obstacles": obstacles, "cures": cures}
        for recipient, reason, explanation, obstacles, cures in zip(*columns, strict=True)
    }


def _candidates(outcome: Outcome, prices: Prices, recipients: Integers, most: int) -> list[list[dict[str, Any]]]:
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
