"""Which schools of a list are left out, why, and what shows it."""

from collections.abc import Mapping

from nle_optimizer.scenario.columns import REGIONS, STATUSES
from nle_optimizer.sources.england.gias import NOT_YET_OPEN
from nle_optimizer.sources.england.phases import WITHOUT_PHASE

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

EASTINGS = range(80_000, 660_001)
NORTHINGS = range(5_000, 660_001)
"""British National Grid metres around England, islands included."""


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
