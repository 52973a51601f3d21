"""One whole-number program by CP-SAT of OR-Tools; runs in a process of its own."""

import threading
from pathlib import Path

import numpy as np
from ortools.sat.python import cp_model

from nle_optimizer.engines.general.program import UNLIMITED, Effort, Program, SolverAnswer, Status
from nle_optimizer.errors import EngineError

STATUSES: dict[cp_model.CpSolverStatus, Status] = {
    cp_model.OPTIMAL: "optimal",
    cp_model.FEASIBLE: "feasible",
    cp_model.INFEASIBLE: "infeasible",
    cp_model.UNKNOWN: "unknown",
}

_UNIT = 0.1
"""Deterministic seconds in a unit of work."""

_LOOK = 0.1
"""Seconds between two looks for the stop file."""


def solve(program: Program, effort: Effort, stop_file: str) -> SolverAnswer:
    """Solve a program until it is proved, or the effort is spent, or the stop file appears.

    A unit of work is a tenth of a deterministic second of CP-SAT.

    Raises:
        EngineError: CP-SAT calls the program invalid.
    """
    model, variables = _model(program)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.linearization_level = 2
    parameters.random_seed = 1
    parameters.max_deterministic_time = effort.work * _UNIT
    parameters.relative_gap_limit = effort.gap
    if effort.seconds is not None:
        parameters.max_time_in_seconds = effort.seconds
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(solver, stop_file, done), daemon=True)
    watcher.start()
    status = solver.solve(model)
    done.set()
    watcher.join()
    if status not in STATUSES:
        raise EngineError(f"CP-SAT answered {solver.status_name(status)}: {model.validate()}")
    work = float(solver.response_proto.deterministic_time) / _UNIT
    found = STATUSES[status] in ("optimal", "feasible")
    values = np.array([solver.value(variable) for variable in variables], np.int64) if found else None
    bound: int | None = 0
    if program.objective.any() and STATUSES[status] != "infeasible":
        # Stopped early, CP-SAT says 0 where it knows no bound.
        bound = round(solver.best_objective_bound) if found else None
    return SolverAnswer(STATUSES[status], values, bound, work)


def _model(program: Program) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    model = cp_model.CpModel()
    limits = zip(program.lower.tolist(), program.upper.tolist(), strict=True)
    variables = [model.new_int_var(low, high, "") for low, high in limits]
    matrix = program.matrix
    for row, (least, most) in enumerate(zip(program.least.tolist(), program.most.tolist(), strict=True)):
        entries = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
        total = _sum(variables, matrix.indices[entries], matrix.data[entries])
        low, high = (
            cp_model.INT_MIN if least <= -UNLIMITED else least,
            cp_model.INT_MAX if most >= UNLIMITED else most,
        )
        model.add_linear_constraint(total, low, high)
    worth = np.flatnonzero(program.objective)
    if len(worth):
        model.maximize(_sum(variables, worth, program.objective[worth]))
    if program.hint is not None:
        for variable, value in zip(variables, program.hint.tolist(), strict=True):
            model.add_hint(variable, value)
    return model, variables


def _sum(variables: list[cp_model.IntVar], columns: np.ndarray, amounts: np.ndarray) -> cp_model.LinearExprT:
    chosen = [variables[column] for column in columns.tolist()]
    return cp_model.LinearExpr.weighted_sum(chosen, amounts.tolist())


def _watch(solver: cp_model.CpSolver, stop_file: str, done: threading.Event) -> None:
    while not done.wait(_LOOK):
        if Path(stop_file).exists():
            solver.stop_search()
