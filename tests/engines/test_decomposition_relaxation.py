"""A programme solved anew from where it stood ends where one solved from nothing does."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csc_matrix, hstack

from nle_optimizer.engines.decomposition.relaxation import Basis, Relaxation

Programme = tuple[np.ndarray, csc_matrix, np.ndarray]


def drawn(seed: int) -> Programme:
    """Rows of which at most one of their columns can be chosen, and one that asks for so many."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(2, 9)), int(rng.integers(3, 30))
    held = (rng.random((rows, columns)) < 0.4).astype(np.float64)
    held[0], limit = -held[0], np.ones(rows)
    limit[0] = -1.0
    held[-1] = 1.0
    return rng.uniform(-1, 9, columns), csc_matrix(held), limit


def from_nothing(programme: Programme, most: np.ndarray | None = None, full: int | None = None) -> float | None:
    value, rows, limit = programme
    most = np.full(len(value), np.inf) if most is None else most
    fixed = {} if full is None else {"A_eq": rows[[full]], "b_eq": [1.0]}
    answer = linprog(-value, A_ub=rows, b_ub=limit, bounds=np.stack([np.zeros(len(most)), most], axis=1), **fixed)
    return -float(answer.fun) if answer.status == 0 else None


def relaxation(programme: Programme, seed: int) -> Relaxation:
    """One that begins at some basis, which may be no basis at all."""
    value, rows, limit = programme
    rng = np.random.default_rng(seed)
    columns = rng.permutation(len(value)) < rng.integers(0, min(len(limit), len(value)) + 1)
    return Relaxation(value, rows, limit, Basis(columns, np.zeros(len(limit), dtype=bool)))


@pytest.mark.parametrize("dual", [False, True])
def test_wherever_a_programme_begins_it_ends_at_the_best_point(dual: bool) -> None:
    for seed in range(60):
        programme = value, rows, limit = drawn(seed)
        point, best = relaxation(programme, seed).solve(dual=dual), from_nothing(programme)
        assert (point is None) == (best is None)
        if point is not None:
            assert best == pytest.approx(point.value) == value @ point.chosen
            assert (rows @ point.chosen <= limit + 1e-6).all()
            assert point.prices.min() >= -1e-6 and point.prices @ limit == pytest.approx(point.value)
            assert np.count_nonzero(point.basis.columns) + np.count_nonzero(point.basis.rows) == len(limit)


def test_columns_that_join_are_chosen_as_if_they_had_been_there() -> None:
    for seed in range(60):
        value, rows, limit = drawn(seed)
        grown = relaxation((value, rows, limit), seed)
        grown.solve(dual=True)
        more, drawn_rows, _ = drawn(seed + 1000)
        held = np.resize(drawn_rows.toarray(), (len(limit), len(more)))
        held[-1] = 1.0
        more_rows = csc_matrix(held)
        grown.join(more, more_rows)
        point = grown.solve(dual=False)
        best = from_nothing((np.concatenate([value, more]), csc_matrix(hstack([rows, more_rows])), limit))
        assert (point is None) == (best is None)
        assert point is None or best == pytest.approx(point.value)


def test_what_is_held_holds_until_it_is_released() -> None:
    for seed in range(60):
        programme = value, _, limit = drawn(seed)
        tried = relaxation(programme, seed)
        first = tried.solve(dual=True)
        barred = np.flatnonzero(np.random.default_rng(seed).random(len(value)) < 0.3)
        most = np.full(len(value), np.inf)
        most[barred] = 0.0
        tried.hold(barred, len(limit) - 1)
        point, best = tried.solve(dual=True), from_nothing(programme, most, len(limit) - 1)
        assert (point is None) == (best is None)
        assert point is None or best == pytest.approx(point.value)
        tried.release(barred, len(limit) - 1)
        again = tried.solve(dual=True)
        assert (again is None) == (first is None)
        assert again is None or first is None or again.value == pytest.approx(first.value)
