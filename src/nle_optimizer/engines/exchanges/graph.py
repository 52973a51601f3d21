"""Along which arcs an allocation can be changed: its residual network, without most recipients.

A recipient of one supporter can be reached in one way only: from its NLE, which gives it up, or, where it has none,
from where it would come in. So each of its other pairs is an arc from there to the pair's NLE, and the recipient need
not be a node. What is left are the hub, the NLEs, the rows, and recipients of several supporters.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.engines.network.graph import Network, build, nesting_of
from nle_optimizer.errors import EngineError
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, least_of_each

NONE = -1


@dataclass(frozen=True, eq=False)
class Circulation:
    """An allocation as a circulation in the network of its problem.

    Attributes:
        matched: indices of the matched pairs, ascending.
        flow: shape (arcs,).
    """

    problem: Problem
    network: Network
    matched: Integers
    flow: Integers

    @property
    def single(self) -> Flags:
        """Recipients of one supporter."""
        return np.asarray(self.problem.supporters <= 1, dtype=bool)

    @property
    def stays(self) -> Flags:
        """Nodes of the network to go through when it is changed: all but recipients of one supporter."""
        stays = np.ones(self.network.nodes, dtype=bool)
        stays[1 : 1 + self.network.recipients] = ~self.single
        return stays

    @cached_property
    def can_rise(self) -> Flags:
        """Arcs that can carry a unit more."""
        return np.asarray(self.flow < self.network.upper, dtype=bool)

    @cached_property
    def can_fall(self) -> Flags:
        """Arcs that can carry a unit fewer."""
        return np.asarray(self.flow > self.network.lower, dtype=bool)


def circulation_of(problem: Problem, matched: Integers) -> Circulation:
    """The circulation of some matched pairs.

    Raises:
        EngineError: the problem is no network, or the pairs break a limit.
    """
    nesting = nesting_of(problem)
    if isinstance(nesting, str):
        raise EngineError(nesting)
    network = build(problem, places(problem), nesting)
    flow = np.zeros(len(network.tail), dtype=np.int64)
    flow[matched] = 1
    flow[network.recipient_arcs] = np.bincount(problem.recipient[matched], minlength=network.recipients)
    flow[network.nle_arcs] = np.bincount(problem.nle[matched], minlength=network.nles)
    flow[network.row_arcs] = nesting.counts(flow[network.recipient_arcs], flow[network.nle_arcs])
    if (flow < network.lower).any() or (flow > network.upper).any():
        raise EngineError("the allocation breaks a limit of its problem")
    return Circulation(problem, network, np.sort(matched), flow)


@dataclass(frozen=True, eq=False)
class ExchangeGraph:
    """Arcs along which an allocation can be changed.

    Attributes:
        nodes: how many there are; node 0 is the hub.
        tail, head: shapes (arcs,).
        added, removed: the pair that each arc matches, and the one that it gives up; `NONE` for none.
        node_of: shape (network's nodes,): the node of each NLE, row and recipient; for a recipient of one supporter
            the node from which it is reached, `NONE` where it cannot be.
        own: shape (recipients,): the matched pair of each recipient of one supporter; `NONE` where there is none.
    """

    nodes: int
    tail: Integers
    head: Integers
    added: Integers
    removed: Integers
    node_of: Integers
    own: Integers


def exchange_graph(at: Circulation, worth: Integers) -> ExchangeGraph:
    """The arcs along which an allocation can be changed within its limits.

    Of the many by which recipients of one supporter lead from one node to another only the best is kept.

    Args:
        at: the allocation.
        worth: shape (pairs + 1, columns): what each pair is worth, packed; last 0, for none.
    """
    problem, network, single, stays = at.problem, at.network, at.single, at.stays
    own = np.full(network.recipients, NONE, dtype=np.int64)
    own[problem.recipient[at.matched]] = at.matched
    own[~single] = NONE
    node_of = np.where(stays, np.cumsum(stays) - 1, NONE)
    node_of[1 + np.flatnonzero(single)] = np.append(node_of, NONE)[_reached_from(at, own)[single]]
    rest = staying(at)
    parts = [
        _along(at, rest[at.can_rise[rest]], forwards=True),
        _along(at, rest[at.can_fall[rest]], forwards=False),
        _single_pairs(at, own, node_of, worth),
        _leaving(at, own),
    ]
    tail, head, added, removed = (np.concatenate(column) for column in zip(*parts, strict=True))
    tail, head = node_of[tail], node_of[head]
    usable = tail != NONE
    tail, head, added, removed = (column[usable] for column in (tail, head, added, removed))
    return ExchangeGraph(int(stays.sum()), tail, head, added, removed, node_of, own)


Arcs = tuple[Integers, Integers, Integers, Integers]
"""Tail and head as nodes of the network, and the pairs added and removed."""


def _reached_from(at: Circulation, own: Integers) -> Integers:
    """The network's node from which each recipient of one supporter is reached, `NONE` where it cannot be."""
    network, arcs = at.network, at.network.recipient_arcs
    place = np.where(at.can_rise[arcs], network.tail[arcs], NONE)
    given_up = (own != NONE) & at.can_fall[own]
    place[given_up] = network.head[own[given_up]]
    return place


def staying(at: Circulation) -> Integers:
    """The arcs of the network between nodes that stay."""
    network, stays = at.network, at.stays
    rest = np.arange(network.pairs, len(network.tail))
    rest = rest[stays[network.tail[rest]] & stays[network.head[rest]]]
    return np.concatenate([np.flatnonzero(~at.single[at.problem.recipient]), rest])


def _along(at: Circulation, arcs: Integers, *, forwards: bool) -> Arcs:
    """Arcs of the network with their direction or against it."""
    network = at.network
    pair = np.where(arcs < network.pairs, arcs, NONE)
    none = np.full(len(arcs), NONE, dtype=np.int64)
    if forwards:
        return network.tail[arcs], network.head[arcs], pair, none
    return network.head[arcs], network.tail[arcs], none, pair


def _single_pairs(at: Circulation, own: Integers, node_of: Integers, worth: Integers) -> Arcs:
    """The best unmatched pairs of recipients of one supporter, in place of the pair they have.

    All pairs are looked at, for almost all are such: a matched one of them leads back to where it came from, and one
    of another recipient comes from a node of its own.
    """
    problem, network = at.problem, at.network
    recipients, nles = np.split(node_of[1 : 1 + network.recipients + network.nles], [network.recipients])
    ways = (nles * (node_of.max() + 2))[problem.nle] + (recipients + 1)[problem.recipient]
    best = least_of_each(ways, [column[own][problem.recipient] - column[:-1] for column in worth.T])
    best = best[at.single[problem.recipient[best]] & (at.flow[best] == 0)]
    return network.tail[best], network.head[best], best, own[problem.recipient[best]]


def _leaving(at: Circulation, own: Integers) -> Arcs:
    """Recipients of one supporter that give up their pair for nothing."""
    network = at.network
    leaving = np.flatnonzero((own != NONE) & at.can_fall[own])
    pair = own[leaving]
    none = np.full(len(pair), NONE, dtype=np.int64)
    return network.head[pair], network.tail[network.recipient_arcs][leaving], none, pair
