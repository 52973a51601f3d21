"""Candidate pairs, their distances and fits, and every reason, against the rule book read one pair at a time."""

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.model.build import distance_asked
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import Candidates, find_candidates
from nle_optimizer.stages.supply import supply_of
from support.memory import scenario_of
from support.rule_book import ORDER, RuleBook

AREAS = ("leadership", "governance", "finance")
LEVELS = ["0", "0", "1", "0.25", "0.333333", "0.5", "0.7"]


def random_scenario(rng: Random) -> Scenario:
    """Up to five schools and four NLEs with a few settings each, so that every filter bites somewhere."""
    unknown = rng.choice(["error", "exclude", "exclude", 0.4])
    schools = [_school(rng, n, unknown) for n in range(rng.randint(1, 5))]
    nles = [_nle(rng, n, unknown, len(schools)) for n in range(rng.randint(1, 4))]
    pairs = _pairs(rng, schools, nles) if rng.random() < 0.6 else None
    data = {"pairs": {"file": "pairs.csv", "only": rng.random() < 0.4}} if pairs else {}
    return scenario_of(schools, nles, pairs=pairs, data=data, **_settings(rng, unknown))


def _side(rng: Random) -> dict[str, Any]:
    place = {"easting": 400_000 + 500 * rng.randint(0, 40), "northing": 300_000 + 500 * rng.randint(0, 40)}
    return {
        **(place if rng.random() < 0.85 else {}),
        "region": rng.choice(["London", "LONDON", "South West", ""]),
        "local_authority": rng.choice(["Leeds", "leeds", "York", ""]),
        "diocese": rng.choice(["", "Ripon", "Ely"]),
        "trust_id": rng.choice(["", "", "S1", "T1"]),
    }


def _levels(rng: Random, prefix: str, unknown: Any) -> dict[str, str]:
    blank = 0 if unknown == "error" else 0.15
    return {f"{prefix}_{area}": "" if rng.random() < blank else rng.choice(LEVELS) for area in AREAS}


def _school(rng: Random, n: int, unknown: Any) -> dict[str, Any]:
    return {
        **_side(rng),
        "school_id": f"S{n}",
        "kind": rng.choice(["", "school", "trust"]),
        "phase": rng.choice(["primary", "secondary", "all-through", "special", ""]),
        "faith": rng.choice(["Church of England", "Jewish", ""]),
        **_levels(rng, "need", unknown),
    }


def _nle(rng: Random, n: int, unknown: Any, schools: int) -> dict[str, Any]:
    return {
        **_side(rng),
        "nle_id": f"N{n}",
        "home_school_id": rng.choice(["", f"S{rng.randrange(schools)}"]),
        "phases": rng.choice(["", "primary", "primary|secondary", "all-through", "special"]),
        "faiths": rng.choice(["", "church of england", "Jewish|Church of England"]),
        "regions": rng.choice([""] * 5 + ["london|North East"]),
        "max_distance_km": rng.choice(["", "", "7.5", "0", "12.345"]),
        **_levels(rng, "expertise", unknown),
    }


def _pairs(rng: Random, schools: list[dict[str, Any]], nles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    every = [(nle["nle_id"], school["school_id"]) for nle in nles for school in schools]
    return [
        {
            "nle_id": nle,
            "school_id": school,
            "fit": rng.choice(["", "", "0.5", "2.25", "0"]),
            "distance_km": rng.choice(["", "", "3", "7.5", "10.001", "2.999"]),
            "travel_minutes": rng.choice(["", "20", "45", "45.000001"]),
            "relation": rng.choice(["", "", "", "forbid", "conflict", "objects", "previous", "forbid|conflict"]),
        }
        for nle, school in rng.sample(every, rng.randint(1, len(every)))
    ]


def _settings(rng: Random, unknown: Any) -> dict[str, Any]:
    importance = ["must", "prefer", "ignore", "ignore"]
    limit = rng.choice([None, None, 10, 10, {"default": 15, "london": 7.5}, {"London": 5}])
    return {
        "geography": {
            "max_distance_km": limit,
            "nle_limit": rng.choice(["respect", "ignore", {"multiply": 1.37}]),
            "detour_factor": rng.choice([1, 1, 1.3, 0.87]),
            "min_distance_km": rng.choice([0, 0, 0, 3, 6.5]),
            "within": rng.choice(["none"] * 5 + ["region", "local_authority"]),
            "max_travel_minutes": rng.choice([None] * 5 + [45]),
        },
        "suitability": {name: rng.choice(importance) for name in ("phase", "faith", "diocese")},
        "conflicts": {name: rng.random() < 0.4 for name in ("home_school", "own_trust", "declared", "same_authority")},
        "fit": {
            "measure": rng.choice(["need-met", "need-covered", "weighted-expertise", "weakest-area"]),
            "unknown": unknown,
            "minimum": rng.choice([0, 0, 0, 0.3, 0.9]),
            "weights": rng.choice(
                [{"leadership": 1, "governance": 1, "finance": 1}, {"leadership": 2.5, "finance": 1}]
            ),
        },
        "objectives": rng.choice([["fit"], ["fit", "distance"], [{"blend": {"fit": 1, "distance_km": -0.01}}]]),
    }


@cache
def cases() -> tuple[tuple[Scenario, Candidates], ...]:
    """Random scenarios with their candidates; a scenario that is refused is left out."""
    return tuple(_cases(Random("candidates"), 800))


@cache
def by_the_rule_book() -> tuple[tuple[dict[tuple[str, str], tuple[int, int]], dict[str, str]], ...]:
    """For each of them the pairs with distance and fit, and the filter that removed a recipient's last pair."""
    return tuple(RuleBook(scenario, found.recipients, found.nles).sift() for scenario, found in cases())


def _cases(rng: Random, count: int) -> Iterator[tuple[Scenario, Candidates]]:
    for _ in range(count):
        scenario = random_scenario(rng)
        settings = scenario.settings
        asked = distance_asked(settings)
        supply = supply_of(scenario.nles, scenario.pairs, settings, ("placements",), distance_asked=asked)
        nles = scenario.nles.take(supply.available)
        try:
            yield (
                scenario,
                find_candidates(
                    scenario.schools, nles, scenario.schools, scenario.pairs, settings, distance_needed=asked
                ),
            )
        except InputError:
            continue


def test_most_random_scenarios_have_candidates() -> None:
    assert sum(len(found) > 0 for _, found in cases()) > 160


def test_the_candidates_and_their_distances_and_fits_are_those_of_the_rule_book() -> None:
    for (_, found), (expected, _) in zip(cases(), by_the_rule_book(), strict=True):
        ours = {
            (found.nles.ids[i], found.recipients.ids[j]): (int(metres), int(fit))
            for i, j, metres, fit in zip(found.nle, found.recipient, found.distance, found.fit, strict=True)
        }
        assert ours == expected


def test_the_filter_that_removed_the_last_pair_is_that_of_the_rule_book() -> None:
    for (_, found), (_, last) in zip(cases(), by_the_rule_book(), strict=True):
        assert dict(zip(found.recipients.ids, found.last_filter, strict=True)) == last


@pytest.mark.parametrize("code", [*ORDER, "no-nle"])
def test_every_filter_is_the_last_of_some_recipient(code: str) -> None:
    assert any(code in found.last_filter for _, found in cases())


def test_pairs_are_sorted_by_nle_then_recipient() -> None:
    for _, found in cases():
        assert (found.keys[1:] > found.keys[:-1]).all()


def test_no_pair_is_lost_where_nothing_filters() -> None:
    rng = Random("no filter")
    school = {f"need_{area}": "0.5" for area in AREAS}
    nle = {f"expertise_{area}": "0.5" for area in AREAS}
    for _ in range(20):
        schools = [{"school_id": f"S{n}", **school} for n in range(rng.randint(1, 6))]
        nles = [{"nle_id": f"N{n}", **nle} for n in range(rng.randint(1, 6))]
        scenario = scenario_of(schools, nles)
        found = find_candidates(
            scenario.schools, scenario.nles, scenario.schools, None, scenario.settings, distance_needed=False
        )
        assert len(found) == len(schools) * len(nles)


def _required(school: dict[str, Any], nle: dict[str, Any], **settings: Any) -> Candidates:
    levels = {f"need_{area}": "0.5" for area in AREAS} | {f"expertise_{area}": "0.5" for area in AREAS}
    pairs = [{"nle_id": "N", "school_id": "S", "relation": "require"}]
    schools = [{"school_id": "S", **levels, "easting": 400_000, "northing": 300_000, **school}]
    nles = [{"nle_id": "N", **levels, "easting": 400_000, "northing": 301_000, **nle}]
    scenario = scenario_of(schools, nles, pairs=pairs, **settings)
    return find_candidates(
        scenario.schools, scenario.nles, scenario.schools, scenario.pairs, scenario.settings, distance_needed=False
    )


def test_a_required_pair_that_passes_every_filter_is_marked() -> None:
    found = _required({}, {})
    assert found.required is not None
    assert found.required.tolist() == [True]


@pytest.mark.parametrize(
    ("school", "nle", "settings", "code"),
    [
        ({}, {}, {"geography": {"max_distance_km": 0.5}}, "too-far"),
        ({"easting": "", "northing": ""}, {}, {"geography": {"max_distance_km": 5}}, "no-place"),
        ({}, {}, {"geography": {"min_distance_km": 5}}, "too-near"),
        ({}, {}, {"geography": {"max_travel_minutes": 5}}, "travel-time"),
        ({}, {}, {"geography": {"within": "region"}}, "other-area"),
        ({"phase": "primary"}, {"phases": "secondary"}, {}, "phase"),
        ({}, {"home_school_id": "S"}, {}, "home-school"),
        ({"trust_id": "T"}, {"trust_id": "T"}, {}, "own-trust"),
        ({"need_finance": ""}, {}, {"fit": {"unknown": "exclude"}}, "unknown-fit"),
        ({}, {}, {"fit": {"minimum": 1.5}}, "fit-below-minimum"),
    ],
)
def test_a_required_pair_that_a_filter_removes_is_an_error_that_names_the_filter(
    school: dict[str, Any], nle: dict[str, Any], settings: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError, match=code):
        _required(school, nle, **settings)
