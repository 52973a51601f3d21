"""Who is eligible: by every named policy on histories made by hand, by the first rule that holds, with evidence."""

from datetime import date
from typing import Any

import pytest

from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.stages.eligibility import RULE, as_it_stood, keep_eligible
from nle_optimizer.stages.ledger import Exclusions
from support.memory import settings_of, table

DAY = date(2022, 9, 1)


def sieve(schools: list[dict[str, Any]], **eligibility: Any) -> tuple[dict[str, str], Exclusions]:
    """The rule that let each school in, and the exclusion of each other one."""
    settings = settings_of(as_of=DAY, eligibility=eligibility)
    kept, left = keep_eligible(as_it_stood(table("schools", schools), DAY), settings)
    return dict(zip(kept.ids, kept.values(RULE), strict=True)), left


def outcome(school: dict[str, Any], others: list[dict[str, Any]] | None = None, **eligibility: Any) -> str:
    """The rule that lets the school in, or else the reason why it is out."""
    rules, out = sieve([{"school_id": "S", **school}, *(others or [])], **eligibility)
    return rules["S"] if "S" in rules else out["S"].reason


RI_NOW = {"latest_grade": 3, "latest_inspected": "2022-03-01"}
RI_LONG_AGO = {"latest_grade": 3, "latest_inspected": "2019-03-01"}
IN_TRUST = {"trust_id": "T", "trust_joined": "2015-09-01"}
SISTER = {
    "school_id": "X",
    "trust_id": "T",
    "trust_joined": "2015-09-01",
    "latest_grade": 3,
    "latest_inspected": "2020-01-01",
    "previous_grade": 2,
}

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("all", {}, ""),
    ("sio-2018", {"latest_grade": 3, "previous_grade": 3}, "ri-twice"),
    ("sio-2018", {"latest_grade": 3, "previous_grade": 2}, "ri"),
    ("sio-2018", {"latest_grade": 2, "previous_grade": 2, "below_floor": "Yes", "coasting": "no"}, "below-floor"),
    ("sio-2018", {"latest_grade": 2, "previous_grade": 2, "below_floor": "no", "coasting": "yes"}, "coasting"),
    ("sio-2018", {"latest_grade": 2, "previous_grade": 2, "below_floor": "no", "coasting": "no"}, "not-eligible"),
    ("sio-2018", {"latest_grade": 2, "previous_grade": 2, "below_floor": "no", "coasting": ""}, "cannot-tell"),
    ("sio-2018", {"latest_grade": 3}, "ri"),
    ("sio-2019", {"latest_grade": 3, "best_grade_since_2005": 3, "inspections": 4}, "tier-3"),
    ("sio-2019", {"latest_grade": 3, "best_grade_since_2005": 2, "inspections": 4, "previous_grade": 3}, "tier-2"),
    ("sio-2019", {"latest_grade": 3, "best_grade_since_2005": 3, "inspections": 1}, "tier-2-first"),
    ("sio-2019", {"latest_grade": 3, "inspections": 2, "previous_grade": 4}, "tier-1"),
    ("sio-2019", {"latest_grade": 4}, "not-eligible"),
    ("sio-2019", {}, "cannot-tell"),
    ("tsio-2021", {**RI_NOW, **IN_TRUST}, "new-ri-in-trust"),
    ("tsio-2021", {**RI_LONG_AGO, **IN_TRUST, "previous_grade": 4}, "again-in-trust"),
    ("tsio-2021", RI_NOW, "new-ri"),
    ("tsio-2021", {**RI_LONG_AGO, "previous_grade": 3}, "again"),
    ("tsio-2021", {**RI_LONG_AGO, "previous_grade": 2}, "not-eligible"),
    ("tsio-2021", RI_LONG_AGO, "cannot-tell"),
    ("tsio-2021", {"latest_grade": 4, "previous_grade": 4, "latest_inspected": "2022-03-01"}, "not-eligible"),
    ("tsio-2022", RI_NOW, "new-ri"),
    ("tsio-2022", RI_LONG_AGO, "not-eligible"),
    ("tsio-2022", {"latest_grade": 3}, "cannot-tell"),
    ("tsio-2022", {**RI_LONG_AGO, **IN_TRUST, "latest_inspected": "2019-09-01"}, "not-eligible"),
    ("two-below-good-2022", {"latest_grade": 4, "previous_grade": 3}, "two-below-good"),
    ("two-below-good-2022", {"latest_grade": 2}, "not-eligible"),
    ("two-below-good-2022", {"latest_grade": 3}, "cannot-tell"),
    ("subgrade-2024", {"leadership_grade": 3, "education_grade": 3}, "leadership"),
    ("subgrade-2024", {"leadership_grade": 2, "education_grade": 3}, "education"),
    ("subgrade-2024", {"education_grade": 3}, "education"),
    ("subgrade-2024", {"leadership_grade": 2}, "cannot-tell"),
    ("subgrade-2024", {"leadership_grade": 2, "education_grade": 4}, "not-eligible"),
    ("rise-2025", {"latest_grade": 3, "previous_grade": 4}, "stuck"),
    ("rise-2025", {**RI_NOW, **IN_TRUST, "previous_grade": 3, "previous_inspected": "2016-01-01"}, "stuck"),
    ("rise-2025", {**RI_NOW, **IN_TRUST, "previous_grade": 3, "previous_inspected": "2014-01-01"}, "not-eligible"),
    ("rise-2025", {**RI_NOW, **IN_TRUST, "previous_grade": 3}, "cannot-tell"),
]


@pytest.mark.parametrize(("policy", "school", "expected"), CASES)
def test_a_history_made_by_hand_is_judged_as_its_policy_says(
    policy: str, school: dict[str, Any], expected: str
) -> None:
    assert outcome(school, policy=policy) == expected


def test_every_named_policy_has_a_case_here() -> None:
    assert {policy for policy, _, _ in CASES} == set(POLICIES)


def test_every_rule_of_every_policy_lets_somebody_in_here() -> None:
    named = {(policy, rule.name) for policy, found in POLICIES.items() for rule in found.rules}
    assert named - {(policy, expected) for policy, _, expected in CASES} == {
        ("tsio-2022", "trust-below-good"),
        ("tsio-2022", "trust-declining"),
    }


def test_in_2022_a_school_below_good_is_eligible_where_half_its_trust_is() -> None:
    school = {**RI_LONG_AGO, **IN_TRUST}
    assert outcome(school, [SISTER], policy="tsio-2022") == "trust-below-good"


def test_in_2022_a_school_below_good_is_eligible_where_its_trust_declines() -> None:
    good = [{**SISTER, "school_id": f"G{n}", "latest_grade": 2} for n in range(2)]
    school = {**RI_LONG_AGO, **IN_TRUST, "previous_grade": 2}
    assert outcome(school, good, policy="tsio-2022") == "trust-declining"


def test_the_first_rule_that_holds_lets_a_school_in() -> None:
    rules = [{"name": "second", "when": {"theme": "b"}}, {"name": "first", "when": {"theme": ["a", "b"]}}]
    assert outcome({"theme": "b"}, rules=rules) == "second"
    assert outcome({"theme": "a"}, rules=rules) == "first"


def test_a_rule_that_holds_counts_even_where_an_earlier_one_cannot_be_told() -> None:
    rules = [{"name": "blank", "when": {"latest_grade": 3}}, {"name": "holds", "when": {"theme": "b"}}]
    assert outcome({"theme": "b"}, rules=rules) == "holds"


def test_a_false_condition_beats_a_blank_one() -> None:
    rules = [{"name": "both", "when": {"latest_grade": 3, "theme": "b"}}]
    assert outcome({"theme": "a"}, rules=rules) == "not-eligible"


def test_cannot_tell_names_the_blank_columns() -> None:
    _, out = sieve([{"school_id": "S", "theme": "b"}], rules=[{"name": "r", "when": {"latest_grade": 3, "theme": "b"}}])
    assert out["S"].evidence == "blank: latest_grade"


def test_not_eligible_shows_the_cells_that_decided() -> None:
    _, out = sieve([{"school_id": "S", "latest_grade": 2}], policy="two-below-good-2022")
    assert "latest_grade: 2" in out["S"].evidence


CLOSED = ["Closed", "closed", "CLOSED, no longer open", "2", "2.0", "Pending approval", "Created in error", "10"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [*((status, "closed") for status in CLOSED), ("Proposed to open", "not-yet-open"), ("4", "not-yet-open")],
)
def test_a_school_that_is_closed_or_not_yet_open_leaves_at_listing(status: str, reason: str) -> None:
    _, out = sieve([{"school_id": "S", "establishment_status": status}])
    assert (out["S"].stage, out["S"].reason) == ("listing", reason)


@pytest.mark.parametrize("status", ["Open", "Open, but proposed to close", "proposed to close", "1", "3", "Academy"])
def test_an_open_school_that_may_close_stays_as_does_one_whose_status_nobody_knows(status: str) -> None:
    assert outcome({"establishment_status": status}) == ""


def test_the_code_in_left_out_is_the_reason_even_of_a_closed_school() -> None:
    _, out = sieve([{"school_id": "S", "left_out": "not-in-england", "establishment_status": "Closed"}])
    assert (out["S"].stage, out["S"].reason) == ("listing", "not-in-england")


def test_a_row_of_a_trust_is_no_recipient_among_schools() -> None:
    assert outcome({"kind": "trust"}, recipients="school") == "trust-not-a-recipient"
    assert outcome({"kind": "trust"}, recipients="as-listed") == ""


def test_a_school_that_arrives_later_is_not_there_yet() -> None:
    assert outcome({"arrived": "2022-09-02"}) == "not-yet-arrived"
    assert outcome({"arrived": "2022-09-01"}) == ""


def test_a_blank_priority_takes_that_of_the_rule() -> None:
    rules = [{"name": "r", "when": {"theme": "b"}, "priority": 2}]
    schools = [{"school_id": "S", "theme": "b"}, {"school_id": "T", "theme": "b", "priority": 5}]
    kept, _ = keep_eligible(
        as_it_stood(table("schools", schools), DAY), settings_of(as_of=DAY, eligibility={"rules": rules})
    )
    assert kept.values("priority").tolist() == [2, 5]
