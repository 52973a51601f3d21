"""Which NLEs are out and why, and what multiplying and reserving leave of the rest."""

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from nle_optimizer.records import MILLION
from nle_optimizer.stages.supply import NleSupply, supply_of
from support.memory import settings_of, table
from support.rule_book import half_up

SKILLED = {f"expertise_{area}": "0.5" for area in ("leadership", "governance", "finance")}
PLACE = {"easting": 400_000, "northing": 300_000}


def supply(
    rows: list[dict[str, Any]],
    *,
    pairs: list[dict[str, Any]] | None = None,
    resources: tuple[str, ...] = ("placements",),
    distance_asked: bool = False,
    **settings: Any,
) -> NleSupply:
    nles = [{"nle_id": f"N{n:02d}", **SKILLED, **row} for n, row in enumerate(rows)]
    told = None if pairs is None else table("pairs", pairs)
    return supply_of(table("nles", nles), told, settings_of(**settings), resources, distance_asked=distance_asked)


@pytest.mark.parametrize(
    ("nle", "settings", "reason"),
    [
        ({}, {}, ""),
        ({"kind": "nle"}, {}, ""),
        ({"kind": "NLG"}, {}, "nlg-programme-closed"),
        ({"kind": "head teacher"}, {}, "not-an-nle"),
        ({"status": "paused"}, {}, "paused"),
        ({"status": "withdrawn"}, {}, "withdrawn"),
        ({"home_grade": 2}, {}, ""),
        ({"home_grade": 3}, {}, "home-not-good"),
        ({"home_grade": 4}, {}, "home-not-good"),
        ({"governors_agreed": "yes"}, {}, ""),
        ({"governors_agreed": "no"}, {}, "governors-not-agreed"),
        ({"placements": ""}, {}, "unknown-capacity"),
        ({"placements": 0}, {}, ""),
        ({"placements": 1}, {"capacity": {"reserve": {"placements": 1}}}, ""),
        ({"placements": 0, "expertise_finance": ""}, {}, "unknown-expertise"),
        ({"placements": 0, "expertise_finance": ""}, {"fit": {"unknown": 0.5}}, ""),
        ({"placements": 1, "expertise_finance": ""}, {}, ""),
        ({}, {"geography": {"max_distance_km": 5}}, "no-place"),
        (PLACE, {"geography": {"max_distance_km": 5}}, ""),
        ({}, {"geography": {"min_distance_km": 1}}, "no-place"),
        ({"max_distance_km": 5}, {}, "no-place"),
        ({"max_distance_km": 5}, {"geography": {"nle_limit": "ignore"}}, ""),
        ({"expertise_finance": ""}, {"fit": {"unknown": "exclude"}}, "unknown-expertise"),
        ({"expertise_finance": ""}, {"fit": {"unknown": "exclude", "weights": {"leadership": 1}}}, ""),
        ({"expertise_finance": ""}, {"fit": {"unknown": 0.5}}, ""),
        ({"kind": "NLG", "status": "paused", "placements": 0}, {}, "nlg-programme-closed"),
        ({"status": "paused", "home_grade": 4, "governors_agreed": "no"}, {}, "paused"),
    ],
)
def test_an_nle_is_out_for_the_first_reason_that_holds(
    nle: dict[str, Any], settings: dict[str, Any], reason: str
) -> None:
    assert supply([nle], **settings).reason.tolist() == [reason]


def test_an_objective_that_uses_distance_needs_a_place() -> None:
    assert supply([{}], distance_asked=True).reason.tolist() == ["no-place"]


def test_a_distance_in_the_pairs_table_does_for_a_place() -> None:
    pairs = [{"nle_id": "N00", "school_id": "S", "distance_km": 3}]
    assert supply([{}], pairs=pairs, distance_asked=True).reason.tolist() == [""]


def test_a_fit_in_the_pairs_table_does_for_expertise() -> None:
    pairs = [{"nle_id": "N00", "school_id": "S", "fit": 3}]
    found = supply([{"expertise_finance": ""}], pairs=pairs, fit={"unknown": "exclude"})
    assert found.reason.tolist() == [""]


def test_without_a_column_of_placements_every_nle_has_one_place() -> None:
    assert supply([{}, {}]).capacity.tolist() == [[MILLION, MILLION]]


def multiplied(units: list[int], factor: str, rounding: str) -> list[int]:
    settings = {"capacity": {"multiply": {"placements": Decimal(factor)}, "round": rounding}}
    return [int(amount) // MILLION for amount in supply([{"placements": n} for n in units], **settings).capacity[0]]


def random_units(rng: Random) -> tuple[list[int], str]:
    return [rng.randint(0, 9) for _ in range(rng.randint(1, 12))], rng.choice(["0.5", "1.2", "1.37", "0", "2", "0.333"])


def test_spreading_gives_the_new_total_rounded_half_up() -> None:
    rng = Random("totals")
    for _ in range(200):
        units, factor = random_units(rng)
        assert sum(multiplied(units, factor, "spread")) == half_up(Fraction(factor) * sum(units))


def test_spreading_gives_each_nle_its_product_rounded_down_or_one_more() -> None:
    rng = Random("bounds")
    for _ in range(200):
        units, factor = random_units(rng)
        for unit, found in zip(units, multiplied(units, factor, "spread"), strict=True):
            assert found - int(Fraction(factor) * unit // 1) in (0, 1)


def test_the_rest_goes_to_the_largest_fractions_and_of_equal_ones_to_the_lower_identifier() -> None:
    rng = Random("rest")
    for _ in range(200):
        units, factor = random_units(rng)
        down = [int(Fraction(factor) * unit // 1) for unit in units]
        rest = half_up(Fraction(factor) * sum(units)) - sum(down)
        order = sorted(range(len(units)), key=lambda n: (down[n] - Fraction(factor) * units[n], n))
        expected = [down[n] + (n in order[:rest]) for n in range(len(units))]
        assert multiplied(units, factor, "spread") == expected


def test_rounding_down_rounds_each_down() -> None:
    rng = Random("down")
    for _ in range(100):
        units, factor = random_units(rng)
        assert multiplied(units, factor, "down") == [int(Fraction(factor) * unit // 1) for unit in units]


def test_capacities_that_are_not_whole_keep_their_millionths() -> None:
    found = supply([{"days": "2.5"}, {"days": 3}], resources=("days",), capacity={"multiply": {"days": Decimal("1.1")}})
    assert found.capacity.tolist() == [[2_750_000, 3_300_000]]


def test_an_nle_that_is_out_takes_no_part_in_the_spreading() -> None:
    settings = {"capacity": {"multiply": {"placements": 1.5}}}
    found = supply([{"placements": 1, "status": "paused"}, {"placements": 1}], **settings)
    assert found.capacity.tolist() == [[0, 2 * MILLION]]


@pytest.mark.parametrize(("reserve", "left"), [("10%", "1.8"), (1, "1"), ("33.3%", "1.334"), (5, "0")])
def test_a_reserve_is_taken_off_and_never_below_nought(reserve: Any, left: str) -> None:
    found = supply([{"placements": 2}], capacity={"reserve": {"placements": reserve}})
    assert found.capacity.tolist() == [[int(Decimal(left) * MILLION)]]


def test_a_percentage_kept_back_is_rounded_up_to_a_millionth() -> None:
    found = supply([{"days": "0.000001"}, {"days": 1}], resources=("days",), capacity={"reserve": {"days": "0.00005%"}})
    kept = (Decimal(MILLION) * Decimal("0.00005") / 100).to_integral_value(ROUND_CEILING)
    assert found.capacity.tolist() == [[0, MILLION - int(kept)]]


def test_the_reserve_is_taken_off_what_multiplying_left() -> None:
    settings = {"capacity": {"multiply": {"placements": 2}, "reserve": {"placements": 1}}}
    assert supply([{"placements": 2}], **settings).capacity.tolist() == [[3 * MILLION]]


def test_a_blank_amount_of_another_resource_leaves_the_nle_in_the_spreading_of_this_one() -> None:
    settings = {"capacity": {"multiply": {"placements": 1.5}}}
    rows = [{"placements": 1, "days": ""}, {"placements": 1, "days": 5}]
    found = supply(rows, resources=("placements", "days"), **settings)
    assert found.reason.tolist() == ["unknown-capacity", ""]
    assert found.capacity[0].tolist() == [2 * MILLION, MILLION]
