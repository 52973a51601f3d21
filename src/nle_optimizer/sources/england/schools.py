"""Schools of an import: which are in its scope, and cases about them.

The schools table: official facts, a case's own cells over them, and what is derived from both. Which schools of a
list are left out, why, and what shows it. The cases somebody refers: school ids, and whatever else is known, which
beats the official files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from nle_optimizer.scenario.columns import AREAS, REGIONS, SCHOOLS, STATUSES
from nle_optimizer.scenario.extracts import Notes
from nle_optimizer.scenario.gias import (
    EASTINGS,
    NORTHINGS,
    NOT_YET_OPEN,
    Establishment,
    Register,
    TrustMembership,
    region_name,
)
from nle_optimizer.scenario.official_cells import GIVEN, WITHOUT_PHASE, phase_of, six_decimals
from nle_optimizer.sources.england.inspections import NONE, Inspection, UrnLinks, fill_needs, inspection_of
from nle_optimizer.sources.england.people import UserTable, check_cells, read_user_table

NOT_IN_ENGLAND = "not-in-england"
CLOSED = "closed"
NOT_STATE_FUNDED = "not-state-funded"
NO_COORDINATES = "no-coordinates"
REASONS = {
    NOT_IN_ENGLAND: "not in one of the nine regions",
    CLOSED: "neither open nor proposed to open",
    NOT_YET_OPEN: "proposed to open",
    NOT_STATE_FUNDED: "independent, or nothing says that the state funds it",
    NO_COORDINATES: "no coordinates, or none in England",
}
"""Every reason code of the import, in the order in which they are asked."""


def is_state_funded(cells: Mapping[str, str], gias_phase: str, in_trust: bool) -> bool:
    """Whether a school is in England, not called independent, and has a trust, a type or a school phase.

    A phase of 'Not applicable' or '16 plus' alone tells nothing.
    """
    kind = cells["establishment_type"].casefold()
    if cells["region"] not in REGIONS or "independent" in kind:
        return False
    return in_trust or bool(kind) or gias_phase.casefold() not in WITHOUT_PHASE | {"16 plus"}


def left_out(cells: Mapping[str, str], gias_phase: str, in_trust: bool, source: str) -> tuple[str, str]:
    """The first reason that takes a school out, and its evidence; two blanks where none does.

    Args:
        cells: its row of the schools table.
        gias_phase: its phase as GIAS has it.
        in_trust: whether it has a trust of any kind.
        source: who says so, for the evidence.
    """
    region, authority = cells["region"], cells["local_authority"]
    status, kind = cells["establishment_status"], cells["establishment_type"]
    if region not in REGIONS:
        return NOT_IN_ENGLAND, f"{source}: {_said('region', region)}, {_said('local authority', authority)}"
    if reason := STATUSES.get(status.casefold(), CLOSED):
        return reason, f"{source}: {_said('status', status)}"
    if not is_state_funded(cells, gias_phase, in_trust):
        said = "" if kind else f"no trust, no type, {_said('phase', gias_phase)}"
        return NOT_STATE_FUNDED, f"{source}: {said or _said('type', kind)}"
    return _without_place(cells, source)


def _without_place(cells: Mapping[str, str], source: str) -> tuple[str, str]:
    if cells.get("latitude") and cells.get("longitude"):
        return "", ""
    easting, northing = cells["easting"], cells["northing"]
    if not easting or not northing:
        return NO_COORDINATES, f"{source}: {_said('easting', easting)}, {_said('northing', northing)}"
    if int(easting) not in EASTINGS or int(northing) not in NORTHINGS:
        return NO_COORDINATES, f"{source}: easting {easting}, northing {northing} is not in England"
    return "", ""


def _said(what: str, text: str) -> str:
    return f"{what} '{text}'" if text else f"no {what}"


ALIASES = {"school_id": ("URN", "school urn")}
Cells = dict[str, str]


def read_cases(path: Path, notes: Notes) -> UserTable:
    """Read the list of cases; only `school_id` (or `URN`) must be there.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    table = read_user_table(path, SCHOOLS, ALIASES, notes)
    check_cells(table, SCHOOLS, notes)
    return table


def known_cases(
    table: UserTable, establishments: Mapping[str, object], links: UrnLinks, notes: Notes
) -> dict[str, Cells]:
    """The filled cells of each case by school id; an id that GIAS does not have is a fault."""
    cases: dict[str, Cells] = {}
    for number, row in zip(table.numbers, table.rows(), strict=True):
        urn = row["school_id"]
        if urn not in establishments:
            successor = links.current(urn, establishments)
            hint = f"its successor is {successor}" if successor else "check the URN"
            notes.wrong(table.path, number, "school_id", "GIAS has no such school", urn, hint)
        cases[urn] = {name: text for name, text in row.items() if text}
    return cases


def overlay(cells: Cells, case: Cells) -> None:
    """Put what a case gives over the official cells of its school."""
    given = dict(case)
    if given.get("left_out") in REASONS:
        del given["left_out"]
        given.pop("left_out_evidence", None)
    if "region" in given:
        given["region"] = region_name(given["region"])
    if "latitude" in given and "longitude" in given and not {"easting", "northing"} & set(given):
        cells.update(easting="", northing="")
    if given.get("trust_id", cells["trust_id"]) != cells["trust_id"]:
        cells.update(trust_joined="", single_academy_trust="")
    cells.update(given)


def assessed_areas(case: Cells) -> set[str]:
    """The areas whose need the case gives as assessed.

    A row that calls its own needs `proxy` (a table of an earlier import) keeps them under that name.
    """
    given = {area for area in AREAS if f"need_{area}" in case}
    if case.get("need_source", "assessed") == "assessed":
        return given
    return given & set(case.get("need_assessed_areas", "").split("|"))


EXTRA = (
    "phase_source",
    "state_funded",
    "inspected_as",
    "single_academy_trust",
    "percentage_fsm",
    "gias_rating",
    "in_year_balance_share",
    "need_finance_basis",
    "need_assessed_areas",
)
"""Columns beyond the declared ones, in the order in which they are written."""
ALWAYS = (
    "school_id", "name", "easting", "northing", "region", "local_authority", "phase", "faith", "trust_id",
    "trust_joined", "establishment_type", "establishment_status", "latest_grade", "latest_inspected",
    "previous_grade", "previous_inspected", "inspections", "need_leadership", "need_governance",
    "need_finance", "need_source", "left_out", "left_out_evidence",
)  # fmt: skip
"""Declared columns that are written even where all their cells are blank."""


@dataclass(frozen=True)
class Facts:
    """What the official files say, by URN.

    Attributes:
        establishments: every row of GIAS.
        inspections: grades and dates, a single predecessor's where a school has none.
        inspected_as: the predecessor whose history it is.
        memberships: academy trusts, multi and single.
        balances: in-year balance as a share of income.
        as_of: proxies and trust records count nothing later; None: no limit.
    """

    establishments: Mapping[str, Establishment]
    inspections: Mapping[str, Inspection]
    inspected_as: Mapping[str, str]
    memberships: Mapping[str, TrustMembership]
    balances: Mapping[str, Fraction]
    as_of: date | None = None


def rating_inspections(establishments: Mapping[str, Establishment]) -> dict[str, Inspection]:
    """GIAS's own rating as the latest grade: what there is where no inspections file is given."""
    return {
        urn: Inspection(int(school.cells["gias_rating"]), _day(school.cells["gias_inspected"]))
        for urn, school in establishments.items()
        if school.cells["gias_rating"]
    }


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def facts_of_gias(register: Register) -> Facts:
    """What the register says alone: its own ratings for grades, and no dates of joining."""
    known = rating_inspections(register.establishments)
    return Facts(register.establishments, known, {}, register.memberships, {})


def school_row(urn: str, facts: Facts, case: Cells | None) -> Cells:
    """A school as a row of the schools table, as complete as the files and its case make it."""
    school = facts.establishments[urn]
    cells = _official(urn, facts)
    if case:
        overlay(cells, case)
    _derive_phase(cells, school, case or {})
    inspection = inspection_of(cells).as_it_stood(facts.as_of)
    fill_needs(cells, inspection, facts.balances.get(urn), assessed_areas(case or {}))
    in_trust = bool(school.trust_code or cells["trust_id"] or cells["single_academy_trust"])
    cells["state_funded"] = "yes" if is_state_funded(cells, school.phase, in_trust) else "no"
    if not cells.get("left_out"):
        source = "GIAS and cases" if case else "GIAS"
        cells["left_out"], cells["left_out_evidence"] = left_out(cells, school.phase, in_trust, source)
    return cells


def _official(urn: str, facts: Facts) -> Cells:
    membership = facts.memberships.get(urn)
    multi = membership is not None and membership.multi
    joined = membership.joined if membership else None
    balance = facts.balances.get(urn)
    return {
        **facts.establishments[urn].cells,
        **facts.inspections.get(urn, NONE).cells(),
        "inspected_as": facts.inspected_as.get(urn, ""),
        "trust_id": membership.trust_id if membership and multi else "",
        "trust_joined": str(joined) if multi and joined else "",
        "single_academy_trust": membership.trust_id if membership and not multi else "",
        "in_year_balance_share": "" if balance is None else six_decimals(balance),
    }


def _derive_phase(cells: Cells, school: Establishment, case: Cells) -> None:
    if "phase" in case:
        cells["phase_source"] = case.get("phase_source", GIVEN)
    else:
        cells["phase"], cells["phase_source"] = phase_of(school.phase, cells["establishment_type"], cells["name"])


def table_columns(rows: Sequence[Cells], also: Sequence[str] = ()) -> dict[str, list[str]]:
    """Rows of the schools table as columns: declared ones, ours beyond them, then those of the cases.

    A declared column that is optional is written where at least one row fills it, or `also` names it.
    """
    filled = {name for row in rows for name, text in row.items() if text}
    names = [name for name in SCHOOLS.columns if name in ALWAYS or name in filled or name in also]
    names += EXTRA
    names += [name for name in also if name not in names]
    return {name: [row.get(name, "") for row in rows] for name in names}
