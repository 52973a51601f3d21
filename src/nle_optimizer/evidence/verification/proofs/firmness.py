"""Which pairs stand in every optimal allocation: read off the prices, by who could change places for nothing.

A school may go to another NLE at no loss where the amounts equal the prices at every level. A pair is in every
optimum unless such a move closes a circle of moves; places that are free, and schools that may be left out for
nothing, close it through an outside that everybody shares.
"""

from collections.abc import Sequence

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.matching import FILE
from nle_optimizer.evidence.verification.proofs.price_proof import PriceProof
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import Flags, Integers

NOBODY, HELD = -1, -2


def check_firmness(
    sweep: Sweep, proof: PriceProof, firmness: Sequence[str], findings: Findings, *, limited: bool
) -> None:
    """Check the column `firmness` of the allocation, where every recipient may have one NLE.

    Args:
        sweep: the matched pairs, and the places.
        proof: prices, and who could change places at no loss.
        firmness: the column.
        findings: what is wrong.
        limited: whether constraints may forbid some of the moves, so that only too few firm pairs are found.
    """
    if (proof.supporters > 1).any() or (sweep.fit < 0).any():
        return
    firm = _firm(sweep, proof)
    pairs = sweep.matching.pairs
    assert not isinstance(pairs.nle, int)
    for line, row, nle, stands in zip(sweep.matching.lines, pairs.rows, pairs.nle, firm, strict=True):
        ours = "all" if stands else "some"
        if firmness[line] != ours and (stands or not limited):
            label = f"school {sweep.ids[row]}, NLE {sweep.nle_ids[nle]}"
            findings.differs(FILE, label, "firmness", ours, firmness[line])


def _firm(sweep: Sweep, proof: PriceProof) -> Flags:
    """For each matched pair, whether no circle of free moves takes it apart."""
    pairs, outside = sweep.matching.pairs, len(sweep.nle_ids)
    owner = np.full(len(sweep.ids), NOBODY, dtype=np.int64)
    owner[pairs.rows] = pairs.nle
    for nle, rows in sweep.required.items():
        kept = np.array(rows, dtype=np.int64)
        owner[kept[owner[kept] == nle]] = HELD
    movers, targets = _moves(owner, proof, outside)
    sources = np.where(owner[movers] == NOBODY, outside, owner[movers])
    component = _components(sources, targets, _outside_links(sweep, proof, outside), outside + 1)
    moved = movers[component[sources] == component[targets]]
    loose = np.zeros(len(sweep.ids), dtype=bool)
    loose[moved] = True
    return np.asarray(~loose[pairs.rows])


def _moves(owner: Integers, proof: PriceProof, outside: int) -> tuple[Integers, Integers]:
    """School and new NLE of every move at no loss; the outside stands for being left out."""
    droppable = np.flatnonzero((owner >= 0) & ~proof.prices.takers[proof.held].any(axis=0))
    rows = [droppable, *(rows for rows, _ in proof.tied)]
    targets = [np.full(len(droppable), outside), *(nles for _, nles in proof.tied)]
    every, where = np.concatenate(rows), np.concatenate(targets)
    free = owner[every] != HELD
    return every[free], where[free]


def _outside_links(sweep: Sweep, proof: PriceProof, outside: int) -> tuple[Integers, Integers]:
    """Moves through places: into one that is free, and out of one that may stay free for nothing."""
    pairs = sweep.matching.pairs
    load = np.bincount(np.asarray(pairs.nle, dtype=np.int64), minlength=outside)
    room = np.flatnonzero(load < sweep.places)
    idle = np.flatnonzero((load > 0) & ~proof.prices.givers[proof.held].any(axis=0))
    return (
        np.concatenate([room, np.full(len(idle), outside)]),
        np.concatenate([np.full(len(room), outside), idle]),
    )


def _components(sources: Integers, targets: Integers, links: tuple[Integers, Integers], nodes: int) -> Integers:
    """The strong component of each node (Tarjan 1972, doi:10.1137/0201010), without recursion."""
    every = np.unique(np.concatenate([sources, links[0]]) * nodes + np.concatenate([targets, links[1]]))
    heads = (every % nodes).tolist()
    starts = np.searchsorted(every // nodes, np.arange(nodes + 1)).tolist()
    order, low, component = [0] * nodes, [0] * nodes, [NOBODY] * nodes
    stack: list[int] = []
    count = 0
    for root in range(nodes):
        if order[root]:
            continue
        path = [(root, starts[root])]
        while path:
            node, edge = path.pop()
            if not order[node]:
                count += 1
                order[node] = low[node] = count
                stack.append(node)
            if edge < starts[node + 1]:
                path.append((node, edge + 1))
                head = heads[edge]
                if not order[head]:
                    path.append((head, starts[head]))
                elif component[head] == NOBODY:
                    low[node] = min(low[node], order[head])
                continue
            _close(node, order, low, stack, component)
            if path and component[node] == NOBODY:
                low[path[-1][0]] = min(low[path[-1][0]], low[node])
    return np.array(component, dtype=np.int64)


def _close(node: int, order: list[int], low: list[int], stack: list[int], component: list[int]) -> None:
    """Name a component once its first node is done."""
    if low[node] != order[node]:
        return
    while True:
        member = stack.pop()
        component[member] = node
        if member == node:
            return
