"""A choice among patterns relaxed: at most one for each NLE, each recipient and side within its limits, and cuts.

The linear programme sees few patterns at a time; those that its prices make attractive join it until there are none.
Its bound is stated from the prices alone, so that it holds whatever the solver's tolerances.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_matrix, csr_matrix, vstack

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.odd_sets import broken, cut_rows
from nle_optimizer.engines.decomposition.patterns import Patterns
from nle_optimizer.records import Flags, Integers

FIRST = 2000
"""Patterns that the first programme sees."""

JOINING = 1000
"""Most patterns that join a programme at once."""

ATTRACTIVE = 1e-7
"""What a pattern must be worth beyond the prices of what it holds to join, as a share of the greatest."""

TIGHT = 1e-9
"""Cuts of a lower price are dropped."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Patterns as columns of a programme.

    Attributes:
        nle: shape (patterns,): whose.
        value: shape (patterns,): whole amounts.
        rows: shape (recipients + nles + sides' limits, patterns): every limit an upper one.
        limit: shape (rows,).
        single: the rows whose limit is one and that hold a pattern once or not at all.
        pairs: shape (pairs, patterns): 1 where a pattern holds a pair.
    """

    nle: Integers
    value: Floats
    rows: csc_matrix
    limit: Floats
    single: Integers
    pairs: csc_matrix

    @staticmethod
    def of(case: Case, patterns: Patterns) -> "Pool":
        """The pool of a case's patterns."""
        recipients, nles, sides = len(case.supporters), case.capacity.shape[1], case.sides
        every = np.arange(patterns.count)
        shape = (case.size, patterns.count)
        pairs = csc_matrix((np.ones(len(patterns.pattern)), (patterns.position, patterns.pattern)), shape)
        of_recipient = csr_matrix((np.ones(case.size), (case.recipient, np.arange(case.size))), (recipients, case.size))
        of_side = csr_matrix((sides.amount.astype(np.float64), (sides.side, sides.pair)), (sides.count, case.size))
        above, below = sides.upper < OPEN, sides.lower > -OPEN
        own = csr_matrix((np.ones(patterns.count), (patterns.nle, every)), (nles, patterns.count))
        scale = np.maximum(1.0, np.abs(of_side).max(axis=1).toarray().ravel()) if sides.count else np.ones(0)
        of_side = csr_matrix(of_side.multiply(1 / scale[:, None])) if sides.count else of_side
        rows = vstack([of_recipient @ pairs, own, of_side[above] @ pairs, -of_side[below] @ pairs]).tocsc()
        limit: list[Floats] = [
            case.supporters.astype(np.float64),
            np.ones(nles),
            (sides.upper / scale)[above],
            -(sides.lower / scale)[below],
        ]
        once = np.concatenate([np.flatnonzero(case.supporters == 1), recipients + np.arange(nles)])
        value = np.asarray(case.value.astype(np.float64) @ pairs)
        return Pool(patterns.nle, value, rows, np.concatenate(limit).astype(np.float64), once, pairs)

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return len(self.nle)

    def at(self, kept: Flags | Integers) -> "Pool":
        """The pool of some of the patterns."""
        return Pool(self.nle[kept], self.value[kept], self.rows[:, kept], self.limit, self.single, self.pairs[:, kept])

    def holding(self, pair: int) -> "Pool":
        """The pool of the same patterns of which one that holds the pair is to be chosen."""
        rows = vstack([self.rows, -self.pairs[[pair]]]).tocsc()
        return Pool(self.nle, self.value, rows, np.append(self.limit, -1.0), self.single, self.pairs)


@dataclass(eq=False)
class Master:
    """A programme over a pool, solved anew as cuts and patterns come and go.

    Attributes:
        pool: the patterns that may be chosen.
        seen: shape (patterns,): those that the programme sees.
        cuts: shape (cuts, 3): triples of rows.
        bound: what no choice is worth more than, at the prices of the last solution.
        chosen: shape (patterns,): the last solution.
        short: shape (patterns,): how much less than its prices each pattern is worth; choices that hold it are
            worth that much less than the bound.
    """

    pool: Pool
    seen: Flags
    cuts: Integers
    bound: float = np.inf
    chosen: Floats = field(default_factory=lambda: np.zeros(0))
    short: Floats = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def of(pool: Pool, short: Floats) -> "Master":
        """A programme without cuts that sees first the patterns that fall least short."""
        seen = np.zeros(pool.count, dtype=bool)
        seen[np.argsort(short, kind="stable")[:FIRST]] = True
        return Master(pool, seen, np.zeros((0, 3), dtype=np.int64))

    def solve(self) -> bool:
        """Solve over the whole pool; False where nothing can be chosen within the limits."""
        if not self.pool.count:
            self.bound, self.chosen, self.short = 0.0, np.zeros(0), np.zeros(0)
            return bool((self.pool.limit >= 0).all())
        self.seen[:] |= not self.seen.any()
        cut = cut_rows(self.pool.rows, self.cuts).tocsc()
        limit = np.concatenate([self.pool.limit, np.ones(len(self.cuts))])
        unit = self._unit
        while True:
            own = np.flatnonzero(self.seen)
            matrix = vstack([self.pool.rows[:, own], cut[:, own]])
            answer = linprog(-self.pool.value[own] / unit, A_ub=matrix, b_ub=limit, bounds=(0, None), method="highs-ds")
            if answer.status != 0:
                if self.seen.all():
                    return False
                self.seen[:] = True
                continue
            prices = np.maximum(-answer.ineqlin.marginals, 0.0) * unit
            worth = (
                self.pool.value
                - self.pool.rows.T @ prices[: len(self.pool.limit)]
                - cut.T @ prices[len(self.pool.limit) :]
            )
            if not self._join(worth, unit):
                break
        self._settle(own, answer.x, prices @ limit, worth)
        self.cuts = self.cuts[prices[len(self.pool.limit) :] > TIGHT * unit]
        return True

    def _join(self, worth: Floats, unit: float) -> bool:
        """Let attractive patterns join the programme; whether there were any."""
        new = np.flatnonzero((worth > ATTRACTIVE * 1000 * unit) & ~self.seen)
        self.seen[new[np.argsort(-worth[new], kind="stable")[:JOINING]]] = True
        return bool(len(new))

    def _settle(self, own: Integers, chosen: Floats, total: float, worth: Floats) -> None:
        """Keep the solution; an NLE's price is raised to what its best pattern is worth."""
        most = np.zeros(int(self.pool.nle.max(initial=-1)) + 1)
        np.maximum.at(most, self.pool.nle, worth)
        self.bound = float(total + most.sum())
        self.short = most[self.pool.nle] - worth
        self.chosen = np.zeros(self.pool.count)
        self.chosen[own] = chosen

    def among(self, kept: Flags) -> "Master":
        """A programme of its own over some of the patterns."""
        part = Master(self.pool, self.seen, self.cuts, self.bound, self.chosen, self.short)
        part.keep(kept)
        part.seen = part.seen.copy()
        return part

    def glance(self) -> float:
        """About what a choice among the patterns seen is worth."""
        own = np.flatnonzero(self.seen)
        if not len(own):
            return 0.0
        rows = self.pool.rows[:, own]
        matrix = vstack([rows, cut_rows(rows, self.cuts)])
        limit = np.concatenate([self.pool.limit, np.ones(len(self.cuts))])
        unit = self._unit
        answer = linprog(-self.pool.value[own] / unit, A_ub=matrix, b_ub=limit, bounds=(0, None), method="highs-ds")
        return -np.inf if answer.status != 0 else -float(answer.fun) * unit

    @property
    def _unit(self) -> float:
        return max(1.0, float(np.abs(self.pool.value).max(initial=0.0)) / 1000)

    def keep(self, kept: Flags) -> None:
        """Let only these patterns be chosen."""
        if kept.all():
            return
        self.pool, self.seen = self.pool.at(kept), self.seen[kept]
        self.chosen, self.short = self.chosen[kept], self.short[kept]

    def forget(self, most: float) -> None:
        """Let the programme no longer see patterns that fall further short than this."""
        self.seen &= self.short <= most

    def cut(self) -> bool:
        """Add cuts that the solution breaks; whether there are any."""
        found = broken(self.pool.rows, self.pool.single, self.chosen)
        self.cuts = np.unique(np.concatenate([self.cuts, found]), axis=0)
        return bool(len(found))
