"""Values, bounds and prices of a claim made by hand: whatever is tampered with is named."""

from pathlib import Path

import pytest

from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.scenario.scenario import Scenario
from support.claim_by_hand import Change, Draft, hand_made_scenario, said


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return hand_made_scenario(tmp_path)


TAMPERING: dict[str, tuple[Change, str]] = {
    "a count": (said("summary", "counts", "pairs", value=6), "counts: pairs: the inputs give 5, the claim says 6"),
    "a metric": (
        said("summary", "metrics", "mean_need_eligible", value=2.2),
        "mean_need_eligible: the inputs give 2.25",
    ),
    "where needs come from": (said("summary", "needs", "proxy", value=1), "needs: proxy: the inputs give 0"),
    "a value": (
        said("summary", "objectives", 0, "exact", "value", value=2_000_001),
        "exact value: the inputs give 2000000",
    ),
    "a bound": (said("summary", "objectives", 1, "bound", value=3.0), "level 2: bound: the inputs give 4.0"),
    "a level lost": (lambda draft: draft.summary["objectives"].pop(), "objectives: the inputs give 2 levels"),
    "a proof denied": (said("summary", "objectives", 0, "proved", value=False), "proved: the inputs give true"),
    "the rule": (said("summary", "rule", value="greedy"), "rule: the inputs give optimal"),
    "a lower price": (
        said("certificate", "levels", 0, "recipients", "S2", value=300_000),
        "the prices prove a bound of 1900000",
    ),
    "a price too low for another pair": (
        said("certificate", "levels", 0, "nles", "N2", value=400_000),
        "school S3, NLE N2: the pair is not matched although",
    ),
    "a price above what a pair adds": (
        said("certificate", "levels", 0, "recipients", "S1", value=300_001),
        "school S1, NLE N1: the pair is matched although",
    ),
    "a price of someone with room": (
        said("certificate", "levels", 0, "recipients", "S3", value=1),
        "school S3 has room left",
    ),
    "a price below 0": (
        said("certificate", "levels", 0, "nles", "N1", value=-1),
        "NLE N1: the prices [-1, 0] are below 0",
    ),
    "a price that is a fraction": (
        said("certificate", "levels", 0, "nles", "N1", value=0.5),
        "N1: the price 0.5 is no whole number",
    ),
    "a price of an excluded school": (
        said("certificate", "levels", 0, "recipients", "S6", value=1),
        "S6 is priced and cannot be matched",
    ),
    "the certificate's bound": (
        said("certificate", "levels", 1, "bound", value=3999),
        "level 2: bound: the inputs give 4000",
    ),
    "the certificate's method": (
        said("certificate", "method", value="trust me"),
        "the proof of the rule optimal, by the method trust me, is not checked",
    ),
    "a level of the certificate lost": (
        lambda draft: draft.certificate["levels"].pop(),
        "certificate.json: level 2 of the objectives is not proved",
    ),
    "no prices at all": (said("certificate", "levels", value=None), "certificate.json: levels is not a list of levels"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_named(scenario: Scenario, what: str) -> None:
    tamper, sentence = TAMPERING[what]
    draft = Draft()
    tamper(draft)
    findings = check_claim(scenario, draft.claim())
    assert any(sentence in finding for finding in findings), "\n".join(findings)


def test_an_nle_that_was_added_is_missed_where_a_claim_lacks_it(scenario: Scenario) -> None:
    growing = scenario.replace({"supply.add": [{"count": 1}]})
    assert any("added-1-001" in finding for finding in check_claim(growing, Draft().claim()))


def test_a_heuristic_that_claims_no_proof_needs_none(scenario: Scenario) -> None:
    greedy = scenario.replace({"rule": "greedy"})
    draft = Draft()
    draft.summary |= {"rule": "greedy", "status": "completed"}
    for entry in draft.summary["objectives"]:
        entry |= {"proved": False, "bound": None, "gap": None}
    for row in draft.rows["allocation"]:
        row["firmness"] = ""
    draft.certificate = {"schema_version": 1, "method": "none", "levels": [], "trust_first": None}
    assert check_claim(greedy, draft.claim()) == []
