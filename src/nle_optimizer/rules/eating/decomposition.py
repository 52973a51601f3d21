"""Shares as a lottery over whole matchings, in exact fractions (Birkhoff 1946, von Neumann 1953)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

Lottery = list[tuple[Fraction, list[int]]]
"""Matchings, each with its probability; these sum to 1."""
Cell = tuple[int, int]


def decomposed(shares: Mapping[int, Fraction], recipient: Sequence[int], nle: Sequence[int]) -> Lottery:
    """A lottery that gives every pair its share, each of its matchings within the places that the shares fill.

    Each NLE's places are filled one after the other by its shares; what rows and columns lack of 1 is made up by
    nobody, and of the square that results one matching after the other is taken off (Budish, Che, Kojima and Milgrom
    2013, doi:10.1257/aer.103.2.585).

    Args:
        shares: of each pair; those of a recipient sum to at most 1.
        recipient, nle: the sides of each pair.
    """
    cells, pair_at, rows, columns = _filled(shares, recipient, nle)
    cells = _squared(cells, rows, columns)
    size, lottery = rows + columns, []
    while cells:
        matched = _matching(cells, size)
        weight = min(cells[cell] for cell in matched)
        lottery.append((weight, sorted(pair_at[cell] for cell in matched if cell in pair_at)))
        for cell in matched:
            cells[cell] -= weight
            if not cells[cell]:
                del cells[cell]
    return lottery


def _filled(
    shares: Mapping[int, Fraction], recipient: Sequence[int], nle: Sequence[int]
) -> tuple[dict[Cell, Fraction], dict[Cell, int], int, int]:
    """Shares by recipient and place, whose pair each cell is, and how many recipients and places there are."""
    row_of = {whose: n for n, whose in enumerate(sorted({recipient[pair] for pair in shares}))}
    cells: dict[Cell, Fraction] = {}
    pair_at: dict[Cell, int] = {}
    place = -1
    for own in sorted({nle[pair] for pair in shares}):
        place, room = place + 1, Fraction(1)
        for pair in sorted(pair for pair in shares if nle[pair] == own):
            left = shares[pair]
            while left:
                if not room:
                    place, room = place + 1, Fraction(1)
                part = min(left, room)
                cell = row_of[recipient[pair]], place
                cells[cell], pair_at[cell] = part, pair
                left, room = left - part, room - part
    return cells, pair_at, len(row_of), place + 1


def _squared(cells: Mapping[Cell, Fraction], rows: int, columns: int) -> dict[Cell, Fraction]:
    """A square whose rows and columns sum to 1: the cells, what they lack, and the cells turned over."""
    square = dict(cells)
    lacking_rows, lacking_columns = [Fraction(1)] * rows, [Fraction(1)] * columns
    for (row, column), part in cells.items():
        lacking_rows[row] -= part
        lacking_columns[column] -= part
        square[rows + column, columns + row] = part
    square |= {(row, columns + row): part for row, part in enumerate(lacking_rows)}
    square |= {(rows + column, column): part for column, part in enumerate(lacking_columns)}
    return {cell: part for cell, part in square.items() if part}


def _matching(cells: Mapping[Cell, Fraction], size: int) -> list[Cell]:
    """A cell of every row and column: there is one, as rows and columns sum to the same."""
    rows, columns = zip(*cells, strict=True)
    graph = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
    found = maximum_bipartite_matching(graph, perm_type="column")
    return [(row, int(column)) for row, column in enumerate(found)]
