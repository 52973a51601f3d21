"""Cells of England's extracts: amounts, phases, dates and codes.

Cells of official files: numbers, dates and grades, with the codes that stand for 'not given'. Exact shares as text.
The phase of a school: as GIAS has it, or derived from its type, then from its name, and marked so.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import MILLION, shortest
from nle_optimizer.scenario.cells import GRADES_IN_WORDS
from nle_optimizer.scenario.extracts import Extract, Notes

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
        raise InputError([Fault(Place(option), "", str(error), text)]) from None


def six_decimals(value: Fraction) -> str:
    """A share to the nearest millionth (halves to even), without needless zeros."""
    millionths, rest = divmod(value.numerator * MILLION, value.denominator)
    if 2 * rest + millionths % 2 > value.denominator:
        millionths += 1
    return shortest(millionths, 6)


GIAS = "gias"
FROM_TYPE = "derived-from-type"
FROM_NAME = "derived-from-name"
UNKNOWN = "unknown"
GIVEN = "given"

GIAS_PHASES = {
    "nursery": "nursery",
    "primary": "primary",
    "middle deemed primary": "primary",
    "secondary": "secondary",
    "middle deemed secondary": "secondary",
    "all-through": "all-through",
    "16 plus": "post-16",
}
WITHOUT_PHASE = frozenset({"", "not applicable"})

_TYPES = (
    ("post-16", r"post.?16|16.(to.)?19|sixth form|further education|higher education|designated college"),
    ("alternative-provision", r"pupil referral|alternative provision"),
    ("special", r"\bspecial\b"),
    ("nursery", r"\bnursery\b"),
    ("secondary", r"technology college|technical college|studio school"),
)
_FIRST_NAMES = (
    ("alternative-provision", r"pupil referral|\bpru\b|alternative provision|short stay school"),
    ("special", r"\bspecial school\b"),
)
_PRIMARY = r"\b(primary|infants?|junior|first school)\b"
_SECONDARY = r"\b(secondary|high school|grammar school|upper school)\b"
_LAST_NAMES = (("post-16", r"\bsixth form\b|\b16-19\b"), ("nursery", r"\bnursery\b"))


def phase_of(gias_phase: str, school_type: str, name: str) -> tuple[str, str]:
    """The phase (blank where it cannot be told) and where it comes from.

    The first that answers decides: GIAS's own phase, words in the type, words in the name. A name that
    speaks of both primary and secondary tells nothing.
    """
    phase = GIAS_PHASES.get(gias_phase.casefold())
    if phase:
        return phase, GIAS
    phase = _first(_TYPES, school_type.casefold())
    if phase:
        return phase, FROM_TYPE
    phase = _phase_in_name(name.casefold())
    return (phase, FROM_NAME) if phase else ("", UNKNOWN)


@lru_cache(maxsize=256)
def _first(words: tuple[tuple[str, str], ...], text: str) -> str:
    return next((phase for phase, pattern in words if re.search(pattern, text)), "")


def _phase_in_name(name: str) -> str:
    primary, secondary = (bool(re.search(pattern, name)) for pattern in (_PRIMARY, _SECONDARY))
    if found := _first(_FIRST_NAMES, name):
        return found
    if primary or secondary:
        return "" if primary and secondary else "primary" if primary else "secondary"
    return _first(_LAST_NAMES, name)


def phases_run(phases: set[str]) -> set[str]:
    """The phases somebody serves who runs schools of these: all-through means primary and secondary."""
    if "all-through" in phases:
        return phases - {"all-through"} | {"primary", "secondary"}
    return phases
