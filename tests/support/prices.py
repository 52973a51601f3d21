"""The certificate of prices, as docs/reference/decisions.md has it, checked pair by pair in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.problem import Problem, Row, Solution
from support.problems import room_of

Tuple = tuple[int, ...]


@dataclass(frozen=True)
class Limits:
    """Everything that limits pairs: recipients, NLEs and rows, with what stands against each and its pairs."""

    names: list[str]
    lower: list[int | None]
    upper: list[int | None]
    pairs: list[set[int]]


def limits_of(problem: Problem) -> Limits:
    """The limits of a problem in pairs; nothing presses on recipients and NLEs from below."""
    found = Limits([], [], [], [])
    for letter, of_pair, most in (
        ("recipient", problem.recipient, problem.supporters),
        ("NLE", problem.nle, room_of(problem)),
    ):
        for n, upper in enumerate(most.tolist()):
            _add(found, f"{letter} {n}", None, upper, np.flatnonzero(of_pair == n).tolist())
    for row in problem.rows:
        amount = int(row.amounts[0]) if len(row.amounts) else 1
        lower = None if row.lower is None else -(-row.lower // amount)
        upper = None if row.upper is None else row.upper // amount
        _add(found, row.label, lower, upper, row.pairs.tolist())
    return found


def _add(found: Limits, name: str, lower: int | None, upper: int | None, pairs: list[int]) -> None:
    found.names.append(name)
    found.lower.append(lower)
    found.upper.append(upper)
    found.pairs.append(set(pairs))


def price_faults(problem: Problem, solution: Solution) -> list[str]:
    """Where the prices break the certificate."""
    assert solution.prices is not None
    limits, held = limits_of(problem), [n for n, step in enumerate(solution.steps) if step.held]
    prices = np.concatenate([solution.prices.recipient, solution.prices.nle, solution.prices.row], axis=1)
    faults = [*_held_faults(problem, solution, limits, prices, held)]
    for n in set(range(len(solution.steps))) - set(held):
        faults += _proof_faults(problem, solution, limits, prices, [*(m for m in held if m < n), n])
    for level, outcome in zip(problem.levels, solution.levels, strict=True):
        if not outcome.value == outcome.bound == level.value(problem, solution.matched):
            faults.append(f"{level.name}: value {outcome.value}, bound {outcome.bound}")
    return faults


def _beyond(
    problem: Problem, solution: Solution, limits: Limits, prices: np.ndarray, steps: Sequence[int]
) -> list[Tuple]:
    """For each pair the tuple over some steps of its amount less all prices that it meets."""
    amounts = [solution.steps[n].level.amounts.tolist() for n in steps]
    chosen = prices[steps].tolist()
    met = [[at for at, pairs in enumerate(limits.pairs) if pair in pairs] for pair in range(problem.size)]
    return [
        tuple(own[pair] - sum(line[at] for at in met[pair]) for own, line in zip(amounts, chosen, strict=True))
        for pair in range(problem.size)
    ]


def _tuples(prices: np.ndarray, steps: Sequence[int]) -> list[Tuple]:
    return [tuple(column) for column in prices[steps].T.tolist()]


def _held_faults(
    problem: Problem, solution: Solution, limits: Limits, prices: np.ndarray, held: list[int]
) -> list[str]:
    beyond, matched = _beyond(problem, solution, limits, prices, held), set(solution.matched.tolist())
    required, nought = set(problem.required_pairs().tolist()), (0,) * len(held)
    faults, free = [], []
    for pair, left in enumerate(beyond):
        settled = pair not in required and problem.supporters[problem.recipient[pair]] == 1
        if pair in matched and not settled:
            free.append(pair)
        if pair not in matched and left > nought:
            faults.append(f"pair {pair} would gain {left}")
        elif pair in matched - required and left < nought:
            faults.append(f"matched pair {pair} loses {left}")
        elif pair in matched and settled and left != nought:
            faults.append(f"matched pair {pair} of a single supporter leaves {left}")
    totals = [sum(beyond[pair][k] for pair in free) for k in range(len(held))]
    for at, price in enumerate(_tuples(prices, held)):
        used, lower, upper = len(limits.pairs[at] & matched), limits.lower[at], limits.upper[at]
        if (price > nought and used != upper) or (price < nought and used != lower):
            faults.append(f"{limits.names[at]} is priced {price} with {used} between {lower} and {upper}")
        totals = [total + used * own for total, own in zip(totals, price, strict=True)]
    for total, n in zip(totals, held, strict=True):
        value = solution.steps[n].level.value(problem, solution.matched)
        if value != total:
            faults.append(f"step {n}: value {value}, from prices {total}")
    return faults


def _proof_faults(
    problem: Problem, solution: Solution, limits: Limits, prices: np.ndarray, steps: list[int]
) -> list[str]:
    """Whether a step that is not held shows, by weak duality, that no allocation does without the pairs it counts."""
    required, nought = set(problem.required_pairs().tolist()), (0,) * len(steps)
    beyond = _beyond(problem, solution, limits, prices, steps)
    total = [
        sum(left[k] for pair, left in enumerate(beyond) if pair in required or left > nought) for k in range(len(steps))
    ]
    for at, price in enumerate(_tuples(prices, steps)):
        limit = limits.upper[at] if price > nought else limits.lower[at]
        if price == nought:
            continue
        if limit is None:
            return [f"{limits.names[at]} is priced {price} where it has no limit"]
        total = [sum_ + limit * own for sum_, own in zip(total, price, strict=True)]
    expected = [solution.steps[n].level.value(problem, solution.matched) for n in steps[:-1]]
    return [] if total[:-1] == expected and total[-1] < 0 else [f"the proof {steps[-1]} gives {total}, not {expected}"]


def row_over(problem: Problem, label: str, pairs: np.ndarray, lower: int | None, upper: int | None) -> Row:
    """A row that counts pairs."""
    return Row(label, label, pairs, np.ones(len(pairs), dtype=np.int64), lower, upper)
