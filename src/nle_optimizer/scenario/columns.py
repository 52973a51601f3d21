"""Every column of the tables that scenarios name.

The tables of a scenario and every column they may have. The columns of a pair: its own, those of the pairs table, and
those of its school and its NLE.
"""

from typing import Literal

from nle_optimizer.records import ColumnSpec, Kind, Records, TableSpec

ALL_THROUGH = frozenset({"primary", "secondary", "all-through"})
"""Phases of which an all-through school has something, and an all-through NLE offers."""
PHASES = ("nursery", "primary", "secondary", "all-through", "special", "alternative-provision", "post-16")
REGIONS = (
    "North East",
    "North West",
    "Yorkshire and the Humber",
    "East Midlands",
    "West Midlands",
    "East of England",
    "London",
    "South East",
    "South West",
)
AREAS = ("leadership", "governance", "finance")
PHASE_ALIASES = {
    "middle deemed primary": "primary",
    "middle deemed secondary": "secondary",
    "16 plus": "post-16",
    "post 16": "post-16",
    "16-plus": "post-16",
    "sixth form": "post-16",
    "all through": "all-through",
    "alternative provision": "alternative-provision",
    "pupil referral unit": "alternative-provision",
    "pru": "alternative-provision",
    "ap": "alternative-provision",
}
"""Phases that have another name here, in GIAS or in people's own lists, in lower case."""
STATUSES = {
    "open": "",
    "open, but proposed to close": "",
    "open but proposed to close": "",
    "proposed to close": "",
    "proposed to open": "not-yet-open",
    "closed": "closed",
    "de-registered as ey setting": "closed",
    "quarantine": "closed",
    "pending approval": "closed",
    "rejected opening": "closed",
    "created in error": "closed",
    "archived": "closed",
}
"""Statuses of an establishment in GIAS, in lower case, and the reason why it leaves at the listing; "" is none."""
_CODED = (
    *("Open", "Closed", "Open, but proposed to close", "Proposed to open", "De-registered as EY Setting"),
    *("Quarantine", "Pending approval", "Rejected opening", "Created in error", "Archived"),
)
STATUS_CODES = {f"{n}{end}": status for n, status in enumerate(_CODED, start=1) for end in ("", ".0")}
"""Statuses by their code in GIAS, as it is or as a spreadsheet writes it."""
KNOWN_RESOURCES = ("placements", "days")
"""Columns that are a resource without being named in `capacity.resources`, where the NLE table fills them."""
SHARE_COLUMNS = ("share_weights", "share_estimates", "stands")
"""Columns of an allocation whose scenario asks for draws."""
RESULT_COLUMNS = (
    *(f"fit_{area}" for area in AREAS),
    *("school_name", "nle_name", "out_of_region", "cost", "firmness", "why", "next_best_nle_id"),
    *SHARE_COLUMNS,
)
"""Columns of a result that no table has; no resource may have their names."""
RELATIONS = ("forbid", "require", "conflict", "objects", "previous")
NLE_STATUS = ("available", "paused", "withdrawn")
TRUST_DECISIONS = ("proposed", "agreed", "declined")
PINNED = ("agreed", "started")
ENDED = ("finished", "stopped", "reopened")
"""States of pairs that are over; `reopened` is a finished one whose school or trust has been put back."""
PAIR_STATES = ("proposed", "offered", *PINNED, *ENDED)


def _table(name: str, key: tuple[str, ...], doc: str, *columns: ColumnSpec) -> TableSpec:
    return TableSpec(name, key, {column.name: column for column in columns}, doc)


def _id(name: str, doc: str, refers_to: str = "") -> ColumnSpec:
    return ColumnSpec(name, Kind.IDENTIFIER, doc, required=True, refers_to=refers_to)


def _named(name: str, refers_to: str, doc: str) -> ColumnSpec:
    return ColumnSpec(name, Kind.IDENTIFIER, doc, refers_to=refers_to)


_NAME = ColumnSpec("name", Kind.TEXT, "Name as people know it.")
_EASTING = ColumnSpec("easting", Kind.METRES, "British National Grid easting (EPSG:27700).", unit="m")
_NORTHING = ColumnSpec("northing", Kind.METRES, "British National Grid northing (EPSG:27700).", unit="m")
_LATITUDE = ColumnSpec("latitude", Kind.DEGREES, "WGS84 latitude, where there is no easting.", unit="°")
_LONGITUDE = ColumnSpec("longitude", Kind.DEGREES, "WGS84 longitude, where there is no northing.", unit="°")
_RANKS = "1 first; who ranks anybody accepts nobody without a rank, under rules that go by ranks."
_REGION = ColumnSpec("region", Kind.TEXT, "Region of England.")
_AUTHORITY = ColumnSpec("local_authority", Kind.TEXT, "Local authority.")
_PHASES = ColumnSpec(
    "phases",
    Kind.NAMES,
    "Phases, joined by a vertical bar; blank means any.",
    choices=PHASES,
    aliases=PHASE_ALIASES,
)
_FAITHS = ColumnSpec("faiths", Kind.NAMES, "Faiths, joined by a vertical bar; blank means any.")
_TRUST = _named("trust_id", "trusts", "Multi-academy trust it belongs to; blank means none.")

SCHOOLS = _table(
    "schools",
    ("school_id",),
    "Schools, and trusts asked for as recipients: one row each.",
    _id("school_id", "Unique reference number (URN), or any text."),
    _NAME,
    ColumnSpec("kind", Kind.CHOICE, "school (the default) or trust.", choices=("school", "trust")),
    _EASTING,
    _NORTHING,
    _LATITUDE,
    _LONGITUDE,
    _REGION,
    _AUTHORITY,
    ColumnSpec("phase", Kind.CHOICE, "Phase; blank means no requirement.", choices=PHASES, aliases=PHASE_ALIASES),
    ColumnSpec("faith", Kind.TEXT, "Religious character; blank means none."),
    ColumnSpec("diocese", Kind.TEXT, "Diocese; blank means none."),
    _TRUST,
    ColumnSpec("trust_joined", Kind.DATE, "Day it joined its trust."),
    ColumnSpec("establishment_type", Kind.TEXT, "Type of establishment, as in GIAS."),
    ColumnSpec(
        "establishment_status",
        Kind.TEXT,
        "Open, Closed, ..., or their codes, as in GIAS; a school that is not open, or not yet, leaves at the listing.",
        aliases=STATUS_CODES,
    ),
    ColumnSpec("pupils", Kind.COUNT, "Number of pupils."),
    ColumnSpec("latest_grade", Kind.COUNT, "Overall grade of the latest full inspection.", unit="1 to 4"),
    ColumnSpec("latest_inspected", Kind.DATE, "First day of the latest full inspection."),
    ColumnSpec("previous_grade", Kind.COUNT, "Overall grade of the full inspection before.", unit="1 to 4"),
    ColumnSpec("previous_inspected", Kind.DATE, "First day of the full inspection before."),
    ColumnSpec("inspections", Kind.COUNT, "Number of full inspections."),
    ColumnSpec("best_grade_since_2005", Kind.COUNT, "Best overall grade since 2005.", unit="1 to 4"),
    ColumnSpec("leadership_grade", Kind.COUNT, "Grade for leadership and management.", unit="1 to 4"),
    ColumnSpec("education_grade", Kind.COUNT, "Grade for quality of education.", unit="1 to 4"),
    ColumnSpec("priority", Kind.COUNT, "Priority tier, 1 first.", unit="from 1"),
    ColumnSpec("arrived", Kind.DATE, "Day the case was referred."),
    *(ColumnSpec(f"need_{area}", Kind.LEVEL, f"Need in {area}; blank means not assessed.") for area in AREAS),
    ColumnSpec("need_source", Kind.CHOICE, "Where the needs come from.", choices=("assessed", "proxy", "unknown")),
    ColumnSpec(
        "supporters",
        Kind.COUNT,
        "Up to so many distinct NLEs (default 1). Their fits add up, so more than one needs a fit from the pairs table "
        "for each of its pairs, or `fit.measure` `need-covered` or `weighted-expertise`.",
        unit="from 1",
    ),
    _named("matched_trust_id", "trusts", "High-quality trust it is matched with."),
    ColumnSpec("trust_decision", Kind.CHOICE, "State of that match.", choices=TRUST_DECISIONS),
    ColumnSpec("left_out", Kind.TEXT, "Reason code: takes the school out before anything else, as import does."),
    ColumnSpec("left_out_evidence", Kind.TEXT, "What shows that reason.", free_text=True),
)

NLES = _table(
    "nles",
    ("nle_id",),
    "National Leaders of Education: one row each.",
    _id("nle_id", "Identifier of the NLE."),
    _NAME,
    ColumnSpec("kind", Kind.TEXT, "NLE (the default); NLG is refused: that programme is closed."),
    ColumnSpec("status", Kind.CHOICE, "available (the default), paused or withdrawn.", choices=NLE_STATUS),
    _named("home_school_id", "schools", "School the NLE leads."),
    ColumnSpec("home_grade", Kind.COUNT, "Overall grade of the home school; must be 1 or 2.", unit="1 to 4"),
    _EASTING,
    _NORTHING,
    _LATITUDE,
    _LONGITUDE,
    _REGION,
    _AUTHORITY,
    _TRUST,
    _PHASES,
    _FAITHS,
    ColumnSpec("diocese", Kind.TEXT, "Diocese; blank means any."),
    ColumnSpec("regions", Kind.NAMES, "Regions the NLE works in; blank means any.", known=REGIONS),
    *(ColumnSpec(f"expertise_{area}", Kind.LEVEL, f"Expertise in {area}.") for area in AREAS),
    ColumnSpec("max_distance_km", Kind.KILOMETRES, "Farthest the NLE will travel.", unit="km"),
    ColumnSpec("governors_agreed", Kind.YES_NO, "Whether the home school's governing body agrees."),
)

TRUSTS = _table(
    "trusts",
    ("trust_id",),
    "Multi-academy trusts: one row each.",
    _id("trust_id", "Identifier of the trust."),
    _NAME,
    _EASTING,
    _NORTHING,
    _LATITUDE,
    _LONGITUDE,
    _REGION,
    _PHASES,
    _FAITHS,
    ColumnSpec("inspected", Kind.COUNT, "Schools of the trust inspected since they joined."),
    ColumnSpec("share_good", Kind.SHARE, "Share of those that are Good or better."),
    ColumnSpec("high_quality", Kind.YES_NO, "A judgement given by people; it beats the proxy."),
    ColumnSpec("capacity", Kind.COUNT, "Schools the trust can take."),
)

PAIRS = _table(
    "pairs",
    ("nle_id", "school_id"),
    "What is known about single pairs.",
    _id("nle_id", "NLE of the pair.", "nles"),
    _id("school_id", "School or trust of the pair.", "schools"),
    ColumnSpec("fit", Kind.AMOUNT, "Fit, instead of the computed one; any number from 0 up."),
    ColumnSpec("distance_km", Kind.KILOMETRES, "Distance, instead of the computed one.", unit="km"),
    ColumnSpec("travel_minutes", Kind.AMOUNT, "Travel time.", unit="min"),
    ColumnSpec("relation", Kind.NAMES, "What holds between the two.", choices=RELATIONS),
    ColumnSpec("school_rank", Kind.COUNT, f"Rank of the NLE in the school's eyes, {_RANKS}", unit="from 1"),
    ColumnSpec("nle_rank", Kind.COUNT, f"Rank of the school in the NLE's eyes, {_RANKS}", unit="from 1"),
    ColumnSpec("note", Kind.TEXT, "Free text.", free_text=True),
)

CURRENT = _table(
    "current",
    ("school_id", "nle_id"),
    "What stands today; the allocation of an earlier run will do. Its other columns are left aside.",
    _id("school_id", "School or trust of the pair.", "schools"),
    _id("nle_id", "NLE of the pair.", "nles"),
    ColumnSpec(
        "state",
        Kind.CHOICE,
        "State of the pair; blank means proposed. A finished one takes the school or trust out.",
        choices=PAIR_STATES,
    ),
)

TABLES = {table.name: table for table in (SCHOOLS, NLES, TRUSTS, PAIRS, CURRENT)}


Owner = Literal["pair", "pairs", "schools", "nles"]

OWN = {
    "out_of_region": ColumnSpec("out_of_region", Kind.YES_NO, "Whether both regions are filled and differ."),
    "distance_km": ColumnSpec("distance_km", Kind.KILOMETRES, "Distance between the two.", unit="km"),
    "fit": ColumnSpec("fit", Kind.AMOUNT, "Fit of the pair."),
}
"""Columns that every pair has, whatever the pairs table says."""


def owner_of(name: str, pairs: Records | None) -> tuple[Owner, str]:
    """Whose column a name in the condition of a pair stands for, and the column's name there.

    Args:
        name: `out_of_region`, a column of the pairs table, `school.NAME`, `nle.NAME`, or one of the schools table.
        pairs: the pairs table, or None.
    """
    if name in OWN:
        return "pair", name
    side, dot, column = name.partition(".")
    if dot and side in ("school", "nle"):
        return ("schools" if side == "school" else "nles"), column
    if name in SCHOOLS.key:
        return "schools", name
    if name in NLES.key:
        return "nles", name
    if pairs is not None and name in pairs:
        return "pairs", name
    return "schools", name
