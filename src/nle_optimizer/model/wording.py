"""Amounts and limits of rows in words, for people."""

from typing import Literal

from nle_optimizer.model.problem import Row
from nle_optimizer.records import shortest

Side = Literal["minimum", "maximum"]


def counted(number: str, unit: str) -> str:
    """A number with its unit: `1 school`, `3.5 days`, `2 NLEs`."""
    named = "NLEs" if unit == "nles" else unit
    return f"{number} {named.removesuffix('s') if number == '1' else named}".rstrip()


def shown(amount: int, row: Row) -> str:
    """An amount in a row's unit."""
    return counted(str(amount) if row.scale == 1 else shortest(amount, 6), row.unit)


def shown_limit(row: Row, side: Side) -> str:
    """A row's limit: an amount in its unit, or the share of everything matched."""
    if row.share is not None:
        return shortest(int(row.share * 10**6), 6)
    return shown((row.lower if side == "minimum" else row.upper) or 0, row)


def limit_in_words(row: Row, side: Side) -> str:
    """A limit: `the maximum of london (40 schools)`."""
    share = "" if row.share is None else " share"
    return f"the {side}{share} of {row.label.removesuffix(f' {side}_share')} ({shown_limit(row, side)})"
