"""Minimum-cost flows: the solver's call, pairs priced in, potentials, and whether any flow is possible.

The one place that calls the min-cost flow solver; its answer is read only when it is OPTIMAL, and checked. Whole
potentials of an optimal circulation: Bellman and Ford's longest paths in the residual network.

A few promising arcs instead of all: solve on a core, price the rest, add what would gain, repeat.

The result is the optimum over all arcs, proved by the prices; the core only saves time. Column generation on
the arcs of an assignment problem: Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 11. Where
prices are known already, the core is what is near them, and the solver gets reduced values: it is sooner done.

A first circulation within the bounds, or potentials that prove that there is none.

Every unit below a lower bound is worth 1 and nothing else is worth anything; the bounds are met where the best
circulation earns all of them. Where it does not, its prices are a cut: Hoffman's circulation theorem (1960).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from nle_optimizer.engines.engine import SidePrices
from nle_optimizer.engines.network.graph import HUB, Nesting, Network
from nle_optimizer.errors import EngineError
from nle_optimizer.records import Flags, Integers


def best_circulation(network: Network, values: Integers, arcs: Integers, flow: Integers | None) -> Integers:
    """The circulation of greatest value that differs from `flow` on the given arcs only.

    Args:
        network: arcs and bounds.
        values: shape (arcs,): value of a unit of flow.
        arcs: indices of the arcs that may change.
        flow: a circulation within the bounds to start from; None: the lower bounds.

    Raises:
        EngineError: the solver did not answer OPTIMAL, or its flow is not a circulation.
    """
    result = network.lower.copy() if flow is None else flow.copy()
    result[arcs] = network.lower[arcs]
    excess = np.zeros(network.nodes, dtype=np.int64)
    np.add.at(excess, network.head, result)
    np.subtract.at(excess, network.tail, result)
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        network.tail[arcs].astype(np.int32),
        network.head[arcs].astype(np.int32),
        network.upper[arcs] - network.lower[arcs],
        -values[arcs],
    )
    nodes = np.arange(network.nodes, dtype=np.int32)
    solver.set_nodes_supplies(nodes, excess)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise EngineError(f"the min-cost flow solver answered {status.name}")
    result[arcs] += solver.flows(np.arange(len(arcs), dtype=np.int32))
    _check(network, result)
    return result


def _check(network: Network, flow: Integers) -> None:
    excess = np.zeros(network.nodes, dtype=np.int64)
    np.add.at(excess, network.head, flow)
    np.subtract.at(excess, network.tail, flow)
    if excess.any() or (flow < network.lower).any() or (flow > network.upper).any():
        raise EngineError("the min-cost flow solver returned a flow that breaks the bounds")


def potentials(network: Network, values: Integers, arcs: Integers, flow: Integers) -> Integers:
    """The greatest potentials from 0 down under which no residual arc among `arcs` has a positive reduced value.

    They do not depend on which optimal circulation is given. The hub is then moved to 0. The greatest make NLEs
    dear and recipients cheap, so that few pairs outside a core look as if they gained.

    Raises:
        EngineError: a residual circle of positive value exists, so the circulation was not optimal.
    """
    end, start, value = _residual(network, values, arcs, flow)
    order = np.argsort(end, kind="stable")
    start, end, value = start[order], end[order], value[order]
    potential = np.zeros(network.nodes, dtype=np.int64)
    if not len(end):
        return potential
    firsts = np.flatnonzero(np.concatenate([[True], end[1:] != end[:-1]]))
    targets = end[firsts]
    for _ in range(network.nodes + 1):
        reached = np.maximum.reduceat(potential[start] + value, firsts)
        better = reached > potential[targets]
        if not better.any():
            return potential[HUB] - potential
        potential[targets[better]] = reached[better]
    raise EngineError("the circulation is not optimal: a residual circle gains value")


def _residual(
    network: Network, values: Integers, arcs: Integers, flow: Integers
) -> tuple[Integers, Integers, Integers]:
    """Start, end and value of every residual arc among `arcs`."""
    on = arcs[flow[arcs] < network.upper[arcs]]
    back = arcs[flow[arcs] > network.lower[arcs]]
    return (
        np.concatenate([network.tail[on], network.head[back]]),
        np.concatenate([network.head[on], network.tail[back]]),
        np.concatenate([values[on], -values[back]]),
    )


def potentials_near(network: Network, values: Integers, recipients: SidePrices, nles: SidePrices) -> Integers:
    """Potentials made of known prices; by them the best pair of a recipient without a price gains nothing.

    They prove nothing; they show which pairs are near.
    """
    potential = np.zeros(network.nodes, dtype=np.int64)
    potential[network.nle_nodes] = nles.price
    pairs = np.flatnonzero(network.upper[: network.pairs])
    potential[network.recipient_nodes] = -recipients.price
    if not recipients.known.all():
        new = np.zeros(network.nodes, dtype=bool)
        new[network.recipient_nodes] = ~recipients.known
        pairs = pairs[new[network.tail[pairs]]]
        np.minimum.at(potential, network.tail[pairs], potential[network.head[pairs]] - values[pairs])
    return potential


def reduced_values(network: Network, values: Integers, potential: Integers) -> Integers:
    """The reduced value of every arc: what a unit gains beyond the prices of its two ends."""
    return values + potential[network.tail] - potential[network.head]


Scores = NDArray[np.float64]

SMALL = 100_000
"""Networks with at most so many free arcs are solved whole where no prices are known,"""

TINY = 30_000
"""and with at most so many where some are."""

FEW = 60_000
"""At most so many gaining arcs all join the core."""

BEST_OF_RECIPIENT = 4
BEST_OF_NLE = 12
"""Arcs of each node that the first core takes: so many, plus so many for each place of an NLE."""

NEXT_OF_RECIPIENT = 1
"""Pairs for each recipient that join with them, though they do not gain yet."""

ENOUGH_OF_RECIPIENT = 3
"""Pairs for each recipient that make the first core where prices are known."""

GAINING_OF_RECIPIENT = 4
GAINING_OF_NLE = 48
"""Arcs of each node that join the core at a time, where more than `FEW` would gain by the prices."""


def solve(
    network: Network,
    values: Integers,
    guide: Scores,
    flow: Integers | None,
    core: Flags | None,
    enough: int | None = None,
    near: Integers | None = None,
) -> tuple[Integers, Integers, Flags]:
    """The best circulation, potentials that prove it, and the core of arcs that was needed.

    Args:
        network: arcs and bounds.
        values: value of each arc.
        guide: shape (pairs,): a score that says which pairs look promising; it only saves time.
        flow: a feasible circulation, or None.
        core: arcs known to matter from an earlier level, or None.
        enough: a value that no circulation exceeds; one that has it needs no potentials, and they are 0. None where
            no such value is known.
        near: shape (nodes,): potentials that are roughly right, which only save time; None where none are known.
    """
    free = network.free
    if len(free) <= (SMALL if near is None else TINY):
        flow = best_circulation(network, values, free, flow)
        return flow, potentials(network, values, free, flow), _everything(values)
    if near is not None:
        reduced = reduced_values(network, values, near)
        core = np.zeros(len(values), dtype=bool)
        core[_nearest(reduced, free[free < network.pairs], ENOUGH_OF_RECIPIENT * network.recipients)] = True
    else:
        reduced = values
        core = _first_core(network, guide) if core is None else core.copy()
    while True:
        core[network.pairs :] = True
        core[: network.pairs] |= network.lower[: network.pairs] > 0
        if flow is not None:
            core |= flow > network.lower
        arcs = free[core[free]]
        flow = best_circulation(network, _smaller(reduced, values, arcs), arcs, flow)
        if enough is not None and int(values @ flow) == enough:
            return flow, np.zeros(network.nodes, dtype=np.int64), core
        potential = potentials(network, values, arcs, flow)
        reduced = reduced_values(network, values, potential)
        gaining = free[(reduced[free] > 0) & ~core[free]]
        if not len(gaining):
            return flow, potential, core
        core[_joining(network, reduced, free[~core[free]], gaining)] = True


def _smaller(reduced: Integers, values: Integers, arcs: Integers) -> Integers:
    """The reduced values, under which the same circulations are best; the plain ones where those would be larger.

    The solver refuses values that are too large for it.
    """
    return reduced if np.abs(reduced[arcs]).max(initial=0) <= np.abs(values).max(initial=0) else values


def _nearest(reduced: Integers, among: Integers, count: int) -> Integers:
    """So many arcs that gain most, or lose least, by the prices; all where there are no more."""
    return among if count >= len(among) else among[np.argpartition(-reduced[among], count)[:count]]


def _everything(values: Integers) -> Flags:
    return np.ones(len(values), dtype=bool)


def _first_core(network: Network, guide: Scores) -> Flags:
    core = np.zeros(len(network.tail), dtype=bool)
    if not network.pairs:
        return core
    pairs = slice(0, network.pairs)
    score = np.where(network.upper[pairs] > 0, guide, -np.inf)
    _mark_best_of_nles(core, network, score, network.head[pairs])
    _mark_best_of_recipients(core, score, network.tail[pairs])
    return core


def _joining(network: Network, reduced: Integers, outside: Integers, gaining: Integers) -> Integers:
    """The arcs that join the core: those that gain, and the next nearest, which may gain by the prices to come.

    Prices found on a poor core let nearly every arc gain; then the most gaining of each recipient and NLE mend them.
    """
    if len(gaining) <= FEW:
        return _nearest(reduced, outside, len(gaining) + NEXT_OF_RECIPIENT * network.recipients)
    gaining = gaining[np.argsort(-reduced[gaining], kind="stable")]
    of_recipient = _rank(network.tail[gaining]) < GAINING_OF_RECIPIENT
    return gaining[of_recipient | (_rank(network.head[gaining]) < GAINING_OF_NLE)]


def _rank(nodes: Integers) -> Integers:
    """How many entries of the same node come before each."""
    order, firsts, lengths = _grouped(nodes)
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[order] = np.arange(len(nodes)) - np.repeat(firsts, lengths)
    return rank


def _grouped(nodes: Integers) -> tuple[Integers, Integers, Integers]:
    """The order that brings equal nodes together, where each group begins in it, and how long each is."""
    narrow = nodes.astype(np.min_scalar_type(int(nodes.max())))  # sixteen bits sort by radix
    order = np.argsort(narrow, kind="stable")
    firsts = np.flatnonzero(np.diff(nodes[order], prepend=-1))
    return order, firsts, np.diff(firsts, append=len(nodes))


def _mark_best_of_nles(core: Flags, network: Network, score: Scores, heads: Integers) -> None:
    first = 1 + network.recipients
    ends = np.searchsorted(heads, np.arange(first, first + network.nles + 1))
    places = np.minimum(network.upper[network.nle_arcs], network.recipients)
    for n in np.flatnonzero(ends[1:] > ends[:-1]):
        start, end = ends[n], ends[n + 1]
        wanted = int(BEST_OF_NLE * (1 + places[n]))
        if wanted >= end - start:
            core[start:end] = True
        else:
            core[start + np.argpartition(-score[start:end], wanted)[:wanted]] = True


def _mark_best_of_recipients(core: Flags, score: Scores, tails: Integers) -> None:
    order, firsts, lengths = _grouped(tails)
    left = score[order]
    place = np.arange(len(left))
    for _ in range(BEST_OF_RECIPIENT):
        best = np.repeat(np.maximum.reduceat(left, firsts), lengths)
        chosen = np.minimum.reduceat(np.where(left == best, place, len(left)), firsts)
        core[order[chosen]] = True
        left[chosen] = -np.inf


@dataclass(frozen=True, eq=False)
class Attempt:
    """What became of an attempt to meet every lower bound.

    Attributes:
        flow: shape (arcs,): a circulation within the upper bounds that meets as much as can be met.
        short: how many units are missing; 0 where `flow` is within all bounds.
        potential: shape (nodes,): proves that no circulation misses fewer.
        core: the core of arcs that was needed; None where none was.
    """

    flow: Integers
    short: int
    potential: Integers
    core: Flags | None


def attempt(network: Network, nesting: Nesting, guide: Scores, core: Flags | None = None) -> Attempt:
    """Meet the lower bounds of a network whose upper bounds are nowhere below them.

    Args:
        network, nesting: what is to be met.
        guide: a score that says which pairs look promising; it only saves time.
        core: arcs known to matter from an earlier attempt, or None.
    """
    alone = _required_alone(network, nesting)
    if (alone <= network.upper).all() and (alone >= network.lower).all():
        return Attempt(alone, 0, np.zeros(network.nodes, np.int64), core)
    elastic, values = _elastic(network)
    wanted = int(network.lower.sum())
    flow, potential, core = solve(elastic, values, guide, None, core, enough=wanted)
    short = wanted - int(values @ flow)
    flow[network.row_arcs] += flow[network.spare_arcs]
    flow[network.spare_arcs] = 0
    return Attempt(flow, short, potential, core)


def _required_alone(network: Network, nesting: Nesting) -> Integers:
    """The required pairs, and nothing else, as a circulation."""
    pairs = network.lower[: network.pairs]
    required = np.flatnonzero(pairs)
    first = 1 + network.recipients
    of_recipient = np.bincount(network.tail[required] - 1, minlength=network.recipients)
    of_nle = np.bincount(network.head[required] - first, minlength=network.nles)
    of_row = nesting.counts(of_recipient, of_nle)
    return np.concatenate([pairs, of_recipient, of_nle, of_row, np.zeros_like(of_row)])


def _elastic(network: Network) -> tuple[Network, Integers]:
    """The network without lower bounds, and values under which each unit that a lower bound asks for earns 1.

    A required pair earns it itself; of a row, the spare arc takes over as much as the lower limit.
    """
    rows, spare = network.row_arcs, network.spare_arcs
    upper, values = network.upper.copy(), np.zeros(len(network.tail), dtype=np.int64)
    upper[rows] -= network.lower[rows]
    upper[spare] = network.lower[rows]
    values[spare] = 1
    values[: network.pairs] = network.lower[: network.pairs]
    return replace(network, lower=np.zeros_like(network.lower), upper=upper), values
