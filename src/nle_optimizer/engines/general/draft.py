"""A problem's limits as rows of whole variables: one for each pair, one for each presence, others as levels need them.

x = 1 where a pair is matched. A presence y is 1 exactly where one of its pairs is: x <= y for each, y <= their sum.
A count is the number of some pairs that are matched.
"""

from collections.abc import Iterator

import numpy as np

from nle_optimizer.engines.general.program import Program, Rows
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.records import Integers

_MOST_SUMS = 2_000


class Draft:
    """A program as it is being written.

    Attributes:
        lower, upper: limits of the variables so far: pairs, presences, then others.
        rows: the rows so far.
        counts: of each count its column, and the columns of which it is the sum.
    """

    def __init__(self, lower: Integers, upper: Integers, rows: Rows) -> None:
        self.lower, self.upper, self.rows = lower, upper, rows
        self.counts: list[tuple[int, Integers]] = []

    def copy(self) -> "Draft":
        """The same draft, which can be changed on its own."""
        copy = Draft(self.lower.copy(), self.upper.copy(), self.rows.copy())
        copy.counts = list(self.counts)
        return copy

    def add_variables(self, lower: Integers, upper: Integers) -> Integers:
        """Add variables, and return their columns."""
        first = len(self.lower)
        self.lower, self.upper = np.concatenate([self.lower, lower]), np.concatenate([self.upper, upper])
        return np.arange(first, len(self.lower))

    def add_count(self, columns: Integers, most: int) -> int:
        """Add a variable that is the sum of others, of which most can be 1 at once, and return its column."""
        (column,) = self.add_variables(np.zeros(1, np.int64), np.array([most])).tolist()
        self.rows.add(np.append(columns, column), np.append(np.ones(len(columns), np.int64), -1), 0, 0)
        self.counts.append((column, columns))
        return column

    def add_row(self, coefficients: Integers, least: int | None, most: int | None) -> None:
        """Add a row from its coefficients of the first variables; those that are not given are 0."""
        columns = np.flatnonzero(coefficients)
        self.rows.add(columns, coefficients[columns], least, most)

    def program(self, objective: Integers, hint: Integers | None = None) -> Program:
        """The program with an objective over the first variables; those not given, or that must be 0, are worth 0."""
        size = len(self.lower)
        full = np.zeros(size, dtype=np.int64)
        full[: len(objective)] = objective
        full[(self.lower == 0) & (self.upper == 0)] = 0
        least, most = np.array(self.rows.least, np.int64), np.array(self.rows.most, np.int64)
        return Program(self.lower, self.upper, self.rows.matrix(size), least, most, full, hint)


def draft_of(problem: Problem, *, capacities: bool = True) -> Draft:
    """The limits of a problem.

    Args:
        problem: the problem.
        capacities: whether the NLEs' capacities limit anything.
    """
    pairs, presences = problem.size, problem.presences.count
    lower, upper = np.zeros(pairs + presences, np.int64), np.ones(pairs + presences, np.int64)
    lower[problem.required_pairs()] = 1
    draft = Draft(lower, upper, Rows())
    _add_supporters(draft, problem)
    if capacities:
        _add_capacities(draft, problem)
    _add_presences(draft, problem)
    for row in problem.rows:
        columns, coefficients = row_terms(problem, row)
        draft.rows.add(columns, coefficients, row.lower, row.upper)
    return draft


def row_terms(problem: Problem, row: Row) -> tuple[Integers, Integers]:
    """The columns and coefficients of a row."""
    columns = np.concatenate([row.pairs, problem.size + row.presences])
    return columns, np.concatenate([row.amounts, row.presence_amounts])


def groups(keys: Integers, count: int) -> Iterator[tuple[int, Integers]]:
    """Each key from 0 up with the positions at which it stands."""
    order = np.argsort(keys, kind="stable")
    ends = np.cumsum(np.bincount(keys, minlength=count))
    yield from enumerate(np.split(order, ends[:-1]) if count else [])


def _add_supporters(draft: Draft, problem: Problem) -> None:
    for recipient, pairs in groups(problem.recipient, len(problem.recipient_ids)):
        most = int(problem.supporters[recipient])
        if len(pairs) > most:
            draft.rows.add(pairs, np.ones(len(pairs), np.int64), None, most)


def _add_capacities(draft: Draft, problem: Problem) -> None:
    of_nle = list(groups(problem.nle, len(problem.nle_ids)))
    for resource in problem.resources:
        draft.upper[: problem.size][resource.use > resource.capacity[problem.nle]] = 0
        for nle, pairs in of_nle:
            use = resource.use[pairs]
            if int(use.sum()) > resource.capacity[nle]:
                takers = pairs[use > 0]
                draft.rows.add(takers, resource.use[takers], None, int(resource.capacity[nle]))


def _add_presences(draft: Draft, problem: Problem) -> None:
    facts = problem.presences
    for presence, entries in groups(facts.presence, facts.count):
        pairs, column = facts.pair[entries], problem.size + presence
        columns = np.append(pairs, column)
        coefficients = np.append(np.ones(len(pairs), np.int64), -1)
        alone = _at_most_one(problem, pairs)
        draft.rows.add(columns, coefficients, 0, 0 if alone else None)
        if not alone:
            for pair in pairs:
                draft.rows.add(np.array([pair, column]), np.array([1, -1]), None, 0)
            _add_capacity_of_presence(draft, problem, pairs, column)


def _add_capacity_of_presence(draft: Draft, problem: Problem, pairs: Integers, column: int) -> None:
    """Pairs of one NLE share its capacity where the presence holds, and have none where it does not.

    This says nothing new of whole numbers; it brings the relaxation to fractions nearer to them.
    """
    nles = problem.nle[pairs]
    if (nles != nles[0]).any():
        return
    for resource in problem.resources:
        use, capacity = resource.use[pairs], int(resource.capacity[nles[0]])
        if int(use.sum()) > capacity:
            draft.rows.add(np.append(pairs, column), np.append(use, -_greatest_sum(use, capacity)), None, 0)


def _greatest_sum(amounts: Integers, limit: int) -> int:
    """The greatest sum of some of the amounts that is at most a limit, or the limit where there are too many sums."""
    sums = np.zeros(1, dtype=np.int64)
    for amount in amounts.tolist():
        sums = np.union1d(sums, sums + amount)
        sums = sums[sums <= limit]
        if len(sums) > _MOST_SUMS:
            return limit
    return int(sums[-1])


def _at_most_one(problem: Problem, pairs: Integers) -> bool:
    """Whether at most one of the pairs can be matched: the presence then is their sum."""
    recipients = problem.recipient[pairs]
    return len(pairs) < 2 or bool((recipients == recipients[0]).all() and problem.supporters[recipients[0]] <= 1)
