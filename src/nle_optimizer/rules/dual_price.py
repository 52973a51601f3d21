"""Dual price: one pass in order of arrival, against prices of places that a sample of cases teaches."""

from dataclasses import replace

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.relaxation import limit_prices
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import in_places
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.rules.rule import Agenda, Matching, Promise, required_first

TIMES = 2
"""Every second recipient is in the sample, and counts twice there, so that capacities need no scaling."""


class DualPrice:
    """Each recipient, as it arrives, takes the NLE with the greatest fit less price, unless every price is too high."""

    name = "dual-price"
    promise = Promise(
        summary="in order of arrival each takes the NLE of greatest fit less price; prices come from a sample",
        guarantees="none for a single case; the nearer to the optimum, the more alike sample and arrivals are and the "
        "larger the capacities",
        caveats="a case whose fits are all below the prices is left out though a place may stay empty; lower limits do "
        "not count",
        misreports="yes: a recipient that states a higher fit pays the price of a better NLE",
        complexity="one optimum of the sample, then O(p)",
        source="Ahani, Golz, Procaccia, Teytelboym and Trapp (2024), Dynamic placement in refugee resettlement, "
        "doi:10.1287/opre.2021.0534",
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Learn the prices, then go through the arrivals."""
        problem = agenda.problem
        chosen, room, wanted = required_first(problem)
        worth = agenda.candidates.fit - charges(agenda)
        able = np.flatnonzero(worth >= 0)
        taken = set(chosen)
        order = able[np.lexsort((problem.nle[able], -agenda.candidates.fit[able], -worth[able]))]
        lists: list[list[int]] = [[] for _ in problem.recipient_ids]
        for pair, recipient in zip(order.tolist(), problem.recipient[order].tolist(), strict=True):
            lists[recipient].append(pair)
        for recipient in agenda.by_arrival.tolist():
            for pair in lists[recipient]:
                if wanted[recipient] and pair not in taken and room.fits(pair):
                    room.take(pair)
                    wanted[recipient] -= 1
                    chosen.append(pair)
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


def charges(agenda: Agenda) -> Integers:
    """What every pair has to pay, in millionths of fit, shape (pairs,)."""
    problem, fit = agenda.problem, agenda.candidates.fit
    drawn = np.zeros(len(problem.recipient_ids), dtype=bool)
    drawn[agenda.by_lot(0)[::TIMES]] = True
    if not drawn[problem.recipient].any():
        return np.zeros(problem.size, dtype=np.int64)
    sample = _sample(problem, fit, np.flatnonzero(drawn[problem.recipient]))
    if in_places(problem):
        prices = NetworkEngine().solve(sample, agenda.settings.seed, Stopping()).prices
        assert prices is not None
        return np.asarray(prices.nle[0][problem.nle])
    found = limit_prices(sample, sample.levels[0].amounts, agenda.stop)  # type: ignore[union-attr]
    if found is None:
        return np.zeros(problem.size, dtype=np.int64)
    total = np.zeros(problem.size)
    for resource, price in zip(problem.resources, found.resource, strict=True):
        total += resource.use * price[problem.nle]
    for row, price in zip(problem.rows, found.row.tolist(), strict=True):
        total[row.pairs] += row.amounts * price
    return np.rint(total).astype(np.int64)


def _sample(problem: Problem, fit: Integers, pairs: Integers) -> Problem:
    """A problem of the drawn recipients, each twice, in which total fit counts alone."""
    own, number = np.unique(problem.recipient[pairs], return_inverse=True)
    twice = np.repeat(pairs, TIMES)
    recipient = np.repeat(number * TIMES, TIMES) + np.tile(np.arange(TIMES), len(pairs))
    place = np.full(problem.size, -1, dtype=np.int64)
    place[pairs] = np.arange(len(pairs))
    resources = tuple(replace(resource, use=resource.use[twice]) for resource in problem.resources)
    return Problem(
        np.array([f"{n:09d}" for n in range(TIMES * len(own))], dtype=object),
        problem.nle_ids,
        recipient,
        problem.nle[twice],
        np.repeat(problem.supporters[own], TIMES),
        resources,
        None,
        (Level("fit", 1, MILLION, fit[twice]),),
        (),
        tuple(_of_sample(row, place) for row in problem.rows),
    )


def _of_sample(row: Row, place: Integers) -> Row:
    """The upper limit of a row over the pairs of the sample."""
    inside = place[row.pairs] >= 0
    first = TIMES * place[row.pairs[inside]]
    every = np.concatenate([first + n for n in range(TIMES)])
    order = np.argsort(every)
    amounts = np.tile(row.amounts[inside], TIMES)
    nothing = np.zeros(0, dtype=np.int64)
    upper = None if len(row.presences) else row.upper
    return replace(
        row,
        pairs=every[order],
        amounts=amounts[order],
        lower=None,
        upper=upper,
        presences=nothing,
        presence_amounts=nothing,
    )


DUAL_PRICE = DualPrice()
