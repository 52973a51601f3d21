"""Solvers are checked, never believed: a death, a broken limit and a wrong bound become faults of our own."""

import os
import signal
import time
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.engines.general.engine import CpSatEngine, HighsEngine
from nle_optimizer.engines.general.program import UNLIMITED, Effort, Program, SolverAnswer
from nle_optimizer.engines.general.program_from_problem import draft_of, keeps_limits
from nle_optimizer.engines.general.solving import check, service, solve
from nle_optimizer.errors import EngineError, SolverDiedError
from nle_optimizer.model.levels import EngineAsked, Level
from nle_optimizer.model.problem import Problem, Resource, Row
from nle_optimizer.records import MILLION
from support.problems import problem_of

SOLVERS = ("cpsat", "highs")
AT_MOST_ONE = Program(
    np.zeros(2, np.int64),
    np.ones(2, np.int64),
    csr_array(np.array([[1, 1]])),
    np.array([-UNLIMITED]),
    np.array([1]),
    np.array([4, 6]),
)


def dies_always(*_: object) -> None:
    """Ends its process, whatever it is asked."""
    os.abort()


def dies(_: str) -> None:
    """Ends its process as native code that fails does."""
    os.abort()


def test_a_process_that_dies_twice_is_a_fault_of_the_solver_and_the_next_call_is_served() -> None:
    with pytest.raises(SolverDiedError, match="SIGABRT"):
        service().call(dies, stop=Stopping())
    assert solve("cpsat", AT_MOST_ONE, Effort(10.0), Stopping()).bound == 6


def dies_once(mark: str, _: str) -> str:
    """Ends its process the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "answered"


def test_a_process_that_is_killed_once_is_asked_once_more(tmp_path: Path) -> None:
    assert service().call(dies_once, str(tmp_path / "mark"), stop=Stopping()) == "answered"


@pytest.mark.parametrize("engine", [CpSatEngine(), HighsEngine()], ids=lambda engine: engine.name)
def test_a_solver_that_always_dies_leaves_the_best_allocation_so_far(
    engine: CpSatEngine | HighsEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nle_optimizer.engines.general.solving._solve", dies_always)
    problem = hard_problem()
    solution = engine.solve(problem, 0, Stopping())
    assert solution.stopped == "solver"
    assert len(solution.matched)
    assert keeps_limits(problem, solution.matched)
    assert all(level.value <= level.bound for level in solution.levels)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_bound_is_stated_in_the_units_of_the_objective(solver: str) -> None:
    answer = solve(solver, AT_MOST_ONE, Effort(10.0), Stopping())
    assert (answer.status, answer.bound) == ("optimal", 6)
    assert answer.values is not None and answer.values.tolist() == [0, 1]


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_empty_row_that_asks_for_something_is_infeasible(solver: str) -> None:
    empty = Program(*(np.zeros(1, np.int64),) * 2, csr_array((1, 1), dtype=np.int64), *(np.ones(1, np.int64),) * 3)
    assert solve(solver, empty, Effort(10.0), Stopping()).status == "infeasible"


def test_highs_that_only_proves_is_exact_to_the_unit_beside_rows_of_large_amounts_wherever_it_starts() -> None:
    rng = np.random.default_rng(5)
    every = np.array(list(product((0, 1), repeat=9)))
    for size in (10, 10**4, 10**7, 10**9):
        for _ in range(5):
            matrix = rng.integers(-size, size, (3, 9))
            start = every[rng.integers(len(every))]
            least, most = matrix @ start, matrix @ start + np.array([0, 1, size])
            zero, objective = np.zeros(9, np.int64), rng.integers(0, MILLION, 9)
            program = Program(zero, zero + 1, csr_array(matrix), least, most, objective, hint=start)
            allowed = ((every @ matrix.T >= least) & (every @ matrix.T <= most)).all(axis=1)
            answer = solve("highs", program, Effort(1_000.0, settled=True), Stopping())
            assert answer.values is not None
            assert answer.bound == objective @ answer.values == (every[allowed] @ objective).max()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_share_in_millionths_is_rounded_outwards_whatever_floating_point_makes_of_it(solver: str) -> None:
    """HiGHS takes a row of a share that is no whole number of millionths for kept where it is not."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        amounts, whole = rng.integers(1, 12, int(rng.integers(2, 9))), int(rng.integers(3, 40))
        size, most = len(amounts), -(-MILLION * int(amounts.sum()) // whole)
        rows = np.array([np.append(-MILLION * amounts, ends) for ends in ([whole, 0], [0, whole])])
        lower, upper = np.zeros(size + 2, np.int64), np.append(np.ones(size, np.int64), [most, most])
        lower[0] = 1
        worth = np.append(np.zeros(size, np.int64), [-1, 1])
        limits = np.array([0, -UNLIMITED]), np.array([UNLIMITED, 0])
        answer = solve(solver, Program(lower, upper, csr_array(rows), *limits, worth), Effort(100.0), Stopping())
        counts = [amounts @ [1, *chosen] for chosen in product((0, 1), repeat=size - 1)]
        apart = min(-(-MILLION * int(count) // whole) - MILLION * int(count) // whole for count in counts)
        assert answer.values is not None
        assert answer.bound == worth @ answer.values == -apart


def test_what_highs_calls_the_best_and_bounds_higher_is_proved_by_cp_sat(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS may take 0.9999995 for 1, so that its bound is a unit above what its values are worth in whole numbers."""
    asked, call = [], service().call

    def told(function: Any, solver: str, *args: Any, stop: Stopping) -> SolverAnswer:
        asked.append(solver)
        answer = call(function, solver, *args, stop=stop)
        return replace(answer, bound=answer.bound + 1) if solver == "highs" else answer

    monkeypatch.setattr(service(), "call", told)
    answer = solve("highs", AT_MOST_ONE, Effort(100.0), Stopping())
    assert (asked, answer.status) == (["highs", "cpsat"], "optimal")
    assert answer.bound == AT_MOST_ONE.objective @ answer.values == 6


def test_an_answer_that_breaks_a_limit_is_an_error() -> None:
    with pytest.raises(EngineError, match="breaks a limit"):
        check("cpsat", AT_MOST_ONE, SolverAnswer("optimal", np.array([1, 1]), 10, 0.0))


def test_an_answer_above_its_own_bound_is_an_error() -> None:
    with pytest.raises(EngineError, match="at most 5"):
        check("cpsat", AT_MOST_ONE, SolverAnswer("optimal", np.array([0, 1]), 5, 0.0))


def hard_problem() -> Problem:
    """More schools than days: no solver proves it in a moment."""
    rng = np.random.default_rng(5)
    nles, schools = 12, 70
    nle, recipient = np.repeat(np.arange(nles), schools), np.tile(np.arange(schools), nles)
    days = rng.integers(40, 160, (nles, schools)).reshape(-1) * MILLION
    fit = rng.integers(0, MILLION, nles * schools)
    return Problem(
        np.array([f"R{n:02d}" for n in range(schools)], object),
        np.array([f"N{n:02d}" for n in range(nles)], object),
        recipient,
        nle,
        np.ones(schools, np.int64),
        (Resource("days", days, rng.integers(300, 500, nles) * MILLION),),
        None,
        (Level("fit", 1, MILLION, fit), Level("less", -1, 1, -rng.integers(0, 9, nles * schools))),
    )


@pytest.mark.parametrize("engine", [CpSatEngine(), HighsEngine()], ids=lambda engine: engine.name)
def test_a_deadline_ends_the_search_with_a_valid_allocation_and_bounds(engine: CpSatEngine | HighsEngine) -> None:
    problem, started = hard_problem(), time.monotonic()
    solution = engine.solve(problem, 0, Stopping(deadline=started + 1.0))
    assert time.monotonic() - started < 5
    assert solution.stopped == "time"
    assert keeps_limits(problem, solution.matched)
    assert len(solution.levels) == 2
    assert all(level.value <= level.bound for level in solution.levels)
    assert solution.levels[1].proof == "trivial"


def test_an_interrupt_ends_the_search_with_what_was_found() -> None:
    problem, started = hard_problem(), time.monotonic()
    solution = CpSatEngine().solve(problem, 0, Stopping(interrupted=lambda: time.monotonic() > started + 1))
    assert time.monotonic() - started < 5
    assert solution.stopped == "interrupt"
    assert keeps_limits(problem, solution.matched)


def test_a_gap_that_will_do_ends_a_level_but_not_the_next() -> None:
    problem = hard_problem()
    solution = CpSatEngine().solve(problem, 0, Stopping(gap=Fraction(1, 10), work=20))
    fit = solution.levels[0]
    assert fit.value < fit.bound <= fit.value * Fraction(10, 9)
    assert solution.levels[1].proof != "trivial" or solution.stopped == "work"


def test_work_ends_the_search_and_the_answer_is_the_same_again() -> None:
    found = [CpSatEngine().solve(hard_problem(), 0, Stopping(work=1)) for _ in range(2)]
    assert [solution.stopped for solution in found] == ["work", "work"]
    assert found[0].matched.tolist() == found[1].matched.tolist()
    assert [level.bound for level in found[0].levels] == [level.bound for level in found[1].levels]


def in_turn(problem: Problem) -> Problem:
    """The problem with its first level for CP-SAT and its second for HiGHS."""
    asked = zip(problem.levels, ("cp-sat", "highs"), strict=True)
    return replace(problem, levels=tuple(replace(level, engine=EngineAsked(name)) for level, name in asked))


@pytest.mark.parametrize("reason", ["work", "time"])
def test_what_ends_the_search_of_one_engine_leaves_nothing_to_the_next(reason: str) -> None:
    problem, started = in_turn(hard_problem()), time.monotonic()
    stop = Stopping(work=1) if reason == "work" else Stopping(deadline=started + 1.0)
    solution = next(engines_for(problem, "auto")).solve(problem, 0, stop)
    assert time.monotonic() - started < 5
    assert (solution.stopped, solution.engines) == (reason, ("cp-sat", "highs"))
    assert keeps_limits(problem, solution.matched)
    assert all(level.value <= level.bound for level in solution.levels)
    assert solution.levels[1].proof == "trivial"


def test_cp_sat_stopped_before_it_knows_a_bound_claims_none_below_the_value() -> None:
    solution = CpSatEngine().solve(hard_problem(), 0, Stopping(work=0))
    assert solution.stopped == "work"
    assert 0 < solution.levels[0].value < solution.levels[0].bound


def test_nothing_found_in_time_is_no_allocation_and_says_why() -> None:
    rng = Random("unknown")
    problem = hard_problem()
    amounts = np.array([rng.randint(10**8, 10**9) for _ in range(problem.size)], np.int64)
    row = Row("exact", "exact", np.arange(problem.size), amounts, 30 * 10**9 + 7, 30 * 10**9 + 7)
    solution = CpSatEngine().solve(replace(problem, rows=(row,)), 0, Stopping(deadline=time.monotonic() + 0.3))
    assert (solution.matched.tolist(), solution.levels, solution.stopped) == ([], (), "time")


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pair_that_its_nle_cannot_hold_does_not_blur_the_bound(solver: str) -> None:
    """HiGHS is off by a share of the bound; what the amounts of the pairs that can be held have in common decides."""
    million = 10**6
    amounts = {(0, n): (4_000 + n) * million for n in range(3)} | {(1, n): 4_000 * million + 1 for n in range(3)}
    problem = problem_of({pair: (amount,) for pair, amount in amounts.items()}, [2, 0], [1, 1, 1])
    (level,) = problem.levels
    assert isinstance(level, Level)
    answer = solve(
        solver, draft_of(problem).program(level.amounts), Effort(100.0, None, 0.0, settled=False), Stopping()
    )
    assert (answer.status, answer.bound) == ("optimal", 8_003 * million)
