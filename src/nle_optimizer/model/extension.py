"""One more pair, all else as it is: the limits it would break, and what it would change of a level."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.levels import Level, Leximin
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.records import Flags, Integers


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
