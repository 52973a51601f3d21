"""Programs solved in the solvers' own process; every answer is checked in whole numbers before it is returned."""

from dataclasses import replace
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.general.answer import Answer, Effort
from nle_optimizer.engines.general.program import Program
from nle_optimizer.engines.general.service import service
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError, SolverDiedError

EXACT = "cpsat"
"""The solver that reckons in whole numbers."""

_CLOSING = 20.0
"""What CP-SAT may spend, in its deterministic seconds, where HiGHS's answer is a rounding away from its bound."""

LARGEST = 2**53
"""Sums up to this are exact in the floating point in which solvers tell their bounds."""


def solve(solver: str, program: Program, effort: Effort, stop: Stopping) -> Answer:
    """Solve a program.

    HiGHS reckons in floating point: where its answer does not hold in whole numbers, CP-SAT is asked instead; where
    it is said to be the best and its bound says otherwise, CP-SAT goes on from it.

    Args:
        solver: `cpsat` or `highs`.
        program: what is to be solved.
        effort: what may be spent on it.
        stop: the deadline, and the planner's interrupt.

    Returns:
        The answer; its values keep every limit, and its bound is a multiple of the greatest common divisor of the
        objective's amounts, and not below the value.

    Raises:
        EngineError: the answer breaks a limit or contradicts its bound.
    """
    if program.impossible():
        return Answer("infeasible", None, None, 0.0)
    if program.reach >= LARGEST:
        raise EngineError("the amounts are too large for a general solver: their sums can exceed 2^53")
    divisor = int(np.gcd.reduce(program.objective)) or 1
    small = program.divided(divisor)
    try:
        answer = service().call(_solve, solver, small, effort, stop=stop)
        if solver != EXACT and why_not(small, answer) is not None:
            solver, spent = EXACT, answer.work
            answer = service().call(_solve, solver, small, effort, stop=stop)
            answer = replace(answer, work=answer.work + spent)
        elif solver != EXACT and _is_ajar(small, answer, effort):
            answer = _closed(small, answer, replace(effort, work=_CLOSING, seconds=stop.seconds_left), stop)
    except TimeoutError:
        return Answer("unknown", None, None, 0.0)
    except SolverDiedError:
        return Answer("died", None, None, 0.0)
    check(solver, small, answer)
    bound = None if answer.bound is None else answer.bound * divisor
    return Answer(answer.status, answer.values, bound, answer.work)


def _is_ajar(program: Program, answer: Answer, effort: Effort) -> bool:
    """Whether a solver says that it is done, and its bound lies above what its values are worth in whole numbers."""
    if answer.status != "optimal" or effort.gap or answer.values is None or answer.bound is None:
        return False
    return int(program.objective @ answer.values) < answer.bound


def _closed(program: Program, answer: Answer, effort: Effort, stop: Stopping) -> Answer:
    """The better of an answer and what the exact solver finds from there."""
    assert answer.values is not None
    exact = service().call(_solve, EXACT, replace(program, hint=answer.values), effort, stop=stop)
    check(EXACT, program, exact)
    bounds = [each.bound for each in (answer, exact) if each.bound is not None]
    tried = [each for each in (answer.values, exact.values) if each is not None]
    best = max(tried, key=lambda values: int(program.objective @ values))
    return replace(answer, values=best, bound=min(bounds))


def _solve(solver: str, program: Program, effort: Effort, stop_file: str) -> Answer:
    """Called in the solvers' process, the only one that needs to import them."""
    answer: Answer = import_module(f"{__package__}.{solver}").solve(program, effort, stop_file)
    return answer


def relax(program: Program, stop: Stopping) -> NDArray[np.float64] | None:
    """What a unit more of each row's limit is worth in the relaxation to fractions; None where that is not found."""
    try:
        return service().call(_relax, program, stop.seconds_left, stop=stop)
    except (TimeoutError, SolverDiedError):
        return None


def _relax(program: Program, seconds: float | None, _: str) -> NDArray[np.float64] | None:
    """Called in the solvers' process."""
    prices: NDArray[np.float64] | None = import_module(f"{__package__}.linear").relax(program, seconds)
    return prices


def check(solver: str, program: Program, answer: Answer) -> None:
    """Raise EngineError where the answer's values break a limit, or are worth more than its bound."""
    why = why_not(program, answer)
    if why is not None:
        raise EngineError(f"the answer of {solver} {why}")


def why_not(program: Program, answer: Answer) -> str | None:
    """What is wrong with an answer in whole numbers; None where nothing is."""
    if answer.values is None:
        return None
    if not program.holds(answer.values):
        return "breaks a limit of its own program"
    value = int(program.objective @ answer.values)
    if answer.bound is not None and value > answer.bound:
        return f"is worth {value}, and says that at most {answer.bound} can be had"
    return None
