"""The problem as a circulation: one hub, one node a recipient, one node an NLE.

Flow runs hub -> recipient -> NLE -> hub. An arc into a recipient carries its supporters, an arc out of an NLE the
recipients it takes, and each pair is an arc between. Leaving the hub idle is allowed, so nobody has to be matched.
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers

HUB = 0


@dataclass(frozen=True, eq=False)
class Network:
    """Arcs with bounds; the first `pairs` of them are the candidate pairs, in the problem's order.

    Attributes:
        nodes: how many there are; node 0 is the hub.
        pairs: number of pair arcs.
        recipients, nles: how many there are; their arcs follow the pairs' in this order.
        tail, head: shapes (arcs,).
        lower, upper: bounds on the flow.
    """

    nodes: int
    pairs: int
    recipients: int
    nles: int
    tail: Integers
    head: Integers
    lower: Integers
    upper: Integers

    @property
    def recipient_arcs(self) -> slice:
        """The arcs from the hub into the recipients."""
        return slice(self.pairs, self.pairs + self.recipients)

    @property
    def nle_arcs(self) -> slice:
        """The arcs from the NLEs back to the hub."""
        return slice(self.pairs + self.recipients, self.pairs + self.recipients + self.nles)

    @property
    def free(self) -> Integers:
        """Indices of the arcs whose flow may still change."""
        return np.flatnonzero(self.lower < self.upper)

    def held(self, reduced: Integers, flow: Integers) -> "Network":
        """The face on which a level keeps its value: only arcs of zero reduced value stay free."""
        fixed = reduced != 0
        return replace(self, lower=np.where(fixed, flow, self.lower), upper=np.where(fixed, flow, self.upper))

    def with_pair_values(self, values: Integers) -> Integers:
        """Values of every arc: the given ones for the pairs, 0 for the rest."""
        return np.concatenate([values, np.zeros(self.recipients + self.nles, dtype=np.int64)])


def build(problem: Problem, places: Integers) -> Network:
    """The network of a problem in which NLE i can take `places[i]` recipients."""
    pairs, recipients, nles = problem.size, len(problem.recipient_ids), len(problem.nle_ids)
    recipient_node = 1 + np.arange(recipients, dtype=np.int64)
    nle_node = 1 + recipients + np.arange(nles, dtype=np.int64)
    hub_out, hub_in = np.full(recipients, HUB, np.int64), np.full(nles, HUB, np.int64)
    lower = np.zeros(pairs + recipients + nles, dtype=np.int64)
    if problem.required is not None:
        lower[:pairs] = problem.required
    return Network(
        nodes=1 + recipients + nles,
        pairs=pairs,
        recipients=recipients,
        nles=nles,
        tail=np.concatenate([recipient_node[problem.recipient], hub_out, nle_node]),
        head=np.concatenate([nle_node[problem.nle], recipient_node, hub_in]),
        lower=lower,
        upper=np.concatenate([np.ones(pairs, np.int64), problem.supporters, places]),
    )
