"""The list of NLEs: blank cells filled from the home school, given ones never touched."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.scenario.columns import AREAS, NLES, PHASES
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.phases import phases_run
from nle_optimizer.sources.england.predecessors import UrnLinks
from nle_optimizer.sources.england.user_tables import UserTable, read_user_table

ALIASES = {"home_school_id": ("home school URN", "home URN", "school URN", "URN"), "nle_id": ("id",)}
PLACE = ("easting", "northing", "latitude", "longitude")
FILLED = ("easting", "northing", "region", "local_authority", "trust_id", "phases", "home_grade")
"""Columns that are filled, in the order of the declared ones."""
WHOLE = ("home_school_id", *FILLED)
GOOD = 2

Cells = dict[str, str]


@dataclass(frozen=True)
class People:
    """The NLE table as it is written, and what was filled.

    Attributes:
        columns: cells by column, sorted by nle_id.
        filled: how many cells of each column were filled.
        homes: how many rows have a home school that GIAS knows.
    """

    columns: dict[str, list[str]]
    filled: Mapping[str, int]
    homes: int

    def __len__(self) -> int:
        return len(self.columns["nle_id"])

    def fills(self, name: str) -> bool:
        """Whether any row fills the column."""
        return any(self.columns.get(name, ()))


def read_people(path: Path, notes: Notes) -> UserTable:
    """Read a list of NLEs; only `nle_id` must be there.

    Raises:
        InputError: the file cannot be read.
    """
    return read_user_table(path, NLES, ALIASES, notes)


def filled_people(table: UserTable, schools: Mapping[str, Cells], links: UrnLinks, notes: Notes) -> People:
    """Fill blank place, region, authority, trust, phases and grade of each NLE from the home school.

    Args:
        table: the list as read.
        schools: rows of the schools table by URN, all of GIAS.
        links: used to name the successor of a home school that GIAS does not have.
        notes: told of home schools that are not found, and of places that stay unknown.
    """
    rows = sorted(table.rows(), key=lambda row: row["nle_id"])
    filled: Counter[str] = Counter()
    numbers = table.number_of("nle_id")
    homes = 0
    for row in rows:
        home = row.get("home_school_id", "")
        if home in schools:
            homes += 1
            filled.update(fill_from_home(row, schools[home]))
        elif home:
            _dangling(table.path, numbers[row["nle_id"]], home, schools, links, notes)
    _weak_data(rows, notes)
    given = list(table.columns)
    names = [name for name in NLES.columns if name in given or name in WHOLE]
    names += [name for name in given if name not in names]
    counts = {name: filled[name] for name in FILLED if filled[name]}
    return People({name: [row.get(name, "") for row in rows] for name in names}, counts, homes)


def fill_from_home(row: Cells, home: Mapping[str, str]) -> list[str]:
    """Fill the row of an NLE from that of the home school; the names of the columns that were filled."""
    phases = phases_run({home["phase"]} - {""})
    known = {
        **{name: home[name] for name in ("region", "local_authority", "trust_id")},
        "phases": "|".join(phase for phase in PHASES if phase in phases),
        "home_grade": home["latest_grade"],
    }
    if not any(row.get(name) for name in PLACE):
        known |= {name: home[name] for name in ("easting", "northing")}
    names = [name for name, text in known.items() if text and not row.get(name)]
    row.update({name: known[name] for name in names})
    return names


def _dangling(path: Path, number: int, home: str, schools: Mapping[str, Cells], links: UrnLinks, notes: Notes) -> None:
    successor = links.current(home, schools)
    hint = f"; its successor is {successor}" if successor else ""
    notes.find(1, f"{path.name}:row {number}: home_school_id: GIAS has no school {home}{hint}: nothing was filled.")


def _weak_data(rows: list[Cells], notes: Notes) -> None:
    placed = [row for row in rows if _has_pair(row, PLACE[:2]) or _has_pair(row, PLACE[2:])]
    notes.find(
        len(rows) - len(placed),
        "NLEs without a place, neither coordinates nor a home school that GIAS knows: {n}.",
    )
    grades = [row.get("home_grade", "") for row in rows]
    notes.find(grades.count(""), "NLEs whose home school has no known grade: {n}.")
    below = sum(grade.isdecimal() and int(grade) > GOOD for grade in grades)
    notes.find(below, "NLEs whose home school is below Good, so that they cannot be matched: {n}.")
    notes.find(sum(not row.get("phases") for row in rows), "NLEs without phases, which means any: {n}.")
    for name in ("placements", "days"):
        cells = [row.get(name, "") for row in rows]
        if any(cells):
            notes.find(cells.count(""), f"NLEs whose {name} are blank, so not known, while others give them: {{n}}.")
    for area in AREAS:
        blank = sum(not row.get(f"expertise_{area}") for row in rows)
        notes.find(blank, f"NLEs without expertise_{area}, which is unknown, not 0: {{n}}.")


def _has_pair(row: Cells, names: tuple[str, ...]) -> bool:
    return all(row.get(name) for name in names)
