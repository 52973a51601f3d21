"""The changes table: what was decided since a run, in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.errors import Fault, Finding, InputError, Place, did_you_mean
from nle_optimizer.records import ColumnSpec, Kind, Records, TableSpec, as_text, shortest
from nle_optimizer.scenario.columns import NLES, SCHOOLS
from nle_optimizer.scenario.given import held_table
from nle_optimizer.scenario.grids import HeldTable
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.scenario.workbook import sheet_names

UNDO = "undo"
SENTENCES = {
    "offer": "{school} is offered {nle}",
    "agree": "{school} with {nle} agreed",
    "start": "{school} with {nle} started",
    "finish": "{school} with {nle} finished",
    "pin": "{school} pinned to {nle}",
    "forbid": "{school} with {nle} forbidden",
    "school-objects": "{school} objects to {nle}",
    "nle-declines": "NLE {nle} declines {school}",
    "nle-withdraws": "NLE {nle} withdraws",
    "pause": "NLE {nle} pauses",
    "resume": "NLE {nle} is available again",
    "trust-declines": "the trust of {school} declines",
    "school-withdraws": "{school} withdraws",
    "reopen": "{school} is put back",
    "capacity": "{nle}{trust} has {amount} {resource}",
    "add-school": "school {school} added",
    "add-nle": "NLE {nle} added",
    "set": "{key} is set to {value}",
    UNDO: "decision {number} is taken back",
}
"""Every action, and what it says of whom it concerns."""
TYPED = ("amount", "number", "date")
DECISIONS = "decisions"
SHEETS = ("changes", DECISIONS)
"""Sheets of a workbook that are looked for, in this order; else the first one is read."""


def _column(name: str, kind: Kind, doc: str, **more: object) -> ColumnSpec:
    return ColumnSpec(name, kind, doc, **more)  # type: ignore[arg-type]


_COLUMNS = (
    _column("action", Kind.CHOICE, "What was decided; needed.", choices=tuple(SENTENCES)),
    _column("school_id", Kind.IDENTIFIER, "School or trust it concerns.", refers_to="schools"),
    _column("nle_id", Kind.IDENTIFIER, "NLE it concerns.", refers_to="nles"),
    _column(
        "trust_id",
        Kind.IDENTIFIER,
        "Trust that declines or whose capacity changes; of an added school its own.",
        refers_to="trusts",
    ),
    _column("resource", Kind.TEXT, "Of `capacity` and `finish`: which resource; blank where there is only one."),
    _column("amount", Kind.AMOUNT, "Of `capacity`: what there is from now on. Of `finish`: what was used.", exact=True),
    _column("key", Kind.TEXT, "Of `set`: a setting by its dotted key, such as `geography.max_distance_km`."),
    _column("value", Kind.TEXT, "Of `set`: what it is from now on, as after `--set KEY=`.", free_text=True),
    _column("number", Kind.COUNT, "Of `undo`: which decision is taken back, by its number in `decisions.csv`."),
    _column("date", Kind.DATE, "Day of the decision; blank: as the row above. Changes count in the order of days."),
    _column("by", Kind.TEXT, "Who decided."),
    _column("note", Kind.TEXT, "Free text; kept beside the pair it bars.", free_text=True),
)
CHANGES = TableSpec(
    "changes",
    (),
    {column.name: column for column in _COLUMNS},
    "What was decided since a run, for `replan`: a row a decision. `add-school` and `add-nle` may fill any column of "
    "their table. `undo` takes back the decision of a number, or the latest before it that concerns the same school, "
    "NLE, trust and key.",
)


@dataclass(frozen=True)
class Change:
    """One decision.

    Attributes:
        place: its row in the file.
        action: a key of `SENTENCES`.
        school_id, nle_id, trust_id, resource, key, value, by, note: as the row has them; blank where it does not.
        amount: in millionths; None where blank.
        number: of the decision that `undo` takes back; None where the row has none.
        day: ordinal of the day of the decision; 0 where no row up to it has one.
        further: the other filled cells of the row, as text.
    """

    place: Place
    action: str
    school_id: str = ""
    nle_id: str = ""
    trust_id: str = ""
    resource: str = ""
    amount: int | None = None
    key: str = ""
    value: str = ""
    number: int | None = None
    day: int = 0
    by: str = ""
    note: str = ""
    further: Mapping[str, str] | None = None

    @property
    def subject(self) -> tuple[str, ...]:
        """Whom or what it concerns."""
        return self.school_id, self.nle_id, self.trust_id, self.key

    @property
    def pair(self) -> tuple[str, str]:
        """School and NLE."""
        return self.school_id, self.nle_id

    @property
    def words(self) -> str:
        """What was decided, and when; without who decided it, and without a full stop."""
        amount = "" if self.amount is None else shortest(self.amount, 6)
        words = SENTENCES[self.action].format(
            school=self.school_id,
            nle=self.nle_id,
            trust=self.trust_id,
            amount=amount,
            resource=self.resource or "of its capacity",
            key=self.key,
            value=self.value,
            number=self.number,
        )
        return words + (f" on {date.fromordinal(self.day).isoformat()}" if self.day else "")

    @property
    def sentence(self) -> str:
        """What was decided, when and by whom, without a full stop."""
        return self.words + (f" ({self.by})" if self.by else "")


@dataclass(frozen=True)
class Changes:
    """The decisions of a file.

    Attributes:
        listed: every row, in the order in which they count.
        findings: what deserves a warning.
    """

    listed: tuple[Change, ...]
    findings: tuple[Finding, ...]


def read_changes(file: Path, sheet: str | None = None) -> Changes:
    """The decisions in a CSV file or a sheet of a workbook.

    Args:
        file: CSV or XLSX.
        sheet: the sheet; by default one named Changes or Decisions, else the first.

    Raises:
        InputError: everything that is wrong, at once.
    """
    return _read(DataFile(file=str(file), sheet=sheet or _sheet(file)))


def held_changes(frame: Any) -> Changes:
    """The decisions in a data frame.

    Raises:
        InputError: everything that is wrong, at once.
        TypeError: it is no data frame.
    """
    held = held_table(CHANGES, frame)
    return _read(DataFile(file=held.name), held)


def _read(source: DataFile, held: HeldTable | None = None) -> Changes:
    reading = Reading()
    table = read_table(CHANGES, source, (), {}, reading, held)
    if reading.problems or table is None:
        raise InputError(reading.problems)
    table = _decided(table, may_be_open=(source.sheet or "").casefold() == DECISIONS)
    listed = tuple(sorted(_rows(table), key=lambda change: change.day))
    return Changes(listed, (*reading.findings, *_doubtful(table)))


def _decided(table: Records, *, may_be_open: bool) -> Records:
    """The rows with an action. On a sheet of decisions rows without one, on which nothing is written, are open.

    Raises:
        InputError: a row without an action on which something is written.
    """
    given, said = (
        table.given("action"),
        [table.given(name) for name in ("date", "by", "note", "amount") if name in table],
    )
    written = np.any(said, axis=0) if said else np.zeros(len(table), dtype=bool)
    wrong = np.flatnonzero(~given & (written | (not may_be_open)))
    if len(wrong):
        what, hint = "an action is needed", f"one of {', '.join(SENTENCES)}"
        places = [Place(table.source, row=int(table.rows[n])) for n in wrong]
        raise InputError([Fault(place, "action", what, hint=hint) for place in places])
    return table.take(given)


def _sheet(file: Path) -> str | None:
    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        return None
    names = {name.casefold(): name for name in sheet_names(file)}
    return next((names[name] for name in SHEETS if name in names), None)


def _rows(table: Records) -> Iterator[Change]:
    """The changes in row order, a blank day being that of the row above."""
    cells = {name: as_text(table.column(name)) for name in table.columns}
    amount, day, number = (table.column(name) for name in ("amount", "date", "number"))
    latest = 0
    for n, row in enumerate(table.rows.tolist()):
        latest = int(day.values[n]) if day.given[n] else latest
        texts = {name: column[n] for name, column in cells.items() if column[n]}
        own = {name: texts[name] for name in texts if name in CHANGES.columns and name not in TYPED}
        yield Change(
            Place(table.source, row=row),
            amount=int(amount.values[n]) if amount.given[n] else None,
            number=int(number.values[n]) if number.given[n] else None,
            day=latest,
            further={name: text for name, text in texts.items() if name not in CHANGES.columns},
            **own,
        )


def _doubtful(table: Records) -> Iterator[Finding]:
    """Columns that no table has and that look like one of ours."""
    known = [*CHANGES.columns, *SCHOOLS.columns, *NLES.columns]
    for name in table.extra:
        missing = [word for word in CHANGES.columns if word not in table]
        hint = did_you_mean(name, missing) if name not in known else None
        if hint:
            what = "this column is carried but not used"
            yield Finding(Place(table.source, 1), name, what, hint=hint, code="column-not-used")
