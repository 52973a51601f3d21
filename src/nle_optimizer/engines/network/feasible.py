"""A first circulation within the bounds, or potentials that prove that there is none.

Every unit below a lower bound is worth 1 and nothing else is worth anything; the bounds are met where the best
circulation earns all of them. Where it does not, its prices are a cut: Hoffman's circulation theorem (1960).
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.network.core import Scores
from nle_optimizer.engines.network.core import solve as solve_on_core
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.nesting import Nesting
from nle_optimizer.records import Flags, Integers


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
    flow, potential, core = solve_on_core(elastic, values, guide, None, core, enough=wanted)
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
