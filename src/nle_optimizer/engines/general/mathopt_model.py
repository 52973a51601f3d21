"""A program as MathOpt of OR-Tools takes it."""

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from nle_optimizer.engines.general.program import UNLIMITED, Program


def model_of(program: Program, *, whole: bool = True) -> mathopt.Model:
    """The program, or with `whole` off its relaxation to any numbers between the limits."""
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
    proto.linear_constraints.lower_bounds.extend(_limits(program.least))
    proto.linear_constraints.upper_bounds.extend(_limits(program.most))
    matrix = program.matrix
    proto.linear_constraint_matrix.row_ids.extend(np.repeat(np.arange(rows), np.diff(matrix.indptr)).tolist())
    proto.linear_constraint_matrix.column_ids.extend(matrix.indices.tolist())
    proto.linear_constraint_matrix.coefficients.extend(matrix.data.tolist())
    return mathopt.Model.from_model_proto(proto)


def _limits(limits: np.ndarray) -> list[float]:
    exact = limits.astype(np.float64)
    exact[limits <= -UNLIMITED] = -np.inf
    exact[limits >= UNLIMITED] = np.inf
    return exact.tolist()
