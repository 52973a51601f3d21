"""Exact arithmetic: halves rounded up, whole roots, and numbers as the files write them."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import MILLION, Integers

Floats = NDArray[np.float64]

LARGEST = 2**62
"""Integers in arrays stay below this; where they might not, arrays of Python integers take over."""


def half_up(numerator: Any, denominator: Any) -> Any:
    """Numerator over denominator (positive) as a whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_up_fraction(number: Fraction) -> int:
    """A fraction as a whole number, halves up."""
    return int(half_up(number.numerator, number.denominator))


def whole_root(values: Integers) -> Integers:
    """The whole part of each square root, exact for values below 2^62."""
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    root -= root * root > values
    root += (root + 1) * (root + 1) <= values
    return root


def metres_from_squares(squares: Floats, factor: Fraction) -> Integers:
    """Straight-line metres times a factor, halves up, from their exact squares (0 or more)."""
    over, under = factor.numerator, factor.denominator
    if over == under:
        # The root of a whole number is never within 1 / (8 root) of a half, far more than a float errs here.
        return np.floor(np.sqrt(squares) + 0.5).astype(np.int64)
    largest = int(squares.max(initial=0.0))
    if 4 * over * over * largest >= LARGEST:
        roots = [isqrt(4 * over * over * int(square)) for square in squares.ravel().tolist()]
        return ((np.array(roots, dtype=np.int64) + under) // (2 * under)).reshape(squares.shape)
    return (whole_root(4 * over * over * squares.astype(np.int64)) + under) // (2 * under)


def millionths(number: Decimal) -> int:
    """A decimal in millionths, halves up."""
    return half_up_fraction(Fraction(number) * MILLION)


def number_in(cell: str) -> Decimal | None:
    """The number in a cell: None where it is blank, and not a number (which equals nothing) where it holds none."""
    if not cell:
        return None
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return Decimal("NaN")
    return number if number.is_finite() else Decimal("NaN")


def fixed(value: int, scale: int, places: int) -> str:
    """`value` / `scale` with so many decimal places, halves up."""
    unit = 10**places
    whole = half_up(value * unit, scale) if scale != unit else value
    sign = "-" if whole < 0 else ""
    return f"{sign}{abs(whole) // unit}.{abs(whole) % unit:0{places}d}"


def shortest(value: int) -> str:
    """Millionths as the shortest decimal: 1, 2.5."""
    whole, rest = divmod(value, MILLION)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


def fixed_each(values: Sequence[int], scale: int, places: int) -> list[str]:
    """Every value as `fixed` has it, blank where it is below 0 (not known)."""
    return ["" if value < 0 else fixed(value, scale, places) for value in values]


def exact_sum(numbers: NDArray[Any]) -> int:
    """The sum of whole numbers of any size."""
    if numbers.dtype != object and len(numbers) * int(np.abs(numbers).max(initial=0)) < LARGEST:
        return int(numbers.sum())
    return sum(numbers.tolist())
