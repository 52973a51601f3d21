"""Ties: which pairs stand in every optimum, and a seeded lottery that leaves one allocation."""

import hashlib

import numpy as np
from rustworkx import PyDiGraph, strongly_connected_components

from nle_optimizer.engines.network.graph import Network
from nle_optimizer.model.lots import mixed
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, Texts

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
