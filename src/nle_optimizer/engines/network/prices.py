"""Prices of an optimum, the allocations that are all as good, and how ties between them are settled.

From potentials to the prices of the certificate: whole, none where there is room, none for nothing. Where the network
engine stands: the face of circulations that keep all levels so far, and one of them. Ties: which pairs stand in every
optimum, and a seeded lottery that leaves one allocation.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rustworkx import PyDiGraph, strongly_connected_components

from nle_optimizer.engines.engine import SidePrices
from nle_optimizer.engines.network.flow import Scores, potentials_near, reduced_values
from nle_optimizer.engines.network.flow import solve as solve_on_core
from nle_optimizer.engines.network.graph import Nesting, Network
from nle_optimizer.model.preferences import mixed
from nle_optimizer.model.problem import Prices, Problem, Step
from nle_optimizer.records import Flags, Integers, Texts


@dataclass(frozen=True, eq=False)
class PriceStep:
    """A step, the value it was found to have, and the potentials that prove it, shape (nodes,)."""

    step: Step
    value: int
    potential: Integers


def prices_of(
    problem: Problem, network: Network, nesting: Nesting, matched: Integers, lines: Sequence[PriceStep]
) -> Prices:
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
    problem: Problem, network: Network, nesting: Nesting, matched: Integers, lines: Sequence[PriceStep], prices: Prices
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
    problem: Problem, nesting: Nesting, matched: Integers, lines: Sequence[PriceStep], prices: Prices
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


def _beyond(
    problem: Problem, nesting: Nesting, pairs: Integers, lines: Sequence[PriceStep], prices: Prices
) -> Integers:
    """What each of some pairs is worth beyond all its prices, shape (lines, pairs)."""
    of_recipient, of_nle = nesting.sums(prices.row)
    of_recipient, of_nle = of_recipient + prices.recipient, of_nle + prices.nle
    beyond = np.empty((len(lines), len(pairs)), dtype=np.int64)
    for number, line in enumerate(lines):
        amounts = line.step.level.amounts[pairs]
        beyond[number] = amounts - of_recipient[number, problem.recipient[pairs]] - of_nle[number, problem.nle[pairs]]
    return beyond


@dataclass(frozen=True, eq=False)
class FaceOptimum:
    """The best circulation of a face for some amounts, and potentials that prove it."""

    amounts: Integers
    flow: Integers
    potential: Integers

    @property
    def value(self) -> int:
        """The sum of the amounts over the matched pairs."""
        return int(self.amounts @ self.flow[: len(self.amounts)])


@dataclass
class Face:
    """The circulations that keep every level held so far.

    Attributes:
        network: its bounds leave free only what may still change.
        guide: a score that says which pairs look promising; it only saves time.
        flow: a circulation of the face.
        core: the arcs that mattered so far; None before the first level.
    """

    network: Network
    guide: Scores
    flow: Integers
    core: Flags | None = None

    def best(self, amounts: Integers, near: tuple[SidePrices, SidePrices] | None = None) -> FaceOptimum:
        """The optimum for amounts of the pairs; nothing is held.

        Args:
            amounts: shape (pairs,).
            near: prices of the recipients and of the NLEs that are roughly right, which only save time.
        """
        values = self.network.with_pair_values(amounts)
        start = None if near is None else potentials_near(self.network, values, *near)
        flow, potential, self.core = solve_on_core(self.network, values, self.guide, self.flow, self.core, near=start)
        return FaceOptimum(amounts, flow, potential)

    def hold(self, optimum: FaceOptimum) -> None:
        """Keep to the circulations that are as good."""
        values = self.network.with_pair_values(optimum.amounts)
        self.flow = optimum.flow
        self.network = self.network.held(reduced_values(self.network, values, optimum.potential), self.flow)

    @property
    def matched(self) -> Integers:
        """Indices of the matched pairs."""
        return np.flatnonzero(self.flow[: self.network.pairs])


LOTTERY_BITS = 40

ROUNDS = 8
"""How often arcs are left out that lie on no circle."""

MANY = 50_000
"""From so many arcs on, scipy is sooner done, though it takes half a second to import."""


def may_change(network: Network, flow: Integers) -> Flags:
    """For each pair, whether some circulation within the bounds uses it differently.

    That is so if and only if its residual arc lies on a circle, that is, both ends are in one strong component: a
    pair's arc has one residual direction only, so no circle through it goes back the way it came.
    """
    changes = np.zeros(network.pairs, dtype=bool)
    free = network.free
    on = free[flow[free] < network.upper[free]]
    back = free[flow[free] > network.lower[free]]
    start = np.concatenate([network.tail[on], network.head[back]])
    end = np.concatenate([network.head[on], network.tail[back]])
    component = _strong_components(*_going_on(start, end, network.nodes), network.nodes)
    pairs = free[free < network.pairs]
    changes[pairs] = component[network.tail[pairs]] == component[network.head[pairs]]
    return changes


def _going_on(start: Integers, end: Integers, nodes: int) -> tuple[Integers, Integers]:
    """The arcs without most that lie on no circle, as nothing enters their tail or leaves their head."""
    for _ in range(ROUNDS):
        enters, leaves = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)
        enters[end], leaves[start] = True, True
        on = enters[start] & leaves[end]
        start, end = start[on], end[on]
    return start, end


def _strong_components(start: Integers, end: Integers, nodes: int) -> Integers:
    """The strong component of each node, as a number."""
    if len(start) > MANY:
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        graph_of_many = csr_matrix((np.ones(len(start), np.int8), (start, end)), shape=(nodes, nodes))
        return np.asarray(connected_components(graph_of_many, directed=True, connection="strong")[1], dtype=np.int64)
    component = np.arange(nodes)
    named, ends = np.unique(np.concatenate([start, end]), return_inverse=True)
    graph: PyDiGraph[None, None] = PyDiGraph()
    graph.extend_from_edge_list(list(zip(*ends.reshape(2, -1).tolist(), strict=True)))
    for members in strongly_connected_components(graph):
        if len(members) > 1:
            component[named[members]] = named[members[0]]
    return component


def lottery_keys(problem: Problem, pairs: Flags, seed: int, draw: int) -> Integers:
    """A seeded whole number below 2^40 for each of some pairs, from the identifiers alone; 0 for the others."""
    recipients = _hashes(problem.recipient_ids, problem.recipient[pairs], b"recipient", seed, draw)
    nles = _hashes(problem.nle_ids, problem.nle[pairs], b"nle", seed, draw)
    keys = np.zeros(problem.size, dtype=np.int64)
    keys[pairs] = mixed(recipients ^ mixed(nles)) >> np.uint64(64 - LOTTERY_BITS)
    return keys


def _hashes(ids: Texts, asked: Integers, side: bytes, seed: int, draw: int) -> np.ndarray:
    """The hash of each identifier that is asked for, by its position."""
    salt = b"%s:%d:%d:" % (side, seed, draw)
    positions, of_each = np.unique(asked, return_inverse=True)
    names = ids[positions].tolist()
    digests = b"".join(hashlib.blake2b(salt + str(name).encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8")[of_each]
