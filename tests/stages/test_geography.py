"""Distances and limits against Python's whole numbers."""

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nle_optimizer.stages.geography import greatest_square, least_square, metres, within_reach
from support.memory import settings_of, table
from support.rule_book import half_up_root

MANY = settings(max_examples=300, deadline=None, derandomize=True)
FACTORS = st.sampled_from(["1", "1.3", "1.25", "0.87", "1.41", "2.5", "10", "9.99"]).map(Decimal)
SIDE = st.integers(0, 1_300_000)


@MANY
@given(SIDE, st.integers(0, 700_000), FACTORS)
def test_a_distance_is_the_root_of_its_square_times_the_detour_rounded_half_up(
    up: int, across: int, factor: Decimal
) -> None:
    square = up * up + across * across
    expected = half_up_root(square * Fraction(factor) ** 2)
    assert metres(np.array([square]), factor).tolist() == [expected]


@MANY
@given(st.integers(1, 1_400_000), st.integers(-2, 2))
def test_squares_about_the_middle_of_two_metres_are_rounded_exactly(whole: int, aside: int) -> None:
    square = max(whole * whole + whole + aside, 0)
    assert metres(np.array([square]), Decimal(1)).tolist() == [half_up_root(Fraction(square))]


@MANY
@given(st.integers(0, 1_500_000), FACTORS)
def test_the_greatest_square_is_the_last_one_within_the_limit(limit: int, factor: Decimal) -> None:
    (square,) = greatest_square(np.array([limit]), factor).tolist()
    assert square * Fraction(factor) ** 2 <= limit**2 < (square + 1) * Fraction(factor) ** 2


@MANY
@given(st.integers(1, 1_500_000), FACTORS)
def test_the_least_square_is_the_first_one_not_under_the_limit(limit: int, factor: Decimal) -> None:
    square = least_square(limit, factor)
    assert (square - 1) * Fraction(factor) ** 2 < limit**2 <= square * Fraction(factor) ** 2


def place(rng: Random, blank: float = 0.1) -> dict[str, Any]:
    if rng.random() < blank:
        return {}
    return {"easting": rng.randint(0, 12_000), "northing": rng.randint(0, 12_000)}


def limits_of(school: dict[str, Any], nle: dict[str, Any], geography: dict[str, Any]) -> list[Fraction]:
    chosen = geography["max_distance_km"]
    by_region = chosen if isinstance(chosen, dict) else {} if chosen is None else {"default": chosen}
    limit = by_region.get(school["region"], by_region.get("default"))
    found = [] if limit is None else [Fraction(str(limit)) * 1000]
    if nle["max_distance_km"] and geography["nle_limit"] != "ignore":
        own = Fraction(nle["max_distance_km"]) * 1000
        rule = geography["nle_limit"]
        found.append(Fraction(own * Fraction(str(rule["multiply"])) // 1) if isinstance(rule, dict) else own)
    return found


def test_the_pairs_within_reach_are_those_of_a_plain_double_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random("window")
    for _ in range(400):
        schools = [
            {"school_id": f"S{n}", "region": rng.choice(["London", "South West", ""]), **place(rng)}
            for n in range(rng.randint(1, 8))
        ]
        nles = [
            {"nle_id": f"N{n}", "max_distance_km": rng.choice(["", "3", "5.5", "0"]), **place(rng)}
            for n in range(rng.randint(1, 5))
        ]
        geography = {
            "max_distance_km": rng.choice([None, 4, 7.25, {"default": 6, "London": 2}, {"London": 3}]),
            "nle_limit": rng.choice(["respect", "ignore", {"multiply": 1.1}]),
            "detour_factor": rng.choice([1, 1.3]),
        }
        needed = rng.random() < 0.3
        expected = set()
        for i, nle in enumerate(nles):
            for j, school in enumerate(schools):
                limits = limits_of(school, nle, geography)
                if "easting" in nle and "easting" in school:
                    square = (nle["easting"] - school["easting"]) ** 2 + (nle["northing"] - school["northing"]) ** 2
                    around = square * Fraction(str(geography["detour_factor"])) ** 2
                    if all(around <= limit**2 for limit in limits):
                        expected.add((i, j, square))
                elif not limits and not needed:
                    expected.add((i, j, -1))
        tables = table("schools", schools), table("nles", nles)
        chosen = settings_of(geography=geography).geography
        monkeypatch.setattr("nle_optimizer.stages.geography.AT_ONCE", rng.choice([1, 10, 1000]))
        found, _ = within_reach(*tables, chosen, distance_needed=needed)
        pairs = list(zip(found.nle.tolist(), found.recipient.tolist(), found.square.tolist(), strict=True))
        assert set(pairs) == expected
        assert pairs == sorted(pairs)


@pytest.mark.parametrize(("region", "reached"), [("london", True), ("LONDON", True), ("Leeds", False)])
def test_a_limit_by_region_is_found_without_case(region: str, reached: bool) -> None:
    schools = table("schools", [{"school_id": "S", "region": region, "easting": 0, "northing": 0}])
    nles = table("nles", [{"nle_id": "N", "easting": 0, "northing": 9_000}])
    chosen = settings_of(geography={"max_distance_km": {"default": 1, "London": 10}}).geography
    found, _ = within_reach(schools, nles, chosen, distance_needed=False)
    assert bool(len(found.nle)) is reached


@pytest.mark.parametrize(("northing", "reached"), [(5_000, True), (5_001, False)])
def test_the_limit_itself_is_within_the_limit(northing: int, reached: bool) -> None:
    schools = table("schools", [{"school_id": "S", "easting": 0, "northing": 0}])
    nles = table("nles", [{"nle_id": "N", "easting": 0, "northing": northing}])
    chosen = settings_of(geography={"max_distance_km": 5}).geography
    found, _ = within_reach(schools, nles, chosen, distance_needed=False)
    assert bool(len(found.nle)) is reached
