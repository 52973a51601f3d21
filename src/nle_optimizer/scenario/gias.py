"""GIAS, the department's register of schools: its rows, and blank cells of a scenario's tables filled from them by URN.

Establishments as Get Information about Schools lists them, in the columns of a schools table. A scenario that names an
extract (`data.gias`) has the blank places, regions, authorities, phases and trusts of schools filled by `school_id`,
and those of NLEs by `home_school_id`; a given cell is never changed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np

from nle_optimizer.errors import Finding, InputError, Place
from nle_optimizer.records import Column, Records
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.columns import PHASES, REGIONS, STATUS_CODES, STATUSES
from nle_optimizer.scenario.condition_checks import Tables
from nle_optimizer.scenario.extracts import Extract, Notes, fold, read_extract, rows_by_key
from nle_optimizer.scenario.identifiers import is_word_for_nothing
from nle_optimizer.scenario.official_cells import (
    GIAS_PHASES,
    GRADES,
    WITHOUT_PHASE,
    day,
    metres,
    number,
    parsed,
    phase_of,
    phases_run,
    whole,
)
from nle_optimizer.scenario.places import doubtful_places
from nle_optimizer.scenario.references import Known
from nle_optimizer.scenario.tables import Reading

NAMES = {
    "urn": ("URN",),
    "name": ("EstablishmentName",),
    "authority": ("LA (name)",),
    "region": ("GOR (name)",),
    "type": ("TypeOfEstablishment (name)",),
    "status": ("EstablishmentStatus (name)", "EstablishmentStatus", "EstablishmentStatus (code)"),
    "phase": ("PhaseOfEducation (name)",),
    "faith": ("ReligiousCharacter (name)",),
    "diocese": ("Diocese (name)",),
    "pupils": ("NumberOfPupils",),
    "fsm": ("PercentageFSM",),
    "easting": ("Easting",),
    "northing": ("Northing",),
    "trust_code": ("Trusts (code)",),
    "trust_name": ("Trusts (name)",),
    "trust_flag": ("TrustSchoolFlag (name)",),
    "rating": ("OfstedRating (name)",),
    "inspected": ("OfstedLastInsp",),
}
REQUIRED = ("name", "authority", "region", "type", "status", "phase", "easting", "northing")
OUTSIDE = frozenset({"", "walespseudo", "wales", "notapplicable", "channelislandspseudo", "scotland", "outsideengland"})
NOT_YET_OPEN = "not-yet-open"
EASTINGS = range(80_000, 660_001)
NORTHINGS = range(5_000, 660_001)
"""British National Grid metres around England, islands included."""
_REGIONS = {fold(region): region for region in REGIONS}


@dataclass(frozen=True, slots=True)
class Establishment:
    """One row of GIAS.

    Attributes:
        cells: what a schools table holds of it, by column name; blank text where it is not given.
        phase: as GIAS has it.
        trust_code: identifier of its trust (Group UID), or blank.
        trust_name: name of that trust.
        trust_flag: how GIAS describes its support by a trust; blank where the file does not say.
    """

    cells: dict[str, str]
    phase: str
    trust_code: str
    trust_name: str
    trust_flag: str

    @property
    def is_english(self) -> bool:
        """Whether it lies in one of the nine regions."""
        return self.cells["region"] in REGIONS

    @property
    def is_open(self) -> bool:
        """Whether it is open, proposed to close or not."""
        return is_open(self.cells)

    @property
    def is_proposed(self) -> bool:
        """Whether it is proposed to open."""
        return STATUSES.get(self.cells["establishment_status"].casefold()) == NOT_YET_OPEN


def is_open(cells: Mapping[str, str]) -> bool:
    """Whether a row of the schools table is one of an open school."""
    return STATUSES.get(cells["establishment_status"].casefold()) == ""


def region_name(text: str) -> str:
    """The region as this package spells it; text that is no region of England stays as it is."""
    return _REGIONS.get(fold(text), text)


def read_gias(path: Path, notes: Notes) -> tuple[Extract, dict[str, Establishment]]:
    """Read a GIAS extract of any width.

    Returns:
        The file, and its establishments by URN, in file order.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    by_urn = rows_by_key(extract, "urn", notes)
    _count_unknown_codes(extract, notes)
    establishments = list(_establishments(extract, notes))
    return extract, {urn: establishments[row] for urn, row in by_urn.items()}


def _establishments(extract: Extract, notes: Notes) -> Iterator[Establishment]:
    easting, northing = _places(extract, notes)
    columns = {
        "school_id": extract.cells("urn"),
        "name": extract.cells("name"),
        "easting": easting,
        "northing": northing,
        "region": [region_name(text) for text in extract.cells("region")],
        "local_authority": extract.cells("authority"),
        "faith": _meant(extract.cells("faith")),
        "diocese": _meant(extract.cells("diocese")),
        "establishment_type": extract.cells("type"),
        "establishment_status": [STATUS_CODES.get(text, text) for text in extract.cells("status")],
        "pupils": _texts(parsed(extract, "pupils", whole, notes)),
        "percentage_fsm": _meals(extract, notes),
        "gias_rating": _texts([GRADES.get(text.casefold()) for text in extract.cells("rating")]),
        "gias_inspected": _texts(parsed(extract, "inspected", day, notes)),
    }
    trusts = extract.identifiers("trust_code", notes)
    rest = zip(extract.cells("phase"), trusts, extract.cells("trust_name"), extract.cells("trust_flag"), strict=True)
    for values, others in zip(zip(*columns.values(), strict=True), rest, strict=True):
        yield Establishment(dict(zip(columns, values, strict=True)), *others)


def _texts(values: Sequence[object]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _places(extract: Extract, notes: Notes) -> tuple[list[str], list[str]]:
    """Eastings and northings; 0, 0 is no place."""
    both = list(zip(*(parsed(extract, name, metres, notes) for name in ("easting", "northing")), strict=True))
    nowhere = sum(place == (0, 0) for place in both)
    notes.find(nowhere, "Schools at easting 0, northing 0, which is no place and read as blank: {n}.")
    places = [(None, None) if place == (0, 0) else place for place in both]
    return _texts([easting for easting, _ in places]), _texts([northing for _, northing in places])


def _meant(values: list[str]) -> list[str]:
    return ["" if is_word_for_nothing(text) or text.casefold() == "unknown" else text for text in values]


def _meals(extract: Extract, notes: Notes) -> list[str]:
    """Share of pupils on free meals in per cent; files write 0 where it is not known."""
    values = parsed(extract, "fsm", number, notes)
    notes.find(
        sum(value == 0 for value in values if value is not None),
        "Schools with 0 per cent of pupils on free meals, which stands for missing data: {n}, read as blank.",
    )
    return [str(value) if value else "" for value in values]


def _count_unknown_codes(extract: Extract, notes: Notes) -> None:
    known: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("region", lambda text: fold(text) in _REGIONS or fold(text) in OUTSIDE),
        ("status", lambda text: STATUS_CODES.get(text, text).casefold() in STATUSES),
        ("phase", lambda text: text.casefold() in WITHOUT_PHASE or text.casefold() in GIAS_PHASES),
    )
    for name, is_known in known:
        for text in extract.cells(name) if name in extract else ():
            if not is_known(text):
                notes.unexpected[extract.path.name, extract.heading(name), text] += 1


@dataclass(frozen=True, slots=True)
class TrustMembership:
    """A school's place in an academy trust.

    Attributes:
        trust_id: the trust's Group UID.
        name: the trust's name.
        multi: whether it is a multi-academy trust.
        joined: the day the school joined; None where it is not known.
    """

    trust_id: str
    name: str
    multi: bool
    joined: date | None = None


def memberships_by_gias(establishments: Mapping[str, Establishment]) -> dict[str, TrustMembership]:
    """The academy trust of every school that has one by GIAS alone.

    A multi-academy trust is one that GIAS's flag calls so, or, where the file has no flag, one whose code two or more
    schools carry.
    """
    sizes = Counter(school.trust_code for school in establishments.values())
    return {
        urn: TrustMembership(code, school.trust_name, _is_multi(school.trust_flag, sizes[code]))
        for urn, school in establishments.items()
        if (code := school.trust_code)
    }


def _is_multi(flag: str, size: int) -> bool:
    word = flag.casefold()
    if "trust" not in word:
        return size > 1
    return "multi-academy" in word


class Register:
    """A GIAS extract that a scenario names, read when it is first asked for.

    Attributes:
        file: where it lies.
    """

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self) -> tuple[type["Register"], tuple[Path]]:  # another process reads it again, if at all
        return Register, (self.file,)

    @cached_property
    def _read(self) -> tuple[Extract, dict[str, Establishment]]:
        notes = Notes()
        found = read_gias(self.file, notes)
        notes.stop_if_wrong()
        return found

    @property
    def establishments(self) -> dict[str, Establishment]:
        """Its rows by URN.

        Raises:
            InputError: everything that is wrong with the file.
        """
        return self._read[1]

    @cached_property
    def memberships(self) -> dict[str, TrustMembership]:
        """The academy trust of every school that has one."""
        return memberships_by_gias(self.establishments)

    def school(self, urn: str) -> dict[str, str] | None:
        """The cells of a schools table that are filled by the URN; None where the register does not have it."""
        school, membership = self.establishments.get(urn), self.memberships.get(urn)
        if school is None:
            return None
        cells = school.cells
        easting, northing = cells["easting"], cells["northing"]
        has_place = bool(easting and northing) and int(easting) in EASTINGS and int(northing) in NORTHINGS
        return {
            "easting": easting if has_place else "",
            "northing": northing if has_place else "",
            "region": cells["region"] if school.is_english else "",
            "local_authority": cells["local_authority"] if school.is_english else "",
            "phase": phase_of(school.phase, cells["establishment_type"], cells["name"])[0],
            "trust_id": membership.trust_id if membership and membership.multi else "",
        }

    def nle(self, home: str) -> dict[str, str] | None:
        """The cells of an NLE table that are filled by the URN of the home school; None where it is not known."""
        school = self.school(home)
        if school is None:
            return None
        phases = phases_run({school.pop("phase")} - {""})
        return {**school, "phases": "|".join(phase for phase in PHASES if phase in phases)}

    def columns(self) -> dict[str, list[str]]:
        """The columns that are read of it, as they stand there, ascending by URN."""
        extract, urns = self._read[0], self._read[0].cells("urn")
        order = sorted(range(len(extract)), key=urns.__getitem__)
        read = {extract.heading(name): extract.cells(name) for name in NAMES if name in extract}
        return {heading: [cells[n] for n in order] for heading, cells in read.items()}


PLACE = ("easting", "northing")
MOST_NAMED = 3


def filled_from(register: Register, tables: Tables, reading: Reading) -> Tables:
    """The tables of a scenario with blank cells filled from the register; what is done, and what cannot be, is told.

    Problems and findings go to `reading`.
    """
    try:
        ways = {"schools": ("school_id", register.school), "nles": ("home_school_id", register.nle)}
        made = {
            name: _Filling(table, *ways[name]) for name, table in tables.items() if table is not None and name in ways
        }
        for filling in made.values():
            reading.findings += filling.findings(register)
    except InputError as error:
        reading.problems += error.problems
        return tables
    return {**tables, **{name: filling.table for name, filling in made.items()}}


@dataclass
class _Filling:
    """A table whose blank cells are filled.

    Attributes:
        given: as it was read.
        key: the column that holds URNs.
        look_up: the cells by URN, under the names of the table's columns.
    """

    given: Records
    key: str
    look_up: Callable[[str], Mapping[str, str] | None]

    def __post_init__(self) -> None:
        urns, kinds = self.given.column(self.key), self.given.values("kind")
        asked = np.flatnonzero(urns.given & (kinds != "trust"))
        found = {n: self.look_up(urns.values[n]) for n in asked.tolist()}
        self._known = {n: cells for n, cells in found.items() if cells is not None}
        self._unknown = [n for n, cells in found.items() if cells is None]
        names = next(iter(self._known.values()), {})
        self.filled = {name: rows for name in names if (rows := self._blank(name))}
        self.table = self.given.with_columns({name: self._column(name, rows) for name, rows in self.filled.items()})

    def _blank(self, name: str) -> list[int]:
        """The rows whose cell is blank and can be filled; half a place is given, and not made whole."""
        given = self.given.given(name)
        if name in PLACE:
            given = self.given.given(PLACE[0]) | self.given.given(PLACE[1])
        return [n for n, cells in self._known.items() if cells[name] and not given[n]]

    def _column(self, name: str, rows: Sequence[int]) -> Column:
        cells, _ = parse_column([self._known[n][name] for n in rows], self.given.spec.columns[name], {})
        return self.given.column(name).replaced(np.array(rows, dtype=np.int64), cells)

    def findings(self, register: Register) -> Iterator[Finding]:
        """How many cells were filled, and rows that have blanks and a URN that the register does not know."""
        place, file = Place(self.given.source), register.file.name
        if self.filled:
            count = sum(map(len, self.filled.values()))
            each = ", ".join(f"{name} {len(rows)}" for name, rows in self.filled.items())
            what = f"{count:,} blank {'cell was' if count == 1 else 'cells were'} filled from {file} by URN: {each}"
            yield Finding(place, self.key, what, code="filled-from-gias")
            placed = np.array(self.filled.get(PLACE[0], []), dtype=np.int64)
            yield from doubtful_places(self.table.take(placed))
        names = [
            name for name in ("region", "local_authority", "phase", "phases", *PLACE) if name in self.given.spec.columns
        ]
        lacking = [n for n in self._unknown if not all(self.given.given(name)[n] for name in names)]
        if lacking:
            urns = [self.given.values(self.key)[n] for n in lacking]
            known = Known(register.establishments)
            near = next((known.hint(urn) for urn in urns if known.near(urn)), None)
            more = f" and {len(urns) - MOST_NAMED} more" if len(urns) > MOST_NAMED else ""
            what = f"{file} has no such school, so their blank cells stay blank"
            yield Finding(place, self.key, what, ", ".join(urns[:MOST_NAMED]) + more, near, code="not-in-gias")
