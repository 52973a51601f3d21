"""`import england`: from extracts to a scenario, and what it found.

England's official extracts to a folder with tables and a scenario that runs. What deserves a look in an import that
succeeded, in sentences.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.folders import FolderKind, write_files
from nle_optimizer.scenario.columns import KNOWN_RESOURCES, TABLES
from nle_optimizer.scenario.extracts import Notes
from nle_optimizer.scenario.gias import NOT_YET_OPEN
from nle_optimizer.sources.england.people import People, filled_people
from nle_optimizer.sources.england.reading import (
    BELOW_GOOD,
    EnglandFiles,
    ImportSummary,
    Material,
    noted,
    read_material,
    table_counts,
)
from nle_optimizer.sources.england.scenario_text import Area, area_of, scenario_text
from nle_optimizer.sources.england.schools import NOT_STATE_FUNDED, Cells, school_row, table_columns
from nle_optimizer.sources.england.trusts import COLUMNS, Member, members_by_trust, trust_row
from nle_optimizer.tables import TEXT, Answer, ResultTable, typed, types_in

YEAR = timedelta(days=365)
STATE_NAMES = re.compile(r"pupil referral|\bpru\b|alternative provision|short stay|special school", re.IGNORECASE)


def note_findings(
    rows: Sequence[Cells],
    trusts: Mapping[str, Sequence[Member]],
    files: EnglandFiles,
    as_of: date | None,
    notes: Notes,
) -> None:
    """Tell `notes` what the tables cannot answer and what looks odd in them."""
    _missing_files(files, notes)
    _schools(rows, notes)
    if as_of is not None:
        _dates(rows, as_of, notes)
    _trust_findings(trusts, notes)


def _missing_files(files: EnglandFiles, notes: Notes) -> None:
    if files.ofsted is None:
        notes.find(
            1,
            "No --ofsted file: grades are GIAS's own ratings; nobody can be told to be twice below Good.",
        )
    if files.trust_links is None:
        notes.find(
            1,
            "No --trust-links file: multi-academy trusts are told by GIAS alone, joining dates are unknown.",
        )
    if files.finance is None:
        notes.find(1, "No --finance file: every finance proxy comes from grades.")
    if files.nles is None:
        notes.find(1, "No --nles list: put nles.csv into the folder before you run the scenario.")


def _schools(rows: Sequence[Cells], notes: Notes) -> None:
    kept = [row for row in rows if not row["left_out"]]
    notes.find(
        sum(row["need_source"] == "unknown" for row in kept),
        "Schools in scope with a need that is unknown (blank), as they have no grade: {n}.",
    )
    overseas = sum("overseas" in row["local_authority"].casefold() for row in kept)
    notes.find(
        overseas,
        "Schools in scope that lie overseas by their local authority, though GIAS gives a region: {n}.",
    )
    waiting = [row for row in rows if row["left_out"] == NOT_YET_OPEN and row["latest_grade"] in BELOW_GOOD]
    notes.find(
        len(waiting),
        "Schools left out as not-yet-open that carry a predecessor's grade below Good: {n}. "
        "An establishment_status in --cases brings one in.",
    )
    untyped = [row for row in rows if row["left_out"] == NOT_STATE_FUNDED and not row["establishment_type"]]
    named = sum(bool(STATE_NAMES.search(row["name"])) for row in untyped)
    notes.find(
        len(untyped),
        "Schools left out as not-state-funded because GIAS gives no type, trust or school phase: {n}, "
        f"{named:,} of them special schools or referral units by name. "
        "An establishment_type in --cases brings one in.",
    )
    dates = ((row["latest_inspected"], row["previous_inspected"]) for row in rows)
    swapped = sum(bool(latest) and previous > latest for latest, previous in dates)
    notes.find(swapped, "Schools whose previous inspection is later than the latest one: {n}.")


def _dates(rows: Sequence[Cells], as_of: date, notes: Notes) -> None:
    dates = [row["latest_inspected"] for row in rows if row["latest_inspected"]]
    notes.find(sum(day > str(as_of) for day in dates), f"Schools inspected after as_of ({as_of}): {{n}}.")
    joined = (row["trust_joined"] for row in rows)
    notes.find(
        sum(day > str(as_of) for day in joined),
        f"Schools that joined their trust after as_of ({as_of}): {{n}}.",
    )
    if dates and date.fromisoformat(max(dates)) < as_of - YEAR:
        text = f"The latest inspection is of {max(dates)}, more than a year before as_of ({as_of}): "
        notes.find(1, text + "policies that ask for a new grade will find none.")


def _trust_findings(trusts: Mapping[str, Sequence[Member]], notes: Notes) -> None:
    members = list(chain.from_iterable(trusts.values()))
    below = [member for member in members if str(member.inspection.latest_grade) in BELOW_GOOD]
    before = sum(member.counts is False for member in below)
    notes.find(
        before,
        f"Of {len(below):,} schools below Good in multi-academy trusts so many were inspected before they "
        "joined, and do not count in share_good: {n}.",
    )
    placeless = sum(not any(member.school.is_open for member in group) for group in trusts.values())
    notes.find(placeless, "Trusts that run no open school, so have no place: {n}.")


SCENARIO = "scenario.yaml"
TextColumns = Mapping[str, Sequence[str]]
IMPORT = FolderKind("import", manifest="import.json", edited_stay=frozenset({SCENARIO}))


@dataclass(frozen=True)
class _Tables:
    """The tables to write: rows of schools.csv and trusts.csv, and the NLE list."""

    schools: list[Cells]
    trusts: list[Cells]
    people: People | None


@dataclass(frozen=True, eq=False, repr=False)
class EnglandImport(Answer):
    """England's official extracts as the tables of a scenario.

    Attributes:
        summary: counts and findings.
        columns: the tables as columns of text: `schools`, `trusts` where there are multi-academy trusts, and `nles`
            where a list was given.
        scenario: the text of `scenario.yaml`.
    """

    summary: ImportSummary
    columns: Mapping[str, TextColumns]
    scenario: str

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {len(table):,}" for name, table in self.tables.items())
        return f"<EnglandImport as of {self.summary.as_of or 'no day'}: {told}>"

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`schools`, `trusts` and `nles`, those that there are, as `load_scenario` takes them.

        Needs and expertise are text, as they may be given by the name of a level.
        """
        return {
            name: typed(name, columns, types_in(TABLES[name], KNOWN_RESOURCES, levels=TEXT))
            for name, columns in self.columns.items()
        }

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the tables, `scenario.yaml` and `import.json` into a folder, complete or not at all.

        Args:
            folder: where it is to lie.
            force: replace an earlier import; files there that no import wrote are kept, and a `scenario.yaml` that was
                edited stays, with the new one beside it.

        Returns:
            The scenario file.

        Raises:
            RunFolderError: the folder exists, or cannot be written.
        """
        document = json.dumps(self.summary.to_dict(), indent=2, ensure_ascii=False)
        files = {f"{name}.csv": csv_bytes(columns) for name, columns in self.columns.items()}
        files |= {SCENARIO: self.scenario.encode(), IMPORT.manifest: (document + "\n").encode()}
        return write_files(Path(folder), IMPORT, files, force=force) / SCENARIO


def import_england(
    gias: str | Path,
    *,
    ofsted: str | Path | None = None,
    trust_links: str | Path | None = None,
    finance: str | Path | None = None,
    cases: str | Path | None = None,
    nles: str | Path | None = None,
    urn_links: str | Path | None = None,
    regions: Sequence[str] = (),
    local_authorities: Sequence[str] = (),
    as_of: date | None = None,
    progress: Callable[[str], None] | None = None,
) -> EnglandImport:
    """Turn England's official extracts into schools, trusts and a scenario that runs.

    Needs that nobody assessed are declared proxies (column `need_source`); so is trust quality. What every column
    means stands in docs/reference/import-england.md. The same files and arguments give the same bytes.

    Args:
        gias: establishments, GIAS layout of any width (CSV).
        ofsted: grades and dates of full inspections, Ofsted layout (CSV).
        trust_links: which school belongs to which trust, GIAS groups (CSV).
        finance: income and in-year balance of schools in pounds (CSV).
        cases: school ids and whatever else is known; only these are written (CSV).
        nles: your NLE list; blanks are filled from `home_school_id` (CSV).
        urn_links: predecessors and successors, GIAS links (CSV).
        regions: only schools of these regions; empty means all.
        local_authorities: only schools of these authorities; with regions too, both must hold.
        as_of: the day up to which facts count; None: the latest date of an inspection, a trust joining or an arrival
            in the tables.
        progress: told the name of each step as it begins.

    Raises:
        InputError: every fault of every file, or an unknown region or authority.
    """
    others = (ofsted, trust_links, finance, cases, nles, urn_links)
    files = EnglandFiles(Path(gias), *(None if file is None else Path(file) for file in others))
    how = {"regions": regions, "local_authorities": local_authorities}
    return england_of(files, **how, as_of=as_of, tell=progress or (lambda _: None))


def england_of(
    files: EnglandFiles,
    *,
    regions: Sequence[str] = (),
    local_authorities: Sequence[str] = (),
    as_of: date | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> EnglandImport:
    """What `import_england` gives of some files.

    Raises:
        InputError: as `import_england`.
    """
    notes = Notes()
    tell("reading the extracts")
    material = read_material(files, as_of, notes)
    area = area_of(regions, local_authorities, _authorities(material))
    tell("schools")
    every_row = {urn: school_row(urn, material.facts, None) for urn in material.facts.establishments}
    rows = _chosen(every_row, material, area)
    tell("trusts and NLEs")
    trusts = _trusts(rows, material, area)
    people = None if material.nles is None else filled_people(material.nles, every_row, material.links, notes)
    day, source = _as_of(rows, as_of)
    note_findings(rows, trusts, files, day, notes)
    tables = _Tables(rows, [trust_row(trust_id, members) for trust_id, members in trusts.items()], people)
    columns = _columns(tables, material)
    summary = ImportSummary(
        sources=material.sources,
        as_of=day,
        as_of_source=source,
        not_written=len(every_row) - len(rows),
        files=[*(f"{name}.csv" for name in columns), SCENARIO, IMPORT.manifest],
        **table_counts(tables.schools, tables.trusts, people),
        **noted(notes),
    )
    text = scenario_text(
        area,
        day,
        source,
        _resources(people),
        cases=material.cases is not None,
        trusts=bool(trusts),
        nles=people is not None,
    )
    return EnglandImport(summary, columns, text)


def _authorities(material: Material) -> set[str]:
    return {school.cells["local_authority"] for school in material.facts.establishments.values()}


def _chosen(every_row: dict[str, Cells], material: Material, area: Area) -> list[Cells]:
    """The rows to write, by id: all of GIAS, or the cases, within the area."""
    if material.cases is not None:
        cases = material.cases
        every_row = {urn: school_row(urn, material.facts, case) for urn, case in cases.items()}
    rows = [every_row[urn] for urn in sorted(every_row) if every_row[urn] in area]
    if not rows:
        what = "no school is left: none lies in every area asked for"
        raise InputError([Fault(Place("--region, --local-authority, --cases"), "", what, area.label)])
    return rows


def _trusts(rows: Iterable[Cells], material: Material, area: Area) -> dict[str, list[Member]]:
    """The multi-academy trusts that run a school in the area, with all their schools."""
    facts = material.facts
    trusts = members_by_trust(facts.establishments, facts.memberships, facts.inspections, facts.as_of)
    named = {row["trust_id"] for row in rows}
    return {
        trust_id: trusts[trust_id]
        for trust_id in sorted(trusts)
        if trust_id in named or any(member.school.cells in area for member in trusts[trust_id])
    }


def _as_of(rows: Iterable[Cells], given: date | None) -> tuple[date | None, str]:
    """The day up to which facts count, and where it comes from."""
    if given is not None:
        return given, "given with --as-of"
    columns = {
        "latest_inspected": "the latest inspection in schools.csv",
        "trust_joined": "the latest joining of a trust in schools.csv",
        "arrived": "the latest arrival in schools.csv",
    }
    dates = {(row.get(name) or "", source) for row in rows for name, source in columns.items()}
    day, source = max(dates)
    return (date.fromisoformat(day), source) if day else (None, "no date in any file")


def _columns(tables: _Tables, material: Material) -> dict[str, TextColumns]:
    """The tables that there are, as columns."""
    columns: dict[str, TextColumns] = {"schools": table_columns(tables.schools, material.case_columns)}
    if tables.trusts:
        columns["trusts"] = {name: [row[name] for row in tables.trusts] for name in COLUMNS}
    if tables.people is not None:
        columns["nles"] = tables.people.columns
    return columns


def _resources(people: People | None) -> list[str]:
    """The columns that limit an NLE: those of `placements` and `days` that the list fills."""
    return [name for name in ("placements", "days") if people is not None and people.fills(name)]
