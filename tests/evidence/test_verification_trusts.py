"""Matching with trusts, checked by the certificate: made by hand, it stands; tampered with, it is named."""

import copy
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.evidence.verification.eligibility import enter
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.trust_first import match_trusts
from nle_optimizer.scenario.scenario import Scenario, load_scenario

SETTINGS = """
schema: 1
name: trusts
data: {schools: schools.csv, nles: nles.csv, trusts: trusts.csv}
trust_first: {mode: optimise, max_distance_km: 6, qualifies: {when: {latest_grade: 4}}}
"""
SCHOOLS = """
school_id,easting,northing,latest_grade,trust_id,matched_trust_id,trust_decision
A,400000,300000,4,,,
B,400000,303000,4,,,
C,400000,301000,4,T3,,
D,400000,301000,3,,,
E,400000,309000,4,,,
F,400000,301000,3,,T2,agreed
"""
TRUSTS = """
trust_id,easting,northing,inspected,share_good,high_quality,capacity
T1,400000,301000,5,0.8,,
T2,400000,305000,,,yes,2
T3,400000,301000,9,1,no,5
T4,400000,301000,4,1,,5
"""
CLAIMED = {"A": "trust T1, 1.0 km away", "B": "trust T2, 2.0 km away", "E": "trust T2", "F": "trust T2 (agreed)"}
CERTIFICATE: dict[str, Any] = {
    "levels": [
        {
            "name": "matched",
            "sense": "maximise",
            "scale": 1,
            "value": 2,
            "bound": 2,
            "recipients": {"A": 1, "B": 0},
            "trusts": {"T2": 1},
        },
        {
            "name": "distance",
            "sense": "minimise",
            "scale": 1000,
            "value": 3000,
            "bound": 3000,
            "recipients": {"A": -1000, "B": 0},
            "trusts": {"T2": -2000},
        },
    ]
}


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    texts = {"schools.csv": SCHOOLS, "trusts.csv": TRUSTS, "nles.csv": "nle_id\nN\n", "scenario.yaml": SETTINGS}
    for name, text in texts.items():
        (tmp_path / name).write_text(text.lstrip())
    return load_scenario(tmp_path / "scenario.yaml")


def _check(scenario: Scenario, claimed: dict[str, str], certificate: Any) -> tuple[list[str], list[str]]:
    entry, findings = enter(scenario), Findings()
    match_trusts(scenario, entry, claimed, certificate, findings)
    left = scenario.schools.ids[~entry.exits.inside].tolist()
    return left, findings.sentences()


def _right() -> tuple[dict[str, str], dict[str, Any]]:
    certificate = copy.deepcopy(CERTIFICATE)
    return {school: CLAIMED[school] for school in ("A", "B", "F")}, certificate


def test_the_best_matching_stands(scenario: Scenario) -> None:
    claimed, certificate = _right()
    first, second = certificate["levels"]
    first["recipients"], first["trusts"] = {"A": 1, "B": 1}, {}
    second["recipients"], second["trusts"] = {"A": -1000, "B": -2000}, {}
    # T2 has one place of two left after F; B fills it, or E would: E is 4 km from it, so T2 has a price.
    first["recipients"], first["trusts"] = {"A": 1}, {"T2": 1}
    second["recipients"], second["trusts"] = {"A": -1000, "B": 2000}, {"T2": -4000}
    assert _check(scenario, claimed, certificate) == (["A", "B", "F"], [])
