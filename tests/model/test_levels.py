"""Objectives as levels of whole amounts: scale, blend, where, by, weight, step, and what must be refused."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.model.build import objectives_of, use_of_resources
from nle_optimizer.model.constraints.tally import PresenceBook
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objective_kinds import Stakes
from nle_optimizer.model.objective_levels import build_levels, default_objectives, uses_distance
from nle_optimizer.model.objectives import CATALOGUE, blend_of
from nle_optimizer.scenario.setting_sections import OBJECTIVE_NAMES, Objective
from nle_optimizer.stages.candidates import find_candidates
from support.memory import Row, scenario_of, settings_of

AREAS = ("leadership", "governance", "finance")
SCHOOLS: list[Row] = [
    {
        "school_id": f"S{n}",
        **{f"need_{area}": "0.5" for area in AREAS},
        "easting": 400_000 + 1_000 * n,
        "northing": 300_000,
        "priority": ["2", "", "1"][n],
        "pupils": ["100", "", "250"][n],
        "theme": ["a", "b", ""][n],
        "share": ["0.5", "", "2"][n],
        "policy_rule": "",
    }
    for n in range(3)
]
NLES: list[Row] = [
    {"nle_id": "N", **{f"expertise_{a}": "0.25" for a in AREAS}, "easting": 400_000, "northing": 300_400}
]
"""One NLE, so that the pairs are the three schools in order: fit 0.5, at 400, 1,077 and 2,040 m."""


def stakes(schools: list[Row] | None = None, **settings: Any) -> Stakes:
    pairs = [{"nle_id": "N", "school_id": f"S{n}", "travel_minutes": 10 + n} for n in range(3)]
    scenario = scenario_of(schools or SCHOOLS, NLES, pairs=pairs, **settings)
    found = find_candidates(
        scenario.schools, scenario.nles, scenario.schools, scenario.pairs, scenario.settings, distance_needed=False
    )
    use = use_of_resources(found, scenario.settings, ("placements",))
    return Stakes(found, use, scenario.settings.costs)


def levels(*words: Any, given: Stakes | None = None) -> tuple[Level, ...]:
    asked = [Objective.model_validate(word) for word in words]
    return build_levels(asked, given or stakes(), PresenceBook())  # type: ignore[return-value]


def amounts(*words: Any, given: Stakes | None = None) -> list[int]:
    (level,) = levels(*words, given=given)
    return level.amounts.tolist()


@pytest.mark.parametrize(
    ("word", "expected", "scale"),
    [
        ("schools_supported", [1, 1, 1], 1),
        ("fit", [500_000] * 3, 1_000_000),
        ("fit_leadership", [500_000] * 3, 1_000_000),
        ("fit_governance", [500_000] * 3, 1_000_000),
        ("fit_finance", [500_000] * 3, 1_000_000),
    ],
)
def test_each_objective_has_its_amounts_and_its_scale(word: str, expected: list[int], scale: int) -> None:
    (level,) = levels(word)
    assert (level.amounts.tolist(), level.scale, level.sense) == (expected, scale, 1)


@pytest.mark.parametrize(
    ("word", "expected", "scale"),
    [
        ("distance", [-400, -1_077, -2_040], 1_000),
        ("travel_minutes", [-10_000_000, -11_000_000, -12_000_000], 1_000_000),
        ("cost", [-7_500_000] * 3, 1_000_000),
    ],
)
def test_an_objective_to_be_minimised_enters_with_its_sign_changed(word: str, expected: list[int], scale: int) -> None:
    level = levels("fit", word, given=stakes(costs={"per_match": 7.5}))[1]
    assert (level.amounts.tolist(), level.scale, level.sense) == (expected, scale, -1)


def test_every_name_of_an_objective_is_known() -> None:
    assert set(OBJECTIVE_NAMES) == {objective.name for objective in CATALOGUE}


@pytest.mark.parametrize("objective", CATALOGUE, ids=lambda o: o.name)
def test_every_objective_states_its_sense_unit_formula_and_source(objective: Any) -> None:
    assert objective.source
    assert objective.sense in ("maximise", "minimise")
    assert objective.unit
    assert objective.formula


def test_where_leaves_the_other_schools_at_nought() -> None:
    assert amounts({"schools_supported": {"where": {"theme": "a"}}}) == [1, 0, 0]


def test_where_leaves_a_blank_at_nought() -> None:
    assert amounts({"schools_supported": {"where": {"theme": {"not": "a"}}}}) == [0, 1, 0]


def test_a_weight_of_whole_numbers_counts_as_it_is_and_a_blank_as_nought() -> None:
    (level,) = levels({"schools_supported": {"weight": "pupils"}})
    assert (level.amounts.tolist(), level.scale) == ([100, 0, 250], 1)


def test_a_weight_from_a_column_of_ones_own_counts_in_millionths() -> None:
    (level,) = levels({"schools_supported": {"weight": "share"}})
    assert (level.amounts.tolist(), level.scale) == ([500_000, 0, 2_000_000], 1_000_000)


def test_a_weight_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="numbers"):
        levels({"fit": {"weight": "theme"}})


def test_by_makes_one_level_for_each_value_least_first_and_blanks_last() -> None:
    found = levels({"schools_supported": {"by": "priority"}})
    assert [level.amounts.tolist() for level in found] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert [level.name for level in found] == [f"schools_supported[priority={n}]" for n in ("1", "2", "blank")]


def test_the_levels_of_by_add_up_to_the_whole() -> None:
    found = levels({"fit": {"by": "theme"}})
    assert sum(level.amounts for level in found).tolist() == amounts("fit")  # type: ignore[attr-defined]


def test_a_step_rounds_what_is_maximised_down() -> None:
    assert amounts({"fit": {"step": 0.3}}) == [300_000] * 3


def test_a_step_rounds_what_is_minimised_down_too() -> None:
    assert levels("fit", {"distance": {"step": 1}})[1].amounts.tolist() == [0, -1_000, -2_000]


@pytest.mark.parametrize("step", [0.0005, 0.0015])
def test_a_step_that_is_no_multiple_of_the_unit_is_refused(step: float) -> None:
    with pytest.raises(InputError, match="step"):
        levels("fit", {"distance": {"step": step}})


@pytest.mark.parametrize(
    ("parts", "scale", "weights"),
    [
        ({"fit": 1}, 1_000_000, {"fit": 1}),
        ({"fit": 1, "distance": "-0.002"}, 1_000_000, {"fit": 1, "distance": -2}),
        ({"fit": 1, "distance": "-0.0125"}, 2_000_000, {"fit": 2, "distance": -25}),
        ({"schools_supported": "0.3", "fit": 1}, 1_000_000, {"schools_supported": 300_000, "fit": 1}),
        ({"schools_supported": 2}, 1, {"schools_supported": 2}),
        ({"distance": "-0.5"}, 2_000, {"distance": -1}),
    ],
)
def test_a_blend_stands_on_the_coarsest_scale_on_which_every_weight_is_whole(
    parts: dict[str, Any], scale: int, weights: dict[str, int]
) -> None:
    found = blend_of({name: Decimal(weight) for name, weight in parts.items()})
    assert (found.scale, dict(found.weights)) == (scale, weights)


def test_a_blend_is_the_exact_weighted_sum_of_its_parts() -> None:
    (level,) = levels({"blend": {"fit": 1, "distance_km": -0.0125, "schools_supported": 0.3}})
    for found, metres in zip(level.amounts.tolist(), [400, 1_077, 2_040], strict=True):
        exact = Fraction(1, 2) - Fraction("0.0125") * Fraction(metres, 1000) + Fraction("0.3")
        assert Fraction(found, level.scale) == exact


def test_distance_and_kilometres_are_one_part_of_a_blend() -> None:
    assert amounts({"blend": {"fit": 1, "distance_km": -0.01, "distance": -0.01}}) == amounts(
        {"blend": {"fit": 1, "distance": -0.02}}
    )


def test_a_blend_may_be_restricted_and_stepped() -> None:
    found = amounts({"blend": {"fit": 1, "distance_km": -0.1, "where": {"theme": ["a", "b"]}, "step": 0.1}})
    assert found == [400_000, 300_000, 0]


def test_the_same_objective_for_other_schools_is_another_level() -> None:
    assert len(levels({"fit": {"where": {"theme": "a"}}}, "fit")) == 2


@pytest.mark.parametrize(
    "word",
    [
        {"blend": {"fit": "1", "distance_km": "-0.000000000001"}},
        {"blend": {"schools_supported": 1_000_000_000_000_000}},
    ],
)
def test_amounts_too_large_to_be_exact_are_refused(word: Any) -> None:
    parts = {name: Decimal(weight) for name, weight in word["blend"].items()}
    with pytest.raises(InputError, match="exact"):
        levels({"blend": parts})


def test_weighted_amounts_too_large_to_be_exact_are_refused() -> None:
    schools = [{**school, "pupils": 1_000_000_000} for school in SCHOOLS]
    with pytest.raises(InputError, match="exact"):
        levels({"fit": {"weight": "pupils"}}, given=stakes(schools))


def test_travel_time_is_refused_where_a_pair_has_none() -> None:
    scenario = scenario_of(SCHOOLS, NLES)
    found = find_candidates(
        scenario.schools, scenario.nles, scenario.schools, None, scenario.settings, distance_needed=False
    )
    with pytest.raises(InputError, match="travel_minutes"):
        levels("fit", "travel_minutes", given=Stakes(found, {}, scenario.settings.costs))


def test_without_objectives_priority_comes_first_then_fit_then_distance() -> None:
    recipients = stakes().candidates.recipients
    names = [objective.name for objective in default_objectives(recipients, distances_known=True)]
    assert names == ["schools_supported", "fit", "distance"]


def test_without_priorities_fit_comes_first_and_without_distances_it_is_alone() -> None:
    schools = [{**school, "priority": ""} for school in SCHOOLS]
    recipients = stakes(schools).candidates.recipients
    assert [o.name for o in objectives_of(settings_of(), recipients, distances_known=False)] == ["fit"]


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("fit", False),
        ("distance", True),
        ({"blend": {"fit": 1, "distance_km": -1}}, True),
        ({"blend": {"fit": 1}}, False),
    ],
)
def test_a_level_uses_distance_where_it_or_a_part_of_it_does(word: Any, asked: bool) -> None:
    assert uses_distance([Objective.model_validate("fit"), Objective.model_validate(word)]) is asked
