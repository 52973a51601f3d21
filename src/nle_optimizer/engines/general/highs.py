"""One whole-number program by HiGHS, through MathOpt of OR-Tools; runs in a process of its own.

HiGHS reckons in floating point: its solution is rounded to whole numbers, which whoever asked must check, and its
bound is rounded up by a tolerance before it is rounded down to a whole number.
"""

from datetime import timedelta

import numpy as np
from ortools.math_opt.python import mathopt

from nle_optimizer.engines.general.answer import Answer, Effort, Status
from nle_optimizer.engines.general.mathopt_model import model_of
from nle_optimizer.engines.general.program import Program
from nle_optimizer.errors import EngineError

TOLERANCE = 1e-9
"""By what share of its size a bound is taken to be off at most."""

_ROUNDING = "mip_heuristic_run_rens"
"""HiGHS' search among all ways to round the relaxation, which the search near the best allocation makes dispensable."""

_SEARCHES = (_ROUNDING, "mip_heuristic_run_rins", "mip_heuristic_run_root_reduced_cost")
"""HiGHS' searches for better allocations in parts of the program."""

_TRIALS = 1
"""How often a branching is tried out before its record is trusted; HiGHS does so 8 times, most of a proof."""

_REASON = mathopt.TerminationReason
STATUSES: dict[mathopt.TerminationReason, Status] = {
    _REASON.OPTIMAL: "optimal",
    _REASON.FEASIBLE: "feasible",
    _REASON.INFEASIBLE: "infeasible",
    _REASON.NO_SOLUTION_FOUND: "unknown",
}


def solve(program: Program, effort: Effort, stop_file: str) -> Answer:  # noqa: ARG001
    """Solve a program until it is proved or the effort is spent; it cannot be asked to stop.

    A unit of work is a node of branch and bound.

    Raises:
        EngineError: HiGHS ended in a way that says nothing.
    """
    model = model_of(program, scaled=effort.settled)
    parameters = mathopt.SolveParameters(
        time_limit=None if effort.seconds is None else timedelta(seconds=effort.seconds),
        node_limit=max(1, int(effort.work)),
        relative_gap_tolerance=effort.gap,
        absolute_gap_tolerance=0.0,
        random_seed=1,
    )
    parameters.highs.int_options["mip_pscost_minreliable"] = _TRIALS
    parameters.highs.bool_options[_ROUNDING] = False
    if effort.settled:
        parameters.highs.bool_options.update(dict.fromkeys(_SEARCHES, False))
        parameters.highs.double_options["mip_heuristic_effort"] = 0.0
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters, model_params=_hints(model, program))
    reason = result.termination.reason
    nodes = float(result.solve_stats.node_count)
    if reason not in STATUSES:
        raise EngineError(f"HiGHS answered {reason.name}: {result.termination.detail}")
    values = None
    if result.has_primal_feasible_solution():
        values = np.rint(np.array(result.variable_values(list(model.variables())))).astype(np.int64)
    return Answer(STATUSES[reason], values, _bound(result.termination.objective_bounds.dual_bound), nodes)


def _hints(model: mathopt.Model, program: Program) -> mathopt.ModelSolveParameters:
    """Where to start from, if the program says so and that is within its limits."""
    if program.hint is None or not program.holds(program.hint):
        return mathopt.ModelSolveParameters()
    values = dict(zip(model.variables(), program.hint.astype(float).tolist(), strict=True))
    return mathopt.ModelSolveParameters(solution_hints=[mathopt.SolutionHint(variable_values=values)])


def _bound(bound: float) -> int | None:
    """A whole number that is surely not below the most there is; None where the bound is none."""
    if not np.isfinite(bound):
        return None
    return int(np.floor(bound + TOLERANCE * abs(bound) + 1e-6))
