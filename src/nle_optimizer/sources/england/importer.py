"""England's official extracts to a folder with tables and a scenario that runs."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nle_optimizer.delimited import write_columns
from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from nle_optimizer.sources.england.areas import Area, area_of
from nle_optimizer.sources.england.cases import Cells
from nle_optimizer.sources.england.findings import note_findings
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.people import People, filled_people
from nle_optimizer.sources.england.reading import EnglandFiles, Material, read_material
from nle_optimizer.sources.england.scenario_text import scenario_text
from nle_optimizer.sources.england.schools import school_row, table_columns
from nle_optimizer.sources.england.summary import ImportSummary, noted, table_counts
from nle_optimizer.sources.england.trusts import COLUMNS, Member, members_by_trust, trust_row

__all__ = ["EnglandFiles", "ImportSummary", "import_england"]

SCENARIO = "scenario.yaml"
IMPORT = FolderKind("import", manifest="import.json", edited_stay=frozenset({SCENARIO}))


@dataclass(frozen=True)
class _Tables:
    """The tables to write: rows of schools.csv and trusts.csv, and the NLE list."""

    schools: list[Cells]
    trusts: list[Cells]
    people: People | None


def import_england(
    files: EnglandFiles,
    out: Path,
    *,
    regions: Sequence[str] = (),
    local_authorities: Sequence[str] = (),
    as_of: date | None = None,
    force: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> ImportSummary:
    """Turn official extracts into scenario tables.

    Writes schools.csv, trusts.csv (where there are multi-academy trusts), nles.csv (where a list is given),
    scenario.yaml and import.json. The same files and arguments give the same bytes.

    Args:
        files: what to read.
        out: folder to write; it appears complete or not at all.
        regions: only schools of these regions; empty means all.
        local_authorities: only schools of these authorities; with regions too, both must hold.
        as_of: the day up to which facts count; by default the latest date of an inspection, a trust joining
            or an arrival in the tables.
        force: replace an earlier import folder; files there that no import wrote are kept, and a scenario.yaml that
            was edited stays, with the new one beside it.
        tell: told the name of each of the four steps as it begins.

    Raises:
        InputError: every fault of every file, or an unknown region or authority.
        RunFolderError: the folder exists, or cannot be written.
    """
    refuse_existing(out, IMPORT, force=force)
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
    summary = ImportSummary(
        out=out,
        sources=material.sources,
        as_of=day,
        as_of_source=source,
        not_written=len(every_row) - len(rows),
        files=_file_names(tables),
        **table_counts(tables.schools, tables.trusts, people),
        **noted(notes),
    )
    tell("writing")
    _write(summary, tables, material, area, force)
    return summary


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
        raise InputError([Problem(Place("--region, --local-authority, --cases"), "", what, area.label)])
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


def _file_names(tables: _Tables) -> list[str]:
    optional = (("trusts.csv", bool(tables.trusts)), ("nles.csv", tables.people is not None))
    return ["schools.csv", *(name for name, there in optional if there), SCENARIO, IMPORT.manifest]


def _resources(people: People | None) -> list[str]:
    """The columns that limit an NLE: those of `placements` and `days` that the list fills."""
    return [name for name in ("placements", "days") if people is not None and people.fills(name)]


def _write(summary: ImportSummary, tables: _Tables, material: Material, area: Area, force: bool) -> None:
    text = scenario_text(
        area,
        summary.as_of,
        summary.as_of_source,
        _resources(tables.people),
        cases=material.cases is not None,
        trusts=bool(tables.trusts),
        nles=tables.people is not None,
    )
    document = json.dumps(summary.to_dict(), indent=2, ensure_ascii=False)
    with complete_folder(summary.out, IMPORT, force=force) as folder:
        write_columns(folder / "schools.csv", {**table_columns(tables.schools, material.case_columns)})
        if tables.trusts:
            columns = {name: [row[name] for row in tables.trusts] for name in COLUMNS}
            write_columns(folder / "trusts.csv", {**columns})
        if tables.people is not None:
            write_columns(folder / "nles.csv", {**tables.people.columns})
        (folder / SCENARIO).write_text(text, encoding="utf-8", newline="\n")
        (folder / IMPORT.manifest).write_text(document + "\n", encoding="utf-8", newline="\n")
