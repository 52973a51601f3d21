"""Sets of recipients that an NLE can take, and the programme over them.

Every good pattern of every NLE: sets of its pairs within its limits whose reduced value is near its best.

Breadth first through the NLE's pairs, all NLEs at once: a partial set is kept while the best that its remaining
capacity allows, by dynamic programming, stays within the margin.

Linear and mixed integer programmes for HiGHS, by pairs or by patterns, to be solved in a child process.

Huangfu and Hall (2018), Parallelizing the dual revised simplex method, doi:10.1007/s12532-017-0130-5.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from nle_optimizer.engines.decomposition.case import OPEN, Floats, KnapsackCase
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


def enumerate_patterns(case: KnapsackCase, reduced: Floats, margin: float, most: int) -> Patterns | None:
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


LARGEST = 1e7
"""Coefficients of a limit are divided until none is above; tolerances of the solver are absolute."""

NEAR = 1e-4
"""Share of its value by which the choice of patterns may fall short: they are only some of all."""

ROUNDING = 1e-4
"""What the solver may be off in its bound, in thousandths of a per cent of the greatest value."""

INFEASIBLE = 2
"""What scipy calls a programme without a solution."""


@dataclass(frozen=True, eq=False)
class ProgrammeAnswer:
    """What the solver said.

    Attributes:
        taken: positions of the pairs of the best allocation found, ascending; None where none was found.
        bound: no allocation is worth more, in its word; None where it gave none.
        infeasible: whether it said that there is no allocation.
    """

    taken: Integers | None
    bound: int | None
    infeasible: bool


def relaxed_prices(case: KnapsackCase) -> Floats | None:
    """The prices of the linear relaxation by pairs, as `Pricing` orders them; None where the solver found none."""
    from scipy.optimize import linprog

    matrix, lower, upper, rows = _limits(case)
    unit = _unit(case)
    above, below = np.isfinite(upper), np.isfinite(lower)
    answer = linprog(
        -case.value / unit,
        A_ub=vstack([matrix[above], -matrix[below]]),
        b_ub=np.concatenate([upper[above], -lower[below]]),
        bounds=np.stack([np.zeros(case.size), np.where(case.supporters[case.recipient] > 1, 1.0, np.inf)], axis=1),
        method="highs-ipm",
    )
    if answer.status != 0:
        return None
    dual = np.zeros(len(upper))
    dual[above] -= answer.ineqlin.marginals[: above.sum()]
    dual[below] += answer.ineqlin.marginals[above.sum() :]
    return np.asarray(dual * unit / rows)


def solve_pairs(case: KnapsackCase, nodes: int, seconds: float | None) -> ProgrammeAnswer:
    """The best allocation of a case as the solver finds it, one variable a pair."""
    matrix, lower, upper, _ = _limits(case)
    answer = _solved(case.value / _unit(case), matrix, lower, upper, np.ones(case.size), nodes, seconds, 0.0)
    taken = None if answer.x is None else np.flatnonzero(answer.x > 0.5)
    return ProgrammeAnswer(taken, _bound(case, answer), answer.status == INFEASIBLE)


def solve_patterns(
    case: KnapsackCase, patterns: Patterns, nodes: int, seconds: float | None, gap: float = NEAR
) -> ProgrammeAnswer:
    """A good choice of at most one pattern for each NLE, within the limits of recipients and sides.

    Patterns may overlap at the cost of the dearest pair that could be dropped for it, and are then made disjoint.
    The bound holds for these patterns alone.
    """
    shape = (case.size, patterns.count)
    pairs = csr_matrix((np.ones(len(patterns.pattern)), (patterns.position, patterns.pattern)), shape=shape)
    matrix, lower, upper, _ = _limits(case)
    keep = np.ones(matrix.shape[0], dtype=bool)
    keep[len(case.supporters) : len(case.supporters) + case.capacity.size] = False
    one = csr_matrix((np.ones(patterns.count), (patterns.nle, np.arange(patterns.count))))[np.unique(patterns.nle)]
    dropped, cost, most = _dropped(case, matrix[keep])
    value = case.value / _unit(case)
    answer = _solved(
        np.concatenate([value @ pairs, -cost]),
        vstack([hstack([matrix[keep] @ pairs, dropped]), hstack([one, csr_matrix((one.shape[0], len(cost)))])]),
        np.concatenate([lower[keep], np.full(one.shape[0], -np.inf)]),
        np.concatenate([upper[keep], np.ones(one.shape[0])]),
        np.concatenate([np.ones(patterns.count), most]),
        nodes,
        seconds,
        gap,
    )
    if answer.x is None:
        return ProgrammeAnswer(None, _bound(case, answer), answer.status == INFEASIBLE)
    chosen = patterns.position[answer.x[patterns.pattern] > 0.5]
    return ProgrammeAnswer(_disjoint(case, chosen), _bound(case, answer), False)


def _dropped(case: KnapsackCase, matrix: csr_matrix) -> tuple[csr_matrix, Floats, Floats]:
    """What dropping a pair of a recipient does to the limits at worst, what it costs at most, and how often it may be.

    A side with both limits cannot say which is worse, so recipients in one drop nothing.
    """
    recipients, sides = len(case.supporters), case.sides
    cost = np.full(recipients, -np.inf)
    np.maximum.at(cost, case.recipient, case.value / _unit(case))
    of_pair = matrix[recipients:].tocoo()
    key = of_pair.row * recipients + case.recipient[of_pair.col]
    entries, at = np.unique(key, return_inverse=True)
    side, recipient = entries // recipients, entries % recipients
    greatest, least = np.full(len(entries), -np.inf), np.full(len(entries), np.inf)
    np.maximum.at(greatest, at, of_pair.data)
    np.minimum.at(least, at, of_pair.data)
    pairs = np.bincount(case.recipient, minlength=recipients)
    partial = np.bincount(at, minlength=len(entries)) < pairs[recipient]
    greatest, least = (
        np.where(partial, np.maximum(greatest, 0), greatest),
        np.where(partial, np.minimum(least, 0), least),
    )
    effect = -np.where(sides.upper[side] == OPEN, greatest, least)
    both = (sides.upper < OPEN) & (sides.lower > -OPEN)
    most = np.where((pairs > case.supporters) & (case.supporters > 0), np.inf, 0.0)
    most[recipient[both[side]]] = 0.0
    rows = np.concatenate([np.arange(recipients), recipients + side])
    columns = np.concatenate([np.arange(recipients), recipient])
    shape = (recipients + sides.count, recipients)
    effects = csr_matrix((np.concatenate([-np.ones(recipients), effect]), (rows, columns)), shape=shape)
    return effects, np.maximum(cost, 0.0), most


def _disjoint(case: KnapsackCase, chosen: Integers) -> Integers:
    """The pairs chosen, of each recipient only as many as it may have: those worth most."""
    chosen = chosen[np.lexsort((-case.value[chosen], case.recipient[chosen]))]
    recipient = case.recipient[chosen]
    rank = np.arange(len(chosen)) - np.searchsorted(recipient, recipient)
    return np.sort(chosen[rank < case.supporters[recipient]])


def _bound(case: KnapsackCase, answer: Any) -> int | None:
    """The bound in the solver's word, as a whole number: what lies nearer above a whole number is its rounding."""
    if answer.mip_dual_bound is None or not np.isfinite(answer.mip_dual_bound):
        return None
    return int(np.floor(-answer.mip_dual_bound * _unit(case) + ROUNDING * _unit(case)))


def _unit(case: KnapsackCase) -> float:
    return max(1.0, float(np.abs(case.value).max(initial=1)) / 1000)


def _limits(case: KnapsackCase) -> tuple[csr_matrix, Floats, Floats, Floats]:
    """Every limit over pairs, in the order of prices: matrix, lower, upper, and what each row was divided by."""
    every = np.arange(case.size)
    nles = case.capacity.shape[1]
    blocks = [csr_matrix((np.ones(case.size), (case.recipient, every)), shape=(len(case.supporters), case.size))]
    blocks += [csr_matrix((use.astype(np.float64), (case.nle, every)), shape=(nles, case.size)) for use in case.use]
    sides = case.sides
    blocks.append(
        csr_matrix((sides.amount.astype(np.float64), (sides.side, sides.pair)), shape=(sides.count, case.size))
    )
    matrix = vstack(blocks).tocsr()
    lower = np.full(matrix.shape[0], -np.inf)
    lower[matrix.shape[0] - sides.count :] = np.where(sides.lower == -OPEN, -np.inf, sides.lower)
    upper = np.concatenate(
        [case.supporters, case.capacity.ravel(), np.where(sides.upper == OPEN, np.inf, sides.upper)]
    ).astype(np.float64)
    rows = _divisors(case)
    scaled = csr_matrix(matrix.multiply(1 / rows[:, None]))
    return scaled, lower / rows, upper / rows, rows


def _divisors(case: KnapsackCase) -> Floats:
    """What each limit is divided by, so that its coefficients are small and, where that is possible, whole."""
    nles = case.capacity.shape[1]
    resources = [max(int(np.gcd.reduce(use)), int(use.max(initial=0)) / LARGEST, 1) for use in case.use]
    sides = np.ones(case.sides.count)
    np.maximum.at(sides, case.sides.side, np.abs(case.sides.amount) / LARGEST)
    return np.concatenate([np.ones(len(case.supporters)), np.repeat(resources, nles).astype(np.float64), sides])


def _solved(
    value: Floats,
    matrix: csr_matrix,
    lower: Floats,
    upper: Floats,
    most: Floats,
    nodes: int,
    seconds: float | None,
    gap: float,
) -> Any:
    """The solver's answer for whole variables from 0 to `most`, maximising."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    options: dict[str, float] = {"node_limit": nodes, "mip_rel_gap": gap}
    if seconds is not None:
        options["time_limit"] = seconds
    return milp(
        -value,
        constraints=LinearConstraint(matrix, lower, upper),
        integrality=np.isfinite(most).astype(np.int64),
        bounds=Bounds(0, most),
        options=options,
    )
