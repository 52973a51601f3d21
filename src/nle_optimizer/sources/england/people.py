"""NLEs and people's own tables.

The list of NLEs: blank cells filled from the home school, given ones never touched. Tables that people keep
themselves (cases, NLEs), in the columns of this package.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.records import MILLION, ColumnSpec, Kind, TableSpec
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.columns import AREAS, NLES, PHASES
from nle_optimizer.scenario.extracts import Notes, read_extract, rows_by_key
from nle_optimizer.scenario.gias import is_open
from nle_optimizer.scenario.identifiers import means_nothing, normalise, read_otherwise, spelled
from nle_optimizer.scenario.official_cells import GRADES, NOT_GRADED, SUPPRESSED, day, metres, phases_run
from nle_optimizer.scenario.references import Known
from nle_optimizer.scenario.settings import Fit
from nle_optimizer.sources.england.inspections import UrnLinks

NUMBERS = frozenset({Kind.COUNT, Kind.LEVEL, Kind.SHARE, Kind.AMOUNT, Kind.KILOMETRES, Kind.METRES})


@dataclass(frozen=True)
class UserTable:
    """A table as somebody wrote it.

    Attributes:
        path: where it was read.
        columns: cells by column name: declared names as this package spells them, extra ones as they stand.
        numbers: the row of the file each record stands in.
    """

    path: Path
    columns: dict[str, list[str]]
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self) -> list[dict[str, str]]:
        """Each record as its cells by column name."""
        return [dict(zip(self.columns, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True)]

    def number_of(self, key: str) -> dict[str, int]:
        """The row of the file by identifier."""
        return dict(zip(self.columns[key], self.numbers, strict=True))


def read_user_table(path: Path, spec: TableSpec, aliases: Mapping[str, Sequence[str]], notes: Notes) -> UserTable:
    """Read a table; declared columns are found without case and punctuation, or under an alias.

    Raises:
        InputError: the file cannot be read, or has no column for the identifier.
    """
    (key,) = spec.key
    names = {name: (name, *aliases.get(name, ())) for name in spec.columns}
    extract = read_extract(path, names, key, notes)
    rows_by_key(extract, key, notes)
    ours = {place: name for name, place in extract.places.items()}
    columns: dict[str, list[str]] = {}
    for place, heading in enumerate(extract.header):
        cells = [normalise(row[place]) for row in extract.rows]
        name = ours.get(place, normalise(heading))
        if name in spec.columns:
            cells = _read(path, cells, spec.columns[name], extract.numbers, notes)
        if name in columns:
            notes.wrong(path, None, name, "two columns have this name")
        elif name:
            columns[name] = cells
        elif any(cells):
            notes.wrong(path, None, "", f"column {place + 1} has no name")
    return UserTable(path, columns, extract.numbers)


def _read(path: Path, cells: list[str], column: ColumnSpec, numbers: Sequence[int], notes: Notes) -> list[str]:
    """Cells with identifiers in one spelling, and blank where a word means nothing."""
    for finding in read_otherwise(cells, column, numbers, path.name):
        notes.find(1, f"{finding}.")
    plain = spelled if column.kind is Kind.IDENTIFIER else normalise
    return ["" if means_nothing(text, column) else plain(text) for text in cells]


def check_cells(table: UserTable, spec: TableSpec, notes: Notes) -> None:
    """Bring the cells of declared columns into this package's spelling; what cannot be is a fault."""
    levels = {word: int(share * MILLION) for word, share in Fit().levels.items()}
    for name, cells in table.columns.items():
        column = spec.columns.get(name)
        if column is None:
            continue
        plain = [_plain(text, column) for text in cells]
        _, errors = parse_column(plain, column, levels)
        for row, error in errors.items():
            notes.wrong(table.path, table.numbers[row], name, str(error), cells[row], error.hint)
        table.columns[name] = plain


def _plain(text: str, column: ColumnSpec) -> str:
    """A cell with official codes, words and dates rewritten; text that is neither is left to the check."""
    word = text.casefold()
    if column.kind is Kind.CHOICE:
        return word
    if column.kind is Kind.TEXT:
        return column.aliases.get(word, text)
    if column.unit == "1 to 4":
        return "" if word in NOT_GRADED else str(GRADES.get(word, text))
    if column.kind in NUMBERS and word in SUPPRESSED:
        return ""
    try:
        if text and column.kind is Kind.DATE:
            return str(day(text))
        if text and column.kind is Kind.METRES:
            return str(metres(text))
    except ValueError:
        return text
    return text


ALIASES = {"home_school_id": ("home school URN", "home URN", "school URN", "URN"), "nle_id": ("id",)}
PLACE = ("easting", "northing", "latitude", "longitude")
FILLED = ("easting", "northing", "region", "local_authority", "trust_id", "phases", "home_grade")
"""Columns that are filled, in the order of the declared ones."""
WAS = "home_school_was"
"""Column of the home schools that the list gave, where they have become others."""
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

    A home school that has become another is followed to its single successor, which then stands in the row; what the
    list gave stays beside it in `home_school_was`.

    Args:
        table: the list as read.
        schools: rows of the schools table by URN, all of GIAS.
        links: tell what became of a home school that GIAS does not have, or has as closed.
        notes: told of home schools that are followed or not found, and of places that stay unknown.
    """
    rows = sorted(table.rows(), key=lambda row: row["nle_id"])
    filled: Counter[str] = Counter()
    numbers = table.number_of("nle_id")
    homes = _Homes(schools, links)
    found = 0
    for row in rows:
        home = row.get("home_school_id", "")
        now, said = homes.now(home) if home else (None, "")
        if said:
            notes.find(1, f"{table.path.name}:row {numbers[row['nle_id']]}: home_school_id: {said}.")
        if now is not None:
            if now != home:
                row |= {"home_school_id": now, WAS: home}
            found += 1
            filled.update(fill_from_home(row, schools[now]))
    _weak_data(rows, notes)
    given = list(table.columns)
    names = [name for name in NLES.columns if name in given or name in WHOLE]
    names += [name for name in given if name not in names]
    names += [WAS] if WAS not in names and any(WAS in row for row in rows) else []
    counts = {name: filled[name] for name in FILLED if filled[name]}
    return People({name: [row.get(name, "") for row in rows] for name in names}, counts, found)


class _Homes:
    """What home schools are today."""

    def __init__(self, schools: Mapping[str, Cells], links: UrnLinks):
        self._schools, self._links = schools, links
        self._open = {urn for urn, cells in schools.items() if is_open(cells)}
        self._known = Known(schools)

    def now(self, home: str) -> tuple[str | None, str]:
        """The school that a home school is today, or None; and what there is to say about it."""
        if home in self._open:
            return home, ""
        after = self._links.current(home, self._open)
        if after is None and home not in self._schools:
            after = self._links.current(home, self._schools)
        if after is not None:
            return after, f"{home} has become {after}, which is its home school here"
        if several := self._links.several(home):
            return None, f"{home} has become {', '.join(several)}, so nobody can say which: nothing was filled"
        if home in self._schools:
            status = self._schools[home]["establishment_status"] or "without a status"
            return home, f"{home} is {status} in GIAS, and no successor is known; it was filled from as it is"
        near = self._known.near(home)
        return None, f"GIAS has no school {home}: nothing was filled" + (f"; did you mean {near}?" if near else "")


def fill_from_home(row: Cells, home: Mapping[str, str]) -> list[str]:
    """Fill the row of an NLE from that of the home school; the names of the columns that were filled."""
    phases = phases_run({home["phase"]} - {""})
    known = {
        **{name: home[name] for name in ("region", "local_authority", "trust_id")},
        "phases": "|".join(phase for phase in PHASES if phase in phases),
        "home_grade": home["latest_grade"],
    }
    if not any(row.get(name, "").strip("0.-") for name in PLACE):
        known |= {name: home[name] for name in ("easting", "northing")}
    names = [name for name, text in known.items() if text and (not row.get(name) or name in ("easting", "northing"))]
    row.update({name: known[name] for name in names})
    return names


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
