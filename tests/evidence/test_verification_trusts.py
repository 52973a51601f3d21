"""Matching with trusts, checked by the certificate: made by hand, it stands; tampered with, it is named."""

import copy
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.stages.eligibility import enter
from nle_optimizer.evidence.verification.stages.entrance import match_trusts
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
CLAIMED = {"A": "trust T1, 1.0 km away (matched here)", "B": "trust T2, 2.0 km away", "F": "trust T2, agreed"}
CERTIFICATE: dict[str, Any] = {
    "levels": [
        {
            "name": "matched",
            "sense": "maximise",
            "scale": 1,
            "value": 2,
            "bound": 2,
            "recipients": {},
            "trusts": {"T1": 1, "T2": 1},
        },
        {
            "name": "distance",
            "sense": "minimise",
            "scale": 1000,
            "value": 3000,
            "bound": 3000,
            "recipients": {"B": 2000},
            "trusts": {"T1": -1000, "T2": -4000},
        },
    ]
}
"""Places are short by one, so a place is worth a match; and E, 4 km from T2, stands by for B's place."""


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


def test_the_best_matching_stands(scenario: Scenario) -> None:
    assert _check(scenario, CLAIMED, CERTIFICATE) == (["A", "B", "F"], [])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"A": "trust T2", "B": "trust T1"}, "the prices do not fit what the pair adds"),
        ({"A": "trust T2"}, "trust T2: schools it takes: the inputs give at most 1, the claim says 2"),
        ({"A": "trust T3"}, "school A: evidence: the inputs give a trust of high quality"),
        ({"E": "trust T1"}, "school E: it cannot be matched with trust T1"),
        ({"F": "trust T1"}, "school F: evidence: the inputs give trust T2"),
    ],
)
def test_a_worse_or_impossible_matching_is_named(scenario: Scenario, changed: dict[str, str], sentence: str) -> None:
    _, findings = _check(scenario, {**CLAIMED, **changed}, CERTIFICATE)
    assert any(sentence in finding for finding in findings), findings


def test_a_matching_that_leaves_a_place_is_named(scenario: Scenario) -> None:
    left, findings = _check(scenario, {"A": CLAIMED["A"], "F": CLAIMED["F"]}, CERTIFICATE)
    assert left == ["A", "F"]
    assert any("trust T2 has room left" in finding for finding in findings)


def test_who_does_not_qualify_stays_in(scenario: Scenario) -> None:
    left, _ = _check(scenario, {**CLAIMED, "C": "trust T1", "D": "trust T1"}, CERTIFICATE)
    assert left == ["A", "B", "F"]


@pytest.mark.parametrize(
    ("level", "key", "value", "sentence"),
    [
        (0, "value", 3, "level 1: value: the inputs give 2, the claim says 3"),
        (1, "bound", 2999, "level 2: bound: the inputs give 3000, the claim says 2999"),
        (1, "scale", 1, "level 2: scale: the inputs give 1000"),
        (1, "sense", "maximise", "level 2: sense: the inputs give minimise"),
        (1, "recipients", {"B": 1999}, "level 2: the prices prove a bound of 3001"),
        (0, "recipients", {"E": 1}, "school E has room left"),
        (0, "trusts", {"T9": 1}, "T9 is priced and cannot be matched"),
    ],
)
def test_a_false_proof_is_named(scenario: Scenario, level: int, key: str, value: Any, sentence: str) -> None:
    certificate = copy.deepcopy(CERTIFICATE)
    certificate["levels"][level][key] = value
    _, findings = _check(scenario, CLAIMED, certificate)
    assert any(sentence in finding for finding in findings), findings


def test_a_missing_proof_is_named(scenario: Scenario) -> None:
    for certificate in (None, {}, {"levels": []}):
        assert _check(scenario, CLAIMED, certificate)[1]
