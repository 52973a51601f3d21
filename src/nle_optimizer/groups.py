"""Rows in groups: the least of each, by several keys, and rows that lie beside each other."""

from collections.abc import Sequence

import numpy as np

from nle_optimizer.records import Integers

SPARSE = 8
"""Numbers of groups per row above which most of them must be empty."""


def least_of_each(groups: Integers, keys: Sequence[Integers], most: int = 1) -> Integers:
    """Indices of the least rows of each group: by group, the least first, the earlier first among equals.

    A minimum of each group in one pass, key after key, takes a tenth of the time of a sort.

    Args:
        groups: shape (rows,): the group of each row, from 0 up.
        keys: shapes (rows,): the first decides first.
        most: how many of each group.
    """
    size = int(groups.max(initial=-1)) + 1
    if size > SPARSE * len(groups):
        groups = np.unique(groups, return_inverse=True)[1]
        size = len(groups)
    rest = np.arange(len(groups))
    found = [_least(groups, keys, rest, size)]
    while len(found) < most and len(found[-1]):
        left = np.ones(len(groups), dtype=bool)
        left[found[-1]] = False
        rest = rest[left[rest]]
        found.append(_least(groups, keys, rest, size))
    every = np.concatenate(found)
    return every[np.argsort(groups[every], kind="stable")]


def _least(groups: Integers, keys: Sequence[Integers], rows: Integers, size: int) -> Integers:
    own = groups[rows]
    for key in keys:
        mine = key[rows]
        if (mine == mine[:1]).all():  # it decides nothing
            continue
        least = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(least, own, mine)
        kept = np.flatnonzero(mine == least[own])
        rows, own = rows[kept], own[kept]
    first = np.full(size, len(groups))
    np.minimum.at(first, own, rows)
    return first[first < len(groups)]


def stretches(first: Integers, end: Integers) -> tuple[Integers, Integers]:
    """All rows from each first up to the end beside it: which stretch each is of, and the row; shapes (rows,)."""
    lengths = end - first
    owner = np.repeat(np.arange(len(first)), lengths)
    return owner, np.arange(len(owner)) + np.repeat(end - np.cumsum(lengths), lengths)
