"""Which problems the network engine refuses, and in which words."""

from dataclasses import replace

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.model.levels import Allowance, LeastFit, Level, Share, Spread
from nle_optimizer.model.problem import Presences, Problem, Row
from support.problems import problem_of, solve, values_of

GRID = problem_of({(i, j): [1] for i in range(3) for j in range(4)}, [2] * 3, [1] * 4)


def row(label: str, pairs: np.ndarray, amounts: list[int] | None = None, **limits: int) -> Row:
    given = np.ones(len(pairs), np.int64) if amounts is None else np.array(amounts)
    return Row(label, label, pairs, given, **limits)


def of_schools(label: str, *schools: int) -> Row:
    return row(label, np.flatnonzero(np.isin(GRID.recipient, schools)), upper=1)


def refusal(problem: Problem) -> str | None:
    return NetworkEngine().refuses(problem)


def test_nested_groups_on_both_sides_are_no_hindrance() -> None:
    nles = row("leaders", np.flatnonzero(GRID.nle < 2), upper=2)
    rows = (of_schools("north", 0, 1), of_schools("all", 0, 1, 2, 3), of_schools("one", 1), nles)
    assert refusal(replace(GRID, rows=rows)) is None


def test_groups_that_overlap_are_named_together() -> None:
    rows = (of_schools("north", 0, 1), of_schools("rural", 1, 2))
    assert refusal(replace(GRID, rows=rows)) == "north and rural overlap, and neither lies within the other"


def test_a_row_of_some_pairs_of_a_school_is_named() -> None:
    rows = (row("near", np.array([0, 1, 5]), upper=1),)
    expected = "near limits neither all the pairs of some schools nor all the pairs of some NLEs"
    assert refusal(replace(GRID, rows=rows)) == expected


def test_a_row_of_different_amounts_is_named() -> None:
    rows = (row("days", np.flatnonzero(GRID.nle == 0), [1, 2, 1, 1], upper=3),)
    assert refusal(replace(GRID, rows=rows)) == "the pairs of days have different amounts"


def test_a_row_of_presences_is_named() -> None:
    presences = Presences(1, np.zeros(4, np.int64), np.arange(4))
    counted = Row("used", "used", np.zeros(0, np.int64), np.zeros(0, np.int64), None, 1, np.array([0]), np.array([1]))
    told = refusal(replace(GRID, rows=(counted,), presences=presences))
    assert told == "used counts what several pairs may make true together"


def test_a_row_that_either_side_allows_goes_where_it_nests() -> None:
    """Two islands of two schools and two NLEs each: the row of an island may count its schools or its NLEs."""
    pairs = {(i, j): [1] for i in range(2) for j in range(2)} | {(i, j): [1] for i in (2, 3) for j in (2, 3)}
    problem = problem_of(pairs, [2] * 4, [1] * 4)
    across = row("across", np.flatnonzero(np.isin(problem.recipient, [1, 2])), upper=1)
    island = row("island", np.flatnonzero(problem.nle < 2), upper=1)
    assert refusal(replace(problem, rows=(island, across))) is None
    assert values_of(solve(replace(problem, rows=(island, across)))) == [3]


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (Level("fit", 1, 1, np.ones(12, np.int64), within=Allowance(1)), "fit may be given up in part (`within`)"),
        (
            Level("schools", 1, 1, np.zeros(12, np.int64), presence_amounts=np.ones(1, np.int64)),
            "schools counts once what several pairs may make true together",
        ),
        (
            Spread("region_gap", (Share("all", np.arange(12), np.ones(12), np.zeros(0), np.zeros(0), 4),)),
            "region_gap compares shares and is no sum over pairs",
        ),
    ],
)
def test_a_level_that_is_no_sum_over_pairs_is_named(level: Level | Spread, told: str) -> None:
    presences = Presences(1, np.zeros(4, np.int64), np.arange(4))
    assert refusal(replace(GRID, levels=(level,), presences=presences)) == told


def test_a_least_fit_of_nobody_is_refused_with_a_remedy() -> None:
    least = LeastFit("min_fit", np.arange(12), np.ones(12, dtype=bool))
    with pytest.raises(UnsupportedError, match="put schools_supported before it"):
        NetworkEngine().solve(replace(GRID, levels=(least,)), 0, Stopping())


def test_a_least_fit_that_nobody_can_count_for_is_nought_without_a_step() -> None:
    least = LeastFit("min_fit", np.arange(12) + 1, np.zeros(12, dtype=bool))
    solution = solve(replace(GRID, levels=(least, *GRID.levels)))
    assert values_of(solution) == [0, 4]
    assert [step.of for step in solution.steps] == [1]
