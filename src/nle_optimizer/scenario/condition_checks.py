"""Whether the columns that settings look at are there and can be compared with them.

Columns that settings count, weigh or choose by: whether they exist, are filled, and hold what is asked for.

Cells of text that settings compare with numbers, days, or yes and no: read where they are plain, else refused.

A column that nobody declared, or a declared one of text, is what settings ask of it: numbers by `min`, `max`, `before`
and a number, or by a weight; days by these and a date; yes and no by `true` or `false`. Every filled cell must then be
one, or be written so that it can mean only one (`1,200`, `01/05/2022`, a tick); the column is carried on as it stands.
Where a number or a day is but one of several values asked for, other words are none of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from nle_optimizer.errors import Fault, Finding, did_you_mean
from nle_optimizer.records import TEXT_KINDS, Column, Kind, Records, TableSpec, as_text
from nle_optimizer.scenario.cells import NO, YES, CellError, read_amount, read_day, read_yes_no
from nle_optimizer.scenario.columns import OWN, TABLES, owner_of
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.grids import cells_read_as
from nle_optimizer.scenario.identifiers import in_plain_signs
from nle_optimizer.scenario.policies import DERIVED_COLUMNS, NEEDS_AS_OF, POLICIES, eligibility_rules
from nle_optimizer.scenario.quantities import Range, When, is_day, is_number, kind_of, unfit_value, values_in_no_row
from nle_optimizer.scenario.setting_sections import Constraint
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import Reading, row_problems
from nle_optimizer.scenario.yaml_text import Path as Steps

Tables = Mapping[str, Records | None]
MOST_COMPARED = 5000
UNFILLED = "the {} table does not fill this column"
PAIR = TableSpec("pair", (), OWN, "What every pair has.")
ONE_EACH = {"keep_together": "trust_id", "new_to_area": "local_authority"}
"""The column by which a constraint makes its rows where it names none."""


@dataclass(frozen=True)
class AskedColumn:
    """A column that a setting looks at.

    Attributes:
        steps: where the setting names it.
        table: the table that holds it: `schools`, `nles`, `pairs`, or `pair` for what every pair has.
        column: its name there.
        condition: what its cells must be.
        so: what follows where no row fills it.
    """

    steps: Steps
    table: str
    column: str
    condition: Any
    so: str


def asked_columns(settings: Settings, pairs: Records | None) -> Iterator[AskedColumn]:
    """Every column that the file itself names in a condition, a `by` or a `weight`."""
    for n, rule in enumerate(settings.eligibility.rules or ()):
        yield from _of_schools(("eligibility", "rules", n, "when"), rule.when)
    if settings.trust_first.qualifies is not None:
        yield from _of_schools(("trust_first", "qualifies", "when"), settings.trust_first.qualifies.when)
    for n, objective in enumerate(settings.objectives or ()):
        steps = ("objectives", n, objective.name)
        yield from _of_schools((*steps, "where"), objective.where)
        if objective.by is not None:
            yield from _of_schools((*steps, "by"), {objective.by: FILLED}, "all schools are on one level")
        if objective.weight is not None:
            yield from _of_schools((*steps, "weight"), {objective.weight: FILLED}, "every weight is 0")
    for n, constraint in enumerate(settings.constraints):
        yield from _of_constraint(n, constraint, pairs)


FILLED = Range(missing=False)
NUMBERS = (Kind.COUNT, Kind.SHARE, Kind.LEVEL, Kind.AMOUNT, Kind.TEXT, Kind.IDENTIFIER)
"""Kinds of columns that may weigh; of text that holds numbers alone, which is seen where the weights are made."""


def _of_schools(steps: Steps, when: When, so: str = "no school meets the condition") -> Iterator[AskedColumn]:
    for column, condition in when.items():
        yield AskedColumn((*steps, column), "schools", column, condition, so)


def _of_constraint(n: int, constraint: Constraint, pairs: Records | None) -> Iterator[AskedColumn]:
    side = constraint.side
    by = constraint.by or ONE_EACH.get(constraint.type)
    where: list[tuple[Steps, str, Any]] = [
        (("constraints", n, "where", column), column, held) for column, held in constraint.where.items()
    ]
    for steps, name, condition in [*where, *([] if by is None else [(("constraints", n, "by"), by, FILLED)])]:
        table, column = owner_of(name, pairs) if side == "pairs" else (side, name)
        yield AskedColumn(steps, table, column, condition, "the constraint limits nothing")
    if constraint.type == "new_to_area" and by is not None:
        steps = ("constraints", n, "by") if constraint.by else ("constraints", n)
        yield AskedColumn(steps, "nles", by, FILLED, "every NLE is new everywhere but where it worked before")


def check_columns(document: Document, settings: Settings, tables: Tables, reading: Reading) -> None:
    """Add to `reading` every column that is not there, is not filled, or holds nothing of what is asked for."""
    told: set[tuple[str, str]] = set()
    pairs = _empty(TABLES["pairs"]) if tables["pairs"] is None else tables["pairs"]
    held = {**tables, "pairs": pairs, "pair": _empty(PAIR)}
    for asked in asked_columns(settings, tables["pairs"]):
        table = held[asked.table]
        if table is None:
            continue
        path = ".".join(str(step) for step in asked.steps)
        problem = _problem(asked, table, settings) or _no_weight(asked, table)
        if problem:
            reading.problems.append(Fault(document.place(asked.steps), path, *problem))
        elif asked.table != "pair" and (asked.column in table.spec.columns or asked.column in table):
            place = document.place(asked.steps)
            unfilled, nowhere = _unfilled(asked, table, told), _nowhere(asked, table)
            reading.findings += [Finding(place, path, *said, code="column-unfilled") for said in unfilled]
            reading.findings += [Finding(place, path, *said, code="value-in-no-row") for said in nowhere]


def _no_weight(asked: AskedColumn, table: Records) -> tuple[str, str, str] | None:
    if asked.steps[-2:-1] != ("weight",) or kind_of(asked.column, table) in NUMBERS:
        return None
    return "this column holds no numbers, so it weighs nothing", asked.column, "name a column such as pupils"


def check_preferences(document: Document, settings: Settings, tables: Tables, reading: Reading) -> None:
    """Add to `reading` every preference by a column that is not there or puts nothing in an order."""
    for side in ("recipients", "nles"):
        for n, name in enumerate(getattr(settings.preferences, side)):
            steps = ("preferences", side, n)
            if problem := _no_order(name.removeprefix("-"), tables, settings):
                what, hint = problem
                reading.problems.append(Fault(document.place(steps), ".".join(map(str, steps)), what, name, hint))


def _no_order(name: str, tables: Tables, settings: Settings) -> tuple[str, str | None] | None:
    if name in ("fit", "distance", "distance_km"):
        return None
    owner, column = owner_of(name, tables["pairs"])
    table = None if owner == "pair" else tables[owner]
    if table is None:
        return None if owner != "pair" else (f"{name} puts nothing in an order", "name a column of numbers or dates")
    if problem := _problem(AskedColumn((), owner, column, FILLED, ""), table, settings):
        what, _, hint = problem
        return what, hint
    if kind_of(column, table) in (*TEXT_KINDS, Kind.NAMES, Kind.DEGREES):
        return f"{name} holds text, and only numbers, dates and yes/no can be put in an order", "name another column"
    return None


def _empty(spec: TableSpec) -> Records:
    return Records(spec, spec.name, np.zeros(0, np.int64), {})


def _problem(asked: AskedColumn, table: Records, settings: Settings) -> tuple[str, str | None, str | None] | None:
    derived = [*DERIVED_COLUMNS] if asked.table == "schools" else []
    known = [*table.spec.columns, *table.extra, *derived]
    if asked.column not in known:
        return f"the {table.spec.name} table has no such column", asked.column, did_you_mean(asked.column, known)
    if asked.table == "schools" and asked.column in NEEDS_AS_OF and settings.as_of is None:
        return "this is counted up to as_of, which is not given", None, None
    unfit = unfit_value(asked.condition, asked.column, table)
    return (unfit[1], unfit[0], None) if unfit else None


def _unfilled(asked: AskedColumn, table: Records, told: set[tuple[str, str]]) -> Iterator[tuple[str, None, None]]:
    matches_blanks = isinstance(asked.condition, Range) and asked.condition.missing
    if table.given(asked.column).any() or matches_blanks or (asked.table, asked.column) in told:
        return
    told.add((asked.table, asked.column))
    yield f"{UNFILLED.format(table.spec.name)}, so {asked.so}", None, None


def _nowhere(asked: AskedColumn, table: Records) -> Iterator[tuple[str, str, str | None]]:
    """Each value of a condition that stands in no row."""
    cells = table.column(asked.column)
    if not cells.given.any():
        return
    words = [word for words in cells.values for word in words] if cells.kind is Kind.NAMES else as_text(cells)
    standing = {str(word).casefold() for word in words}
    for value in values_in_no_row(asked.condition, cells):
        hint = did_you_mean(str(value), standing) if len(standing) < MOST_COMPARED else None
        yield f"this value stands in no row of the {table.spec.name} table", str(value), hint


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

    def and_by(self, asked: AskedColumn) -> "_Comparison":
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


def _asked_by_policy(settings: Settings) -> Iterator[AskedColumn]:
    """What a named policy asks of the schools table."""
    if settings.eligibility.rules is None and (settings.eligibility.policy or "all") in POLICIES:
        for rule in eligibility_rules(settings):
            for column, condition in rule.when.items():
                yield AskedColumn(("eligibility", "policy"), "schools", column, condition, "")


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
            reading.problems.append(Fault(document.place(compared.days), ".".join(map(str, compared.days)), what))
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
