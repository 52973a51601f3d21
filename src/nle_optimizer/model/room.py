"""What is left of every hard limit while one pair after another is matched."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

import numpy as np

from nle_optimizer.model.places import places, uniform
from nle_optimizer.model.problem import Problem


class Room(Protocol):
    """Tells whether a pair may still be matched. The recipients' own limits are the caller's to keep."""

    def fits(self, pair: int) -> bool:
        """Whether the pair breaks no limit, given those taken."""

    def first(self, pairs: Iterable[int]) -> int | None:
        """The first of some pairs that fits; None where none does."""

    def take(self, pair: int) -> None:
        """Match the pair."""

    def give_back(self, pair: int) -> None:
        """Undo `take`."""

    def excess(self) -> int:
        """By how much the rows are above their limits, all together; giving back what a share rests on adds to it."""


def in_places(problem: Problem) -> bool:
    """Whether all pairs of an NLE take the same, and no row limits them: so many places an NLE."""
    return not problem.rows and all(uniform(problem, resource).all() for resource in problem.resources)


def room_in(problem: Problem) -> Room:
    """All the room of a problem with nobody matched."""
    return Places(problem) if in_places(problem) else Limits(problem)


class Places:
    """Room where all pairs of an NLE take the same, and no row limits them: so many places an NLE."""

    def __init__(self, problem: Problem):
        self.nle = problem.nle.tolist()
        self.left = places(problem).tolist()

    def fits(self, pair: int) -> bool:
        """Whether the NLE has a place."""
        return bool(self.left[self.nle[pair]] > 0)

    def first(self, pairs: Iterable[int]) -> int | None:
        """The first of some pairs whose NLE has a place."""
        nle, left = self.nle, self.left
        for pair in pairs:
            if left[nle[pair]] > 0:
                return pair
        return None

    def take(self, pair: int) -> None:
        """Fill a place."""
        self.left[self.nle[pair]] -= 1

    def give_back(self, pair: int) -> None:
        """Empty a place."""
        self.left[self.nle[pair]] += 1

    def excess(self) -> int:
        """Nothing: there is no row."""
        return 0


class Limits:
    """Room in every resource and under the upper limit of every row.

    A pair may not make a row worse that it would leave above its limit. A share is kept to at every step.
    """

    def __init__(self, problem: Problem):
        self._nle = problem.nle.tolist()
        self._use = [resource.use.tolist() for resource in problem.resources]
        self._left = [resource.capacity.tolist() for resource in problem.resources]
        self._spare = [0 if row.upper is None else row.upper for row in problem.rows]
        self._amounts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        of_presence: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, row in enumerate(problem.rows):
            if row.upper is not None:
                for pair, amount in zip(row.pairs.tolist(), row.amounts.tolist(), strict=True):
                    self._amounts[pair].append((number, amount))
                for presence, amount in zip(row.presences.tolist(), row.presence_amounts.tolist(), strict=True):
                    of_presence[presence].append((number, amount))
        self._of_presence = of_presence
        self._presences: dict[int, list[int]] = defaultdict(list)
        counted = np.isin(problem.presences.presence, np.array(list(of_presence), dtype=np.int64))
        entries = zip(
            problem.presences.presence[counted].tolist(), problem.presences.pair[counted].tolist(), strict=True
        )
        for presence, pair in entries:
            self._presences[pair].append(presence)
        self._present: dict[int, int] = defaultdict(int)
        self._excess = sum(max(0, -spare) for spare in self._spare)

    def fits(self, pair: int) -> bool:
        """Whether every resource of the NLE and every row has room."""
        nle = self._nle[pair]
        if any(use[pair] > left[nle] for use, left in zip(self._use, self._left, strict=True)):
            return False
        change = self._change(pair)
        return not change or all(amount <= 0 or amount <= self._spare[row] for row, amount in change.items())

    def first(self, pairs: Iterable[int]) -> int | None:
        """The first of some pairs that fits."""
        return next((pair for pair in pairs if self.fits(pair)), None)

    def take(self, pair: int) -> None:
        """Use it up."""
        self._spend(self._change(pair), 1)
        self._count(pair, 1)

    def give_back(self, pair: int) -> None:
        """Set it free."""
        self._count(pair, -1)
        self._spend(self._change(pair), -1)

    def excess(self) -> int:
        """By how much the rows are above their limits, all together."""
        return self._excess

    def _spend(self, change: dict[int, int], sign: int) -> None:
        for row, amount in change.items():
            before = self._spare[row]
            self._spare[row] = before - sign * amount
            self._excess += max(0, -self._spare[row]) - max(0, -before)

    def _count(self, pair: int, sign: int) -> None:
        nle = self._nle[pair]
        for use, left in zip(self._use, self._left, strict=True):
            left[nle] -= sign * use[pair]
        for presence in self._presences.get(pair, ()):
            self._present[presence] += sign

    def _change(self, pair: int) -> dict[int, int]:
        """What the pair would add to each row, were it not matched."""
        change: dict[int, int] = defaultdict(int)
        for row, amount in self._amounts.get(pair, ()):
            change[row] += amount
        for presence in self._presences.get(pair, ()):
            if not self._present[presence]:
                for row, amount in self._of_presence[presence]:
                    change[row] += amount
        return change
