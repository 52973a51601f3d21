"""A claim made by hand stands, and whatever is tampered with in its tables is named."""

from pathlib import Path

import pytest

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.scenario.scenario import Scenario
from support.claim_by_hand import (
    Change,
    Draft,
    also,
    drop,
    hand_made_scenario,
    put,
    repeat,
    swap,
    with_column,
    without_column,
)


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return hand_made_scenario(tmp_path)


def test_a_correct_claim_stands(scenario: Scenario) -> None:
    assert check_claim(scenario, Draft().claim()) == []


TAMPERING: dict[str, tuple[Change, str]] = {
    "two pairs swapped": (swap, "school S1, NLE N2: the pair is matched although"),
    "a pair beyond the limit": (
        put("allocation", 1, "school_id", "S5"),
        "school S5, NLE N2: the pair is no candidate: too-far",
    ),
    "a pair of unlike phases": (
        also("allocation", 0, school_id="S3"),
        "school S3, NLE N1: the pair is no candidate: phase",
    ),
    "an NLE that is out": (put("allocation", 1, "nle_id", "N3"), "NLE N3: the NLE is out (paused)"),
    "an NLE nobody knows": (put("allocation", 1, "nle_id", "N9"), "NLE N9: the NLE table has no such NLE"),
    "a school nobody knows": (
        put("allocation", 1, "school_id", "S9"),
        "school S9, NLE N2: the inputs make this school no recipient",
    ),
    "an excluded school supported": (
        also("allocation", 1, school_id="S6"),
        "school S6, NLE N2: the inputs make this school no recipient",
    ),
    "a pair twice": (repeat("allocation", 0), "school S1, NLE N1: the pair stands twice"),
    "more schools than places": (
        also("allocation", 1, school_id="S3"),
        "NLE N2: placements: the inputs give at most 1, the claim says 2",
    ),
    "more NLEs than supporters": (
        also("allocation", 1, school_id="S1"),
        "school S1: NLEs: the inputs give at most 1, the claim says 2",
    ),
    "a fit": (put("allocation", 0, "fit", "0.900000"), "fit: the inputs give 1.000000, the claim says 0.900000"),
    "the fit of an area": (put("allocation", 1, "fit_finance", "0.5"), "fit_finance: the inputs give 1.000000"),
    "an area without need": (put("allocation", 0, "fit_finance", "1.000000"), "fit_finance: the inputs give a blank"),
    "a distance": (put("allocation", 1, "distance_km", "3.999"), "distance_km: the inputs give 4.000"),
    "an amount": (put("allocation", 1, "placements", "0"), "placements: the inputs give 1, the claim says 0"),
    "a cost": (put("allocation", 1, "cost", "600.00"), "cost: the inputs give 0.00"),
    "a region": (put("allocation", 1, "out_of_region", "no"), "out_of_region: the inputs give yes"),
    "a priority from the rule": (
        put("allocation", 1, "priority", ""),
        "priority: the inputs give 2, the claim says a blank",
    ),
    "a carried column": (put("allocation", 0, "note", "second"), "note: the inputs give first"),
    "a column lost": (without_column("allocation", "note"), "allocation.csv: the column note is missing"),
    "a column of its own": (with_column("allocation", "grade"), "allocation.csv: the column grade is none that a run"),
    "a column of the NLEs": (with_column("nles", "grade"), "nles.csv: the column grade is none that a run gives"),
    "a next best that is no candidate": (
        put("allocation", 0, "next_best_nle_id", "N3"),
        "next_best_nle_id: the inputs give an NLE that is available",
    ),
    "a next best that is the best": (
        put("allocation", 0, "next_best_nle_id", "N1"),
        "next_best_nle_id: the inputs give an NLE that is available and not its own",
    ),
    "firmness": (put("allocation", 0, "firmness", "maybe"), "firmness: the inputs give all or some"),
    "a reason for a pair": (put("allocation", 0, "why", ""), "why: the inputs give a sentence"),
    "a school lost": (drop("unmatched", 0), "school S3 is lost: it should stand in allocation.csv or unmatched.csv"),
    "an exclusion lost": (drop("exclusions", 1), "school S6 is lost: it should stand in exclusions.csv"),
    "a school in two files": (
        also("exclusions", 0, school_id="S5"),
        "school S5 stands 2 times: in exclusions.csv, unmatched.csv",
    ),
    "a school out of nowhere": (also("unmatched", 1, school_id="S9"), "school S9 stands in a result, and in no input"),
    "rows in disorder": (lambda draft: draft.rows["unmatched"].reverse(), "unmatched.csv: row 3 is out of order"),
    "a reason for leaving": (put("exclusions", 1, "reason", "cannot-tell"), "the inputs give eligibility not-eligible"),
    "a stage": (put("exclusions", 0, "stage", "need"), "the inputs give listing closed, the claim says need closed"),
    "a reason for no support": (
        put("unmatched", 0, "reason", "not-worth-it"),
        "school S3: reason: the inputs give all-in-use",
    ),
    "a reason for no candidate": (put("unmatched", 1, "reason", "phase"), "school S5: reason: the inputs give too-far"),
    "the nearest": (put("unmatched", 0, "nearest_nle_id", "N2"), "nearest_nle_id: the inputs give N1"),
    "how near": (put("unmatched", 1, "nearest_km", "196.999"), "nearest_km: the inputs give 197.000"),
    "days of waiting": (put("unmatched", 0, "days_waiting", "2"), "days_waiting: the inputs give 1"),
    "the state of an NLE": (put("nles", 2, "state", "available"), "NLE N3: state: the inputs give out"),
    "why an NLE is out": (put("nles", 2, "reason", "withdrawn"), "NLE N3: reason: the inputs give paused"),
    "a capacity": (put("nles", 0, "capacity_placements", "2"), "capacity_placements: the inputs give 1"),
    "what is used": (put("nles", 1, "used_placements", "0"), "used_placements: the inputs give 1"),
    "an NLE lost": (drop("nles", 2), "nle_id: the rows are not the NLEs of the NLE table"),
    "a coverage": (put("breakdown", 9, "coverage", "0.333334"), "priority 2: coverage: the inputs give 0.333333"),
    "a row of the breakdown lost": (drop("breakdown", 0), "region North: the row is missing"),
    "a row of the breakdown too many": (
        also("breakdown", 0, value="West"),
        "region West: nothing of the kind is eligible",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_named(scenario: Scenario, what: str) -> None:
    tamper, sentence = TAMPERING[what]
    draft = Draft()
    tamper(draft)
    findings = check_claim(scenario, draft.claim())
    assert any(sentence in finding for finding in findings), "\n".join(findings)


def test_an_empty_claim_is_refuted_and_not_a_fault(scenario: Scenario) -> None:
    findings = check_claim(scenario, Claim({}, {}, {}))
    assert "allocation.csv: the table is missing" in findings
    assert any("school S1 is lost" in finding for finding in findings)
