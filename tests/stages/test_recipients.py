"""One recipient for each trust's schools: every column, and what is refused."""

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Records
from nle_optimizer.stages.recipients import form_recipients
from support.memory import rows_of, scenario_of, settings_of, table
from support.rule_book import half_up
from support.solving import solved

AREAS = ("leadership", "governance", "finance")
TRUST = {"eligibility": {"recipients": "trust"}}


def formed(members: list[dict[str, Any]], trusts: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The one recipient formed from members of the trust T."""
    rows = [{"school_id": f"S{n}", "trust_id": "T", **member} for n, member in enumerate(members)]
    table_of_trusts = None if trusts is None else table("trusts", trusts)
    schools = table("schools", rows)
    found, count, _ = form_recipients(schools, schools.ids, table_of_trusts, settings_of(**TRUST))
    assert count == len(found) == 1
    return rows_of(found)[0]


def test_needs_are_the_mean_weighted_by_pupils_rounded_half_up() -> None:
    rng = Random("needs")
    for _ in range(200):
        members = [
            {
                "pupils": rng.choice(["", 0, 1, 7, 320, 1999]),
                "need_leadership": rng.choice(["", "0", "1", "0.333333", "0.5"]),
            }
            for _ in range(rng.randint(1, 5))
        ]
        given = [member for member in members if member["need_leadership"]]
        blank = any(member["pupils"] == "" for member in members)
        weights = [1 if blank else member["pupils"] for member in given]
        if not sum(weights):
            weights = [1] * len(given)
        total = sum(w * Fraction(m["need_leadership"]) for w, m in zip(weights, given, strict=True))
        expected = half_up(total / sum(weights) * 1_000_000) if given else None
        assert formed(members)["need_leadership"] == expected


def test_the_place_is_the_mean_of_the_members_that_have_one() -> None:
    members = [{"easting": 1, "northing": 10}, {"easting": 2, "northing": 21}, {}]
    row = formed(members)
    assert (row["easting"], row["northing"]) == (2, 16)


def test_a_trust_without_a_placed_member_has_no_place() -> None:
    assert formed([{}, {}])["easting"] is None


@pytest.mark.parametrize(
    ("regions", "expected"),
    [(["A", "B", "B"], "B"), (["B", "A"], "A"), (["", "", "C"], "C"), (["", ""], None)],
)
@pytest.mark.parametrize("column", ["region", "local_authority"])
def test_the_area_is_the_commonest_and_of_equals_the_first_by_alphabet(
    column: str, regions: list[str], expected: str | None
) -> None:
    assert formed([{column: region} for region in regions])[column] == expected


@pytest.mark.parametrize(
    ("column", "same", "other"),
    [("phase", "primary", "secondary"), ("faith", "Jewish", "Sikh"), ("diocese", "Ely", "Ripon")],
)
def test_what_all_members_share_is_the_trusts_too_and_else_blank(column: str, same: str, other: str) -> None:
    assert formed([{column: same}, {column: same}])[column] == same
    assert formed([{column: same}, {column: other}])[column] is None
    assert formed([{column: same}, {column: ""}])[column] is None


def test_pupils_are_added_up_where_all_are_given() -> None:
    assert formed([{"pupils": 3}, {"pupils": 4}])["pupils"] == 7
    assert formed([{"pupils": 3}, {"pupils": ""}])["pupils"] is None


def test_priority_and_arrival_are_the_first_of_any_member() -> None:
    row = formed([{"priority": 2, "arrived": "2022-01-02"}, {"priority": 1, "arrived": ""}, {"arrived": "2022-01-01"}])
    assert row["priority"] == 1
    assert row["arrived"] == table("schools", [{"school_id": "S", "arrived": "2022-01-01"}]).values("arrived")[0]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["assessed", "assessed"], "assessed"),
        (["assessed", "proxy"], "proxy"),
        (["unknown", "unknown"], "unknown"),
        (["", ""], "unknown"),
    ],
)
def test_the_source_of_needs_is_a_proxy_unless_all_agree(sources: list[str], expected: str) -> None:
    assert formed([{"need_source": source} for source in sources])["need_source"] == expected


def test_the_name_comes_from_the_trusts_table_and_else_is_the_identifier() -> None:
    assert formed([{}], [{"trust_id": "T", "name": "Great Oaks"}])["name"] == "Great Oaks"
    assert formed([{}], [{"trust_id": "X", "name": "Other"}])["name"] == "T"


def test_a_formed_trust_is_a_trust_that_has_its_own_identifier_as_trust() -> None:
    row = formed([{}, {}])
    assert (row["school_id"], row["trust_id"], row["kind"]) == ("T", "T", "trust")


NEEDS = {f"need_{area}": "0.5" for area in AREAS}


def outcome(schools: list[dict[str, Any]], **eligibility: Any) -> Outcome:
    nles = [{"nle_id": "N", **{f"expertise_{area}": "0.5" for area in AREAS}}]
    rows = [{"school_id": f"S{n}", **NEEDS, **school} for n, school in enumerate(schools)]
    return solved(scenario_of(rows, nles, eligibility=eligibility))


def test_each_member_leaves_through_its_trust() -> None:
    found = outcome([{"trust_id": "T"}, {"trust_id": "T"}, {}], recipients="trust")
    assert [(entry.school_id, entry.stage, entry.reason) for entry in found.exclusions] == [
        ("S0", "recipient", "served-through-trust"),
        ("S1", "recipient", "served-through-trust"),
    ]
    assert found.recipients.ids.tolist() == ["S2", "T"]
    assert found.formed == 1


def test_a_member_that_is_not_eligible_is_no_part_of_its_trust() -> None:
    rules = [{"name": "a", "when": {"theme": "a"}}]
    found = outcome(
        [{"trust_id": "T", "theme": "a", "need_finance": 1}, {"trust_id": "T", "theme": "b"}],
        recipients="trust",
        rules=rules,
    )
    assert found.recipients.values("need_finance").tolist() == [1_000_000]


def test_the_rule_of_a_trust_is_the_earliest_of_its_members() -> None:
    rules = [{"name": "first", "when": {"theme": "a"}}, {"name": "second", "when": {"theme": ["a", "b"]}}]
    found = outcome([{"trust_id": "T", "theme": "b"}, {"trust_id": "T", "theme": "a"}], recipients="trust", rules=rules)
    assert found.recipients.values("policy_rule").tolist() == ["first"]


def test_a_formed_trust_has_one_supporter() -> None:
    found = outcome([{"trust_id": "T", "supporters": 3}], recipients="trust")
    assert found.problem.supporters.tolist() == [1]


@pytest.mark.parametrize("recipients", ["trust", "as-listed"])
def test_a_trust_and_a_school_of_it_both_live_is_an_error(recipients: str) -> None:
    with pytest.raises(InputError):
        outcome([{"school_id": "T", "kind": "trust"}, {"trust_id": "T"}], recipients=recipients)


def test_a_formed_trust_with_the_identifier_of_a_school_is_an_error() -> None:
    with pytest.raises(InputError):
        outcome([{"school_id": "T"}, {"trust_id": "T"}], recipients="trust")


@pytest.mark.parametrize("row", [{"kind": "trust", "left_out": "closed"}, {"establishment_status": "Closed"}])
def test_a_formed_trust_with_the_identifier_of_a_row_that_is_out_is_an_error_too(row: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        outcome([{"school_id": "T", **row}, {"trust_id": "T"}], recipients="trust")


def test_as_listed_forms_nothing() -> None:
    found = outcome([{"trust_id": "T"}, {"trust_id": "T"}])
    assert found.recipients.ids.tolist() == ["S0", "S1"]
    assert found.formed == 0


def test_schools_stay_sorted_beside_formed_trusts() -> None:
    found = outcome([{"school_id": "Z"}, {"trust_id": "T"}, {"school_id": "A"}], recipients="trust")
    ids: Records = found.recipients
    assert ids.ids.tolist() == ["A", "T", "Z"]
