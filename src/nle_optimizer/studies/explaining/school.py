"""An eligible school: its NLE or why it has none, its candidates, and what each of them would cost."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nle_optimizer.evidence.cures.capacity import cures_by_recipient
from nle_optimizer.evidence.cures.lifted import lifted_cures
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.records import Integers, fixed
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.fit import area_fit
from nle_optimizer.studies.explaining.cures import MOST as MOST_CURES
from nle_optimizer.studies.explaining.cures import cures
from nle_optimizer.studies.explaining.prices import Price, Prices
from nle_optimizer.studies.explaining.removed import removed_by_filter
from nle_optimizer.studies.reopening import Reopened

MOST, MOST_OF_MANY = 10, 3
"""Candidates that are told with their price: of one school, and of each of many."""


def school(run: Reopened, prices: Prices, recipient: int) -> dict[str, Any]:
    """What there is to know of an eligible recipient, by its index."""
    (told,) = schools(run, prices, np.array([recipient], dtype=np.int64), MOST)
    return told


def schools(run: Reopened, prices: Prices, recipients: Integers, most: int = MOST_OF_MANY) -> Iterator[dict[str, Any]]:
    """The same of several at once, each with so many candidates; it takes little longer than of one."""
    outcome = run.outcome
    waiting = recipients[~outcome.supported[recipients]]
    obstacles = dict(zip(waiting.tolist(), removed_by_filter(outcome, waiting), strict=True))
    of_capacity = cures_by_recipient(outcome, MOST_CURES) if len(waiting) else {}
    lifted = lifted_cures(outcome, MOST_CURES, waiting)
    told = _Candidates(outcome, prices, recipients, most)
    matched = outcome.candidates.recipient[outcome.matched]
    unmatched = run.folder.claim.tables["unmatched"]
    row = {school_id: n for n, school_id in enumerate(unmatched["school_id"])}
    for recipient in recipients.tolist():
        own = outcome.matched[slice(*np.searchsorted(matched, (recipient, recipient + 1)))]
        facts = _eligible(outcome, prices, recipient, own, told)
        if recipient in obstacles:
            n = row[str(outcome.recipients.ids[recipient])]
            facts |= {"reason": unmatched["reason"][n], "explanation": unmatched["explanation"][n]}
            facts["obstacles"] = obstacles[recipient]
            facts["cures"] = cures(outcome, of_capacity.get(recipient, ()), lifted.get(recipient, {}), prices)
        yield facts


def _eligible(
    outcome: Outcome, prices: Prices, recipient: int, own: Integers, candidates: "_Candidates"
) -> dict[str, Any]:
    return {
        "state": "supported" if len(own) else "left out",
        "supporters_asked": int(outcome.problem.supporters[recipient]),
        "needs": _needs(outcome, recipient),
        "nles": [{**pair_facts(outcome, int(pair)), "by_area": by_area(outcome, int(pair))} for pair in own],
        "candidates": candidates.of(recipient),
        "prices_from": "network" if prices.exchanges is not None else prices.why_not,
    }


def pair_facts(outcome: Outcome, pair: int) -> dict[str, Any]:
    """What a candidate pair is: NLE, fit, distance."""
    (facts,) = facts_of_pairs(outcome, np.array([pair]))
    return facts


def facts_of_pairs(outcome: Outcome, pairs: Integers) -> list[dict[str, Any]]:
    """The same of several."""
    found, nle = outcome.candidates, outcome.candidates.nle[pairs]
    ids, names = found.nles.ids[nle].tolist(), found.nles.values("name")[nle].tolist()
    both = zip(ids, names, found.fit[pairs].tolist(), found.distance[pairs].tolist(), strict=True)
    return [
        {
            "nle_id": str(identifier),
            "nle_name": str(name),
            "fit": fixed(fit, 6),
            "distance_km": fixed(metres, 3) if metres >= 0 else "",
        }
        for identifier, name, fit, metres in both
    ]


def by_area(outcome: Outcome, pair: int) -> dict[str, str]:
    """The share of the need that is met in each area in which there is one and both sides are known."""
    found, needs = outcome.candidates, outcome.candidates.needs
    nle, recipient = found.nle[pair : pair + 1], found.recipient[pair : pair + 1]
    return {
        area: fixed(int(area_fit(needs, n, nle, recipient)[0]), 6)
        for n, area in enumerate(AREAS)
        if needs.need_known[n, recipient[0]] and needs.expertise_known[n, nle[0]] and needs.need[n, recipient[0]] > 0
    }


def _needs(outcome: Outcome, recipient: int) -> dict[str, str]:
    needs = outcome.candidates.needs
    return {
        area: fixed(int(needs.need[n, recipient]), 6) for n, area in enumerate(AREAS) if needs.need_known[n, recipient]
    }


def ranked(outcome: Outcome, pairs: Integers) -> Integers:
    """Pairs by fit, then distance, then the identifier of the NLE."""
    found = outcome.candidates
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    return pairs[np.lexsort((found.nle[pairs], far, -found.fit[pairs]))]


class _Candidates:
    """The first candidates of some recipients by fit, with the price of forcing them, if known."""

    def __init__(self, outcome: Outcome, prices: Prices, recipients: Integers, most: int):
        self._matched = set(outcome.solution.matched.tolist())
        self._room = has_room(outcome)
        every = ranked(outcome, np.flatnonzero(np.isin(outcome.candidates.recipient, recipients)))
        self._shown: dict[int, list[int]] = {recipient: [] for recipient in recipients.tolist()}
        for pair, recipient in zip(every.tolist(), outcome.candidates.recipient[every].tolist(), strict=True):
            if len(self._shown[recipient]) < most:
                self._shown[recipient].append(pair)
        asked = [pair for own in self._shown.values() for pair in own]
        facts = facts_of_pairs(outcome, np.array(asked, dtype=np.int64))
        self._facts = dict(zip(asked, facts, strict=True))
        known = prices.forced(np.array(asked, dtype=np.int64)) if prices.exchanges is not None and asked else []
        self._prices: Mapping[int, Price] = dict(zip(asked, known, strict=False))

    def of(self, recipient: int) -> list[dict[str, Any]]:
        """A row a candidate."""
        rows = []
        for n, pair in enumerate(self._shown[recipient], start=1):
            told = {
                "rank": n,
                **self._facts[pair],
                "is_its_own": pair in self._matched,
                "has_room": bool(self._room[pair]),
            }
            price = None if pair in self._matched else self._prices.get(pair)
            rows.append(told if price is None else {**told, "forced": price.document})
        return rows
