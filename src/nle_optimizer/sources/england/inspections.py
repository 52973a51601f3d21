"""Grades and dates of full inspections, from Ofsted's management information of any width."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nle_optimizer.sources.england.cells import day, grades, parsed, whole
from nle_optimizer.sources.england.extracts import Extract, read_extract, rows_by_key
from nle_optimizer.sources.england.notes import Notes

NAMES = {
    "urn": ("URN", "Provider URN"),
    "latest": ("Overall effectiveness",),
    "latest_on": ("Inspection start date", "First day of inspection"),
    "previous": ("Previous full inspection overall effectiveness", "Previous overall effectiveness"),
    "previous_on": ("Previous inspection start date", "Previous last day of inspection"),
    "count": ("Number of full inspections",),
    "leadership": ("Effectiveness of leadership and management",),
    "education": ("Quality of education",),
}
REQUIRED = ("latest", "latest_on")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a school's full inspections; None where it is not."""

    latest_grade: int | None = None
    latest_inspected: date | None = None
    previous_grade: int | None = None
    previous_inspected: date | None = None
    inspections: int | None = None
    leadership_grade: int | None = None
    education_grade: int | None = None

    @property
    def is_graded(self) -> bool:
        """Whether it holds any grade at all."""
        held = (self.latest_grade, self.previous_grade, self.leadership_grade, self.education_grade)
        return any(grade is not None for grade in held)

    def as_it_stood(self, day: date | None) -> "Inspection":
        """The same without what was inspected after a day: then the inspection before is the latest."""
        if day is None or self.latest_inspected is None or self.latest_inspected <= day:
            return self
        if self.previous_inspected is not None and self.previous_inspected > day:
            return NONE
        return Inspection(self.previous_grade, self.previous_inspected)

    def cells(self) -> dict[str, str]:
        """The same as cells of a schools table."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: "" if value is None else str(value) for name, value in values.items()}


NONE = Inspection()


def inspection_of(cells: Mapping[str, str]) -> Inspection:
    """What a row of the schools table says of its inspections."""
    days = (cells.get("latest_inspected"), cells.get("previous_inspected"))
    grades_ = ("latest_grade", "previous_grade", "inspections", "leadership_grade", "education_grade")
    latest, previous, count, leadership, education = (int(cells.get(name) or 0) or None for name in grades_)
    latest_on, previous_on = (date.fromisoformat(text) if text else None for text in days)
    return Inspection(latest, latest_on, previous, previous_on, count, leadership, education)


def read_inspections(path: Path, notes: Notes) -> tuple[Extract, dict[str, Inspection]]:
    """Read Ofsted's file: the shared extract, or the official layout with lines before its header.

    Returns:
        The file, and the inspections by URN.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    by_urn = rows_by_key(extract, "urn", notes)
    columns = (
        grades(extract, "latest", notes),
        parsed(extract, "latest_on", day, notes),
        grades(extract, "previous", notes),
        parsed(extract, "previous_on", day, notes),
        parsed(extract, "count", whole, notes),
        grades(extract, "leadership", notes),
        grades(extract, "education", notes),
    )
    rows = [Inspection(*values) for values in zip(*columns, strict=True)]
    return extract, {urn: rows[row] for urn, row in by_urn.items()}
