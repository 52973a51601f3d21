"""A few promising arcs instead of all: solve on a core, price the rest, add what would gain, repeat.

The result is the optimum over all arcs, proved by the prices; the core only saves time. Column generation on
the arcs of an assignment problem: Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 11. Where
prices are known already, the core is what is near them, and the solver gets reduced values: it is sooner done.
"""

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.network.flow import best_circulation
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.potentials import potentials, reduced_values
from nle_optimizer.records import Flags, Integers

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
