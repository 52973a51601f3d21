"""What changes of an allocation are worth, against solving tiny problems anew by looking at every allocation."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer.engines.exchanges.changes import Exchanged, Moves, Turns
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Flags, Integers
from support.nested import nested_problem
from support.problems import every_allocation, solve

KINDS: dict[str, dict[str, Any]] = {
    "plain": {"most_rows": 0},
    "nested": {},
    "upper-only": {"lowers": 0.0, "most_rows": 6},
    "minima": {"lowers": 1.0, "low": -5, "high": 1},
    "several": {"most_supporters": 3, "least_supporters": 0},
    "required": {"required": 3, "most_supporters": 2},
    "three-levels": {"depth": 3, "low": -1, "high": 1, "most_rows": 2},
    "large": {"low": -(2**47), "high": 2**47, "most_rows": 1},
}
COUNT = 60

Tuple = tuple[int, ...]
Case = tuple[Problem, Exchanges, Tuple]


@cache
def cases(kind: str) -> list[Case]:
    """Solved problems with an allocation, their exchanges, and the optimum."""
    rng = Random(f"{kind} exchanges")
    found: list[Case] = []
    while len(found) < COUNT:
        problem = nested_problem(rng, **{"recipients": 5, "most_pairs": 9, **KINDS[kind]})
        best = optimum(problem)
        if best is not None:
            levels = levels_of_exchanges(problem, len(problem.levels))
            assert levels == len(problem.levels)
            found.append((problem, Exchanges(problem, solve(problem).matched, levels), best))
    return found


def optimum(problem: Problem, allowed: Callable[[Flags], Flags] | None = None) -> Tuple | None:
    """The best values of all levels over all allocations, or over those that are allowed; None where there are none."""
    allocations = every_allocation(problem)
    if allowed is not None:
        allocations = allocations[allowed(allocations)]
    values = np.stack([allocations @ level.amounts for level in problem.levels], axis=1)
    return max(map(tuple, values.tolist()), default=None)


def change(after: Tuple | None, before: Tuple) -> Tuple | None:
    """By how much every level changes; None where nothing is possible."""
    return None if after is None else tuple(one - other for one, other in zip(after, before, strict=True))


def told(changes: Exchanged) -> list[Tuple | None]:
    """What was found for each change."""
    both = zip(changes.values.tolist(), changes.possible.tolist(), strict=True)
    return [tuple(values) if possible else None for values, possible in both]


def with_places(problem: Problem, nle: int, more: int) -> Problem:
    """The problem with one NLE of other capacity; one without a pair needs none."""
    (resource,) = problem.resources
    capacity = resource.capacity.copy()
    capacity[nle] += more * MILLION if (problem.nle == nle).any() else 0
    return replace(problem, resources=(Resource(resource.name, resource.use, capacity),))


def with_supporters(problem: Problem, recipient: int, more: int) -> Problem:
    """The problem with one recipient that may have more or fewer NLEs."""
    supporters = problem.supporters.copy()
    supporters[recipient] += more
    return replace(problem, supporters=supporters)


def each(count: int) -> Integers:
    return np.arange(count)


def has_a_place(problem: Problem, nle: int) -> bool:
    """Whether an NLE has a place that it could lose; one without a pair is never full."""
    return bool(problem.resources[0].capacity[nle]) or not (problem.nle == nle).any()


@pytest.mark.parametrize("kind", KINDS)
def test_one_more_place_is_worth_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        expected = [change(optimum(with_places(problem, n, 1)), best) for n in range(len(problem.nle_ids))]
        assert told(exchanges.one_more_place(each(len(problem.nle_ids)))) == expected


def best_of_places(problem: Problem, nles: list[int], most: list[int], count: int) -> Tuple | None:
    """The optimum with so many places more, over every way to share them out."""
    found = []
    for shared in combinations_with_replacement(range(len(nles)), count):
        if all(shared.count(n) <= most[n] for n in range(len(nles))):
            changed = problem
            for n in shared:
                changed = with_places(changed, nles[n], 1)
            found.append(optimum(changed))
    return max((each for each in found if each is not None), default=None)


@pytest.mark.parametrize("kind", KINDS)
def test_places_one_after_the_other_are_worth_what_the_best_way_to_share_them_is(kind: str) -> None:
    rng = Random(f"{kind} shared")
    for problem, exchanges, best in cases(kind)[:12]:
        nles = rng.sample(range(len(problem.nle_ids)), min(3, len(problem.nle_ids)))
        most = [rng.choice([1, 2, 3]) for _ in nles]
        turns = exchanges.more_places(nles, most, 3)
        total, capacity, last = (0,) * len(problem.levels), Counter[int](), 0
        for count in range(1, min(3, sum(most)) + 1):
            if count <= len(turns):
                turn = turns[count - 1]
                capacity[turn.nle] += 1
                total = tuple(one + other for one, other in zip(total, turn.values, strict=True))
                assert turn.values[0] <= last or count == 1
                last = turn.values[0]
            assert total == change(best_of_places(problem, nles, most, count), best)
        assert all(capacity[nle] <= own for nle, own in zip(nles, most, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_joins_and_leaves_with_places_does_so_in_some_best_allocation(kind: str) -> None:
    for problem, exchanges, best in cases(kind)[:6]:
        turns = exchanges.more_places(each(len(problem.nle_ids)).tolist(), [2] * len(problem.nle_ids), 3)
        changed = problem
        found = np.bincount(problem.recipient[solve(problem).matched], minlength=len(problem.recipient_ids))
        for turn in turns:
            changed = with_places(changed, turn.nle, 1)
            np.add.at(found, list(turn.joined), 1)
            np.subtract.at(found, list(turn.left), 1)
        total = tuple(sum(values) for values in zip(best, *(turn.values for turn in turns), strict=True))

        def so_many(allocations: Flags, wanted: Integers = found, of: Problem = changed) -> Flags:
            mine = [allocations[:, of.recipient == n].sum(axis=1) == count for n, count in enumerate(wanted.tolist())]
            return np.asarray(np.all(mine, axis=0))

        assert optimum(changed, so_many) == total


@pytest.mark.parametrize("kind", KINDS)
def test_one_fewer_place_costs_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        expected = [
            change(optimum(with_places(problem, n, -1)), best) if has_a_place(problem, n) else None
            for n in range(len(problem.nle_ids))
        ]
        assert told(exchanges.one_fewer_place(each(len(problem.nle_ids)))) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_one_more_supporter_is_worth_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        recipients = each(len(problem.recipient_ids))
        expected = [change(optimum(with_supporters(problem, n, 1)), best) for n in recipients.tolist()]
        assert told(exchanges.one_more_supporter(recipients)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_one_fewer_supporter_costs_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        recipients = each(len(problem.recipient_ids))
        expected = [
            change(optimum(with_supporters(problem, n, -1)), best) if problem.supporters[n] else None
            for n in recipients.tolist()
        ]
        assert told(exchanges.one_fewer_supporter(recipients)) == expected


def with_limit(problem: Problem, number: int, side: str, more: int) -> Problem:
    """The problem with one limit of a row a pair higher or lower."""
    row = problem.rows[number]
    limit = getattr(row, side)
    amount = int(row.amounts[0]) if len(row.amounts) else 1
    assert limit is not None
    changed = replace(row, **{side: limit + more * amount})
    return replace(problem, rows=(*problem.rows[:number], changed, *problem.rows[number + 1 :]))


LIMITS = {
    "higher_maximum": ("upper", 1),
    "lower_maximum": ("upper", -1),
    "higher_minimum": ("lower", 1),
    "lower_minimum": ("lower", -1),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("kind", ["nested", "upper-only", "minima", "several"])
def test_a_limit_one_pair_higher_or_lower_is_worth_what_solving_anew_says(kind: str, name: str) -> None:
    side, more = LIMITS[name]
    asked = 0
    for problem, exchanges, best in cases(kind):
        found = told(getattr(exchanges, name)(each(len(problem.rows))))
        for number, row in enumerate(problem.rows):
            if getattr(row, side) is None or not len(row.pairs):
                continue
            asked += 1
            assert found[number] == change(optimum(with_limit(problem, number, side, more)), best)
    assert asked or kind == "upper-only"


@pytest.mark.parametrize("kind", KINDS)
def test_a_forced_pair_costs_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        expected = [change(optimum(problem, lambda rows, n=n: rows[:, n]), best) for n in range(problem.size)]
        assert told(exchanges.forced(each(problem.size))) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_pair_costs_what_solving_anew_says(kind: str) -> None:
    for problem, exchanges, best in cases(kind):
        expected = [change(optimum(problem, lambda rows, n=n: ~rows[:, n]), best) for n in range(problem.size)]
        assert told(exchanges.refused(each(problem.size))) == expected


def changed(problem: Problem, exchanges: Exchanges) -> Iterator[tuple[Exchanged, Callable[[int], Problem]]]:
    """Every kind of change, and the problem that each of them makes."""
    nles, recipients = each(len(problem.nle_ids)), each(len(problem.recipient_ids))
    yield exchanges.one_more_place(nles), lambda n: with_places(problem, n, 1)
    yield exchanges.one_fewer_place(nles), lambda n: with_places(problem, n, -1)
    yield exchanges.one_more_supporter(recipients), lambda n: with_supporters(problem, n, 1)
    yield exchanges.one_fewer_supporter(recipients), lambda n: with_supporters(problem, n, -1)
    yield exchanges.forced(each(problem.size)), lambda _: problem
    yield exchanges.refused(each(problem.size)), lambda _: problem


@pytest.mark.parametrize("kind", KINDS)
def test_those_who_move_bring_about_what_a_change_is_worth(kind: str) -> None:
    for problem, exchanges, _ in cases(kind):
        matched = solve(problem).matched
        for changes, made in changed(problem, exchanges):
            for n in np.flatnonzero(changes.possible).tolist():
                added, removed = (own.pair[own.change == n].tolist() for own in (changes.added, changes.removed))
                assert set(removed) <= set(matched.tolist()) and not set(added) & set(matched.tolist())
                after = np.array(sorted({*matched.tolist(), *added} - set(removed)), dtype=np.int64)
                assert is_allowed(made(n), after)
                values = [int(level.amounts[added].sum() - level.amounts[removed].sum()) for level in problem.levels]
                assert values == changes.values[n].tolist()


def ends_of(moves: Moves, ends: Integers) -> list[tuple[int, int, int]]:
    """Change, recipient and NLE wherever a move has such an end, sorted."""
    columns = (moves.change.tolist(), moves.recipient.tolist(), ends.tolist())
    return sorted((n, recipient, nle) for n, recipient, nle in zip(*columns, strict=True) if nle != NONE)


def ends_meant(problem: Problem, turns: Turns, unsaid: Callable[[int, int], bool]) -> list[tuple[int, int, int]]:
    """The same of the pairs that changes match anew or give up, but for some, by change and pair."""
    both = zip(turns.change.tolist(), turns.pair.tolist(), strict=True)
    return sorted((n, int(problem.recipient[p]), int(problem.nle[p])) for n, p in both if not unsaid(n, p))


@pytest.mark.parametrize("kind", KINDS)
def test_who_moves_joins_what_is_matched_anew_and_leaves_what_is_given_up(kind: str) -> None:
    for problem, exchanges, _ in cases(kind):
        for changes, _ in changed(problem, exchanges):
            moves = changes.moves()
            assert ends_of(moves, moves.joined) == ends_meant(problem, changes.added, lambda *_: False)
            assert ends_of(moves, moves.left) == ends_meant(problem, changes.removed, lambda *_: False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forced_pair_goes_without_saying_and_so_does_the_only_nle_that_its_recipient_gives_up(kind: str) -> None:
    for problem, exchanges, _ in cases(kind):
        who = problem.recipient
        changes = exchanges.forced(each(problem.size))
        moves = changes.moves(each(problem.size))
        own = lambda n, p: who[n] == who[p] and problem.supporters[who[n]] == 1  # noqa: E731, B023
        assert ends_of(moves, moves.joined) == ends_meant(problem, changes.added, lambda n, p: n == p)
        assert ends_of(moves, moves.left) == ends_meant(problem, changes.removed, own)


def is_allowed(problem: Problem, matched: Integers) -> bool:
    row = np.zeros(problem.size, dtype=bool)
    row[matched] = True
    return bool((every_allocation(problem) == row).all(axis=1).any())
