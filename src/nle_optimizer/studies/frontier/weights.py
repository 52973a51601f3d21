"""Round weights of a blend that give an extreme point and no other."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from nle_optimizer.studies.frontier.point import Point

FINEST = 18
"""Decimal places of a weight."""
WINDOWS = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100), Fraction(1, 10_000), Fraction(1, 10**8))
"""Shares of a weight by which a rounder one may differ from it, one tried after the other."""

Weighted = Callable[[int, int], Point]


def weight_between(left: Point, point: Point, right: Point, scale: Fraction) -> Decimal:
    """The roundest weight that gives a point between its two neighbours on the curve.

    Args:
        left, point, right: in this order on the curve, with no further extreme point between them.
        scale: the second objective's units in one of what people read, by those of the first.

    Returns:
        What one of the second objective is to be worth in the first, in what people read.
    """
    low = Fraction(left.first - point.first, point.second - left.second)
    high = Fraction(point.first - right.first, right.second - point.second)
    return roundest(low * scale, high * scale)


def weight_near(point: Point, best: Weighted, scale: Fraction) -> Decimal | None:
    """A round weight that gives a point, near the one by which it was found; None where none was found.

    Each is tried by a search, as further extreme points may lie on both sides.
    """
    assert point.weights is not None
    weight = Fraction(point.weights[1], point.weights[0]) * scale
    for window in WINDOWS:
        tried = roundest(weight * (1 - window), weight * (1 + window))
        ratio = Fraction(tried) / scale
        if best(ratio.denominator, ratio.numerator).values == point.values:
            return tried
    return None


def roundest(low: Fraction, high: Fraction) -> Decimal:
    """The decimal of fewest places strictly between two positive fractions.

    Raises:
        ValueError: there is none of at most `FINEST` places.
    """
    for places in range(-FINEST, FINEST + 1):
        unit = Fraction(10) ** -places
        count = low // unit + 1
        if count * unit < high:
            return Decimal(int(count)).scaleb(-places)
    raise ValueError(f"no decimal of {FINEST} places lies between {float(low)} and {float(high)}")
