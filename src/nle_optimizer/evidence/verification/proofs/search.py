"""A search of its own for a plan that would disprove a claim: branch and bound in whole numbers.

A linear programme with fractions says where to look, and which multipliers the rows may have. It is believed nowhere:
each bound is worked out anew from the multipliers in whole numbers, and so is each plan that is found. How far the
search goes is counted in steps, so that it ends alike however fast a machine is.

Land and Doig 1960, doi:10.2307/1910129; Geoffrion 1974, doi:10.1007/BFb0120690; the dual
simplex method: Lemke 1954, doi:10.1002/nav.3800010107.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import LARGEST
from nle_optimizer.evidence.verification.proofs.leaves import covers_of, groups_of
from nle_optimizer.evidence.verification.proofs.program import WantedPlan
from nle_optimizer.records import Flags, Integers

Floats = NDArray[np.float64]

MOST_STEPS = 60_000
"""Exchanges of one question, in a programme of STEADY rows; each counts the more, the more rows there are."""
STEADY = 100
MOST_CELLS = 4_000_000
"""Variables times rows."""
ROUNDS = 15
"""Rounds in which covers are looked for before the first branch."""
FINEST = 2**30
"""Multipliers are rounded to this part of a unit, or less finely where sums would be too large to be exact."""
GOLDEN = 0.6180339887498949
"""Multiples of it lie apart, without their whole parts."""
HIGHEST = 2.0**30
"""Multipliers beyond this are of rounding, and are left out."""
NEAR = 1e-6
TINY, LEAST_PIVOT = 1e-9, 1e-7


class OutOfReachError(Exception):
    """The search took too long."""


def plan_for(question: WantedPlan, steps: int = MOST_STEPS) -> Integers | None:
    """The value of each variable in a plan that the question asks for; None where there is none.

    Raises:
        OutOfReachError: neither a plan nor its impossibility was found in so many steps.
    """
    if (question.lower > question.upper).any():
        return None
    return _Search(question, steps).run()


class _Search:
    """Where a search stands: rows, each at most its limit, and an objective that has to reach a target."""

    def __init__(self, question: WantedPlan, steps: int):
        sums = [*(row for row, _ in question.rows), question.objective]
        widest = int(np.abs([question.lower, question.upper]).max(initial=1))
        size, largest = len(question.lower), max(sum(map(abs, total.values())) for total in sums)
        if len(sums) * size > MOST_CELLS or largest * widest >= LARGEST // 4:
            raise OutOfReachError
        table = np.zeros((len(sums), size), dtype=np.int64)
        for n, total in enumerate(sums):
            table[n, list(total)] = list(total.values())
        self.amounts, self.target, self.pairs = table[-1], question.target, question.pairs
        self._set_rows(table[:-1], np.array([limit for _, limit in question.rows], dtype=np.int64))
        self.unit = max(1, int(np.abs(self.amounts).max(initial=1)))
        costs = self.amounts / self.unit if self.amounts.any() else -np.ones(size)
        costs += self._apart(question.upper - question.lower) if self.amounts.any() else -_scattered(size)
        self.relaxation = _Relaxation(costs, self.rows, self.limits, steps)
        self.waiting: list[tuple[Integers, Integers]] = [(question.lower.copy(), question.upper.copy())]

    def _apart(self, width: Integers) -> Floats:
        """What tells apart variables that are worth the same: too little, all together, to make up a unit."""
        some = width == 1
        return np.where(some, _scattered(len(width)) / (4 * self.unit * max(1, int(some.sum()))), 0)

    def _set_rows(self, rows: Integers, limits: Integers) -> None:
        self.rows, self.limits = rows, limits
        self.above, self.below = np.maximum(rows, 0), np.minimum(rows, 0)
        self.size, self.most_in = np.abs(rows).sum(axis=1).astype(np.float64), np.abs(rows).max(axis=1, initial=0)

    def run(self) -> Integers | None:
        """The plan; None where there is none."""
        if not self._begun(*self.waiting[0]):
            return None
        while self.waiting:
            lower, upper = self.waiting.pop()
            if not self._narrowed(lower, upper):
                continue
            if (lower == upper).all():
                return lower  # it keeps every row, as nothing was left to narrow
            values = self._relaxed(lower, upper)
            if values is None:
                continue
            plan = self._plan(values, lower, upper)
            if plan is not None:
                return plan
            if (lower < upper).any():
                self._branch(values, lower, upper)
        return None

    def _narrowed(self, lower: Integers, upper: Integers) -> bool:
        """Tighten bounds by what each row leaves a variable; whether any plan can be left."""
        while True:
            if int(np.maximum(self.amounts * lower, self.amounts * upper).sum()) < self.target:
                return False
            spare = self.limits - self.above @ lower - self.below @ upper
            if (spare < 0).any():
                return False
            width = upper - lower
            which = np.flatnonzero(self.most_in * width.max(initial=0) > spare)
            rows, room = self.rows[which], spare[which][:, None]
            tight = np.abs(rows) * width > room
            at = np.flatnonzero(tight.any(axis=0))
            if not len(at):
                return True
            part = rows[:, at]
            steps = np.where(tight[:, at], room // np.maximum(np.abs(part), 1), width[at])
            up = lower[at] + np.where(part > 0, steps, width[at]).min(axis=0)
            down = upper[at] - np.where(part < 0, steps, width[at]).min(axis=0)
            upper[at], lower[at] = np.minimum(upper[at], up), np.maximum(lower[at], down)
            if (lower > upper).any():
                return False

    def _relaxed(self, lower: Integers, upper: Integers) -> Floats | None:
        """Where the relaxation stands, bounds tightened by what it proves; None where no plan is left."""
        while True:
            found = self.relaxation.solve(lower, upper, self.target / self.unit)
            before = int((upper - lower).sum())
            amounts, target = (self.amounts, self.target) if found.is_bound else (np.zeros_like(self.amounts), 0)
            prices = found.prices * (self.unit if found.is_bound else 1)
            if not self._within(prices, amounts, target, lower, upper):
                return None
            if not found.is_bound:  # the multipliers, rounded, do not quite prove that there is none
                return (lower + upper) / 2
            if 5 * int((upper - lower).sum()) >= 4 * before:
                return np.clip(found.values, lower, upper)
            if not self._narrowed(lower, upper):
                return None

    def _within(self, prices: Floats, amounts: NDArray[Any], target: int, lower: Integers, upper: Integers) -> bool:
        """Whether multipliers leave room for a sum of at least the target; bounds that they rule out are tightened."""
        prices = np.where(np.isfinite(prices) & (prices > 0) & (prices < HIGHEST), prices, 0)
        unit, exact = self._fineness(prices, amounts, upper)
        used = np.flatnonzero(prices * unit >= 0.5)
        whole = np.rint(prices[used] * unit).astype(np.int64).astype(exact)
        worth = amounts.astype(exact) * unit - whole @ self.rows[used].astype(exact, copy=False)
        most = int(np.dot(whole, self.limits[used].astype(exact))) if len(used) else 0
        spare = most + int(np.where(worth > 0, worth * upper, worth * lower).sum()) - target * unit
        if spare < 0:
            return False
        steps = spare // np.maximum(np.abs(worth), 1)
        fixed = ((worth != 0) & (steps < upper - lower)).astype(bool)
        steps = np.where(fixed, steps, 0).astype(np.int64)
        rise, fall = fixed & (worth > 0), fixed & (worth < 0)
        lower[rise] = (upper - steps)[rise]
        upper[fall] = (lower + steps)[fall]
        return True

    def _fineness(self, prices: Floats, amounts: NDArray[Any], upper: Integers) -> tuple[int, Any]:
        """The part of a unit that multipliers are rounded to, and the numbers that hold all sums."""
        widest = max(1, int(upper.max(initial=1)))
        size = float(np.abs(amounts).sum()) * widest + float(prices @ (np.abs(self.limits) + self.size * widest)) + 1.0
        unit = FINEST
        while unit > 2**12 and unit * size * 2 >= LARGEST:
            unit //= 2
        return (unit, np.int64) if unit * size * 2 < LARGEST else (FINEST, object)

    def _plan(self, values: Floats, lower: Integers, upper: Integers) -> Integers | None:
        """The values as a plan, where they are whole and keep every row."""
        plan = np.clip(np.rint(values), lower, upper).astype(np.int64)
        if np.abs(values - plan).max(initial=0) > NEAR:
            return None
        keeps = (self.rows @ plan <= self.limits).all() and int(self.amounts @ plan) >= self.target
        return plan if keeps else None

    def _branch(self, values: Floats, lower: Integers, upper: Integers) -> None:
        """Split where both sides lose most; what several pairs make true comes before pairs."""
        away = np.where(lower < upper, np.abs(values - np.rint(values)), -1.0)
        some = np.flatnonzero(away > NEAR)
        some = some[some >= self.pairs] if (some >= self.pairs).any() else some
        at = int(away.argmax()) if not len(some) else int(some[self.relaxation.losses(some, values[some]).argmax()])
        down = min(max(int(np.floor(values[at] + NEAR)), int(lower[at])), int(upper[at]) - 1)
        less, more = (lower.copy(), upper.copy()), (lower.copy(), upper.copy())
        less[1][at], more[0][at] = down, down + 1
        self.waiting += [less, more] if values[at] - down > 0.5 else [more, less]

    def _begun(self, lower: Integers, upper: Integers) -> bool:
        """Before the first branch, add rows that whole plans keep and the relaxation breaks; whether a plan is left."""
        group = groups_of(self.rows, self.limits)
        for _ in range(ROUNDS):
            if not self._narrowed(lower, upper):
                return False
            values = self._relaxed(lower, upper)
            if values is None:
                return False
            covers = covers_of(self.rows, self.limits, values, lower, upper, group)
            if not covers:
                break
            more = np.zeros((len(covers), self.rows.shape[1]), dtype=np.int64)
            for n, (members, _) in enumerate(covers):
                more[n, members] = 1
            rows, limits = np.vstack([self.rows, more]), np.append(self.limits, [most for _, most in covers])
            self._set_rows(rows, limits)
            self.relaxation.extend(rows, limits)
        return True


def _scattered(count: int) -> Floats:
    """Numbers from 0 to 1 that lie apart."""
    return np.modf(np.arange(count) * GOLDEN)[0]


@dataclass(frozen=True, eq=False)
class _Relaxed:
    """What a relaxation comes to.

    Attributes:
        values: of the variables.
        prices: a multiplier for each row.
        is_bound: whether the multipliers bound the objective; else they show that nothing keeps all rows.
    """

    values: Floats
    prices: Floats
    is_bound: bool


@dataclass(eq=False)
class _Relaxation:
    """The programme with fractions: the greatest sum of amounts with each row at most its limit.

    A basis that is the best within some bounds shows a bound within any others, so the search goes on from where it
    stands, whatever the bounds.
    """

    amounts: Floats
    rows: Integers
    limits: Integers
    steps: int
    basis: Integers = field(init=False)
    _is_high: Flags = field(init=False, default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        self.basis = self.rows.shape[1] + np.arange(len(self.rows))
        self._start()

    def extend(self, rows: Integers, limits: Integers) -> None:
        """The same with more rows, the last."""
        more = self.rows.shape[1] + np.arange(len(self.rows), len(rows))
        self.rows, self.limits, self.basis = rows, limits, np.append(self.basis, more)
        self._start()

    def _start(self) -> None:
        """The table of the basis, worked out from the rows; each row in its own size."""
        count, size = self.rows.shape
        self._scale = np.maximum(np.abs(self.rows).max(axis=1, initial=1), 1).astype(np.float64)
        self._whole = np.hstack([self.rows / self._scale[:, None], np.eye(count)])
        self._right = self.limits / self._scale
        try:
            inverse = np.linalg.inv(self._whole[:, self.basis])
        except np.linalg.LinAlgError:
            self.basis = size + np.arange(count)
            inverse = np.eye(count)
        self._table = inverse @ self._whole
        costs = np.append(self.amounts, np.zeros(count))
        self._worth = costs - costs[self.basis] @ self._table
        self._is_basic = np.zeros(size + count, dtype=bool)
        self._is_basic[self.basis] = True
        if len(self._is_high) != size + count:
            self._is_high = np.append(self._is_high, np.zeros(size + count - len(self._is_high), dtype=bool))

    def solve(self, lower: Integers, upper: Integers, target: float) -> _Relaxed:
        """Exchange until nothing is beyond its bounds, or it is plain that the target is not reached.

        Raises:
            OutOfReachError: the steps are used up.
        """
        count, size = self.rows.shape
        least = np.append(lower.astype(np.float64), np.zeros(count))
        most = np.append(upper.astype(np.float64), np.full(count, np.inf))
        pinned = self._pinned = least == most
        renewed = False
        patience = 3 * (count + size)
        for number in range(3 * patience):
            if number and number % patience == 0:
                self._shift()
            values = self._values(least, most)
            own = values[self.basis]
            beyond = np.maximum(least[self.basis] - own, own - most[self.basis])
            row = int(beyond.argmax()) if count else 0
            if not count or beyond[row] <= TINY * 100 or (number % 8 == 7 and self._bound(values) < target - 1e-5):
                if renewed or not count or np.abs(self._whole @ values - self._right).max() < TINY * 1000:
                    return _Relaxed(values[:size], self._prices(-self._worth[size:]), is_bound=True)
                self._start()
                renewed = True
                continue
            self._step(count)
            is_less = own[row] < least[self.basis[row]]
            line = self._table[row] if is_less else -self._table[row]
            way = np.where(self._is_high, line, -line)
            able = np.flatnonzero((way > LEAST_PIVOT) & ~self._is_basic & ~pinned)
            if not len(able):
                return _Relaxed(values[:size], self._prices(line[size:]), is_bound=False)
            ratio = np.abs(self._worth[able]) / way[able]
            near = able[ratio <= ratio.min() + TINY]
            self._is_high[self.basis[row]] = not is_less
            self._exchange(row, int(near[way[near].argmax()]))
        return _Relaxed(values[:size], self._prices(-self._worth[size:]), is_bound=True)

    def losses(self, columns: Integers, values: Floats) -> Floats:
        """What the objective loses at least on either side of a split of variables in the basis, multiplied.

        Driebeek 1966, doi:10.1287/mnsc.12.7.576.
        """
        place = np.full(len(self._is_basic), -1)
        place[self.basis] = np.arange(len(self.basis))
        part, inside = values - np.floor(values), place[columns] >= 0
        lines = self._table[place[columns]]
        way = np.where(self._is_high, -lines, lines)
        way[:, self._is_basic | self._pinned] = 0
        losses = []
        for sign, distance in ((1, part), (-1, 1 - part)):
            ratio = np.full(way.shape, np.inf)
            np.divide(np.abs(self._worth), sign * way, out=ratio, where=sign * way > LEAST_PIVOT)
            losses.append(np.minimum(ratio.min(axis=1), 1e3) * distance)
        return np.where(inside, np.maximum(losses[0], TINY) * np.maximum(losses[1], TINY), 0)

    def _values(self, least: Floats, most: Floats) -> Floats:
        """Each variable at the bound that its worth asks for, and the basis as follows."""
        self._is_high = np.where(np.abs(self._worth) > TINY, self._worth > 0, self._is_high) & (most < np.inf)
        values = np.where(self._is_high, most, least)
        values[self.basis] = 0
        size = self.rows.shape[1]
        values[self.basis] = self._table[:, size:] @ self._right - self._table @ values
        return values

    def _shift(self) -> None:
        """Move what every variable is worth a little away from 0, where exchanges go round in circles."""
        little = 1e-7 * (1 + _scattered(len(self._worth)))
        self._worth += np.where(self._is_basic, 0, np.where(self._is_high, little, -little))

    def _bound(self, values: Floats) -> float:
        return float(self.amounts @ values[: len(self.amounts)])

    def _prices(self, scaled: Floats) -> Floats:
        return np.maximum(scaled, 0) / self._scale

    def _exchange(self, row: int, column: int) -> None:
        line = self._table[row] / self._table[row, column]
        parts = self._table[:, column].copy()
        parts[row] = 0
        some = np.flatnonzero(np.abs(parts) > 1e-12)
        self._table[some] -= parts[some, None] * line
        self._table[row] = line
        self._worth -= self._worth[column] * line
        self._is_basic[self.basis[row]], self._is_basic[column] = False, True
        self.basis[row] = column

    def _step(self, count: int) -> None:
        self.steps -= max(1, count // STEADY)
        if self.steps < 0:
            raise OutOfReachError
