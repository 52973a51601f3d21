"""Placements and days at once, multiplied, reserved, offered and overridden: both readings of them agree."""

from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.scenario.scenario import Scenario
from support.memory import scenario_of

AREAS = ("leadership", "governance", "finance")
CAPACITIES: list[dict[str, Any]] = [
    {},
    {"multiply": {"days": 1.3}},
    {"multiply": {"placements": 1.5, "days": 0.77}, "round": "down"},
    {"multiply": {"placements": 1.4, "days": 1.5}, "reserve": {"days": 0.5}},
    {"reserve": {"days": "7.5%"}},
]
OBJECTIVES: list[list[Any]] = [
    ["fit"],
    ["fit_finance", "cost"],
    [{"fit": {"by": "tier"}}],
    [{"blend": {"fit": 1, "cost": -0.0001}}],
]


def random_scenario(rng: Random) -> Scenario:
    schools = [
        {
            "school_id": f"S{n}",
            **{f"need_{area}": rng.choice(["0.3", "1"]) for area in AREAS},
            "supporters": rng.choice(["", 1, 2]),
            "days": rng.choice(["", "", "5"]),
            "tier": rng.choice(["", "2", "10"]),
        }
        for n in range(rng.randint(1, 6))
    ]
    nles = [
        {
            "nle_id": f"N{n}",
            **{f"expertise_{area}": rng.choice(["0.2", "0.7"]) for area in AREAS},
            "placements": rng.choice([1, 2, 3, ""]),
            "days": rng.choice([5, 10, 12.5, 20, ""]),
        }
        for n in range(rng.randint(1, 5))
    ]
    return scenario_of(
        schools,
        nles,
        resources=("placements", "days"),
        fit={"measure": "weighted-expertise"},
        offer=rng.choice([{"days": 5}, {"days": 4, "override": True}]),
        capacity=rng.choice(CAPACITIES),
        objectives=rng.choice(OBJECTIVES),
        costs={"per_day": rng.choice([600, 333.33]), "per_match": rng.choice([0, 10])},
        seed=rng.randint(0, 9),
    )


def test_every_allocation_of_two_resources_stands_up_to_a_second_reading() -> None:
    rng = Random("two resources")
    for _ in range(150):
        scenario = random_scenario(rng)
        assert check_claim(scenario, allocate(scenario).claim) == []


def test_an_amount_that_is_nowhere_given_is_an_error() -> None:
    school = {"school_id": "S", **{f"need_{area}": 1 for area in AREAS}}
    nle = {"nle_id": "N", **{f"expertise_{area}": 1 for area in AREAS}, "days": 5}
    with pytest.raises(InputError, match=r"offer\.days"):
        allocate(scenario_of([school], [nle], resources=("days",)))
