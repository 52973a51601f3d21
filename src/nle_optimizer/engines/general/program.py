"""Integer programmes as the solvers take them, and their answers.

A linear program in whole variables and whole coefficients: what every general solver is given. What a solver is asked
to spend, and what it answers.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from nle_optimizer.records import Integers

UNLIMITED = 2**62
"""Stands for a limit that is none, with either sign."""


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise objective . v, where lower <= v <= upper and least <= matrix v <= most, v whole.

    Attributes:
        lower, upper: shapes (variables,).
        matrix: shape (rows, variables), whole coefficients.
        least, most: shapes (rows,); -UNLIMITED and UNLIMITED where there is no limit.
        objective: shape (variables,).
        hint: shape (variables,): values to start from, which may break limits; None for none.
    """

    lower: Integers
    upper: Integers
    matrix: csr_array
    least: Integers
    most: Integers
    objective: Integers
    hint: Integers | None = None

    @property
    def reach(self) -> float:
        """The greatest size that a row or the objective can have, whatever the variables are."""
        size = np.maximum(np.abs(self.lower), np.abs(self.upper)).astype(np.float64)
        rows = abs(self.matrix).astype(np.float64) @ size
        return max(float(rows.max(initial=0)), float(np.abs(self.objective).astype(np.float64) @ size))

    def divided(self, divisor: int) -> "Program":
        """The same program with an objective in greater units; every amount must be a multiple of the divisor."""
        return replace(self, objective=self.objective // divisor)

    def impossible(self) -> bool:
        """Whether some limits contradict each other or are out of a row's reach; even an empty row's may be."""
        positive, negative = self.matrix.maximum(0), self.matrix.minimum(0)
        greatest = positive @ self.upper + negative @ self.lower
        smallest = positive @ self.lower + negative @ self.upper
        return bool(
            (greatest < self.least).any()
            or (smallest > self.most).any()
            or (self.least > self.most).any()
            or (self.lower > self.upper).any()
        )

    def holds(self, values: Integers) -> bool:
        """Whether values keep every limit, in whole numbers."""
        rows = self.matrix @ values
        return bool(
            (values >= self.lower).all()
            and (values <= self.upper).all()
            and (rows >= self.least).all()
            and (rows <= self.most).all()
        )


@dataclass
class ProgramRows:
    """Rows of a program as they are written, one after another.

    Attributes:
        divided: whether each row is divided by what its coefficients share, its limits rounded inward; not for
            variables that are no whole numbers.
    """

    divided: bool = True
    columns: list[Integers] = field(default_factory=list)
    coefficients: list[Integers] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)

    def add(self, columns: Integers, coefficients: Integers, least: int | None, most: int | None) -> None:
        """Add least <= coefficients . variables <= most; None for no limit."""
        divisor = (int(np.gcd.reduce(coefficients)) or 1) if self.divided else 1
        self.columns.append(columns)
        self.coefficients.append(coefficients // divisor)
        self.least.append(-UNLIMITED if least is None else -(-least // divisor))
        self.most.append(UNLIMITED if most is None else most // divisor)

    def extend(self, row: int, columns: Integers, coefficients: Integers) -> None:
        """Add columns to a row that was not divided."""
        self.columns[row] = np.concatenate([self.columns[row], columns])
        self.coefficients[row] = np.concatenate([self.coefficients[row], coefficients])

    def copy(self) -> "ProgramRows":
        """The same rows, to which others can be added."""
        return ProgramRows(self.divided, list(self.columns), list(self.coefficients), list(self.least), list(self.most))

    def matrix(self, variables: int) -> csr_array:
        """The coefficients, shape (rows, variables); of a column that a row names twice, the sum."""
        starts = np.concatenate([[0], np.cumsum([len(columns) for columns in self.columns])]).astype(np.int64)
        columns, coefficients = _joined(self.columns), _joined(self.coefficients)
        matrix = csr_array((coefficients, columns, starts), shape=(len(self.columns), variables))
        matrix.sum_duplicates()
        return matrix


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *parts])


Status = Literal["optimal", "feasible", "infeasible", "unknown", "died"]


@dataclass(frozen=True)
class Effort:
    """What a solver may spend on one program.

    Attributes:
        work: units of its own deterministic measure.
        seconds: of the clock; None for as long as it likes.
        gap: a relative gap that will do.
        settled: whether the allocation to start from is likely the best, so that all effort may go into the proof.
    """

    work: float
    seconds: float | None = None
    gap: float = 0.0
    settled: bool = False


@dataclass(frozen=True, eq=False)
class SolverAnswer:
    """A solver's answer, not to be believed before it is checked.

    Attributes:
        status: `optimal`, `feasible` (a solution, perhaps not the best), `infeasible`, `unknown`,
            or `died`: its process ended before it answered, twice.
        values: shape (variables,); None where there is no solution.
        bound: said to be the most that the objective can be; None where nothing is known.
        work: what was spent, in the solver's own measure.
    """

    status: Status
    values: Integers | None
    bound: int | None
    work: float
