"""Ties: which pairs stand in every optimum, and a seeded lottery that leaves one allocation."""

import hashlib

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from nle_optimizer.engines.network.graph import Network
from nle_optimizer.model.lots import mixed
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, Texts

LOTTERY_BITS = 40


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
    graph = csr_matrix((np.ones(len(start), np.int8), (start, end)), shape=(network.nodes, network.nodes))
    component = connected_components(graph, directed=True, connection="strong")[1]
    pairs = free[free < network.pairs]
    changes[pairs] = component[network.tail[pairs]] == component[network.head[pairs]]
    return changes


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
