"""A cut as whole multipliers that anyone can evaluate: they bound the amounts 0 below 0, so no allocation exists."""

from dataclasses import replace
from math import lcm

import numpy as np

from nle_optimizer.engines.network.cut import Cut, tension
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.model.places import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Leaf, Multipliers
from nle_optimizer.records import Integers


def multipliers_of(problem: Problem, network: Network, cut: Cut) -> Leaf | None:
    """One leaf whose bound is below 0; None where no single resource as the knapsack proves as much.

    See docs/reference/decisions.md, The certificate, for how a leaf is read.
    """
    pull = tension(network, cut.potential)
    at_row = np.where(cut.required[network.row_arcs], pull[network.row_arcs], 0)
    amounts = [int(row.amounts[0]) if len(row.amounts) else 1 for row in problem.rows]
    unit = lcm(*(amount for amount, price in zip(amounts, at_row.tolist(), strict=True) if price))
    row = np.array([price * (unit // a) if price else 0 for a, price in zip(amounts, at_row.tolist(), strict=True)])
    recipient = unit * np.maximum(pull[network.recipient_arcs], 0)
    for knapsack, resource in enumerate(problem.resources):
        alone = replace(problem, resources=(resource,))
        bound = _bound(alone, recipient, row.astype(np.int64), places(alone))
        if bound < 0:
            nothing = np.zeros((len(problem.resources), len(problem.nle_ids)), dtype=np.int64)
            held = np.zeros(0, dtype=np.int64)
            return Leaf(Multipliers(1, recipient, nothing, row.astype(np.int64), held, knapsack), bound)
    return None


def _bound(problem: Problem, recipient: Integers, row: Integers, room: Integers) -> int:
    """The bound of the multipliers for amounts that are all 0, where all pairs of an NLE take the same of it."""
    left = -recipient[problem.recipient]
    for own, price in zip(problem.rows, row.tolist(), strict=True):
        left[own.pairs] -= price * own.amounts
    required = problem.required_pairs()
    room = room - np.bincount(problem.nle[required], minlength=len(room))
    gain = left > 0
    gain[required] = False
    pairs = np.flatnonzero(gain)
    pairs = pairs[np.lexsort((-left[pairs], problem.nle[pairs]))]
    rank = np.arange(len(pairs)) - np.searchsorted(problem.nle[pairs], problem.nle[pairs])
    best = pairs[rank < room[problem.nle[pairs]]]
    limits = sum(
        price * ((own.upper if price > 0 else own.lower) or 0)
        for own, price in zip(problem.rows, row.tolist(), strict=True)
    )
    return int(problem.supporters @ recipient) + int(limits) + int(left[best].sum()) + int(left[required].sum())
