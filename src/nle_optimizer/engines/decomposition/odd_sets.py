"""Cuts over patterns: of three that may each be had once, at most one pattern can hold two.

For three recipients or NLEs, the patterns that hold two of them are chosen at most once in all. These are
Chvatal-Gomory cuts of rank one with multipliers one half: Jepsen, Petersen, Spoorendonk and Pisinger (2008),
Subset-row inequalities applied to the vehicle-routing problem with time windows, doi:10.1287/opre.1070.0449.
"""

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from nle_optimizer.engines.decomposition.case import Floats
from nle_optimizer.records import Integers

VIOLATED = 0.02
"""A cut is worth adding where the present choice breaks it by this much."""

EACH = 5
"""Cuts added at once in which one row takes part."""

MOST = 150
"""Cuts added at once."""

USED = 1e-6
"""A pattern chosen by less is not chosen."""

BLOCK = 20_000
"""Cuts looked at together."""


def cut_rows(rows: csr_matrix, triples: Integers) -> csr_matrix:
    """The cuts as rows over the patterns: 1 for those that hold two or three of a triple.

    Args:
        rows: shape (rows, patterns): 1 where a pattern holds a recipient or is an NLE's.
        triples: shape (cuts, 3): rows.
    """
    count = len(triples)
    if not count:
        return csr_matrix((0, rows.shape[1]))
    member = csr_matrix((np.ones(3 * count), (np.repeat(np.arange(count), 3), triples.ravel())), (count, rows.shape[0]))
    held = csr_matrix(member @ rows)
    held.data = np.floor(held.data / 2)
    held.eliminate_zeros()
    return held


def broken(rows: csc_matrix, single: Integers, chosen: Floats) -> Integers:
    """Shape (cuts, 3): the triples whose cuts a choice breaks most, few for each row.

    Args:
        rows: as for `cut_rows`.
        single: the rows whose limit is one.
        chosen: shape (patterns,): how far each pattern is chosen, from 0 to 1.
    """
    used = np.flatnonzero(chosen > USED)
    share = chosen[used]
    held = rows[:, used].toarray()[single]
    triples = _candidates((held * share) @ held.T)
    excess = np.concatenate(
        [_excess(held, share, triples[at : at + BLOCK]) for at in range(0, len(triples), BLOCK)] or [np.zeros(0)]
    )
    order = np.argsort(-excess, kind="stable")
    times = np.zeros(len(single), dtype=np.int64)
    kept: list[int] = []
    for cut in order[excess[order] > VIOLATED].tolist():
        if len(kept) < MOST and (times[triples[cut]] < EACH).all():
            kept.append(cut)
            times[triples[cut]] += 1
    return np.asarray(single[triples[kept]])


def _candidates(together: Floats) -> Integers:
    """The triples that any two of may be held together often enough, each once."""
    np.fill_diagonal(together, 0.0)
    first, second = np.nonzero(np.triu(together > USED))
    edge, third = np.nonzero(together[first, second][:, None] + together[first] + together[second] > 1 + VIOLATED)
    other = (third != first[edge]) & (third != second[edge])
    edge, third = edge[other], third[other]
    triples = np.sort(np.stack([first[edge], second[edge], third], axis=1), axis=1)
    return np.unique(triples, axis=0)


def _excess(held: Floats, share: Floats, triples: Integers) -> Floats:
    return np.asarray((held[triples].sum(axis=1) >= 2) @ share - 1)
