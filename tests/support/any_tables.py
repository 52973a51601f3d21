"""Small random tables of every kind of column, declared or one's own, and what settings may be drawn from them."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from nle_optimizer.records import ColumnSpec, Kind
from nle_optimizer.scenario.columns import PAIR_STATES, TABLES
from nle_optimizer.scenario.policies import DERIVED_COLUMNS
from nle_optimizer.scenario.quantities import DERIVED_WORDS

Rows = list[dict[str, str]]
RESOURCES = ("placements", "days", "money")
WORDS: Mapping[str, list[str]] = {
    "region": ["London", "london", "South West", "East of England"],
    "regions": ["London", "South West", "east of england"],
    "local_authority": ["Leeds", "York", "St Helens"],
    "faith": ["Church of England", "jewish", "None"],
    "faiths": ["Church of England", "Jewish"],
    "diocese": ["Ely", "ripon"],
    "establishment_status": ["Open"] * 9 + ["Closed", "Open, but proposed to close"],
    "establishment_type": ["Academy converter", "Community school"],
    "left_out": ["not-in-england"],
    "left_out_evidence": ["Wales"],
    "kind": ["NLE", "nle"],
    "name": ["School", "à Becket", "=cmd", "O'Neil, A."],
    "note": ["x", "y"],
}
OWN: Mapping[str, list[str]] = {
    "flag": ["yes", "No", "TRUE", "False", "Y", "n", "1", "0"],
    "cohort": ["2021", "2022", "2023", "2022.0", "02021"],
    "theme": ["a", "A", "b", "3", "North, East", "naïve"],
    "opened": ["2018-01-01", "2020-05-05", "2021-12-31", "01/09/2019"],
    "stage": ["none", "low", "Medium", "high", "0.5"],
    "score": ["0", "0.5", "12.25", "3", "1e2", "-1", "0.333333333"],
    "tags": ["x|y", "y", "x"],
    "Own Column": ["1", "2", "two"],
    "mixed": ["5", "yes", "2020-01-01", "45%", "1,200", "text"],
    "roll": ["1,200", "£12", "98", "1 500", "0", "-3"],
    "seen": ["2020-01-01", "05/05/2021", "1/9/2019", "2021-12-31"],
    "ticked": ["tick", "T", "no", "Yes", "cross"],
}
"""Columns of one's own, with cells of every sort."""
FROM_BLANKS = (0, 0, 0, 0.2, 0.6, 1)


@dataclass
class Draft:
    """A scenario in the making: what is drawn from, and the rows of each table."""

    rng: Random
    tables: dict[str, Rows] = field(default_factory=dict)
    resources: tuple[str, ...] = ("placements",)
    several: bool = False
    is_dated: bool = False
    count: int = 0

    def next(self) -> int:
        """A number that was not given before."""
        self.count += 1
        return self.count

    def some(self, *values: Any) -> Any:
        """One of the values."""
        return self.rng.choice(values)

    def chance(self, share: float) -> bool:
        """Whether something of that chance happens."""
        return self.rng.random() < share

    def ids(self, table: str) -> list[str]:
        """The identifiers of a table's rows."""
        (key,) = TABLES[table].key
        return [row[key] for row in self.tables.get(table, [])]

    def columns(self, table: str) -> list[str]:
        """Names that a setting may look at in a table: mostly its columns, at times a derived or an unknown one."""
        rows = self.tables.get(table) or [{}]
        unknown = ["nothing"] if self.chance(0.02) else []
        derived = list(DERIVED_COLUMNS) if table == "schools" and self.chance(0.3 if self.is_dated else 0.02) else []
        return [*rows[0], *derived, *unknown] or ["nothing"]

    def cells(self, table: str, column: str) -> list[str]:
        """The filled cells of a column, or such as it might have."""
        found = [cell for row in self.tables.get(table, []) if (cell := row.get(column, ""))]
        spec = TABLES[table].columns.get(column)
        if not found and spec is not None and spec.kind in CELLS:
            return [CELLS[spec.kind](self, spec)]
        return found or (["yes", "no"] if column in DERIVED_WORDS else ["1", "3", "400"])


def make_tables(draft: Draft) -> None:
    """Rows of every table that this scenario has, and its resources."""
    draft.several = draft.chance(0.2)
    draft.resources = draft.some(("placements",), ("placements",), ("placements", "days"), ("days",), ("days", "money"))
    sizes = {"schools": draft.rng.randint(1, 12), "nles": draft.rng.randint(1, 5)}
    if draft.chance(0.6):
        sizes["trusts"] = draft.rng.randint(1, 3)
    style = draft.some("{}{}", "{}{}", "{}0{}", "{}-{}")
    named = {table: [style.format(table[0].upper(), n) for n in range(size)] for table, size in sizes.items()}
    for table, ids in named.items():
        draft.tables[table] = _rows(draft, table, [{TABLES[table].key[0]: each} for each in ids], named)
    for table in ("pairs", "current"):
        if draft.chance(0.4):
            every = [(nle, school) for nle in named["nles"] for school in named["schools"]]
            chosen = draft.rng.sample(every, draft.rng.randint(0, len(every)))
            keys = [{"nle_id": nle, "school_id": school} for nle, school in chosen]
            draft.tables[table] = _rows(draft, table, keys, named)


ALWAYS = {
    "schools": ["easting", "northing"],
    "nles": ["easting", "northing"],
    "trusts": ["easting", "northing"],
    "current": ["state"],
}
LEFT_OUT = ("latitude", "longitude", "left_out_evidence")


def _rows(draft: Draft, table: str, keys: Rows, named: Mapping[str, list[str]]) -> Rows:
    spec, own = TABLES[table], [*OWN] if table != "current" else []
    needed = [name for name in spec.columns if name.startswith(("need_", "expertise_")) and name != "need_source"]
    names = [*ALWAYS.get(table, []), *(needed if draft.chance(0.9) else []), *draft.resources]
    names += [name for name in spec.columns if name not in (*LEFT_OUT, *names) and draft.chance(0.4)]
    names += [name for name in own if name not in names and draft.chance(0.15)]
    for name in (name for name in names if name not in spec.key):
        blank = (
            draft.some(*FROM_BLANKS) if name not in (*needed, *ALWAYS.get(table, [])) else draft.some(0, 0, 0, 0, 0.2)
        )
        blank = 0 if name in draft.resources and table == "nles" and draft.chance(0.8) else blank
        for row in keys:
            row[name] = (
                "" if draft.chance(0 if name == "northing" else blank) else _cell(draft, table, row, name, named)
            )
    return keys


def _cell(draft: Draft, table: str, row: dict[str, str], name: str, named: Mapping[str, list[str]]) -> str:
    """A cell of a column: of one that is drawn in its own way, or by its kind."""
    spec = TABLES[table].columns.get(name)
    if spec is None:
        return draft.some(*OWN[name]) if name in OWN else draft.some("1", "2", "3", "5", "2.5", "12", "0")
    if name in PARTICULAR:
        return PARTICULAR[name](draft, row)
    if name in NAMING:
        return draft.some(*named.get(NAMING[name], ["T0", "T1"]))
    if name == "kind" and table == "schools":
        return draft.some("school", "school", "school", "school", "trust")
    words = WORDS.get(name) or list(spec.choices)
    if spec.kind is Kind.NAMES:
        return "|".join(draft.rng.sample(words, min(draft.some(1, 1, 2), len(words))))
    if words:
        word = draft.some(*words, *(words[:1] * 3))
        return word.title() if spec.choices and draft.chance(0.2) else word
    return CELLS[spec.kind](draft, spec)


NAMING = {"home_school_id": "schools", "trust_id": "trusts", "matched_trust_id": "trusts"}
"""The table that the cells of a column name rows of."""
PARTICULAR: Mapping[str, Callable[[Draft, dict[str, str]], str]] = {
    "northing": lambda d, row: str(200_000 + d.rng.randint(0, 40) * 500) if row["easting"] else "",
    "supporters": lambda d, _: d.some("", "1", *(["2", "3"] if d.several else [])),
    "state": lambda d, _: d.some("", "proposed", "offered", *(PAIR_STATES if d.chance(0.1) else [])),
    "relation": lambda d, _: d.some("", "", "", "previous", "forbid", *(["require"] if d.chance(0.1) else [])),
    "left_out": lambda d, _: "not-in-england" if d.chance(0.1) else "",
}
"""Columns whose cells are drawn in their own way: what they hold depends on the row, or is seldom."""
CELLS: Mapping[Kind, Callable[[Draft, ColumnSpec], str]] = {
    Kind.TEXT: lambda d, _: d.some("a", "b"),
    Kind.YES_NO: lambda d, _: d.some("yes", "Yes", "y", "TRUE", "1", "no"),
    Kind.COUNT: lambda d, spec: d.some(
        *(["1", "2", "3", "3.0", "4"] if spec.unit == "1 to 4" else ["1", "2", "5", "120"])
    ),
    Kind.LEVEL: lambda d, _: d.some("none", "low", "High", "0", "1", "0.25", "0.5", "0.333333333", "0.7"),
    Kind.SHARE: lambda d, _: d.some("0", "0.5", "0.8", "1"),
    Kind.AMOUNT: lambda d, _: d.some("0", "0.5", "1", "2.25", "20", "45.5"),
    Kind.KILOMETRES: lambda d, _: d.some("0", "3.4", "8", "12.5", "100.001"),
    Kind.METRES: lambda d, _: str(400_000 + d.rng.randint(0, 40) * 500),
    Kind.DATE: lambda d, _: d.some("2016-03-01", "2019-09-15", "2021-11-02", "15/06/2020", "2023-01-31"),
}


def write_grid(path: Path, grid: list[list[str]], entry: Mapping[str, Any]) -> str:
    if "sheet" in entry:
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.create_sheet(entry["sheet"])
        for row in grid:
            sheet.append(row)
        book.save(path.with_suffix(".xlsx"))
        return f"{path.name}.xlsx"
    with path.with_suffix(".csv").open("w", encoding=entry.get("encoding", "utf-8"), newline="") as stream:
        csv.writer(stream).writerows(grid)
    return f"{path.name}.csv"
