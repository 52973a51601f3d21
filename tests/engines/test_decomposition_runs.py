"""Runs of the decomposition engine: the same for any number of processes, ended by work, gap, time or interrupt."""

import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from nle_optimizer.engines.decomposition import one_level as stage
from nle_optimizer.engines.decomposition import search as crew
from nle_optimizer.engines.decomposition.engine import DecompositionEngine
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.model.levels import LeastFit, Level
from nle_optimizer.model.problem import Presences, Problem, Resource, Row
from nle_optimizer.records import MILLION
from support.assignments import bound_of, solve_days


def town(nles: int = 40, schools: int = 160, seed: int = 3, reach: float = 0.35) -> Problem:
    """Schools and NLEs in a square, schools of three to fifteen days, NLEs of ten to forty."""
    rng = np.random.default_rng(seed)
    apart = ((rng.uniform(size=(nles, 1, 2)) - rng.uniform(size=(1, schools, 2))) ** 2).sum(axis=2)
    nle, school = np.nonzero(apart < reach**2)
    days = np.array([3, 5, 7, 10, 15])[rng.integers(0, 5, schools)] * MILLION
    fit = rng.integers(0, MILLION, len(nle))
    return Problem(
        np.array([f"S{n:03d}" for n in range(schools)], dtype=object),
        np.array([f"N{n:03d}" for n in range(nles)], dtype=object),
        school,
        nle,
        np.ones(schools, dtype=np.int64),
        (Resource("days", days[school], rng.integers(10, 41, nles) * MILLION),),
        None,
        (Level("fit", 1, MILLION, fit),),
    )


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem as small as a town's goes the way of a national one."""
    monkeypatch.setattr(stage, "SMALL", 100)
    monkeypatch.setattr(stage, "ROUNDS", 3)


def test_a_run_ended_by_its_work_is_the_same_for_one_process_and_two_and_ends_near_its_bound(searched: None) -> None:
    problem = town()
    one, two = (solve_days(problem, children=children) for children in (1, 2))
    value, bound = two.levels[0].value, two.levels[0].bound
    assert bound_of(problem, two, 0) == bound
    assert 0 <= bound - value < 0.01 * bound
    assert one.stopped == two.stopped == "work"
    assert one.matched.tolist() == two.matched.tolist()
    assert one.levels[0].bound == two.levels[0].bound
    assert (one.trees[0].multipliers.recipient == two.trees[0].multipliers.recipient).all()


def test_held_levels_are_kept_by_a_search(searched: None) -> None:
    problem = town()
    count = Level("schools_supported", 1, 1, np.ones(problem.size, dtype=np.int64))
    problem = replace(problem, levels=(count, *problem.levels))
    solution = solve_days(problem, children=2)
    assert len(solution.matched) == solution.levels[0].value
    assert bound_of(problem, solution, 1) == solution.levels[1].bound >= solution.levels[1].value


def test_from_the_plan_one_day_more_or_fewer_is_worth_what_it_is_from_nothing() -> None:
    for problem in (town(14, 70), town(20, 80, seed=1, reach=0.25)):
        plan = solve_days(problem, children=2)
        (days,) = problem.resources
        for nle, unit in ((0, 1), (7, -2)):
            capacity = days.capacity.copy()
            capacity[nle] += unit * MILLION
            other = replace(problem, resources=(replace(days, capacity=capacity),))
            cold, warm = solve_days(other, children=2), solve_days(other, children=2, start=plan.matched)
            assert cold.levels[0].proved and warm.levels[0].proved
            assert cold.levels[0].value == warm.levels[0].value


def test_children_are_kept_for_the_next_solve_and_one_that_ended_meanwhile_costs_nothing() -> None:
    problem = town(20, 100)
    first = solve_days(problem, children=2)
    children = [child for kept in crew._idle[2] for child in kept._children if child is not None]
    assert children and all(child.lives for child in children)
    for child in children:
        child._kill()
        child._process.wait()
    again = solve_days(problem, children=2)
    assert again.matched.tolist() == first.matched.tolist()
    assert [(level.value, level.bound, level.proof) for level in again.levels] == [
        (level.value, level.bound, level.proof) for level in first.levels
    ]


def test_a_gap_that_will_do_ends_the_run() -> None:
    solution = solve_days(town(), Stopping(gap=Fraction(1, 5)))
    assert solution.stopped == "gap"
    assert not solution.levels[0].proved


def test_a_deadline_ends_the_run_with_an_allocation_and_its_bound() -> None:
    started = time.monotonic()
    solution = solve_days(town(nles=60, schools=400), Stopping(deadline=started + 2))
    assert time.monotonic() - started < 6
    assert solution.stopped == "time"
    assert solution.levels[0].bound > solution.levels[0].value > 0


def test_an_interrupt_ends_the_run_with_an_allocation() -> None:
    solution = solve_days(town(), Stopping(interrupted=lambda: True))
    assert solution.stopped == "interrupt"
    assert len(solution.matched)


def test_no_work_at_all_still_gives_an_allocation_and_a_bound() -> None:
    problem = town(reach=1.0)
    solution = solve_days(problem, Stopping(work=0))
    assert solution.stopped == "work"
    assert solution.work == 0
    assert solution.levels[0].bound > solution.levels[0].value > 0


def test_the_watcher_sees_the_gap_close() -> None:
    seen = []
    DecompositionEngine(lambda *point: seen.append(point)).solve(town(12, 30), 0, Stopping())
    assert seen
    assert all(value <= bound for _, value, bound in seen)


def test_what_counts_once_is_refused_in_words() -> None:
    problem, engine = town(3, 6, reach=2.0), DecompositionEngine()
    present = Presences(1, np.array([0]), np.array([0]))
    row = Row("used", "used", np.array([0]), np.array([1]), presences=np.array([0]), presence_amounts=np.array([1]))
    counting = Level("count", 1, 1, np.ones(problem.size, np.int64), presence_amounts=np.array([1]))
    least = LeastFit("least_fit", np.ones(problem.size, np.int64), np.ones(problem.size, bool))
    assert engine.refuses(problem) is None
    assert "used" in str(engine.refuses(replace(problem, presences=present, rows=(row,))))
    assert "count" in str(engine.refuses(replace(problem, presences=present, levels=(counting,))))
    assert "least_fit" in str(engine.refuses(replace(problem, levels=(least,))))


def test_a_problem_without_levels_is_given_an_allocation_that_keeps_its_limits() -> None:
    problem = replace(town(3, 6, reach=2.0), levels=())
    solution = solve_days(problem)
    assert solution.levels == ()
    assert solution.stopped is None
