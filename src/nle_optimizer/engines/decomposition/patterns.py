"""Every good pattern of every NLE: sets of its pairs within its limits whose reduced value is near its best.

Breadth first through the NLE's pairs, all NLEs at once: a partial set is kept while the best that its remaining
capacity allows, by dynamic programming, stays within the margin.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.records import Integers

SLACK = 1e-9
"""Share of the largest value by which floats may err; patterns so much below the margin are kept."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Sets of pairs.

    Attributes:
        nle: shape (patterns,): whose.
        pattern, position: shape (entries,): each pattern's pairs, as positions in the case.
    """

    nle: Integers
    pattern: Integers
    position: Integers

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.nle)

    def joined(self, other: "Patterns") -> "Patterns":
        """These patterns and others."""
        return Patterns(
            np.concatenate([self.nle, other.nle]),
            np.concatenate([self.pattern, other.pattern + self.count]),
            np.concatenate([self.position, other.position]),
        )


@dataclass
class _Partial:
    """Sets being built: whose, what is left, what they are worth, and the last pair taken (a link of a chain)."""

    nle: Integers
    room: Integers
    others: Integers
    worth: Floats
    link: Integers

    def at(self, chosen: Integers) -> "_Partial":
        return _Partial(
            self.nle[chosen], self.room[chosen], self.others[:, chosen], self.worth[chosen], self.link[chosen]
        )

    def joined(self, other: "_Partial") -> "_Partial":
        return _Partial(
            np.concatenate([self.nle, other.nle]),
            np.concatenate([self.room, other.room]),
            np.concatenate([self.others, other.others], axis=1),
            np.concatenate([self.worth, other.worth]),
            np.concatenate([self.link, other.link]),
        )


def enumerate_patterns(case: Case, reduced: Floats, margin: float, most: int) -> Patterns | None:
    """All patterns whose reduced value is at most `margin` below the best of their NLE; None where over `most`.

    The best is that of the knapsack alone; the empty set is a pattern, and is left out.
    """
    weight, room = case.weight, case.room
    good = np.flatnonzero((reduced >= -margin) & (weight <= room[case.nle]))
    good = good[np.lexsort((-reduced[good], case.nle[good]))]
    counts = np.bincount(case.nle[good], minlength=len(room))
    starts = np.cumsum(counts) - counts
    active = np.flatnonzero(counts)
    if not len(active):
        return Patterns(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    row = np.full(len(room), -1)
    row[active] = np.arange(len(active))
    tables = _tables(weight[good], reduced[good], starts[active], counts[active], int(room[active].max()))
    least = tables[0][np.arange(len(active)), room[active]] - margin - SLACK * max(1.0, float(np.abs(reduced).max()))
    others = np.delete(case.use, case.knapsack, axis=0)
    states = _Partial(
        active,
        room[active],
        np.delete(case.capacity, case.knapsack, axis=0)[:, active],
        np.zeros(len(active)),
        np.full(len(active), -1),
    )
    done, parents, pairs, links = [], [], [], 0
    for step, table in enumerate(tables[1:]):
        over = counts[states.nle] <= step
        done.append(states.at(np.flatnonzero(over)))
        states = states.at(np.flatnonzero(~over))
        pair = good[starts[states.nle] + step]
        with_pair = _Partial(
            states.nle,
            states.room - weight[pair],
            states.others - others[:, pair],
            states.worth + reduced[pair],
            states.link,
        )
        fits = (with_pair.room >= 0) & (with_pair.others >= 0).all(axis=0)
        at = row[states.nle]
        fits &= with_pair.worth + table[at, np.maximum(with_pair.room, 0)] >= least[at]
        chosen = np.flatnonzero(fits)
        parents.append(states.link[chosen])
        pairs.append(pair[chosen])
        with_pair.link = np.zeros(len(states.nle), dtype=np.int64)
        with_pair.link[chosen] = links + np.arange(len(chosen))
        links += len(chosen)
        without = np.flatnonzero(states.worth + table[at, states.room] >= least[at])
        states = states.at(without).joined(with_pair.at(chosen))
        if len(states.nle) + sum(len(part.nle) for part in done) > most:
            return None
    return _unchained([*done, states], np.concatenate(parents), np.concatenate(pairs))


def _tables(weight: Integers, reduced: Floats, starts: Integers, counts: Integers, widest: int) -> list[Floats]:
    """Shape (NLEs, capacities) for each step: the best value that the pairs from that step on allow."""
    columns = np.arange(widest + 1)
    tables = [np.zeros((len(starts), widest + 1))]
    for step in range(int(counts.max()) - 1, -1, -1):
        rows = np.flatnonzero(counts > step)
        item = starts[rows] + step
        left = columns[None, :] - weight[item][:, None]
        table = tables[-1].copy()
        taken = np.take_along_axis(tables[-1][rows], np.maximum(left, 0), axis=1) + reduced[item][:, None]
        table[rows] = np.where(left >= 0, np.maximum(table[rows], taken), table[rows])
        tables.append(table)
    return tables[::-1]


def _unchained(parts: list[_Partial], parents: Integers, pairs: Integers) -> Patterns:
    """The patterns that the chains of pairs describe, without the empty ones."""
    nle = np.concatenate([part.nle for part in parts])
    link = np.concatenate([part.link for part in parts])
    nle, link = nle[link >= 0], link[link >= 0]
    order = np.argsort(nle, kind="stable")
    nle, link = nle[order], link[order]
    pattern, position, number = [], [], np.arange(len(nle))
    while len(link):
        pattern.append(number)
        position.append(pairs[link])
        link = parents[link]
        number, link = number[link >= 0], link[link >= 0]
    if not pattern:
        return Patterns(nle, np.zeros(0, np.int64), np.zeros(0, np.int64))
    return Patterns(nle, np.concatenate(pattern), np.concatenate(position))
