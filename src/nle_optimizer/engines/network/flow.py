"""The one place that calls the min-cost flow solver; its answer is read only when it is OPTIMAL, and checked."""

import numpy as np
from ortools.graph.python import min_cost_flow

from nle_optimizer.engines.network.graph import Network
from nle_optimizer.errors import EngineError
from nle_optimizer.records import Integers


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
