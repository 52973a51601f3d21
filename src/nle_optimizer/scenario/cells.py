"""The text of a cell as an exact value of its column's kind."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn

import numpy as np

from nle_optimizer.errors import did_you_mean
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, ColumnSpec, Kind, show_value
from nle_optimizer.scenario.identifiers import is_fault, means_nothing, normalise, spelled

LARGEST_AMOUNT = 1_000_000_000
FARTHEST_KM = 100_000
GRADES_IN_WORDS = {
    "outstanding": 1, "good": 2, "requires improvement": 3, "ri": 3, "satisfactory": 3,
    "inadequate": 4, "special measures": 4, "serious weaknesses": 4,
}  # fmt: skip
"""Overall grades in words, as Ofsted has and had them, in lower case."""
A_GRADE = "must be a grade from 1 (Outstanding) to 4 (Inadequate)"
YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0"})
TICKS = frozenset({"✓", "✔", "☑", "✅", "tick", "ticked", "t"})
CROSSES = frozenset({"✗", "✘", "☒", "❌", "cross", "f"})
MILLIONTH = Decimal("0.000001")
ROUNDED = frozenset({Kind.LEVEL, Kind.SHARE, Kind.AMOUNT})
_PERCENTAGE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?%", re.ASCII)
_SEPARATED = re.compile(r",|\d\s\d")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ][\d:.]+)?", re.ASCII)
_OTHER_SIGNS = [re.compile(signs) for signs in (r"[|,;&\n]", r"[|,;&\n/]", r"[|,;&\n/]|\sand\s")]
_BRITISH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})( [\d:.]+)?", re.ASCII)


class CellError(ValueError):
    """A cell that is not what its column holds; the message says what is needed, `hint` what to write."""

    def __init__(self, what: str, hint: str | None = None):
        super().__init__(what)
        self.hint = hint


def parse_column(
    cells: Sequence[str], spec: ColumnSpec, levels: Mapping[str, int]
) -> tuple[Column, dict[int, CellError]]:
    """A column of cells, and the error of each cell that is wrong, by its index.

    Args:
        cells: the text as read, one a row.
        spec: what the column holds.
        levels: names of levels and their shares in millionths.
    """
    parse = _parser(spec, levels)
    plain = spelled if spec.kind is Kind.IDENTIFIER else normalise
    parsed: dict[str, Any] = {}
    wrong: dict[str, CellError] = {}
    for cell in set(cells):
        text = plain(cell)
        if not text or means_nothing(text, spec):
            continue
        try:
            value = parse(text) if not is_fault(text) else _refuse_fault()
        except CellError as error:
            wrong[cell] = error
        else:
            if value not in ("", ()):
                parsed[cell] = value
    errors = {n: wrong[cell] for n, cell in enumerate(cells) if cell in wrong} if wrong else {}
    return _column(cells, parsed, spec.kind), errors


def _refuse_fault() -> NoReturn:
    raise CellError("is what a formula shows that failed", "mend it, or leave the cell blank")


def count_rounded(cells: Sequence[str], column: Column, spec: ColumnSpec) -> int:
    """How many of the cells that were read as `column` had more than six decimal places."""
    if spec.exact or spec.kind not in ROUNDED:
        return 0
    fine = {cell for cell in set(cells) if _is_fine(normalise(cell))}
    return sum(cell in fine for cell, given in zip(cells, column.given, strict=True) if given) if fine else 0


def read_from_other_words(cells: Sequence[str], column: Column, spec: ColumnSpec) -> dict[int, str]:
    """The cells that were read as `column` from other words or another notation than its own: index, and as what."""
    if spec.kind not in (Kind.COUNT, Kind.YES_NO, Kind.NAMES):
        return {}
    own: Callable[[str], bool] = {Kind.COUNT: _is_number, Kind.YES_NO: _is_yes_or_no}.get(
        spec.kind, lambda text: _listed(text, spec) == _barred(text)
    )
    other = {cell for cell in set(cells) if not own(normalise(cell))}
    rows = [n for n, cell in enumerate(cells) if column.given[n] and cell in other] if other else []
    return {n: f"{normalise(cells[n])} as {show_value(spec.kind, column.values[n])}" for n in rows}


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except CellError:
        return False
    return True


def _is_yes_or_no(text: str) -> bool:
    return text.casefold() in YES | NO


def _is_fine(text: str) -> bool:
    try:
        number = _number(text)
    except CellError:
        return False
    return number.quantize(MILLIONTH) != number


def _column(cells: Sequence[str], parsed: Mapping[str, Any], kind: Kind) -> Column:
    given = np.fromiter((cell in parsed for cell in cells), dtype=bool, count=len(cells))
    if kind in TEXT_KINDS or kind is Kind.NAMES:
        values = np.empty(len(cells), dtype=object)
        blank: Any = () if kind is Kind.NAMES else ""
        values[:] = [parsed.get(cell, blank) for cell in cells]
        return Column(kind, values, given)
    dtype = {Kind.YES_NO: np.bool_, Kind.DEGREES: np.float64}.get(kind, np.int64)
    return Column(kind, np.array([parsed.get(cell, 0) for cell in cells], dtype=dtype), given)


def _parser(spec: ColumnSpec, levels: Mapping[str, int]) -> Callable[[str], Any]:
    parsers: dict[Kind, Callable[[str], Any]] = {
        Kind.IDENTIFIER: str,
        Kind.TEXT: lambda text: spec.aliases.get(text.casefold(), text),
        Kind.CHOICE: lambda text: _choice(text, spec),
        Kind.NAMES: lambda text: _names(text, spec),
        Kind.YES_NO: read_yes_no,
        Kind.COUNT: lambda text: _count(text, spec.unit),
        Kind.LEVEL: lambda text: _level(text, levels),
        Kind.SHARE: _share,
        Kind.AMOUNT: lambda text: read_amount(text, exact if spec.exact else _rounded),
        Kind.KILOMETRES: _kilometres,
        Kind.METRES: lambda text: _scaled(text, 1, lowest=None),
        Kind.DEGREES: _degrees,
        Kind.DATE: read_day,
    }
    return parsers[spec.kind]


def _choice(text: str, spec: ColumnSpec) -> str:
    word = spec.aliases.get(text.casefold(), text.casefold())
    if word and word not in spec.choices:
        raise CellError(f"must be one of {', '.join(spec.choices)}", did_you_mean(word, spec.choices))
    return word


def _names(text: str, spec: ColumnSpec) -> tuple[str, ...]:
    words = [word for word in _listed(text, spec) if not means_nothing(word, spec)]
    known = [_choice(word, spec) if spec.choices else spec.aliases.get(word.casefold(), word) for word in words]
    return tuple(dict.fromkeys(word for word in known if word))


def _listed(text: str, spec: ColumnSpec) -> list[str]:
    """The words of a list; signs other than the vertical bar part it only where that gives words it may hold."""
    usual = {word.casefold() for word in (*spec.choices, *spec.aliases, *spec.known)}
    lists = [_barred(text), *([part for part in map(normalise, sign.split(text)) if part] for sign in _OTHER_SIGNS)]
    met = [[word.casefold() in usual or means_nothing(word, spec) for word in words] for words in lists]
    whole = next((words for words, known in zip(lists, met, strict=True) if all(known)), None)
    partly = next((words for words, known in zip(lists, met, strict=True) if spec.choices and any(known)), None)
    return whole or partly or lists[0]


def _barred(text: str) -> list[str]:
    return [word for word in map(normalise, text.split("|")) if word]


def read_yes_no(text: str) -> bool:
    """Yes or no, in one of their spellings.

    Raises:
        CellError: it is neither.
    """
    word = text.casefold()
    if word in YES | TICKS:
        return True
    if word in NO | CROSSES:
        return False
    raise CellError("must be yes or no")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text if text.isascii() and "_" not in text else "?")
    except InvalidOperation:
        remedy = "write it without thousands separators" if _SEPARATED.search(text) else None
        raise CellError("must be a number", remedy) from None
    if not number.is_finite():
        raise CellError("must be a finite number")
    if number.adjusted() > 12 or abs(number) > LARGEST_AMOUNT:
        raise CellError(f"must be at most {LARGEST_AMOUNT:,}")
    return number


def _count(text: str, unit: str) -> int:
    least = 1 if unit == "from 1" else 0
    is_grade = unit == "1 to 4"
    if is_grade and text.casefold() in GRADES_IN_WORDS:
        return GRADES_IN_WORDS[text.casefold()]
    try:
        number = _number(text)
    except CellError as error:
        raise CellError(A_GRADE, "leave it blank if not known") if is_grade else error from None
    if is_grade and number not in (1, 2, 3, 4):
        raise CellError(A_GRADE, "leave it blank if not known")
    if number != number.to_integral_value() or number < least:
        raise CellError(f"must be a whole number from {least} up")
    return int(number)


def exact(number: Decimal) -> int:
    """A decimal in millionths.

    Raises:
        CellError: it has more than six decimal places.
    """
    rounded = number.quantize(MILLIONTH)
    if rounded != number:
        raise CellError("must have at most six decimal places", "round it")
    return int(rounded * MILLION)


def _rounded(number: Decimal) -> int:
    """A decimal in millionths, rounded half up."""
    return int(number.quantize(MILLIONTH, ROUND_HALF_UP) * MILLION)


def _level(text: str, levels: Mapping[str, int]) -> int:
    word = text.casefold()
    if word in levels:
        return levels[word]
    try:
        return _share(text)
    except CellError as error:
        hint = _as_share(text) or did_you_mean(word, levels)
        raise CellError(f"must be from 0 to 1 or one of {', '.join(levels)}", hint) from error


def _share(text: str) -> int:
    try:
        millionths = _rounded(_number(text))
    except CellError as error:
        raise CellError(str(error), _as_share(text) or error.hint) from None
    if not 0 <= millionths <= MILLION:
        raise CellError("must be from 0 to 1")
    return millionths


def _as_share(text: str) -> str | None:
    """What to write instead of a percentage."""
    found = _PERCENTAGE.fullmatch(text)
    share = Decimal(found[1]) / 100 if found else Decimal(2)
    return f"write {share.normalize():f}" if share <= 1 else None


def read_amount(text: str, in_millionths: Callable[[Decimal], int] = exact) -> int:
    """A number from 0 up, in millionths.

    Raises:
        CellError: it is none, is too large, or has more decimal places than are kept.
    """
    millionths = in_millionths(_number(text))
    if millionths < 0:
        raise CellError("must not be negative")
    return millionths


def _scaled(text: str, scale: int, lowest: int | None = 0) -> int:
    number = _number(text)
    if lowest is not None and number < lowest:
        raise CellError("must not be negative")
    return int((number * scale).to_integral_value())


def _kilometres(text: str) -> int:
    metres = _scaled(text, 1000)
    if metres > FARTHEST_KM * 1000:
        raise CellError(f"must be at most {FARTHEST_KM:,}")
    return metres


def _degrees(text: str) -> float:
    degrees = float(_number(text))
    if not math.isfinite(degrees) or abs(degrees) > 180:
        raise CellError("must be degrees from -180 to 180")
    return degrees


def read_day(text: str) -> int:
    """A day in ISO form, or as it is written in Britain, as its ordinal.

    Raises:
        CellError: it is none.
    """
    iso, british = _DAY.fullmatch(text), _BRITISH_DAY.fullmatch(text)
    found = iso.group(1, 2, 3) if iso else british.group(3, 2, 1) if british else ("0", "0", "0")
    try:
        return date(*(int(number) for number in found)).toordinal()
    except ValueError:
        raise CellError("must be a date", "write 2022-09-01 or 01/09/2022") from None
