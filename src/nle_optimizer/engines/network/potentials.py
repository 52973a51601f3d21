"""Whole potentials of an optimal circulation: Bellman and Ford's longest paths in the residual network."""

import numpy as np

from nle_optimizer.engines.known_prices import Side
from nle_optimizer.engines.network.graph import HUB, Network
from nle_optimizer.errors import EngineError
from nle_optimizer.records import Integers


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


def potentials_near(network: Network, values: Integers, recipients: Side, nles: Side) -> Integers:
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
