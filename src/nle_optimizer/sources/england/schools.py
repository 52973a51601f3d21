"""The schools table: official facts, a case's own cells over them, and what is derived from both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from nle_optimizer.scenario.columns import SCHOOLS
from nle_optimizer.sources.england.amounts import six_decimals
from nle_optimizer.sources.england.cases import Cells, assessed_areas, overlay
from nle_optimizer.sources.england.gias import Establishment
from nle_optimizer.sources.england.inspections import NONE, Inspection, inspection_of
from nle_optimizer.sources.england.memberships import Membership
from nle_optimizer.sources.england.phases import GIVEN, phase_of
from nle_optimizer.sources.england.proxies import fill_needs
from nle_optimizer.sources.england.scope import is_state_funded, left_out

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
    memberships: Mapping[str, Membership]
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
