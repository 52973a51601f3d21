"""What is left of every limit, which limits pairs break, and problems with one more pair or with some alone.

What is left of every hard limit while one pair after another is matched. What hard limits a set of matched pairs
breaks, counted anew in integers. One more pair, all else as it is: the limits it would break, and what it would
change of a level. A problem with some of its pairs alone: everything else as it was. How many recipients an NLE can
take, where every one of its pairs takes the same amounts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin, Share, Spread
from nle_optimizer.model.problem import Presences, Problem, Resource, Row
from nle_optimizer.records import Flags, Integers


def uniform(problem: Problem, resource: Resource) -> Flags:
    """NLEs whose pairs all take the same amount of a resource; those without pairs count too."""
    least, greatest = _extremes(problem, resource.use)
    return least >= greatest


def places(problem: Problem) -> Integers:
    """The number of recipients each NLE can take, shape (nles,): the scarcest resource decides.

    One more than there are recipients stands for any number beyond, and for an NLE whose pairs take nothing at
    all: such an NLE is never full.
    """
    most = np.full(len(problem.nle_ids), len(problem.recipient_ids) + 1, dtype=np.int64)
    for resource in problem.resources:
        _, greatest = _extremes(problem, resource.use)
        taken = np.maximum(greatest, 0)
        room = np.where(taken > 0, resource.capacity // np.maximum(taken, 1), most)
        most = np.minimum(most, room)
    return most


def holdable(problem: Problem) -> Flags:
    """Pairs that their NLE could hold if it had nobody else, shape (pairs,): it has as much as they take."""
    fits = np.ones(problem.size, dtype=bool)
    for resource in problem.resources:
        fits &= resource.use <= resource.capacity[problem.nle]
    return fits


def _extremes(problem: Problem, use: Integers) -> tuple[Integers, Integers]:
    """Least and greatest use over the pairs of each NLE; of an NLE without pairs, 0 and 0."""
    ends = np.searchsorted(problem.nle, np.arange(len(problem.nle_ids) + 1))
    occupied = ends[1:] > ends[:-1]
    least, greatest = np.zeros(len(occupied), np.int64), np.zeros(len(occupied), np.int64)
    if occupied.any():
        starts = ends[:-1][occupied]
        least[occupied] = np.minimum.reduceat(use, starts)
        greatest[occupied] = np.maximum.reduceat(use, starts)
    return least, greatest


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
    return PlacementRoom(problem) if in_places(problem) else LimitRoom(problem)


class PlacementRoom:
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


class LimitRoom:
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


def overuse(problem: Problem, matched: Integers) -> list[str]:
    """Recipients with more NLEs than they may have, and NLEs that give more than they have, in words."""
    served = np.bincount(problem.recipient[matched], minlength=len(problem.recipient_ids))
    crowded = np.flatnonzero(served > problem.supporters).tolist()
    found = [f"{problem.recipient_ids[n]} has {served[n]} NLEs and may have {problem.supporters[n]}" for n in crowded]
    for resource in problem.resources:
        used = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(used, problem.nle[matched], resource.use[matched])
        too_much = np.flatnonzero(used > resource.capacity).tolist()
        found += [f"{problem.nle_ids[n]} gives more {resource.name} than it has" for n in too_much]
    return found


def breaches(problem: Problem, matched: Integers) -> list[str]:
    """Every hard limit but lower ones that is broken, in words."""
    if not (np.isin(matched, np.arange(problem.size)).all() and (np.diff(matched) > 0).all()):
        return ["the pairs are not distinct candidates in order"]
    lost = np.setdiff1d(problem.required_pairs(), matched).tolist()
    return [
        *overuse(problem, matched),
        *(
            f"{row.label} is above its upper limit"
            for row in problem.rows
            if row.upper is not None and row.total(problem, matched) > row.upper
        ),
        *(required_in_words(problem, pair) for pair in lost),
    ]


def required_in_words(problem: Problem, pair: int) -> str:
    """That a required pair is not matched."""
    return f"{problem.recipient_ids[problem.recipient[pair]]} with {problem.nle_ids[problem.nle[pair]]} is required"


@dataclass(frozen=True, eq=False)
class Breaks:
    """Limits of rows that single pairs would break, or break further, shapes (breaks,).

    Attributes:
        pair: index of the pair.
        row: index of the row.
        lower: whether it is the row's lower limit.
    """

    pair: Integers
    row: Integers
    lower: Flags


def breaks_of(problem: Problem, matched: Integers, pairs: Integers) -> Breaks:
    """What each of some pairs would break if it were matched beside those that are.

    Args:
        problem: with the rows.
        matched: indices of the matched pairs.
        pairs: indices of pairs that are not, ascending. Capacities and supporters are not looked at.
    """
    if not problem.rows:
        return Breaks(pairs[:0], pairs[:0], np.zeros(0, dtype=bool))
    change = _Change(problem, matched, pairs)
    found: list[tuple[Integers, Integers, Flags]] = []
    for n, row in enumerate(problem.rows):
        total, more = row.total(problem, matched), change.of(row)
        over = np.zeros(len(pairs), bool) if row.upper is None else (more > 0) & (total + more > row.upper)
        under = np.zeros(len(pairs), bool) if row.lower is None else (more < 0) & (total + more < row.lower)
        at = np.flatnonzero(over | under)
        found.append((pairs[at], np.full(len(at), n), under[at]))
    pair, at_row, lower = (np.concatenate(part) for part in zip(*found, strict=True))
    return Breaks(pair, at_row, lower)


def gains_of(problem: Problem, level: Level, matched: Integers, pairs: Integers) -> Integers:
    """What each of some pairs would add to a level, in the maximising orientation, beside those matched; ascending."""
    if level.presence_amounts is None:
        return level.amounts[pairs]
    every, presences = np.arange(problem.size), np.arange(problem.presences.count)
    row = Row(level.name, level.name, every, level.amounts, None, None, presences, level.presence_amounts)
    return _Change(problem, matched, pairs).of(row)


class _Change:
    """What each of some pairs would add to a row."""

    def __init__(self, problem: Problem, matched: Integers, pairs: Integers):
        self._place = np.full(problem.size, -1, dtype=np.int64)
        self._place[pairs] = np.arange(len(pairs))
        self._size = len(pairs)
        presences = problem.presences
        absent = presences.under(problem.size, matched) == 0
        new = absent[presences.presence] & (self._place[presences.pair] >= 0)
        self._presence, self._maker = presences.presence[new], self._place[presences.pair[new]]
        self._worth = np.zeros(presences.count, dtype=np.int64)

    def of(self, row: Row) -> Integers:
        """Shape (pairs,): in the units of the row."""
        more = np.zeros(self._size, dtype=np.int64)
        at = self._place[row.pairs]
        more[at[at >= 0]] = row.amounts[at >= 0]
        if len(row.presences) and len(self._presence):
            self._worth[row.presences] = row.presence_amounts
            np.add.at(more, self._maker, self._worth[self._presence])
            self._worth[row.presences] = 0
        return more


def changes_of(problem: Problem, matched: Integers, pair: int) -> list[int]:
    """What one more pair would add to each level, in the maximising orientation.

    To a leximin it adds its amount: whoever is matched at more than 0 is better off, and nobody worse.
    """
    more = np.sort(np.append(matched, pair))
    return [
        int(level.amounts[pair]) * int(level.counted[pair])
        if isinstance(level, Leximin)
        else level.value(problem, more) - level.value(problem, matched)
        for level in problem.levels
    ]


Part = TypeVar("Part", Row, Share)


def restricted(problem: Problem, kept: Flags) -> Problem:
    """The problem without the pairs that are not kept; pair n of it is the n-th pair kept.

    Args:
        problem: whose recipients, NLEs, rows and presences all stay, however few pairs they have left.
        kept: shape (pairs,).
    """
    place = np.cumsum(kept) - 1
    entries = kept[problem.presences.pair]
    presences = Presences(
        problem.presences.count, problem.presences.presence[entries], place[problem.presences.pair[entries]]
    )
    return replace(
        problem,
        recipient=problem.recipient[kept],
        nle=problem.nle[kept],
        resources=tuple(replace(resource, use=resource.use[kept]) for resource in problem.resources),
        required=None if problem.required is None else problem.required[kept],
        levels=tuple(_level(level, kept, place) for level in problem.levels),
        tie_break=tuple(replace(level, amounts=level.amounts[kept]) for level in problem.tie_break),
        rows=tuple(_of_some(row, kept, place) for row in problem.rows),
        presences=presences,
    )


def _level(level: AnyLevel, kept: Flags, place: Integers) -> AnyLevel:
    if isinstance(level, Spread):
        return replace(level, shares=tuple(_of_some(share, kept, place) for share in level.shares))
    if isinstance(level, LeastFit | Leximin):
        return replace(level, amounts=level.amounts[kept], counted=level.counted[kept])
    return replace(level, amounts=level.amounts[kept])


def _of_some(part: Part, kept: Flags, place: Integers) -> Part:
    """A row or share whose `pairs` have `amounts`, with those that are kept."""
    stay = kept[part.pairs]
    return replace(part, pairs=place[part.pairs[stay]], amounts=part.amounts[stay])
