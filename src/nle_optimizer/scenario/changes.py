"""The changes table: what was decided since a run, in order, with what was taken back taken out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from nle_optimizer.errors import Finding, InputError, Place, Problem, did_you_mean
from nle_optimizer.records import ColumnSpec, Kind, Records, TableSpec, as_text, shortest
from nle_optimizer.scenario.columns import NLES, SCHOOLS
from nle_optimizer.scenario.settings import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.scenario.workbook import sheet_names

UNDO = "undo"
SENTENCES = {
    "agree": "{school} with {nle} agreed",
    "start": "{school} with {nle} started",
    "finish": "{school} with {nle} finished",
    "pin": "{school} pinned to {nle}",
    "forbid": "{school} with {nle} forbidden",
    "school-objects": "{school} objects to {nle}",
    "nle-declines": "NLE {nle} declines {school}",
    "nle-withdraws": "NLE {nle} withdraws",
    "trust-declines": "the trust of {school} declines",
    "school-withdraws": "{school} withdraws",
    "capacity": "{nle}{trust} has {amount} {resource}",
    "add-school": "school {school} added",
    "add-nle": "NLE {nle} added",
    UNDO: "taken back",
}
"""Every action, and what it says of whom it concerns."""
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
    _column("date", Kind.DATE, "Day of the decision; blank: as the row above. Changes count in the order of days."),
    _column("by", Kind.TEXT, "Who decided."),
    _column("note", Kind.TEXT, "Free text; kept beside the pair it bars.", free_text=True),
)
CHANGES = TableSpec(
    "changes",
    (),
    {column.name: column for column in _COLUMNS},
    "What was decided since a run, for `replan`: a row a decision. `add-school` and `add-nle` may fill any column of "
    "their table. `undo` takes back the latest decision before it that concerns the same school, NLE and trust.",
)


@dataclass(frozen=True)
class Change:
    """One decision.

    Attributes:
        place: its row in the file.
        action: a key of `SENTENCES`.
        school_id, nle_id, trust_id, resource, by, note: as the row has them; blank where it does not.
        amount: in millionths; None where blank.
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
    day: int = 0
    by: str = ""
    note: str = ""
    further: Mapping[str, str] | None = None

    @property
    def subject(self) -> tuple[str, str, str]:
        """Whom it concerns."""
        return self.school_id, self.nle_id, self.trust_id

    @property
    def pair(self) -> tuple[str, str]:
        """School and NLE."""
        return self.school_id, self.nle_id

    @property
    def sentence(self) -> str:
        """What was decided, when and by whom, without a full stop."""
        amount = "" if self.amount is None else shortest(self.amount, 6)
        words = SENTENCES[self.action].format(
            school=self.school_id,
            nle=self.nle_id,
            trust=self.trust_id,
            amount=amount,
            resource=self.resource or "of its capacity",
        )
        when = f" on {date.fromordinal(self.day).isoformat()}" if self.day else ""
        return f"{words}{when}" + (f" ({self.by})" if self.by else "")

    @property
    def where(self) -> str:
        """Its row in words."""
        return f"row {self.place.row} of {self.place.file}"


@dataclass(frozen=True)
class Changes:
    """The decisions of a file.

    Attributes:
        file: the file.
        listed: every row, in the order in which they count.
        standing: those that were not taken back.
        findings: what deserves a warning.
    """

    file: Path
    listed: tuple[Change, ...]
    standing: tuple[Change, ...]
    findings: tuple[Finding, ...]


def read_changes(file: Path, sheet: str | None = None) -> Changes:
    """The decisions in a CSV file or a sheet of a workbook.

    Args:
        file: CSV or XLSX.
        sheet: the sheet; by default one named Changes or Decisions, else the first.

    Raises:
        InputError: everything that is wrong, at once; `undo` of nothing too.
    """
    reading = Reading()
    source = DataFile(file=str(file), sheet=sheet or _sheet(file))
    table = read_table(CHANGES, source, (), {}, reading)
    if reading.problems or table is None:
        raise InputError(reading.problems)
    table = _decided(table, may_be_open=(source.sheet or "").casefold() == DECISIONS)
    listed = tuple(sorted(_rows(table), key=lambda change: change.day))
    standing, problems = _without_undone(listed)
    if problems:
        raise InputError(problems)
    return Changes(file, listed, tuple(standing), (*reading.findings, *_doubtful(table)))


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
        raise InputError([Problem(place, "action", what, hint=hint) for place in places])
    return table.take(given)


def _sheet(file: Path) -> str | None:
    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        return None
    names = {name.casefold(): name for name in sheet_names(file)}
    return next((names[name] for name in SHEETS if name in names), None)


def _rows(table: Records) -> Iterator[Change]:
    """The changes in row order, a blank day being that of the row above."""
    cells = {name: as_text(table.column(name)) for name in table.columns}
    amount, day = table.column("amount"), table.column("date")
    latest = 0
    for n, row in enumerate(table.rows.tolist()):
        latest = int(day.values[n]) if day.given[n] else latest
        texts = {name: column[n] for name, column in cells.items() if column[n]}
        own = {name: texts[name] for name in texts if name in CHANGES.columns and name not in ("amount", "date")}
        yield Change(
            Place(table.source, row=row),
            amount=int(amount.values[n]) if amount.given[n] else None,
            day=latest,
            further={name: text for name, text in texts.items() if name not in CHANGES.columns},
            **own,
        )


def _without_undone(listed: Sequence[Change]) -> tuple[list[Change], list[Problem]]:
    """The changes without those that were taken back, and each `undo` that finds nothing."""
    standing: list[Change] = []
    problems = []
    for change in listed:
        if change.action != UNDO:
            standing.append(change)
            continue
        before = [n for n, other in enumerate(standing) if other.subject == change.subject]
        if before and any(change.subject):
            del standing[before[-1]]
        else:
            whom = ", ".join(word for word in change.subject if word) or "nobody"
            what = f"there is no earlier change of {whom} in this file to take back"
            hint = "write the same school_id, nle_id and trust_id as the change has"
            problems.append(Problem(change.place, "action", what, hint=hint))
    return standing, problems


def _doubtful(table: Records) -> Iterator[Finding]:
    """Columns that no table has and that look like one of ours."""
    known = [*CHANGES.columns, *SCHOOLS.columns, *NLES.columns]
    for name in table.extra:
        missing = [word for word in CHANGES.columns if word not in table]
        hint = did_you_mean(name, missing) if name not in known else None
        if hint:
            what = "this column is carried but not used"
            yield Finding(Place(table.source, 1), name, what, hint=hint, code="column-not-used")
