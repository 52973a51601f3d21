"""Exact shares as text."""

from decimal import Decimal
from fractions import Fraction

MILLION = 1_000_000


def six_decimals(value: Fraction) -> str:
    """A share to the nearest millionth (halves to even), without needless zeros."""
    millionths = round(value * MILLION)
    text = format(Decimal(millionths).scaleb(-6), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
