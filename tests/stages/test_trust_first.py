"""Trusts first: given matches, and matching as many as possible, then nearest, against every possible choice."""

from itertools import product
from random import Random
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.stages.trust_first import high_quality
from support.memory import scenario_of, settings_of, table
from support.rule_book import half_up_root
from support.solving import solved

from nle_optimizer.stages.trust_first import mode_of  # isort: skip

NEEDS = {f"need_{area}": "0.5" for area in ("leadership", "governance", "finance")}
SKILLS = {f"expertise_{area}": "0.5" for area in ("leadership", "governance", "finance")}
NLES = [{"nle_id": "N", **SKILLS, "easting": 0, "northing": 0}]
GOOD = {"high_quality": "yes", "easting": 0, "northing": 0}


def outcome(schools: list[dict[str, Any]], trusts: list[dict[str, Any]] | None = None, **settings: Any) -> Outcome:
    rows = [{"school_id": f"S{n}", **NEEDS, **school} for n, school in enumerate(schools)]
    return solved(scenario_of(rows, NLES, trusts=trusts, **settings))


def gone(found: Outcome) -> dict[str, str]:
    """The schools that left at this stage, and the evidence."""
    return {entry.school_id: entry.evidence for entry in found.exclusions if entry.stage == "trust-first"}


def left_by_choice(schools: list[dict[str, Any]], trusts: list[dict[str, Any]], **rules: Any) -> dict[str, str]:
    return gone(outcome(schools, trusts, trust_first={"mode": "optimise", **rules}))


def best_choice(reach: list[dict[int, int]], capacity: list[int]) -> tuple[int, int]:
    """The greatest number of schools that trusts can take, and the least total distance of so many."""
    options = [[None, *choices] for choices in reach]
    best = (0, 0)
    for choice in product(*options):
        if all(choice.count(trust) <= room for trust, room in enumerate(capacity)):
            metres = sum(reach[n][trust] for n, trust in enumerate(choice) if trust is not None)
            best = max(best, (len(choice) - choice.count(None), -metres))
    return best


def test_as_many_as_possible_are_matched_and_then_the_nearest() -> None:
    rng = Random("trusts")
    for _ in range(150):
        schools = [_place(rng) for _ in range(rng.randint(1, 4))]
        trusts = [
            {
                "trust_id": f"T{n}",
                **_place(rng),
                "high_quality": rng.choice(["yes", "yes", "no"]),
                "capacity": rng.choice(["", 0, 1, 2]),
            }
            for n in range(rng.randint(1, 3))
        ]
        limit = rng.choice([None, 5, 9])
        rules = {"mode": "optimise", "capacity_default": rng.choice([0, 1, 2]), "max_distance_km": limit}
        found = outcome(schools, trusts, trust_first=rules)
        reach = [
            {n: _metres(school, trust) for n, trust in enumerate(trusts) if _fits(school, trust, limit)}
            for school in schools
        ]
        room = [rules["capacity_default"] if trust["capacity"] == "" else trust["capacity"] for trust in trusts]
        assert found.trusts is not None
        assert tuple(level.value for level in found.trusts.solution.levels) == best_choice(reach, room)
        assert len(gone(found)) == found.trusts.solution.levels[0].value


def _place(rng: Random) -> dict[str, Any]:
    known = rng.random() < 0.9
    return {"easting": rng.randint(0, 9_000), "northing": rng.randint(0, 9_000)} if known else {}


def _metres(school: dict[str, Any], trust: dict[str, Any]) -> int:
    return half_up_root((school["easting"] - trust["easting"]) ** 2 + (school["northing"] - trust["northing"]) ** 2)  # type: ignore[arg-type]


def _fits(school: dict[str, Any], trust: dict[str, Any], limit: int | None) -> bool:
    if trust["high_quality"] == "no" or not {"easting"} <= set(school) & set(trust):
        return False
    square = (school["easting"] - trust["easting"]) ** 2 + (school["northing"] - trust["northing"]) ** 2
    return limit is None or square <= (1000 * limit) ** 2


@pytest.mark.parametrize(
    ("trust", "good"),
    [
        ({"inspected": 5, "share_good": 0.8}, True),
        ({"inspected": 4, "share_good": 1}, False),
        ({"inspected": 9, "share_good": "0.799999"}, False),
        ({"inspected": 9}, False),
        ({"share_good": 1}, False),
        ({"inspected": 1, "share_good": 0, "high_quality": "yes"}, True),
        ({"inspected": 9, "share_good": 1, "high_quality": "no"}, False),
    ],
)
def test_a_judgement_beats_the_proxy_and_a_blank_is_no_quality(trust: dict[str, Any], good: bool) -> None:
    found = high_quality(table("trusts", [{"trust_id": "T", **trust}]), settings_of().trust_first)
    assert found.tolist() == [good]


@pytest.mark.parametrize(
    ("decision", "counts", "leaves"),
    [
        ("", ["agreed", "proposed"], True),
        ("proposed", ["agreed"], False),
        ("agreed", ["agreed"], True),
        ("declined", ["agreed", "proposed"], False),
        ("", ["agreed"], False),
    ],
)
def test_a_given_match_leaves_where_its_decision_counts(decision: str, counts: list[str], leaves: bool) -> None:
    school = {"matched_trust_id": "T", "trust_decision": decision}
    found = outcome([school], trust_first={"mode": "given", "counts_as_matched": counts})
    assert bool(gone(found)) is leaves


def test_given_is_the_mode_where_the_table_names_a_trust_and_else_off() -> None:
    named = table("schools", [{"school_id": "S", "matched_trust_id": "T"}])
    assert mode_of(settings_of(), named) == "given"
    assert mode_of(settings_of(), table("schools", [{"school_id": "S", "matched_trust_id": ""}])) == "off"


def test_off_means_that_nobody_leaves() -> None:
    assert gone(outcome([{"matched_trust_id": "T"}], trust_first={"mode": "off"})) == {}


def test_the_ledger_names_the_trust() -> None:
    assert "T7" in gone(outcome([{"matched_trust_id": "T7"}]))["S0"]
    trust = {"trust_id": "T8", **GOOD}
    assert "T8" in left_by_choice([{"easting": 0, "northing": 500}], [trust])["S0"]


def test_given_matches_use_up_a_trusts_capacity() -> None:
    schools = [{"matched_trust_id": "T"}, {"easting": 0, "northing": 0}]
    assert set(left_by_choice(schools, [{"trust_id": "T", **GOOD, "capacity": 1}])) == {"S0"}
    assert set(left_by_choice(schools, [{"trust_id": "T", **GOOD, "capacity": 2}])) == {"S0", "S1"}


def test_only_schools_that_qualify_are_matched() -> None:
    schools = [{"easting": 0, "northing": 0, "latest_grade": grade} for grade in (2, 3, "")]
    rules = {"qualifies": {"when": {"latest_grade": {"min": 3}}}}
    assert set(left_by_choice(schools, [{"trust_id": "T", **GOOD, "capacity": 9}], **rules)) == {"S1"}


@pytest.mark.parametrize(("rule", "matched"), [("skip", set()), ("rebroker", {"S0"})])
def test_a_school_in_a_trust_is_matched_only_where_it_may_be_rebrokered(rule: str, matched: set[str]) -> None:
    schools = [{"easting": 0, "northing": 0, "trust_id": "OWN"}]
    assert set(left_by_choice(schools, [{"trust_id": "T", **GOOD}], already_in_trust=rule)) == matched


def test_a_school_is_never_matched_with_its_own_trust() -> None:
    schools = [{"easting": 0, "northing": 0, "trust_id": "T"}]
    assert left_by_choice(schools, [{"trust_id": "T", **GOOD}], already_in_trust="rebroker") == {}


def test_a_trust_whose_match_was_declined_is_barred_for_that_school() -> None:
    declined = {"easting": 0, "northing": 0, "matched_trust_id": "T", "trust_decision": "declined"}
    other = {"easting": 0, "northing": 0}
    assert set(left_by_choice([declined, other], [{"trust_id": "T", **GOOD, "capacity": 2}])) == {"S1"}


def test_a_row_of_a_trust_is_never_matched() -> None:
    assert left_by_choice([{"easting": 0, "northing": 0, "kind": "trust"}], [{"trust_id": "T", **GOOD}]) == {}


@pytest.mark.parametrize(("importance", "matched"), [("must", set()), ("prefer", {"S0"}), ("ignore", {"S0"})])
def test_phase_counts_for_trusts_where_it_must(importance: str, matched: set[str]) -> None:
    schools = [{"easting": 0, "northing": 0, "phase": "primary"}]
    trusts = [{"trust_id": "T", **GOOD, "phases": "secondary"}]
    rules = {"trust_first": {"mode": "optimise"}, "suitability": {"phase": importance}}
    assert set(gone(outcome(schools, trusts, **rules))) == matched


def test_matching_with_trusts_needs_a_table_of_them() -> None:
    with pytest.raises(InputError, match="trusts table"):
        outcome([{}], trust_first={"mode": "optimise"})


def test_who_leaves_is_no_recipient() -> None:
    found = outcome([{"matched_trust_id": "T"}, {}])
    assert found.recipients.ids.tolist() == ["S1"]
    assert found.matched_to_trust == 1
