"""HiGHS, through MathOpt: whole programmes and their relaxations.

Prices of a program's relaxation to fractions, by GLOP through MathOpt; runs in a process of its own. A program as
MathOpt of OR-Tools takes it.

One whole-number program by HiGHS, through MathOpt of OR-Tools; runs in a process of its own.

HiGHS reckons in floating point: its solution is rounded to whole numbers, which whoever asked must check, and its
bound is rounded up by a tolerance before it is rounded down to a whole number.
"""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from nle_optimizer.engines.general.program import UNLIMITED, Effort, Program, SolverAnswer, Status
from nle_optimizer.errors import EngineError

_SMALLEST = 10
"""A row is multiplied by 2 to the minus this at least: a unit stays a thousand times what solvers break a row by."""


def model_of(program: Program, *, whole: bool = True, scaled: bool = False) -> mathopt.Model:
    """The program as a model.

    Args:
        program: the program.
        whole: off for its relaxation to any numbers between the limits.
        scaled: whether rows of large amounts are multiplied by a power of two below one, which floating point does
            without error; dual values are then those of the rows multiplied.
    """
    proto = model_pb2.ModelProto()
    columns, rows = len(program.lower), len(program.least)
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend(program.lower.tolist())
    proto.variables.upper_bounds.extend(program.upper.tolist())
    proto.variables.integers.extend([whole] * columns)
    worth = np.flatnonzero(program.objective)
    proto.objective.maximize = True
    proto.objective.linear_coefficients.ids.extend(worth.tolist())
    proto.objective.linear_coefficients.values.extend(program.objective[worth].tolist())
    proto.linear_constraints.ids.extend(range(rows))
    matrix = program.matrix
    row = np.repeat(np.arange(rows), np.diff(matrix.indptr))
    scale = _scales(program, row) if scaled else np.ones(rows)
    proto.linear_constraints.lower_bounds.extend((_limits(program.least) * scale).tolist())
    proto.linear_constraints.upper_bounds.extend((_limits(program.most) * scale).tolist())
    proto.linear_constraint_matrix.row_ids.extend(row.tolist())
    proto.linear_constraint_matrix.column_ids.extend(matrix.indices.tolist())
    proto.linear_constraint_matrix.coefficients.extend((matrix.data * scale[row]).tolist())
    return mathopt.Model.from_model_proto(proto)


def _scales(program: Program, row: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each row is multiplied by, given the row of each entry, so that none has far greater amounts than others."""
    greatest = np.ones(len(program.least))
    np.maximum.at(greatest, row, np.abs(program.matrix.data))
    return np.exp2(-np.minimum(_SMALLEST, np.floor(np.log2(greatest))))


def _limits(limits: np.ndarray) -> NDArray[np.float64]:
    exact = limits.astype(np.float64)
    exact[limits <= -UNLIMITED] = -np.inf
    exact[limits >= UNLIMITED] = np.inf
    return exact


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


def solve(program: Program, effort: Effort, stop_file: str) -> SolverAnswer:  # noqa: ARG001
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
    return SolverAnswer(STATUSES[reason], values, _bound(result.termination.objective_bounds.dual_bound), nodes)


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


def relax(program: Program, seconds: float | None) -> NDArray[np.float64] | None:
    """What a unit more of each row's limit would be worth, shape (rows,); None where that is not found in time."""
    model = model_of(program, whole=False)
    limit = None if seconds is None else timedelta(seconds=seconds)
    result = mathopt.solve(model, mathopt.SolverType.GLOP, params=mathopt.SolveParameters(time_limit=limit))
    if not result.has_dual_feasible_solution():
        return None
    return np.array(result.dual_values(list(model.linear_constraints())))
