"""A choice among patterns relaxed: at most one for each NLE, each recipient and side within its limits, and cuts.

The linear programme sees few patterns at a time; those that its prices make attractive join it until there are none.
It begins where it stood, also after cuts and in a branch. Its bound is stated from the prices alone, so that it holds
whatever the solver's tolerances.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, vstack

from nle_optimizer.engines.decomposition.case import OPEN, Floats, KnapsackCase
from nle_optimizer.engines.decomposition.patterns import Patterns
from nle_optimizer.engines.decomposition.relaxation import Basis, Relaxation, RelaxationPoint, broken, cut_rows
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
class PatternPool:
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
    def of(case: KnapsackCase, patterns: Patterns) -> "PatternPool":
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
        return PatternPool(patterns.nle, value, rows, np.concatenate(limit).astype(np.float64), once, pairs)

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return len(self.nle)

    def at(self, kept: Flags | Integers) -> "PatternPool":
        """The pool of some of the patterns."""
        return PatternPool(
            self.nle[kept], self.value[kept], self.rows[:, kept], self.limit, self.single, self.pairs[:, kept]
        )

    def barred_by(self, taken: int) -> Flags:
        """Shape (patterns,): those that cannot be chosen with one of them, itself aside."""
        barred = (self.rows[:, [taken]][self.single].T @ self.rows[self.single]).toarray().ravel() > 0
        barred[taken] = False
        return barred

    def holding(self, pair: int) -> "PatternPool":
        """The pool of the same patterns of which one that holds the pair is to be chosen."""
        rows = vstack([self.rows, -self.pairs[[pair]]]).tocsc()
        return PatternPool(self.nle, self.value, rows, np.append(self.limit, -1.0), self.single, self.pairs)


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
        basic: shape (patterns,): those in the basis of the last solution.
        idle: shape (rows + cuts,): those whose slack is in it; of rows and cuts that came later it always is.
    """

    pool: PatternPool
    seen: Flags
    cuts: Integers
    bound: float = np.inf
    chosen: Floats = field(default_factory=lambda: np.zeros(0))
    short: Floats = field(default_factory=lambda: np.zeros(0))
    basic: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    idle: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @staticmethod
    def of(pool: PatternPool, short: Floats) -> "Master":
        """A programme without cuts that sees first the patterns that fall least short."""
        seen = np.zeros(pool.count, dtype=bool)
        seen[np.argsort(short, kind="stable")[:FIRST]] = True
        nothing = np.zeros(pool.count, dtype=bool)
        return Master(pool, seen, np.zeros((0, 3), dtype=np.int64), basic=nothing, idle=np.ones(len(pool.limit), bool))

    def solve(self) -> bool:
        """Solve over the whole pool; False where nothing can be chosen within the limits."""
        if not self.pool.count:
            self.bound, self.chosen, self.short = 0.0, np.zeros(0), np.zeros(0)
            return bool((self.pool.limit >= 0).all())
        self.seen[:] |= not self.seen.any()
        rows, limit, unit = self._rows(), self._limit, self.unit
        programme, own = self._programme(rows)
        point = programme.solve(dual=True)
        while True:
            if point is None:
                worth, new = self.pool.value, np.flatnonzero(~self.seen)
            else:
                worth = self.pool.value - rows.T @ np.maximum(point.prices, 0.0) * unit
                new = self._attractive(worth)
            if not len(new):
                break
            self.seen[new] = True
            own = np.concatenate([own, new])
            programme.join(self.pool.value[new] / unit, rows[:, new])
            point = programme.solve(dual=point is None)
        if point is None:
            return False
        self._settle(own, point, float(np.maximum(point.prices, 0.0) @ limit) * unit, worth)
        return True

    def _attractive(self, worth: Floats) -> Integers:
        """The patterns not seen yet that are worth more than their prices, as many as may join."""
        new = np.flatnonzero((worth > ATTRACTIVE * 1000 * self.unit) & ~self.seen)
        return new[np.argsort(-worth[new], kind="stable")[:JOINING]]

    def _settle(self, own: Integers, point: RelaxationPoint, total: float, worth: Floats) -> None:
        """Keep the solution; an NLE's price is raised to what its best pattern is worth."""
        most = np.zeros(int(self.pool.nle.max(initial=-1)) + 1)
        np.maximum.at(most, self.pool.nle, worth)
        self.bound = float(total + most.sum())
        self.short = most[self.pool.nle] - worth
        self.chosen, self.basic = np.zeros(self.pool.count), np.zeros(self.pool.count, dtype=bool)
        self.chosen[own], self.basic[own] = point.chosen, point.basis.columns
        limits = len(self.pool.limit)
        kept = (point.prices > TIGHT) | ~point.basis.rows
        kept[:limits] = True
        self.cuts, self.idle = self.cuts[kept[limits:]], point.basis.rows[kept]

    def among(self, kept: Flags) -> "Master":
        """A programme of its own over some of the patterns."""
        part = Master(self.pool, self.seen, self.cuts, self.bound, self.chosen, self.short, self.basic, self.idle)
        part.keep(kept)
        part.seen, part.basic = part.seen.copy(), part.basic.copy()
        return part

    def holding(self, kept: Flags, pair: int) -> "Master":
        """The same, of which one that holds the pair is to be chosen."""
        part = self.among(kept)
        part.pool = part.pool.holding(pair)
        part.idle = np.insert(part.idle, len(self.pool.limit), True)
        return part

    def programme(self) -> tuple[Relaxation, Integers]:
        """A programme of the patterns seen, to try out what follows from some choice, and which they are."""
        return self._programme(self._rows())

    def _programme(self, rows: csc_matrix) -> tuple[Relaxation, Integers]:
        own = np.flatnonzero(self.seen)
        limit = self._limit
        idle = np.concatenate([self.idle, np.ones(len(limit) - len(self.idle), dtype=bool)])
        basis = Basis(self.basic[own], idle)
        return Relaxation(self.pool.value[own] / self.unit, rows[:, own], limit, basis), own

    def _rows(self) -> csc_matrix:
        return vstack([self.pool.rows, cut_rows(self.pool.rows, self.cuts)]).tocsc()

    @property
    def _limit(self) -> Floats:
        return np.concatenate([self.pool.limit, np.ones(len(self.cuts))])

    @property
    def unit(self) -> float:
        """What one is in the programme's values."""
        return max(1.0, float(np.abs(self.pool.value).max(initial=0.0)) / 1000)

    def keep(self, kept: Flags) -> None:
        """Let only these patterns be chosen."""
        if kept.all():
            return
        self.pool, self.seen = self.pool.at(kept), self.seen[kept]
        self.chosen, self.short, self.basic = self.chosen[kept], self.short[kept], self.basic[kept]

    def forget(self, most: float) -> None:
        """Let the programme no longer see patterns that fall further short than this."""
        self.seen &= self.short <= most

    def cut(self) -> bool:
        """Add cuts that the solution breaks; whether there are any."""
        found = broken(self.pool.rows, self.pool.single, self.chosen)
        self.cuts = np.concatenate([self.cuts, found])
        return bool(len(found))
