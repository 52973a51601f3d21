"""Prices of a program's relaxation to fractions, by GLOP through MathOpt; runs in a process of its own."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

from nle_optimizer.engines.general.mathopt_model import model_of
from nle_optimizer.engines.general.program import Program


def relax(program: Program, seconds: float | None) -> NDArray[np.float64] | None:
    """What a unit more of each row's limit would be worth, shape (rows,); None where that is not found in time."""
    model = model_of(program, whole=False)
    limit = None if seconds is None else timedelta(seconds=seconds)
    result = mathopt.solve(model, mathopt.SolverType.GLOP, params=mathopt.SolveParameters(time_limit=limit))
    if not result.has_dual_feasible_solution():
        return None
    return np.array(result.dual_values(list(model.linear_constraints())))
