"""A program as MathOpt of OR-Tools takes it."""

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from nle_optimizer.engines.general.program import UNLIMITED, Program

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
