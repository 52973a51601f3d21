"""Cells of text that settings compare with numbers, days, or yes and no: read where they are plain, else refused.

A column that nobody declared, or a declared one of text, is what settings ask of it: numbers by `min`, `max`, `before`
and a number, or by a weight; days by these and a date; yes and no by `true` or `false`. Every filled cell must then be
one, or be written so that it can mean only one (`1,200`, `01/05/2022`, a tick); the column is carried on as it stands.
Where a number or a day is but one of several values asked for, other words are none of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nle_optimizer.errors import Problem
from nle_optimizer.records import Column, Kind, Records
from nle_optimizer.scenario.cells import NO, YES, CellError, read_amount, read_day, read_yes_no
from nle_optimizer.scenario.comparable import is_day, is_number
from nle_optimizer.scenario.condition_checks import Asked, Tables, asked_columns
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.grids import cells_read_as
from nle_optimizer.scenario.identifiers import in_plain_signs
from nle_optimizer.scenario.policies import POLICIES, eligibility_rules
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import Reading, row_problems
from nle_optimizer.scenario.yaml_text import Path as Steps

_PLAIN = re.compile(r"[-+]?(\d{1,30}(\.\d*)?|\.\d+)([eE][-+]?\d)?", re.ASCII)
_SEPARATED = re.compile(r"([-+]?)(?:[£$€] ?)?(\d{1,3}(?:([, '])\d{3}(?:\3\d{3})*)?|\d{1,15})(\.\d+)?", re.ASCII)
_PERCENTAGE = re.compile(r"([-+]?\d{1,15}(?:\.\d{1,15})?) ?%", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
_DAY_OF_SOME_KIND = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[a-z]{3,9})[-/. ]\d{2,4}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class _Comparison:
    """What the settings compare a column with.

    Attributes:
        numbers, days, yes_no: the setting by which every filled cell must be such a value; () where none does.
        some_numbers, some_days: whether such a value is one of those asked for.
        weighs: whether the cells weigh something.
        words: texts that are asked for, in lower case.
    """

    numbers: Steps = ()
    days: Steps = ()
    yes_no: Steps = ()
    some_numbers: bool = False
    some_days: bool = False
    weighs: bool = False
    words: frozenset[str] = frozenset()

    def and_by(self, asked: Asked) -> "_Comparison":
        """This, and what one more setting compares the column with."""
        condition = asked.condition
        bounds = [condition.min, condition.max, condition.before] if isinstance(condition, Range) else []
        listed = condition.not_ if isinstance(condition, Range) else condition
        values = listed if isinstance(listed, list) else [listed]
        weighs = asked.steps[-2] == "weight"
        numbers, days = any(map(is_number, bounds)) or weighs, any(map(is_day, bounds))
        return replace(
            self,
            numbers=self.numbers or (asked.steps if numbers else ()),
            days=self.days or (asked.steps if days else ()),
            yes_no=self.yes_no or (asked.steps if any(isinstance(value, bool) for value in values) else ()),
            some_numbers=self.some_numbers or any(not isinstance(value, str) and is_number(value) for value in values),
            some_days=self.some_days or any(isinstance(value, date) for value in values),
            weighs=self.weighs or weighs,
            words=self.words | {value.casefold() for value in values if isinstance(value, str)},
        )


def read_compared(
    document: Document, settings: Settings, tables: Tables, reading: Reading
) -> dict[str, Records | None]:
    """The tables with their columns of text as the settings compare them; each keeps its text as it is written.

    What cannot be read, and what was read otherwise than it is written, goes to `reading`.
    """
    found: dict[str, dict[str, _Comparison]] = {name: {} for name in tables}
    for asked in (*asked_columns(settings, tables["pairs"]), *_asked_by_policy(settings)):
        if asked.table in found:
            known = found[asked.table].get(asked.column, _Comparison())
            found[asked.table][asked.column] = known.and_by(asked)
    return {
        name: None if table is None else _read_table(document, table, found[name], reading)
        for name, table in tables.items()
    }


def _asked_by_policy(settings: Settings) -> Iterator[Asked]:
    """What a named policy asks of the schools table."""
    if settings.eligibility.rules is None and (settings.eligibility.policy or "all") in POLICIES:
        for rule in eligibility_rules(settings):
            for column, condition in rule.when.items():
                yield Asked(("eligibility", "policy"), "schools", column, condition, "")


def _read_table(
    document: Document, table: Records, comparisons: Mapping[str, _Comparison], reading: Reading
) -> Records:
    columns = {}
    for name, column in table.columns.items():
        compared = comparisons.get(name, _Comparison())
        if column.kind not in (Kind.TEXT, Kind.IDENTIFIER) or (name not in comparisons and column.written is None):
            continue
        if compared.numbers and compared.days:
            by = ".".join(map(str, compared.numbers))
            what = f"a date cannot be asked of a column that {by} compares with numbers"
            reading.problems.append(Problem(document.place(compared.days), ".".join(map(str, compared.days)), what))
            continue
        columns[name] = _read_column(table, name, column.as_written(), compared, reading)
    return table.with_columns(columns) if columns else table


def _read_column(table: Records, name: str, column: Column, compared: _Comparison, reading: Reading) -> Column:
    is_own = name not in table.spec.columns
    meant: dict[str, str] = {}
    wrong: dict[str, CellError] = {}
    for text in set(column.values[column.given].tolist()):
        try:
            meant[text] = _meaning(text, compared, is_own=is_own)
        except CellError as error:
            wrong[text] = error
    cells = sorted((int(table.rows[n]), text) for n, text in enumerate(column.values.tolist()) if column.given[n])
    faults = [(row, str(wrong[text]), text, wrong[text].hint) for row, text in cells if text in wrong]
    reading.problems += row_problems(faults, name, table.source)
    read_as = [(row, f"{text} as {meant[text]}") for row, text in cells if meant.get(text, text) != text]
    if not read_as:
        return column
    reading.findings.append(cells_read_as(table.source, name, read_as))
    values = np.array([meant.get(text, text) for text in column.values.tolist()], dtype=object)
    return Column(column.kind, values, column.given, column.values)


def _meaning(text: str, compared: _Comparison, *, is_own: bool) -> str:
    """A cell as the settings compare it.

    Raises:
        CellError: it cannot be compared so, or only if it were written otherwise, in a declared column.
    """
    plain, meant = in_plain_signs(text), text
    for setting, needed, read in _needs(plain, compared, is_own=is_own):
        try:
            meant = read(plain)
        except CellError as error:
            by = f": {'.'.join(map(str, setting))} compares it" if setting else ", as it is compared with one"
            raise CellError(f"must be {needed}{by}", error.hint or "leave it blank if it is not known") from None
    if meant != text and not is_own:
        raise CellError("must be written plainly to be compared", f"write {meant}")
    return meant


_Need = tuple[Steps, str, Callable[[str], str]]


def _needs(plain: str, compared: _Comparison, *, is_own: bool) -> Sequence[_Need]:
    """What a cell must be: the setting that says so, in words, and how it is read."""
    number = _weight if compared.weighs else _number
    needs: list[_Need] = []
    if compared.numbers:
        needs.append((compared.numbers, "a number from 0 up" if compared.weighs else "a number", number))
    if compared.days:
        needs.append((compared.days, "a date", _day))
    if plain.casefold() in compared.words:
        return needs
    if compared.yes_no:
        needs.append((compared.yes_no, "yes or no", _yes_no))
    if not needs and is_own and compared.some_numbers and _is_number_of_some_kind(plain):
        needs.append(((), "a plain number", number))
    if not needs and is_own and compared.some_days and _DAY_OF_SOME_KIND.fullmatch(plain):
        needs.append(((), "a plain date", _day))
    return needs


def _is_number_of_some_kind(plain: str) -> bool:
    return any(form.fullmatch(plain) for form in (_SEPARATED, _PERCENTAGE, _DECIMAL_COMMA))


def _number(plain: str) -> str:
    if _PLAIN.fullmatch(plain):
        return plain
    if found := _SEPARATED.fullmatch(plain):
        sign, digits, separator, decimals = found.groups(default="")
        return sign + (digits.replace(separator, "") if separator else digits) + decimals
    hint = None
    if found := _PERCENTAGE.fullmatch(plain):
        hint = f"write {found[1]} or {float(found[1]) / 100:.15g}, whichever is meant, in every row"
    raise CellError("", hint)


def _weight(plain: str) -> str:
    text = _number(plain)
    read_amount(text)
    return text


def _day(plain: str) -> str:
    return date.fromordinal(read_day(plain)).isoformat()


def _yes_no(plain: str) -> str:
    if plain.casefold() in YES | NO:
        return plain
    return "yes" if read_yes_no(plain) else "no"
