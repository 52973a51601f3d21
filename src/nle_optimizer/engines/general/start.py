"""A first allocation: the best pairs first, as long as no limit is broken further."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from nle_optimizer.engines.general.limits import keeps_limits
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers


def first_allocation(problem: Problem) -> Integers | None:
    """An allocation within every limit; None where the greedy choice finds none."""
    required = problem.required_pairs()
    for guess in (_greedy(problem), required):
        if keeps_limits(problem, guess):
            return guess
    return None


def _greedy(problem: Problem) -> Integers:
    """Required pairs, then the others by the first levels: each that fits and takes no row further from its limits."""
    state = _State(problem)
    for pair in problem.required_pairs().tolist():
        state.take(pair)
    for pair in _order(problem).tolist():
        if pair not in state.taken and state.fits(pair) and not state.harms(pair):
            state.take(pair)
    return np.array(sorted(state.taken), dtype=np.int64)


def _order(problem: Problem) -> Integers:
    """Pairs that help the first level that is a sum, the best first, ties by the next such level."""
    sums = [level for level in problem.levels if isinstance(level, Level)]
    return np.lexsort(tuple(-level.amounts for level in reversed(sums))) if sums else np.arange(problem.size)


class _State:
    """What is taken so far, and where every limit stands."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.taken: set[int] = set()
        self.supporters = problem.supporters.copy()
        self.room = [resource.capacity.copy() for resource in problem.resources]
        self.total = [0] * len(problem.rows)
        self.present: set[int] = set()
        self.rows_of_pair = _by_key((row.pairs, row.amounts) for row in problem.rows)
        self.rows_of_presence = _by_key((row.presences, row.presence_amounts) for row in problem.rows)
        self.presences_of_pair: dict[int, list[int]] = defaultdict(list)
        facts = zip(problem.presences.pair.tolist(), problem.presences.presence.tolist(), strict=True)
        for pair, presence in facts:
            self.presences_of_pair[pair].append(presence)

    def fits(self, pair: int) -> bool:
        """Whether the recipient and the NLE have room for it."""
        nle = self.problem.nle[pair]
        uses = zip(self.problem.resources, self.room, strict=True)
        return bool(self.supporters[self.problem.recipient[pair]] > 0) and all(
            resource.use[pair] <= room[nle] for resource, room in uses
        )

    def harms(self, pair: int) -> bool:
        """Whether it would take a row further from its limits."""
        for row, change in self._changes(pair).items():
            lower, upper = self.problem.rows[row].lower, self.problem.rows[row].upper
            after = self.total[row] + change
            if (change > 0 and upper is not None and after > upper) or (
                change < 0 and lower is not None and after < lower
            ):
                return True
        return False

    def take(self, pair: int) -> None:
        """Match it."""
        for row, change in self._changes(pair).items():
            self.total[row] += change
        self.taken.add(pair)
        self.present.update(self.presences_of_pair[pair])
        self.supporters[self.problem.recipient[pair]] -= 1
        for resource, room in zip(self.problem.resources, self.room, strict=True):
            room[self.problem.nle[pair]] -= resource.use[pair]

    def _changes(self, pair: int) -> dict[int, int]:
        """By how much each row would change."""
        changes: dict[int, int] = defaultdict(int)
        for row, amount in self.rows_of_pair[pair]:
            changes[row] += amount
        for presence in self.presences_of_pair[pair]:
            if presence not in self.present:
                for row, amount in self.rows_of_presence[presence]:
                    changes[row] += amount
        return changes


def _by_key(rows: Iterable[tuple[Integers, Integers]]) -> dict[int, list[tuple[int, int]]]:
    """For each pair or presence the rows that count it, and its amount there."""
    result: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (keys, amounts) in enumerate(rows):
        for key, amount in zip(keys.tolist(), amounts.tolist(), strict=True):
            result[key].append((number, amount))
    return result
