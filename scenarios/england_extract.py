"""Reading England's extract for measuring: one plain record a state-funded school, nothing kept of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nle_optimizer.delimited import read_rows

GRADES_KNOWN_TO = date(2020, 2, 26)
TRUSTS_KNOWN_TO = date(2022, 7, 31)
LEFT_OUT = ("", "City of London", "Isles Of Scilly", "Fieldwork Overseas Establishments")
"""Authorities without figures: not named, abroad, or so small that a figure would be one school's place."""
_FAITHS = {
    "Does not apply": "",
    "Unknown": "",
    "Multi-faith": "",
    "Roman Catholic": "Roman Catholic",
    "Catholic": "Roman Catholic",
    "Roman Catholic/Church of England": "Roman Catholic",
    "Jewish": "Jewish",
    "Orthodox Jewish": "Jewish",
    "Muslim": "Muslim",
    "Sikh": "Sikh",
    "Hindu": "Hindu",
}
_PHASES = {
    "Nursery": "nursery",
    "Primary": "primary",
    "Middle deemed primary": "primary",
    "Secondary": "secondary",
    "Middle deemed secondary": "secondary",
    "All-through": "all-through",
    "16 plus": "post-16",
}


@dataclass(frozen=True)
class Measured:
    """What is measured of one school; days are proleptic ordinals, blanks None."""

    authority: str
    region: str
    easting: int
    northing: int
    phase: str
    faith: str
    establishment_type: str
    trust: str
    joined: int | None
    record: str
    previous_grade: str
    inspected: int | None
    previous_inspected: int | None
    inspections: int


def read_extract(folder: Path) -> list[Measured]:
    """Every state-funded school of the extract in an authority that has figures, in file order.

    Args:
        folder: holds `gias_extract.csv`, `ofsted_inspections_2020-02.csv` and `trust_links_2022-07.csv`.

    Raises:
        InputError: a file cannot be read.
    """
    grades = {row["URN"]: row for row in _rows(folder / "ofsted_inspections_2020-02.csv")}
    trusts = {
        row["URN"]: row
        for row in _rows(folder / "trust_links_2022-07.csv")
        if row["Group Type"] == "Multi-academy trust" and row["Group Status"] == "Open"
    }
    schools = (row for row in _rows(folder / "gias_extract.csv", "cp1252") if _counts(row))
    return [_measured(row, grades.get(row["URN"], {}), trusts.get(row["URN"], {})) for row in schools]


def _rows(path: Path, encoding: str | None = None) -> Iterator[Mapping[str, str]]:
    header, *rows = read_rows(path, encoding)
    return (dict(zip(header, row, strict=True)) for row in rows)


def _counts(row: Mapping[str, str]) -> bool:
    """Whether a row is a state-funded school in an authority that has figures."""
    kind = row["TypeOfEstablishment (name)"]
    known = row["Trusts (code)"] or kind or row["PhaseOfEducation (name)"] not in ("Not applicable", "16 plus")
    placed = row["GOR (name)"] and row["LA (name)"] not in LEFT_OUT
    return bool(placed and known and "independent" not in kind.casefold())


def _measured(row: Mapping[str, str], grade: Mapping[str, str], trust: Mapping[str, str]) -> Measured:
    joined = trust.get("Joined date")
    return Measured(
        authority=row["LA (name)"],
        region=row["GOR (name)"].replace("and The", "and the"),
        easting=int(row["Easting"]),
        northing=int(row["Northing"]),
        phase=_phase(row),
        faith=_FAITHS.get(row["ReligiousCharacter (name)"], _christian(row["ReligiousCharacter (name)"])),
        establishment_type=row["TypeOfEstablishment (name)"],
        trust=trust.get("Group UID", ""),
        joined=date.fromisoformat(joined).toordinal() if joined else None,
        record=_record(grade),
        previous_grade=grade.get("Previous full inspection overall effectiveness", ""),
        inspected=_day(grade.get("Inspection start date")),
        previous_inspected=_day(grade.get("Previous inspection start date")),
        inspections=int(grade.get("Number of full inspections") or 0),
    )


def _phase(row: Mapping[str, str]) -> str:
    """The phase, from the type where GIAS says that none applies."""
    phase = _PHASES.get(row["PhaseOfEducation (name)"])
    if phase:
        return phase
    kind = row["TypeOfEstablishment (name)"].casefold()
    for word, meant in (("special", "special"), ("alternative", "alternative-provision"), ("16", "post-16")):
        if word in kind:
            return meant
    return "post-16" if "sixth" in kind or "college of art" in kind else "secondary"


def _christian(faith: str) -> str:
    """The faith of a school with a less common religious character."""
    if not faith:
        return ""
    return "Church of England" if faith.startswith(("Church of England", "Anglican")) else "Christian"


def _record(grade: Mapping[str, str]) -> str:
    latest = grade.get("Overall effectiveness", "")
    if not latest:
        return "ungraded"
    twice = latest in "34" and grade["Previous full inspection overall effectiveness"] in ("3", "4")
    return f"twice_{latest}" if twice else f"grade_{latest}"


def _day(text: str | None) -> int | None:
    return datetime.strptime(text, "%d/%m/%Y").toordinal() if text else None
