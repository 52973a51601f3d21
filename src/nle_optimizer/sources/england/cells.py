"""Cells of official files: numbers, dates and grades, with the codes that stand for 'not given'."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.scenario.cells import GRADES_IN_WORDS
from nle_optimizer.sources.england.extracts import Extract
from nle_optimizer.sources.england.notes import Notes

T = TypeVar("T")

SUPPRESSED = frozenset({"z", "c", "x", "u", "supp", "ne", "na", "n/a", "null", ".."})
"""Codes of official statistics for a number that is not given (in lower case)."""
NOT_GRADED = frozenset({"", "0", "9", "null", "not judged", "not applicable", "no judgement", "n/a", "na"})
GRADES = {"1": 1, "2": 2, "3": 3, "4": 4, **GRADES_IN_WORDS}
"""Overall grades as figures and as words."""

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?Z?$")


@lru_cache(maxsize=8192)
def number(text: str) -> Decimal:
    """A decimal number; commas may part its thousands.

    Raises:
        ValueError: the text is not one.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    return Decimal(text.replace(",", ""))


def whole(text: str) -> int:
    """A whole number from 0 up.

    Raises:
        ValueError: the text is not one.
    """
    value = number(text)
    if value < 0 or value != int(value):
        raise ValueError("must be a whole number from 0 up")
    return int(value)


def metres(text: str) -> int:
    """A coordinate, rounded to whole metres.

    Raises:
        ValueError: the text is not a number.
    """
    return round(number(text))


@lru_cache(maxsize=8192)
def day(text: str) -> date:
    """A date written dd/mm/yyyy, dd-mm-yyyy or yyyy-mm-dd; a time of day after it is ignored.

    Raises:
        ValueError: the text is not a date, or there is no such day.
    """
    bare = _TIME.sub("", text)
    if match := _DAY_FIRST.fullmatch(bare):
        year, month, day_ = match[3], match[2], match[1]
    elif match := _YEAR_FIRST.fullmatch(bare):
        year, month, day_ = match[1], match[2], match[3]
    else:
        raise ValueError("must be a date: dd/mm/yyyy or yyyy-mm-dd")
    try:
        return date(int(year), int(month), int(day_))
    except ValueError:
        raise ValueError("there is no such day") from None


def parsed(extract: Extract, name: str, parse: Callable[[str], T], notes: Notes) -> list[T | None]:
    """A column, each cell parsed; blank and suppressed cells are None, anything else a fault."""
    values: list[T | None] = []
    for row, text in enumerate(extract.cells(name)):
        value: T | None = None
        if text.casefold() in SUPPRESSED:
            notes.suppressed[extract.path.name, extract.heading(name), text] += 1
        elif text:
            try:
                value = parse(text)
            except ValueError as error:
                place = extract.path, extract.numbers[row], extract.heading(name)
                notes.wrong(*place, str(error), text)
        values.append(value)
    return values


def grades(extract: Extract, name: str, notes: Notes) -> list[int | None]:
    """A column of grades, 1 to 4; a code that is not known is counted and read as blank."""
    values: list[int | None] = []
    for text in extract.cells(name):
        word = text.casefold()
        value = GRADES.get(word)
        if value is None and word not in NOT_GRADED:
            notes.unexpected[extract.path.name, extract.heading(name), text] += 1
        values.append(value)
    return values


def day_argument(option: str, text: str | None) -> date | None:
    """A date typed on the command line.

    Raises:
        InputError: it is not one.
    """
    if text is None:
        return None
    try:
        return day(text.strip())
    except ValueError as error:
        raise InputError([Problem(Place(option), "", str(error), text)]) from None
