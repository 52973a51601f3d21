"""A programme drafted from a problem: its pairs, limits, counts and requirements.

Whether an allocation keeps every limit of a problem, in whole numbers and without any program. What a planner may
demand and what can be dropped: limits of rows, and required pairs. A first allocation: the best pairs first, as long
as no limit is broken further.

A problem's limits as rows of whole variables: one for each pair, one for each presence, others as levels need them.

x = 1 where a pair is matched. A presence y is 1 exactly where one of its pairs is: x <= y for each, y <= their sum.
A count is the number of some pairs that are matched.

Numbers for a solver to branch on: whether a recipient is supported, and how many pairs of a kind a limit counts.

They say nothing new of whole allocations, but they divide them better than single pairs do. Without one pair another
takes its place and the bound hardly falls; without a school, or with one pair more out of region, much has to change.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nle_optimizer.engines.general.program import Program, ProgramRows
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Row, limit_in_words
from nle_optimizer.records import Integers

_MOST_SUMS = 2_000


class Draft:
    """A program as it is being written.

    Attributes:
        lower, upper: limits of the variables so far: pairs, presences, then others.
        rows: the rows so far.
        counts: of each count its column, and the columns of which it is the sum.
    """

    def __init__(self, lower: Integers, upper: Integers, rows: ProgramRows) -> None:
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
    draft = Draft(lower, upper, ProgramRows())
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


_KINDS = 2
"""A limit counts pairs where they have so few different amounts in it: a share has two."""


def add_counts(draft: Draft, problem: Problem) -> None:
    """Add a count for each recipient of one supporter, and for each kind of pairs that a limit over pairs counts."""
    for recipient, pairs in groups(problem.recipient, len(problem.recipient_ids)):
        if len(pairs) > 1 and problem.supporters[recipient] == 1:
            draft.add_count(pairs, 1)
    for row in problem.rows:
        amounts = np.unique(row.amounts)
        if len(amounts) <= _KINDS < len(row.pairs) and not len(row.presences):
            _add_kinds(draft, row)


def _add_kinds(draft: Draft, row: Row) -> None:
    """The limit once more, over the counts of its kinds."""
    amounts = np.unique(row.amounts)
    kinds = [row.pairs[row.amounts == amount] for amount in amounts]
    columns = [draft.add_count(pairs, len(pairs)) for pairs in kinds]
    draft.rows.add(np.array(columns, np.int64), amounts, row.lower, row.upper)


def keeps_limits(problem: Problem, matched: Integers) -> bool:
    """Whether the matched pairs keep every limit of a problem."""
    return bool(
        np.isin(problem.required_pairs(), matched).all()
        and (np.bincount(problem.recipient[matched], minlength=len(problem.supporters)) <= problem.supporters).all()
        and all(_fits(problem, matched, resource.use, resource.capacity) for resource in problem.resources)
        and all(within(row.total(problem, matched), row.lower, row.upper) for row in problem.rows)
    )


def within(value: int, lower: int | None, upper: int | None) -> bool:
    """Whether a value lies between two limits, of which either may be none."""
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def _fits(problem: Problem, matched: Integers, use: Integers, capacity: Integers) -> bool:
    taken = np.zeros(len(capacity), dtype=np.int64)
    np.add.at(taken, problem.nle[matched], use[matched])
    return bool((taken <= capacity).all())


Kind = Literal["minimum", "maximum", "pair"]


@dataclass(frozen=True)
class RequiredPart:
    """One limit of a row, or one required pair.

    Attributes:
        kind: which.
        at: index of the row, or of the pair.
    """

    kind: Kind
    at: int

    def label(self, problem: Problem) -> str:
        """How the certificate names it."""
        if self.kind != "pair":
            return problem.rows[self.at].label
        return f"pair {problem.nle_ids[problem.nle[self.at]]}, {problem.recipient_ids[problem.recipient[self.at]]}"

    def words(self, problem: Problem) -> str:
        """What it demands, for people."""
        if self.kind == "pair":
            return f"the required {self.label(problem)}"
        return limit_in_words(problem.rows[self.at], self.kind)


def requirements_of(problem: Problem) -> list[RequiredPart]:
    """Every requirement: required pairs, then limits in the order of the rows."""
    pairs = [RequiredPart("pair", int(pair)) for pair in problem.required_pairs()]
    lower = [RequiredPart("minimum", n) for n, row in enumerate(problem.rows) if row.lower is not None]
    upper = [RequiredPart("maximum", n) for n, row in enumerate(problem.rows) if row.upper is not None]
    return [*pairs, *sorted([*lower, *upper], key=lambda limit: limit.at)]


def restricted(problem: Problem, kept: Sequence[RequiredPart]) -> Problem:
    """The problem in which only some requirements count; its rows keep their places."""
    keep = set(kept)
    rows = tuple(
        replace(
            row,
            lower=row.lower if RequiredPart("minimum", n) in keep else None,
            upper=row.upper if RequiredPart("maximum", n) in keep else None,
        )
        for n, row in enumerate(problem.rows)
    )
    required = None if problem.required is None else problem.required.copy()
    if required is not None:
        required[[pair for pair in problem.required_pairs() if RequiredPart("pair", int(pair)) not in keep]] = False
    return replace(problem, rows=rows, required=required)


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
