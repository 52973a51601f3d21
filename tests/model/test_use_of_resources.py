"""What a pair takes: the pairs table, else the school's cell, else the rule's offer, else the offer, else one place."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from nle_optimizer.engines.engine import engine_named, engines_for
from nle_optimizer.errors import InputError
from nle_optimizer.model.limits_left import places
from nle_optimizer.preparation import prepare
from nle_optimizer.records import MILLION
from support.memory import scenario_of
from support.problems import problem_of
from support.solving import solved

AREAS = ("leadership", "governance", "finance")
NEEDS = {f"need_{area}": "0.5" for area in AREAS}
SKILLS = {f"expertise_{area}": "0.5" for area in AREAS}


def taken(school: dict[str, Any], pair: dict[str, Any], resource: str = "days", **settings: Any) -> float:
    """What the one pair takes of the resource."""
    scenario = scenario_of(
        [{"school_id": "S", **NEEDS, **school}],
        [{"nle_id": "N", **SKILLS, "days": 100, "placements": 100}],
        pairs=[{"nle_id": "N", "school_id": "S", **pair}],
        resources=(resource,),
        **settings,
    )
    return int(solved(scenario).use[resource][0]) / MILLION


@pytest.mark.parametrize("override", [False, True])
def test_the_first_amount_that_is_given_counts(override: bool) -> None:
    for pair, cell, by_rule, general in product([None, 1], [None, 2], [None, 3], [None, 4]):
        settings = {
            "offer": ({} if general is None else {"days": general}) | ({"override": True} if override else {}),
            "eligibility": {
                "rules": [{"name": "r", "when": {}, "offer": {} if by_rule is None else {"days": by_rule}}]
            },
        }
        order = [pair, by_rule, general, cell] if override else [pair, cell, by_rule, general]
        expected = next((amount for amount in order if amount is not None), None)
        school, told = {"days": cell}, {"days": pair}
        if expected is None:
            with pytest.raises(InputError, match="days"):
                taken(school, told, **settings)
        else:
            assert taken(school, told, **settings) == expected


def test_a_placement_is_one_where_nothing_says_otherwise() -> None:
    assert taken({}, {}, "placements") == 1


def test_a_placement_is_one_where_only_days_are_overridden() -> None:
    assert taken({}, {}, "placements", offer={"days": 10, "override": True}) == 1


def test_a_placement_of_ones_own_beats_the_one() -> None:
    assert taken({"placements": 2}, {}, "placements") == 2


def test_an_offer_is_exact_to_the_millionth() -> None:
    assert taken({}, {}, offer={"days": 2.345678}) == 2.345678


@pytest.mark.parametrize(
    ("use", "capacity", "expected"),
    [(1_000_000, 3_500_000, 3), (2_500_000, 5_000_000, 2), (3_000_000, 2_999_999, 0), (1, 3, 3)],
)
def test_an_nle_takes_as_many_as_its_capacity_holds_whole(use: int, capacity: int, expected: int) -> None:
    problem = problem_of({(0, j): [1] for j in range(9)}, [0], [1] * 9)
    problem.resources[0].use[:] = use
    problem.resources[0].capacity[:] = capacity
    assert places(problem).tolist() == [expected]


def test_an_nle_without_pairs_counts_as_one_that_is_never_full() -> None:
    problem = problem_of({(0, 0): [1]}, [1, 0], [1])
    assert places(problem)[1] > len(problem.recipient_ids)


def test_schools_that_take_different_amounts_are_no_network() -> None:
    problem = problem_of({(0, 0): [1], (0, 1): [1]}, [3], [1, 1])
    problem.resources[0].use[:] = np.array([1, 2])
    assert "different amounts" in str(engine_named("network").refuses(problem))


def test_different_amounts_at_different_nles_are_a_network_still() -> None:
    problem = problem_of({(0, 0): [1], (1, 0): [1]}, [3, 3], [1])
    problem.resources[0].use[:] = np.array([1, 2])
    assert next(engines_for(problem, "auto")).name == "network"


def test_an_unknown_engine_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="did you mean network"):
        next(engines_for(problem_of({}, [1], [1]), "netwerk"))


@pytest.mark.parametrize("objective", ["schools_supported", {"blend": {"fit": 1, "schools_supported": 0.3}}])
def test_counting_schools_once_that_may_have_several_nles_is_no_network(objective: Any) -> None:
    scenario = scenario_of(
        [{"school_id": "S", **NEEDS, "supporters": 2}],
        [{"nle_id": "N", **SKILLS}],
        objectives=[objective],
        fit={"measure": "need-covered"},
    )
    assert engine_named("network").refuses(prepare(scenario, lambda _: None).problem)


def test_who_waits_longest_wins_a_tie() -> None:
    schools = [
        {"school_id": f"S{n}", **NEEDS, "arrived": arrived}
        for n, arrived in enumerate(["2022-05-01", "2022-01-01", "", "2022-03-01"])
    ]
    for seed in range(5):
        scenario = scenario_of(schools, [{"nle_id": "N", **SKILLS}], as_of="2022-09-01", seed=seed)
        found = solved(scenario)
        assert found.recipients.ids[found.candidates.recipient[found.matched]].tolist() == ["S1"]


def test_who_waits_longest_wins_a_tie_without_a_day_to_count_to_as_well() -> None:
    schools = [
        {"school_id": f"S{n}", **NEEDS, "arrived": arrived} for n, arrived in enumerate(["2022-05-01", "2022-01-01"])
    ]
    firsts = set()
    for seed in range(8):
        found = solved(scenario_of(schools, [{"nle_id": "N", **SKILLS}], seed=seed))
        firsts.update(found.recipients.ids[found.candidates.recipient[found.matched]].tolist())
    assert firsts == {"S1"}


def test_the_order_of_rows_changes_nothing() -> None:
    schools = [{"school_id": f"S{n}", **NEEDS, "easting": 400_000 + n, "northing": 300_000} for n in range(8)]
    nles = [{"nle_id": f"N{n}", **SKILLS, "easting": 400_000, "northing": 300_000 + n} for n in range(5)]
    found = []
    for turn in range(6):
        outcome = solved(scenario_of([*schools[turn:], *schools[:turn]], [*nles[turn % 5 :], *nles[: turn % 5]]))
        found.append((outcome.problem.recipient_ids.tolist(), outcome.matched.tolist(), outcome.firm.tolist()))
    assert all(each == found[0] for each in found)
