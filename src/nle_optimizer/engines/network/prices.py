"""From potentials to the prices of the certificate: whole, none where there is room, none for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.nesting import Nesting
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Prices, Step
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Line:
    """A step, the value it was found to have, and the potentials that prove it, shape (nodes,)."""

    step: Step
    value: int
    potential: Integers


def prices_of(problem: Problem, network: Network, nesting: Nesting, matched: Integers, lines: Sequence[Line]) -> Prices:
    """The prices of recipients, NLEs and rows, one line a step; see docs/reference/decisions.md, The certificate.

    Every price is the reduced value of the limit's own arc. A limit on which nothing presses from below is worth
    nothing, and what the only pair of a recipient gains beyond all prices goes to the recipient.
    """
    potentials = np.array([line.potential for line in lines], dtype=np.int64).reshape(len(lines), network.nodes)
    held = np.array([line.step.held for line in lines], dtype=bool)
    raw = [
        potentials[:, network.tail[arcs]] - potentials[:, network.head[arcs]]
        for arcs in (network.recipient_arcs, network.nle_arcs, network.row_arcs)
    ]
    recipient, nle = _from_nought(raw[0], held), _from_nought(raw[1], held)
    row = np.where(nesting.lower > 0, raw[2], _from_nought(raw[2], held))
    prices = Prices(recipient, nle, row)
    _take_up_slack(problem, nesting, matched, lines, prices)
    return prices


def dual_values(
    problem: Problem, network: Network, nesting: Nesting, matched: Integers, lines: Sequence[Line], prices: Prices
) -> list[int]:
    """What the prices of each held step say that no allocation exceeds, given the steps before; of others, nought."""
    held = np.array([line.step.held for line in lines], dtype=bool)
    above = np.zeros(network.rows, dtype=bool)
    if held.any() and network.rows:
        above = _first(prices.row[held]) > 0
    limits = np.where(above, nesting.upper, nesting.lower)
    beyond_prices = matched[~_settled(problem, matched)]
    beyond = _beyond(problem, nesting, beyond_prices, lines, prices).sum(axis=1)
    total = (
        prices.recipient @ problem.supporters
        + prices.nle @ network.upper[network.nle_arcs]
        + prices.row @ limits
        + beyond
    )
    return [int(value) if line.step.held else 0 for line, value in zip(lines, total, strict=True)]


def _from_nought(prices: Integers, held: Flags) -> Integers:
    """The prices with nought for every tuple below it.

    A line that is not held ends a tuple of its own, after the held lines before it.
    """
    result = np.zeros_like(prices)
    if not prices.size:
        return result
    result[held] = np.where(_first(prices[held]) < 0, 0, prices[held]) if held.any() else 0
    for line in np.flatnonzero(~held).tolist():
        before = np.append(np.flatnonzero(held[:line]), line)
        result[line] = np.where(_first(prices[before]) < 0, 0, prices[line])
    return result


def _first(tuples: Integers) -> Integers:
    """The first entry of each column that is not nought; nought where all are."""
    at = (tuples != 0).argmax(axis=0)[None, :]
    return np.asarray(np.take_along_axis(tuples, at, axis=0)[0])


def _settled(problem: Problem, matched: Integers) -> Flags:
    """Pairs that are worth exactly their prices: not required, and the only one of their recipient."""
    single = problem.supporters[problem.recipient[matched]] == 1
    return single if problem.required is None else single & ~problem.required[matched]


def _take_up_slack(
    problem: Problem, nesting: Nesting, matched: Integers, lines: Sequence[Line], prices: Prices
) -> None:
    """Raise the price of each recipient of a single supporter to what its pair is worth beyond the other prices.

    In a line that is not held, only where a line before says that no allocation does without the pair.
    """
    pairs = matched[_settled(problem, matched)]
    at = problem.recipient[pairs]
    beyond = _beyond(problem, nesting, pairs, lines, prices)
    certain = np.zeros(len(pairs), dtype=bool)
    for number, line in enumerate(lines):
        if line.step.held:
            prices.recipient[number, at] += beyond[number]
            certain |= beyond[number] != 0
        else:
            prices.recipient[number, at[certain]] += beyond[number, certain]


def _beyond(problem: Problem, nesting: Nesting, pairs: Integers, lines: Sequence[Line], prices: Prices) -> Integers:
    """What each of some pairs is worth beyond all its prices, shape (lines, pairs)."""
    of_recipient, of_nle = nesting.sums(prices.row)
    of_recipient, of_nle = of_recipient + prices.recipient, of_nle + prices.nle
    beyond = np.empty((len(lines), len(pairs)), dtype=np.int64)
    for number, line in enumerate(lines):
        amounts = line.step.level.amounts[pairs]
        beyond[number] = amounts - of_recipient[number, problem.recipient[pairs]] - of_nle[number, problem.nle[pairs]]
    return beyond
