"""Which limits and required pairs cannot all be met: a cut names them, and a deletion filter makes them irreducible.

The filter leaves each requirement out in turn and asks for a circulation (Chinneck and Dravnieks 1991,
doi:10.1287/ijoc.3.2.157).
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.network.core import Scores
from nle_optimizer.engines.network.feasible import Attempt, attempt
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.nesting import Nesting
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Cut:
    """Requirements that clash, and the potentials that prove it.

    Attributes:
        required: shape (arcs,): the arcs whose bounds clash, rows' and required pairs'.
        short: by how many pairs they miss one another.
        potential: shape (nodes,).
        core: the arcs that mattered on the way.
    """

    required: Flags
    short: int
    potential: Integers
    core: Flags | None


def irreducible_cut(network: Network, nesting: Nesting, guide: Scores) -> Cut:
    """A clash between bounds such that without any one of them there is a circulation.

    The lower bounds must nowhere exceed the upper ones.
    """
    last = attempt(network, nesting, guide)
    core = last.core
    kept = _involved(network, np.ones(len(network.tail), dtype=bool), last)
    for arc in _candidates(network, kept):
        if kept[arc]:
            without = kept.copy()
            without[arc] = False
            tried = attempt(restricted(network, without), nesting, guide, core)
            core = tried.core
            if tried.short:
                kept = _involved(network, without, tried)
    last = attempt(restricted(network, kept), nesting, guide, core)
    return Cut(kept, last.short, last.potential, last.core)


def restricted(network: Network, required: Flags) -> Network:
    """The network in which of all rows and required pairs only some count."""
    free = ~required
    free[network.recipient_arcs] = free[network.nle_arcs] = False
    upper = network.upper.copy()
    upper[network.row_arcs][free[network.row_arcs]] = network.pairs + 1
    return replace(network, lower=np.where(free, 0, network.lower), upper=upper)


def tension(network: Network, potential: Integers) -> Integers:
    """For every arc, above 0 where its upper bound takes part in a cut, below 0 where its lower bound does."""
    return np.asarray(potential[network.tail] - potential[network.head])


def _involved(network: Network, among: Flags, tried: Attempt) -> Flags:
    """The rows and required pairs whose bounds take part in what the potentials prove."""
    pull = tension(network, tried.potential)
    involved = (pull < 0) & (network.lower > 0)
    involved[network.row_arcs] |= pull[network.row_arcs] > 0
    return involved & among


def _candidates(network: Network, kept: Flags) -> list[int]:
    """Required pairs first, so that limits on many are named rather than single pairs."""
    arcs = np.flatnonzero(kept)
    return [*arcs[arcs < network.pairs][::-1].tolist(), *arcs[arcs >= network.pairs][::-1].tolist()]
