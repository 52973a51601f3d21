"""Columns that settings count, weigh or choose by: whether they exist, are filled, and hold what is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_optimizer.errors import Finding, Problem, did_you_mean
from nle_optimizer.records import TEXT_KINDS, Kind, Records, TableSpec, as_text
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.comparable import kind_of, unfit_value, values_in_no_row
from nle_optimizer.scenario.constraint_setting import Constraint
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.pair_columns import OWN, owner_of
from nle_optimizer.scenario.policies import DERIVED_COLUMNS, NEEDS_AS_OF
from nle_optimizer.scenario.quantities import Range, When
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import Reading
from nle_optimizer.scenario.yaml_text import Path as Steps

Tables = Mapping[str, Records | None]
MOST_COMPARED = 5000
UNFILLED = "the {} table does not fill this column"
PAIR = TableSpec("pair", (), OWN, "What every pair has.")
ONE_EACH = {"keep_together": "trust_id", "new_to_area": "local_authority"}
"""The column by which a constraint makes its rows where it names none."""


@dataclass(frozen=True)
class Asked:
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


def asked_columns(settings: Settings, pairs: Records | None) -> Iterator[Asked]:
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


def _of_schools(steps: Steps, when: When, so: str = "no school meets the condition") -> Iterator[Asked]:
    for column, condition in when.items():
        yield Asked((*steps, column), "schools", column, condition, so)


def _of_constraint(n: int, constraint: Constraint, pairs: Records | None) -> Iterator[Asked]:
    of_pairs = constraint.type == "budget" or constraint.of == "pairs"
    of_nles = constraint.type == "minimum_use" or constraint.of == "nles"
    by = constraint.by or ONE_EACH.get(constraint.type)
    where: list[tuple[Steps, str, Any]] = [
        (("constraints", n, "where", column), column, held) for column, held in constraint.where.items()
    ]
    for steps, name, condition in [*where, *([] if by is None else [(("constraints", n, "by"), by, FILLED)])]:
        table, column = owner_of(name, pairs) if of_pairs else ("nles" if of_nles else "schools", name)
        yield Asked(steps, table, column, condition, "the constraint limits nothing")
    if constraint.type == "new_to_area" and by is not None:
        steps = ("constraints", n, "by") if constraint.by else ("constraints", n)
        yield Asked(steps, "nles", by, FILLED, "every NLE is new everywhere but where it worked before")


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
            reading.problems.append(Problem(document.place(asked.steps), path, *problem))
        elif asked.table != "pair" and (asked.column in table.spec.columns or asked.column in table):
            place = document.place(asked.steps)
            unfilled, nowhere = _unfilled(asked, table, told), _nowhere(asked, table)
            reading.findings += [Finding(place, path, *said, code="column-unfilled") for said in unfilled]
            reading.findings += [Finding(place, path, *said, code="value-in-no-row") for said in nowhere]


def _no_weight(asked: Asked, table: Records) -> tuple[str, str, str] | None:
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
                reading.problems.append(Problem(document.place(steps), ".".join(map(str, steps)), what, name, hint))


def _no_order(name: str, tables: Tables, settings: Settings) -> tuple[str, str | None] | None:
    if name in ("fit", "distance", "distance_km"):
        return None
    owner, column = owner_of(name, tables["pairs"])
    table = None if owner == "pair" else tables[owner]
    if table is None:
        return None if owner != "pair" else (f"{name} puts nothing in an order", "name a column of numbers or dates")
    if problem := _problem(Asked((), owner, column, FILLED, ""), table, settings):
        what, _, hint = problem
        return what, hint
    if kind_of(column, table) in (*TEXT_KINDS, Kind.NAMES, Kind.DEGREES):
        return f"{name} holds text, and only numbers, dates and yes/no can be put in an order", "name another column"
    return None


def _empty(spec: TableSpec) -> Records:
    return Records(spec, spec.name, np.zeros(0, np.int64), {})


def _problem(asked: Asked, table: Records, settings: Settings) -> tuple[str, str | None, str | None] | None:
    derived = [*DERIVED_COLUMNS] if asked.table == "schools" else []
    known = [*table.spec.columns, *table.extra, *derived]
    if asked.column not in known:
        return f"the {table.spec.name} table has no such column", asked.column, did_you_mean(asked.column, known)
    if asked.table == "schools" and asked.column in NEEDS_AS_OF and settings.as_of is None:
        return "this is counted up to as_of, which is not given", None, None
    unfit = unfit_value(asked.condition, asked.column, table)
    return (unfit[1], unfit[0], None) if unfit else None


def _unfilled(asked: Asked, table: Records, told: set[tuple[str, str]]) -> Iterator[tuple[str, None, None]]:
    matches_blanks = isinstance(asked.condition, Range) and asked.condition.missing
    if table.given(asked.column).any() or matches_blanks or (asked.table, asked.column) in told:
        return
    told.add((asked.table, asked.column))
    yield f"{UNFILLED.format(table.spec.name)}, so {asked.so}", None, None


def _nowhere(asked: Asked, table: Records) -> Iterator[tuple[str, str, str | None]]:
    """Each value of a condition that stands in no row."""
    cells = table.column(asked.column)
    if not cells.given.any():
        return
    words = [word for words in cells.values for word in words] if cells.kind is Kind.NAMES else as_text(cells)
    standing = {str(word).casefold() for word in words}
    for value in values_in_no_row(asked.condition, cells):
        hint = did_you_mean(str(value), standing) if len(standing) < MOST_COMPARED else None
        yield f"this value stands in no row of the {table.spec.name} table", str(value), hint
