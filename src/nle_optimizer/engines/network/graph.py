"""The problem as a circulation: one hub, one node a recipient, one an NLE, and one a row.

Flow runs hub -> recipient -> NLE -> hub. An arc into a recipient carries its supporters, an arc out of an NLE the
recipients it takes, and each pair is an arc between. A row stands between the hub and the recipients or NLEs it
holds, within the row around it, and its arc carries what it limits. Leaving the hub idle is allowed, so nobody has
to be matched unless a lower limit says so.
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.network.nesting import Nesting
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers

HUB = 0


@dataclass(frozen=True, eq=False)
class Network:
    """Arcs with bounds; the first `pairs` of them are the candidate pairs, in the problem's order.

    Attributes:
        nodes: how many there are; node 0 is the hub.
        pairs: number of pair arcs.
        recipients, nles, rows: how many there are; their arcs follow the pairs' in this order, and after them
            stands a second arc beside each row's, of no capacity, by which lower limits are met at first.
        tail, head: shapes (arcs,).
        lower, upper: bounds on the flow.
    """

    nodes: int
    pairs: int
    recipients: int
    nles: int
    rows: int
    tail: Integers
    head: Integers
    lower: Integers
    upper: Integers

    @property
    def recipient_nodes(self) -> slice:
        """The nodes of the recipients."""
        return slice(1, 1 + self.recipients)

    @property
    def nle_nodes(self) -> slice:
        """The nodes of the NLEs."""
        return slice(1 + self.recipients, 1 + self.recipients + self.nles)

    @property
    def recipient_arcs(self) -> slice:
        """The arcs into the recipients."""
        return slice(self.pairs, self.pairs + self.recipients)

    @property
    def nle_arcs(self) -> slice:
        """The arcs out of the NLEs."""
        return slice(self.pairs + self.recipients, self.pairs + self.recipients + self.nles)

    @property
    def row_arcs(self) -> slice:
        """The arcs of the rows: into those of recipients, out of those of NLEs."""
        return slice(self.nle_arcs.stop, self.nle_arcs.stop + self.rows)

    @property
    def spare_arcs(self) -> slice:
        """The second arcs of the rows."""
        return slice(self.row_arcs.stop, self.row_arcs.stop + self.rows)

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
        return np.concatenate([values, np.zeros(len(self.tail) - self.pairs, dtype=np.int64)])


def build(problem: Problem, places: Integers, nesting: Nesting) -> Network:
    """The network of a problem in which NLE i can take `places[i]` recipients."""
    pairs, recipients, nles, rows = (
        problem.size,
        len(problem.recipient_ids),
        len(problem.nle_ids),
        len(problem.rows),
    )
    recipient_node = 1 + np.arange(recipients, dtype=np.int64)
    nle_node = recipients + 1 + np.arange(nles, dtype=np.int64)
    row_node = np.append(recipients + nles + 1 + np.arange(rows, dtype=np.int64), HUB)
    outer, inner = row_node[nesting.around], row_node[:-1]
    required = np.zeros(pairs, np.int64) if problem.required is None else problem.required.astype(np.int64)
    row_tail = np.where(nesting.of_recipients, outer, inner)
    row_head = np.where(nesting.of_recipients, inner, outer)
    spare = np.zeros(rows, dtype=np.int64)
    return Network(
        nodes=1 + recipients + nles + rows,
        pairs=pairs,
        recipients=recipients,
        nles=nles,
        rows=rows,
        tail=np.concatenate(
            [
                recipient_node[problem.recipient],
                row_node[nesting.of_recipient],
                nle_node,
                row_tail,
                row_tail,
            ]
        ),
        head=np.concatenate([nle_node[problem.nle], recipient_node, row_node[nesting.of_nle], row_head, row_head]),
        lower=np.concatenate([required, np.zeros(recipients + nles, np.int64), nesting.lower, spare]),
        upper=np.concatenate([np.ones(pairs, np.int64), problem.supporters, places, nesting.upper, spare]),
    )
