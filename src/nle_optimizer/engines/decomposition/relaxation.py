"""The linear relaxation over patterns, and cuts on odd sets.

A linear programme to which columns come, solved anew from where it stood: GLOP through MathOpt of OR-Tools.

Begun from the basis of the last solve it takes few steps, and its prices move little, so that few columns come.

Cuts over patterns: of three that may each be had once, at most one pattern can hold two.

For three recipients or NLEs, the patterns that hold two of them are chosen at most once in all. These are
Chvatal-Gomory cuts of rank one with multipliers one half: Jepsen, Petersen, Spoorendonk and Pisinger (2008),
Subset-row inequalities applied to the vehicle-routing problem with time windows, doi:10.1287/opre.1070.0449.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.glop import parameters_pb2 as glop
from ortools.math_opt import callback_pb2, model_pb2, model_update_pb2, parameters_pb2, result_pb2, solution_pb2
from ortools.math_opt.core.python import solver
from ortools.math_opt.model_parameters_pb2 import ModelSolveParametersProto
from ortools.math_opt.sparse_containers_pb2 import SparseDoubleMatrixProto, SparseDoubleVectorProto
from scipy.sparse import csc_matrix, csr_matrix

from nle_optimizer.engines.decomposition.case import Floats
from nle_optimizer.errors import EngineError
from nle_optimizer.records import Flags, Integers

BASIC, AT_LOWER, AT_UPPER = (
    solution_pb2.BASIS_STATUS_BASIC,
    solution_pb2.BASIS_STATUS_AT_LOWER_BOUND,
    solution_pb2.BASIS_STATUS_AT_UPPER_BOUND,
)


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a programme stood.

    Attributes:
        columns: shape (columns,): those in the basis.
        rows: shape (rows,): those whose slack is.
    """

    columns: Flags
    rows: Flags

    def completed(self) -> "Basis":
        """As many in the basis as there are rows: slacks stand in for columns that are gone."""
        missing = len(self.rows) - np.count_nonzero(self.columns) - np.count_nonzero(self.rows)
        rows = self.rows.copy()
        rows[np.flatnonzero(~rows)[:missing]] = True
        return Basis(self.columns, rows)


@dataclass(frozen=True, eq=False)
class RelaxationPoint:
    """A best point of a programme.

    Attributes:
        value: what it is worth.
        chosen: shape (columns,): how far each is chosen, from 0 up.
        prices: shape (rows,): from 0 up where a row has no lower limit.
        basis: where the programme stands.
    """

    value: float
    chosen: Floats
    prices: Floats
    basis: Basis


class Relaxation:
    """The greatest value of columns from 0 up, whose rows stay within upper limits.

    Args:
        value: shape (columns,).
        rows: shape (rows, columns).
        limit: shape (rows,).
        basis: where to begin.
    """

    def __init__(self, value: Floats, rows: csc_matrix, limit: Floats, basis: Basis) -> None:
        model = model_pb2.ModelProto()
        model.linear_constraints.ids.extend(range(len(limit)))
        model.linear_constraints.lower_bounds.extend([-np.inf] * len(limit))
        model.linear_constraints.upper_bounds.extend(limit.tolist())
        model.objective.maximize = True
        self._columns = 0
        self._add(value, rows, model.variables, model.objective.linear_coefficients, model.linear_constraint_matrix)
        self._solver = solver.new(parameters_pb2.SOLVER_TYPE_GLOP, model, parameters_pb2.SolverInitializerProto())
        self.begin(basis.completed())

    def join(self, value: Floats, rows: csc_matrix) -> None:
        """Add columns."""
        update = model_update_pb2.ModelUpdateProto()
        worth, matrix = update.objective_updates.linear_coefficients, update.linear_constraint_matrix_updates
        self._add(value, rows, update.new_variables, worth, matrix)
        self._solver.update(update)

    def hold(self, barred: Integers, full: int | None) -> None:
        """Let some columns not be chosen, and a row of limit one be full; None for no row."""
        self._bound(barred, 0.0, full, 1.0)

    def release(self, barred: Integers, full: int | None) -> None:
        """Take back what was held."""
        self._bound(barred, np.inf, full, -np.inf)

    def begin(self, basis: Basis) -> None:
        """Where the next solve begins, if not where the last one ended."""
        self._start = ModelSolveParametersProto()
        start = self._start.initial_basis
        start.variable_status.ids.extend(range(len(basis.columns)))
        start.variable_status.values.extend(np.where(basis.columns, BASIC, AT_LOWER).tolist())
        start.constraint_status.ids.extend(range(len(basis.rows)))
        start.constraint_status.values.extend(np.where(basis.rows, BASIC, AT_UPPER).tolist())

    def solve(self, *, dual: bool) -> RelaxationPoint | None:
        """The best point; None where the limits cannot all be kept.

        Args:
            dual: by the dual simplex method, which suits new limits; the primal one suits new columns.

        Raises:
            EngineError: the solver found neither.
        """
        how = glop.GlopParameters(use_preprocessing=False, use_dual_simplex=dual)
        answer = self._solver.solve(
            parameters_pb2.SolveParametersProto(glop=how),
            self._start,
            None,
            callback_pb2.CallbackRegistrationProto(),
            None,
            None,
        )
        self._start = ModelSolveParametersProto()
        if answer.termination.reason == result_pb2.TERMINATION_REASON_INFEASIBLE:
            return None
        if answer.termination.reason != result_pb2.TERMINATION_REASON_OPTIMAL:
            raise EngineError(f"GLOP ended without a best point: {answer.termination.detail}")
        best = answer.solutions[0]
        basis = Basis(
            np.array(best.basis.variable_status.values) == BASIC, np.array(best.basis.constraint_status.values) == BASIC
        )
        return RelaxationPoint(
            best.primal_solution.objective_value,
            np.array(best.primal_solution.variable_values.values),
            np.array(best.dual_solution.dual_values.values),
            basis,
        )

    def _add(
        self,
        value: Floats,
        rows: csc_matrix,
        variables: model_pb2.VariablesProto,
        worth: SparseDoubleVectorProto,
        matrix: SparseDoubleMatrixProto,
    ) -> None:
        first, self._columns = self._columns, self._columns + len(value)
        variables.ids.extend(range(first, self._columns))
        variables.lower_bounds.extend([0.0] * len(value))
        variables.upper_bounds.extend([np.inf] * len(value))
        variables.integers.extend([False] * len(value))
        some = np.flatnonzero(value)
        worth.ids.extend((some + first).tolist())
        worth.values.extend(value[some].tolist())
        by_row = rows.tocsr()
        matrix.row_ids.extend(np.repeat(np.arange(rows.shape[0]), np.diff(by_row.indptr)).tolist())
        matrix.column_ids.extend((by_row.indices + first).tolist())
        matrix.coefficients.extend(by_row.data.tolist())

    def _bound(self, columns: Integers, most: float, full: int | None, least: float) -> None:
        update = model_update_pb2.ModelUpdateProto()
        update.variable_updates.upper_bounds.ids.extend(columns.tolist())
        update.variable_updates.upper_bounds.values.extend([most] * len(columns))
        rows: Sequence[int] = [] if full is None else [full]
        update.linear_constraint_updates.lower_bounds.ids.extend(rows)
        update.linear_constraint_updates.lower_bounds.values.extend([least] * len(rows))
        self._solver.update(update)


VIOLATED = 0.02
"""A cut is worth adding where the present choice breaks it by this much."""

EACH = 5
"""Cuts added at once in which one row takes part."""

MOST = 150
"""Cuts added at once."""

USED = 1e-6
"""A pattern chosen by less is not chosen."""

BLOCK = 20_000
"""Cuts looked at together."""


def cut_rows(rows: csr_matrix, triples: Integers) -> csr_matrix:
    """The cuts as rows over the patterns: 1 for those that hold two or three of a triple.

    Args:
        rows: shape (rows, patterns): 1 where a pattern holds a recipient or is an NLE's.
        triples: shape (cuts, 3): rows.
    """
    count = len(triples)
    if not count:
        return csr_matrix((0, rows.shape[1]))
    member = csr_matrix((np.ones(3 * count), (np.repeat(np.arange(count), 3), triples.ravel())), (count, rows.shape[0]))
    held = csr_matrix(member @ rows)
    held.data = np.floor(held.data / 2)
    held.eliminate_zeros()
    return held


def broken(rows: csc_matrix, single: Integers, chosen: Floats) -> Integers:
    """Shape (cuts, 3): the triples whose cuts a choice breaks most, few for each row.

    Args:
        rows: as for `cut_rows`.
        single: the rows whose limit is one.
        chosen: shape (patterns,): how far each pattern is chosen, from 0 to 1.
    """
    used = np.flatnonzero(chosen > USED)
    share = chosen[used]
    held = rows[:, used].toarray()[single]
    triples = _candidates((held * share) @ held.T)
    excess = np.concatenate(
        [_excess(held, share, triples[at : at + BLOCK]) for at in range(0, len(triples), BLOCK)] or [np.zeros(0)]
    )
    order = np.argsort(-excess, kind="stable")
    times = np.zeros(len(single), dtype=np.int64)
    kept: list[int] = []
    for cut in order[excess[order] > VIOLATED].tolist():
        if len(kept) < MOST and (times[triples[cut]] < EACH).all():
            kept.append(cut)
            times[triples[cut]] += 1
    return np.asarray(single[triples[kept]])


def _candidates(together: Floats) -> Integers:
    """The triples that any two of may be held together often enough, each once."""
    np.fill_diagonal(together, 0.0)
    first, second = np.nonzero(np.triu(together > USED))
    edge, third = np.nonzero(together[first, second][:, None] + together[first] + together[second] > 1 + VIOLATED)
    other = (third != first[edge]) & (third != second[edge])
    edge, third = edge[other], third[other]
    triples = np.sort(np.stack([first[edge], second[edge], third], axis=1), axis=1)
    return np.unique(triples, axis=0)


def _excess(held: Floats, share: Floats, triples: Integers) -> Floats:
    return np.asarray((held[triples].sum(axis=1) >= 2) @ share - 1)
