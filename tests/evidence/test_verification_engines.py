"""Levels solved by different engines: each proof is checked as its engine gives it, and so is who gave it."""

import copy
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import Result, allocate, load_scenario
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import check_claim
from support.scenarios import nle, school, write_scenario

SUPPORTED = {"schools_supported": {"by": "priority"}}
LISTS: dict[str, list[Any]] = {
    "network, cp-sat": [SUPPORTED, {"fit": {"engine": "network"}}, {"region_gap": {"engine": "cp-sat"}}],
    "network, highs": [
        {"leximin_fit": {"engine": "network"}},
        {"region_gap": {"engine": "highs"}},
        {"distance": {"engine": "highs"}},
    ],
    "network, highs, cp-sat": [
        {"schools_supported": {"engine": "network"}},
        {"min_fit": {"engine": "network"}},
        {"fit": {"engine": "highs", "within": "5%"}},
        {"load_balance": {"engine": "highs"}},
        {"distance": {"engine": "cp-sat"}},
    ],
    "highs, cp-sat": [
        {"schools_supported": {"engine": "highs"}},
        {"fit": {"engine": "cp-sat", "within": 0.3}},
        {"distance": {"engine": "highs"}},
    ],
    "decomposition, highs": [
        {"schools_supported": {"engine": "decomposition"}},
        {"fit": {"engine": "decomposition", "within": "10%"}},
        {"distance": {"engine": "highs"}},
    ],
}


def solved(folder: Path, objectives: list[Any], seed: int = 1) -> Result:
    """The result for schools in two regions, more of them than there are places, and needs that differ."""
    rng = Random(seed)
    needs = ("need_leadership", "need_governance", "need_finance")
    schools = [
        school(n, region="NS"[n % 2], priority=1 + n % 3, **{need: rng.randint(1, 9) / 10 for need in needs})
        for n in range(1, 12)
    ]
    nles = [nle(n, placements=rng.randint(1, 3), expertise_leadership=rng.randint(3, 10) / 10) for n in range(1, 5)]
    return allocate(load_scenario(write_scenario(folder, {"objectives": objectives}, schools, nles)))


@pytest.fixture(scope="module", params=LISTS)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Result]:
    return request.param, solved(tmp_path_factory.mktemp("engines"), LISTS[request.param])


def test_the_result_says_who_solved_each_level_and_stands_up_to_its_inputs(result: tuple[str, Result]) -> None:
    names, found = result
    summary = found.claim.summary
    assert found.status == "optimal"
    assert summary["engine"] == names
    assert list(dict.fromkeys(entry["engine"] for entry in summary["objectives"])) == names.split(", ")
    assert check_claim(found.scenario, found.claim) == []


def test_it_is_as_good_as_one_engine_alone_on_every_level(result: tuple[str, Result], tmp_path: Path) -> None:
    names, found = result
    one = [{name: {**options, "engine": "auto"}} for each in LISTS[names] for name, options in each.items()]
    alone = solved(tmp_path, one)
    assert [entry["bound"] for entry in alone.claim.summary["objectives"]] == [
        entry["bound"] for entry in found.claim.summary["objectives"]
    ]


def _changed(found: Result, change: Callable[[Any, Any], object]) -> Claim:
    summary, certificate = copy.deepcopy((found.claim.summary, found.claim.certificate))
    change(summary, certificate)
    return Claim(found.claim.tables, summary, certificate)


def _raise_a_price(summary: Any, certificate: Any) -> None:
    prices = certificate["levels"][0]["steps"][0]["nles"]
    prices["N1"] = prices.get("N1", 0) + 1


def _drop_the_steps(summary: Any, certificate: Any) -> None:
    certificate["levels"][0]["steps"] = []


def _leave_out_the_steps(summary: Any, certificate: Any) -> None:
    del certificate["levels"][0]["steps"]


def _say_all_is_proved_by_prices(summary: Any, certificate: Any) -> None:
    for entry in (*summary["objectives"], *certificate["levels"]):
        entry["proof"] = "prices"


def _hide_an_engine(summary: Any, certificate: Any) -> None:
    summary["engine"] = summary["engine"].split(", ")[0]


def _name_another_engine(summary: Any, certificate: Any) -> None:
    summary["objectives"][-1]["engine"] = "decomposition"
    summary["engine"] = ", ".join(dict.fromkeys(entry["engine"] for entry in summary["objectives"]))


def _claim_more(summary: Any, certificate: Any) -> None:
    entry = summary["objectives"][-1]
    entry["exact"]["bound"] += 1
    entry["bound"] = entry["exact"]["bound"] / entry["exact"]["scale"]
    certificate["levels"][-1]["bound"] += 1


@pytest.mark.parametrize("change", [_hide_an_engine, _name_another_engine, _claim_more, _say_all_is_proved_by_prices])
def test_a_claim_about_engines_or_bounds_that_is_not_so_is_found(
    result: tuple[str, Result], change: Callable[[Any, Any], object]
) -> None:
    _, found = result
    assert check_claim(found.scenario, _changed(found, change))


@pytest.mark.parametrize("change", [_raise_a_price, _drop_the_steps, _leave_out_the_steps])
def test_prices_before_another_engine_took_over_are_worked_out_again(
    result: tuple[str, Result], change: Callable[[Any, Any], object]
) -> None:
    names, found = result
    if names.startswith("network"):
        assert check_claim(found.scenario, _changed(found, change))
