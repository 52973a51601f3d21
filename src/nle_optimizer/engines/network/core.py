"""A few promising arcs instead of all: solve on a core, price the rest, add what would gain, repeat.

The result is the optimum over all arcs, proved by the prices; the core only saves time. Column generation on
the arcs of an assignment problem: Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 11.
"""

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.network.flow import best_circulation
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.potentials import potentials, reduced_values
from nle_optimizer.records import Flags, Integers

Scores = NDArray[np.float64]

SMALL = 100_000
"""Networks with at most so many free arcs are solved whole."""

FEW = 30_000
"""At most so many gaining arcs all join the core."""

BEST_OF_RECIPIENT = 4
BEST_OF_NLE = 12
"""Arcs of each node that the first core takes: so many, plus so many for each place of an NLE."""

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
    """
    free = network.free
    if len(free) <= SMALL:
        flow = best_circulation(network, values, free, flow)
        return flow, potentials(network, values, free, flow), _everything(values)
    core = _first_core(network, guide) if core is None else core.copy()
    core[network.pairs :] = True
    core[: network.pairs] |= network.lower[: network.pairs] > 0
    while True:
        if flow is not None:
            core |= flow > network.lower
        arcs = free[core[free]]
        flow = best_circulation(network, values, arcs, flow)
        if enough is not None and int(values @ flow) == enough:
            return flow, np.zeros(network.nodes, dtype=np.int64), core
        potential = potentials(network, values, arcs, flow)
        reduced = reduced_values(network, values, potential)
        gaining = free[(reduced[free] > 0) & ~core[free]]
        if not len(gaining):
            return flow, potential, core
        core[_most_gaining(network, reduced, gaining)] = True


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


def _most_gaining(network: Network, reduced: Integers, gaining: Integers) -> Integers:
    """All arcs that gain where they are few; else those that gain most at their recipient or their NLE.

    Prices found on a poor core let nearly every arc gain; a few of each node mend them.
    """
    if len(gaining) <= FEW:
        return gaining
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
