"""Tables, settings and scenarios made in memory, without a file: quick enough for many small cases."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.records import Column, ColumnSpec, Kind, Records
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

Row = Mapping[str, Any]
LEVELS = {"none": 0, "low": 330_000, "medium": 670_000, "high": 1_000_000}
RESOURCES = ("placements", "days")


def table(name: str, rows: Sequence[Row], *, resources: Sequence[str] = RESOURCES) -> Records:
    """A table from rows of cells; a cell that is None, blank or absent is blank."""
    spec = TABLES[name]
    names = list(dict.fromkeys([*spec.key, *(column for row in rows for column in row)]))
    columns = {column: _column(name, column, rows, resources) for column in names}
    found = Records(spec, f"{name}.csv", np.arange(2, len(rows) + 2), columns)
    keys = list(zip(*(found.values(key).tolist() for key in spec.key), strict=True))
    return found.take(np.array(sorted(range(len(rows)), key=keys.__getitem__), dtype=np.int64))


def _column(table_name: str, name: str, rows: Sequence[Row], resources: Sequence[str]) -> Column:
    declared = TABLES[table_name].columns.get(name)
    spec = declared or ColumnSpec(name, Kind.AMOUNT if name in resources else Kind.TEXT, "")
    cells = ["" if row.get(name) is None else str(row[name]) for row in rows]
    column, errors = parse_column(cells, spec, LEVELS)
    assert not errors, errors
    return column


def settings_of(**changes: Any) -> Settings:
    """The least settings there may be, with changes."""
    data = {"schools": "schools.csv", "nles": "nles.csv", **changes.pop("data", {})}
    return Settings.model_validate({"schema": 1, "name": "test", "data": data, **changes})


def scenario_of(
    schools: Sequence[Row],
    nles: Sequence[Row],
    *,
    trusts: Sequence[Row] | None = None,
    pairs: Sequence[Row] | None = None,
    current: Sequence[Row] | None = None,
    resources: Sequence[str] = ("placements",),
    **settings: Any,
) -> Scenario:
    """A scenario in memory, as the reader would give it."""
    named = {"trusts": trusts, "pairs": pairs, "current": current}
    data = {name: f"{name}.csv" for name, rows in named.items() if rows is not None} | settings.pop("data", {})
    chosen = settings_of(data=data, **settings)
    tables = {name: None if rows is None else table(name, rows, resources=resources) for name, rows in named.items()}
    return Scenario(
        Path("scenario.yaml"),
        chosen,
        table("schools", schools, resources=resources),
        table("nles", nles, resources=resources),
        tables["trusts"],
        tables["pairs"],
        tables["current"],
        tuple(resources),
        (),
        Document(Path("scenario.yaml"), {}),
        (),
    )


def rows_of(records: Records) -> list[dict[str, Any]]:
    """The rows as plain values, None where blank."""
    columns = {name: (records.values(name).tolist(), records.given(name).tolist()) for name in records}
    return [
        {name: values[n] if given[n] else None for name, (values, given) in columns.items()}
        for n in range(len(records))
    ]
