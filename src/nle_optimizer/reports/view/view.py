"""A run as it is shown: a result that was just made, or what its folder tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.resolved import inputs_of, resolved_text
from nle_optimizer.reports.run_folder import DECISIONS, DRAWN, SCENARIO
from nle_optimizer.reports.settings import Setting, settings_in
from nle_optimizer.reports.view.boundaries import Outlines
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES

FURTHER = ("moves", DECISIONS, "alternates", *DRAWN)
"""Tables that only some runs have; they are shown where present."""
OUTLINES = "inputs/boundaries.geojson"


@dataclass(frozen=True, eq=False)
class View:
    """A run as its files tell it.

    Attributes:
        summary: the content of `summary.json`.
        tables: the claimed tables by name, and those of `FURTHER` that there are.
        inputs: the tables as the run read them, by name; none where they were not kept.
        settings: every setting in force by dotted key, with its origin.
        outlines: of regions, where a file of them was given.
        remarks: sentences that the reader has to know, such as what a shared copy leaves out.
        is_shared: whether people and their places are veiled.
    """

    summary: Mapping[str, Any]
    tables: Mapping[str, TextTable]
    inputs: Mapping[str, TextTable]
    settings: Mapping[str, Setting]
    outlines: Outlines = ()
    remarks: tuple[str, ...] = field(default=())
    is_shared: bool = False

    def rows(self, name: str) -> "Rows":
        """A table of the run."""
        return Rows(self.tables.get(name, {}))

    def read(self, name: str) -> "Rows":
        """A table as the run read it."""
        return Rows(self.inputs.get(name, {}))

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        """What was used otherwise than its author may have meant; none of a run of an earlier version."""
        entries: Sequence[Mapping[str, Any]] = self.summary.get("findings") or ()
        return entries

    def with_outlines(self, outlines: Outlines) -> "View":
        """The same with outlines of regions."""
        return replace(self, outlines=outlines)


@dataclass(frozen=True, eq=False)
class Rows:
    """A table whose absent columns are blank."""

    columns: TextTable

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name] if name in self.columns else [""] * len(self)

    def by(self, key: str, name: str) -> dict[str, str]:
        """The cells of a column by those of another."""
        return dict(zip(self[key], self[name], strict=True))

    def filled(self, name: str) -> bool:
        """Whether any cell of a column is filled."""
        return any(self[name])


def view_of(result: Result, further: Mapping[str, TextTable] | None = None) -> View:
    """A result as its run folder will tell it, with the tables of `FURTHER` that lie beside it there."""
    scenario = result.scenario
    tables = {name: table for name in TABLES if (table := getattr(scenario, name)) is not None}
    text = resolved_text(scenario, inputs_of(scenario), result.in_force)
    inputs = {name: TextOfRecords(table) for name, table in tables.items()}
    known = {name: table for name, table in (further or {}).items() if name in FURTHER}
    return View(result.claim.summary, {**result.claim.tables, **known}, inputs, settings_in(text, SCENARIO))


class TextOfRecords(Mapping[str, Sequence[str]]):
    """A table that was read, as text; a column becomes text when it is first asked for."""

    def __init__(self, table: Records):
        self._table, self._told = table, dict[str, Sequence[str]]()

    def __getitem__(self, name: str) -> Sequence[str]:
        if name not in self._told:
            self._told[name] = as_text(self._table.columns[name])
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.columns)

    def __len__(self) -> int:
        return len(self._table.columns)
