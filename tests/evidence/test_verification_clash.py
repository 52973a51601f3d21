"""A claim that nothing is possible: it must name what clashes, and what it says proves it must."""

import copy
from typing import Any

import pytest

from nle_optimizer import Result, allocate, load_scenario
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification import check_claim
from support.scenarios import nle, school, write_scenario

LIMITS = [
    {"name": "many", "type": "quota", "where": {"region": "N"}, "minimum": 3},
    {"name": "few", "type": "quota", "maximum": 2},
    {"name": "idle", "type": "quota", "where": {"region": "S"}, "maximum": 9},
]


@pytest.fixture(scope="module", params=["network", "cp-sat"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    schools = [school(n, region="NS"[n > 4]) for n in range(1, 7)]
    settings = {"objectives": ["fit"], "constraints": LIMITS, "engine": request.param}
    return allocate(
        load_scenario(write_scenario(tmp_path_factory.mktemp("clash"), settings, schools, [nle(1, placements=5)]))
    )


def _with(result: Result, **certificate: Any) -> Claim:
    return Claim(result.claim.tables, result.claim.summary, {**result.claim.certificate, **certificate})


def test_what_clashes_is_proved_and_named(result: Result) -> None:
    assert result.status == "infeasible"
    assert sorted(result.claim.certificate["requirements"]) == ["few", "many"]
    assert result.claim.certificate["proof"] == "multipliers"
    assert check_claim(result.scenario, result.claim) == []


@pytest.mark.parametrize(
    "change",
    [
        {"requirements": ["few", "nobody"]},
        {"requirements": []},
        {"requirements": ["few"]},
        {"requirements": ["few", "many", "few"]},
        {"proof": "trust me"},
        {"proof": "count"},
        {"tree": None},
        {"tree": {"void": True}},
        {"method": "prices"},
    ],
)
def test_a_clash_that_is_not_there_is_found(result: Result, change: dict[str, Any]) -> None:
    assert check_claim(result.scenario, _with(result, **change))


def test_multipliers_that_leave_room_are_found(result: Result) -> None:
    tree = copy.deepcopy(result.claim.certificate["tree"])
    del tree["bound"]
    tree["constraints"] = {label: price for label, price in tree["constraints"].items() if price > 0}
    assert any("a bound below 0" in finding for finding in check_claim(result.scenario, _with(result, tree=tree)))


def test_an_allocation_and_a_clash_do_not_go_together(result: Result) -> None:
    summary = {**result.claim.summary, "objectives": [{"name": "fit"}]}
    assert check_claim(result.scenario, Claim(result.claim.tables, summary, result.claim.certificate))
