"""A scenario small enough to be solved by hand, the claim that is right, and ways to tamper with it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.scenario.scenario import Scenario, load_scenario

SCENARIO = """
schema: 1
name: by-hand
as_of: 2022-09-01
data: {schools: schools.csv, nles: nles.csv}
eligibility: {rules: [{name: below-good, when: {latest_grade: [3, 4]}, priority: 2}]}
geography: {max_distance_km: 40}
objectives: [fit, distance]
"""
SCHOOLS = """
school_id,name,easting,northing,region,local_authority,phase,latest_grade,establishment_status,arrived,priority,need_leadership,need_governance,need_finance,note
S1,One,400000,300000,North,A,primary,3,Open,2022-08-02,1,1,0.5,0,first
S2,Two,403000,304000,north,A,,4,Open,,,0.5,0.5,0.5,
S3,Three,400000,310000,South,B,secondary,3,Open,2022-08-31,,1,1,1,
S4,Four,400000,310000,South,B,secondary,3,"Closed, for good",,,1,1,1,
S5,Five,600000,300000,South,B,,3,Open,,,1,1,1,
S6,Six,400000,310000,South,B,,2,Open,,,1,1,1,
"""
NLES = """
nle_id,name,status,easting,northing,region,phases,placements,expertise_leadership,expertise_governance,expertise_finance
N1,Ann,available,400000,300000,North,primary,1,1,0.5,0.5
N2,Bob,available,403000,300000,South,,1,0.5,0.5,0.5
N3,Cy,paused,403000,300000,South,,1,0.5,0.5,0.5
"""

Rows = dict[str, list[dict[str, str]]]


def cells(text: str) -> list[dict[str, str]]:
    """Rows of cells that are separated by bars, the first the header."""
    header, *lines = [line.split("|") for line in text.strip().splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


ALTERNATES = """
school_id|rank|nle_id|fit|distance_km|has_spare|change_in_objective|others|who_moves
S1|1|N2|0.666667|3.000|no|-0.333333|move|S2 moves from N2 to N1
S2|1|N1|1.000000|5.000|no|-0.333333|move|S1 moves from N1 to N2
S3|1|N2|0.500000|10.440|no|-0.5|move|S2 leaves N2
"""
ALLOCATION = """
school_id|nle_id|fit|fit_leadership|fit_governance|fit_finance|distance_km|placements|school_name|nle_name|kind|priority|region|local_authority|phase|trust_id|out_of_region|cost|state|firmness|why|next_best_nle_id|note
S1|N1|1.000000|1.000000|1.000000||0.000|1|One|Ann|school|1|North|A|primary||no|0.00|proposed|all|It fits best.|N2|first
S2|N2|1.000000|1.000000|1.000000|1.000000|4.000|1|Two|Bob|school|2|north|A|||yes|0.00|proposed|all|It fits best.|N1|
"""
UNMATCHED = """
school_id|reason|explanation|cure_kind|cure_id|cure_amount|cure_price|nearest_nle_id|nearest_km|name|local_authority|priority|days_waiting|reach_nle_id|reach_more_km|reach_price|minimum_fit_nle_id|minimum_fit_needed|minimum_fit_price|conflict_nle_id|conflict|conflict_price
S3|all-in-use|The only one is taken.|placements|N2|1|0.5|N1|10.000|Three|B|2|1|||||||||
S5|too-far|Nobody is near.|||||N2|197.000|Five|B|2||||||||||
"""
EXCLUSIONS = """
school_id|stage|reason|evidence
S4|listing|closed|Closed, for good
S6|eligibility|not-eligible|latest_grade: 2
"""
NLE_STATES = """
nle_id|state|reason|capacity_placements|used_placements|one_more|one_fewer
N1|available||1|1||
N2|available||1|1||
N3|out|paused||0||
"""
BREAKDOWN = """
group|value|eligible|supported|coverage|mean_fit|mean_distance_km|max_distance_km|out_of_region|cost
region|North|1|1|1.000000|1.000000|0.000|0.000|0|0.00
region|South|2|0|0.000000||||0|0.00
region|north|1|1|1.000000|1.000000|4.000|4.000|1|0.00
local_authority|A|2|2|1.000000|1.000000|2.000|4.000|1|0.00
local_authority|B|2|0|0.000000||||0|0.00
phase||2|1|0.500000|1.000000|4.000|4.000|1|0.00
phase|primary|1|1|1.000000|1.000000|0.000|0.000|0|0.00
phase|secondary|1|0|0.000000||||0|0.00
priority|1|1|1|1.000000|1.000000|0.000|0.000|0|0.00
priority|2|3|1|0.333333|1.000000|4.000|4.000|1|0.00
policy_rule|below-good|4|2|0.500000|1.000000|2.000|4.000|1|0.00
"""


def objective(name: str, sense: str, value: int, scale: int) -> dict[str, Any]:
    stated = value / scale
    exact = {"value": value, "bound": value, "scale": scale}
    found = {"value": stated, "bound": stated, "gap": 0.0, "proved": True, "proof": "prices"}
    return {"name": name, "sense": sense, **found, "exact": exact}


SUMMARY: dict[str, Any] = {
    "schema_version": 1,
    "scenario": "by-hand",
    "rule": "optimal",
    "engine": "network",
    "status": "optimal",
    "objectives": [objective("fit", "maximise", 2_000_000, 10**6), objective("distance", "minimise", 4000, 1000)],
    "counts": {
        "schools_read": 6,
        "recipients_formed": 0,
        "excluded": 2,
        "matched_to_trust": 0,
        "eligible": 4,
        "supported": 2,
        "unmatched": 2,
        "nles": 3,
        "pairs": 5,
    },
    "metrics": {
        "coverage": 0.5,
        "total_fit": 2.0,
        "mean_fit": 1.0,
        "min_fit": 1.0,
        "mean_distance_km": 2.0,
        "max_distance_km": 4.0,
        "total_distance_km": 4.0,
        "mean_need_supported": 1.5,
        "mean_need_eligible": 2.25,
        "out_of_region": 1,
        "total_cost": 0.0,
    },
    "needs": {"assessed": 4, "proxy": 0, "unknown": 0},
}
CERTIFICATE: dict[str, Any] = {
    "schema_version": 1,
    "method": "prices",
    "trust_first": None,
    "levels": [
        {
            "name": "fit",
            "sense": "maximise",
            "scale": 10**6,
            "value": 2_000_000,
            "bound": 2_000_000,
            "of": 0,
            "threshold": None,
            "held": True,
            "constraints": {},
            "recipients": {"S1": 300_000, "S2": 400_000},
            "nles": {"N1": 700_000, "N2": 600_000},
        },
        {
            "name": "distance",
            "sense": "minimise",
            "scale": 1000,
            "value": 4000,
            "bound": 4000,
            "of": 1,
            "threshold": None,
            "held": True,
            "constraints": {},
            "recipients": {"S2": -4000},
            "nles": {},
        },
    ],
}


class Draft:
    """The right claim, which can still be changed."""

    def __init__(self) -> None:
        texts = {
            "allocation": ALLOCATION,
            "unmatched": UNMATCHED,
            "exclusions": EXCLUSIONS,
            "nles": NLE_STATES,
            "breakdown": BREAKDOWN,
        }
        self.rows: Rows = {name: cells(text) for name, text in texts.items()}
        self.headers = {name: list(rows[0]) for name, rows in self.rows.items()}
        self.summary, self.certificate = copy.deepcopy(SUMMARY), copy.deepcopy(CERTIFICATE)

    def claim(self) -> Claim:
        """The claim as it stands now."""
        tables = {
            name: {column: [row[column] for row in rows] for column in self.headers[name]}
            for name, rows in self.rows.items()
        }
        rows = cells(ALTERNATES)
        tables["alternates"] = {column: [row[column] for row in rows] for column in rows[0]}
        return Claim(tables, self.summary, self.certificate)


def hand_made_scenario(folder: Path) -> Scenario:
    """The scenario, written to a folder and read."""
    for name, text in {"scenario.yaml": SCENARIO, "schools.csv": SCHOOLS, "nles.csv": NLES}.items():
        (folder / name).write_text(text.lstrip())
    return load_scenario(folder / "scenario.yaml")


Change = Callable[[Draft], None]


def put(table: str, row: int, column: str, value: str) -> Change:
    """Change one cell."""

    def change(draft: Draft) -> None:
        draft.rows[table][row][column] = value

    return change


def said(*path: Any, value: Any) -> Change:
    """Change a value of `summary` or `certificate`."""

    def change(draft: Draft) -> None:
        place: Any = getattr(draft, path[0])
        for step in path[1:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def swap(draft: Draft) -> None:
    """Give each of the two schools the NLE of the other."""
    first, second = draft.rows["allocation"]
    first["nle_id"], second["nle_id"] = second["nle_id"], first["nle_id"]


def drop(table: str, row: int) -> Change:
    """Take out a row."""
    return lambda draft: draft.rows[table].__delitem__(row)


def repeat(table: str, row: int) -> Change:
    """Put a row in twice."""
    return lambda draft: draft.rows[table].insert(row, dict(draft.rows[table][row]))


def also(table: str, source: int, **cells: str) -> Change:
    """Add a row like another, but for some cells."""
    return lambda draft: draft.rows[table].append({**draft.rows[table][source], **cells})


def with_column(table: str, column: str) -> Change:
    """Adds a column, its cells blank."""

    def change(draft: Draft) -> None:
        draft.headers[table].append(column)
        for row in draft.rows[table]:
            row[column] = ""

    return change


def without_column(table: str, column: str) -> Change:
    """Take out a column."""
    return lambda draft: draft.headers[table].remove(column)
