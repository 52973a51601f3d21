"""Recruits are where they add most, checked against every choice; the bound holds where not all are looked at."""

import json
from itertools import combinations, combinations_with_replacement
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError, UnsupportedError
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.studies.recruitment import Recruitment, RecruitRequest, listed, recruitment_of
from nle_optimizer.studies.recruitment_market import centres, chosen_rows, filled
from support.scenarios import nle, read_table, refusal, school, write_scenario, write_table

AREAS = ("leadership", "governance", "finance")
TOWNS = ("Aville", "Beton", "Cedarby", "Dunton")


def case(folder: Path, rng: Random, settings: dict[str, Any] | None = None, **cells: Any) -> Scenario:
    """Schools in four towns, two NLEs in one of them, and a reach of 12 km."""
    schools = [
        school(
            n,
            local_authority=rng.choice(TOWNS),
            easting=430_000 + 10_000 * rng.randint(0, 3),
            **{f"need_{area}": rng.choice([0.2, 0.6, 1]) for area in AREAS},
            **{name: rng.choice(values) for name, values in cells.items()},
        )
        for n in range(rng.randint(4, 8))
    ]
    nles = [
        nle(n, placements=2, **{f"expertise_{area}": rng.choice([0.4, 0.9]) for area in AREAS}, **_days(cells))
        for n in range(2)
    ]
    chosen = {"objectives": ["fit"], "geography": {"max_distance_km": 12}, **(settings or {})}
    return load_scenario(write_scenario(folder, chosen, schools=schools, nles=nles))


def _days(cells: dict[str, Any]) -> dict[str, Any]:
    return {"days": 8} if "days" in cells else {}


def best_of_all(scenario: Scenario, possible: Any, choices: Any) -> float:
    """The most total fit under any choice of recruits, each allocated by itself."""
    fits = []
    for choice in choices:
        table = scenario.nles.joined(chosen_rows(possible, choice))
        result = result_of(scenario.with_tables({"nles": table}, scenario.document.copy()), brief=True)
        fits.append(result.claim.summary["metrics"]["total_fit"])
    return max(fits)


def fit(found: Recruitment) -> float:
    metrics: dict[str, float] = found.after.claim.summary["metrics"]
    return metrics["total_fit"]


def test_a_proved_choice_is_the_best_of_all_and_repeats_a_place_where_that_is_best(tmp_path: Path) -> None:
    rng = Random("recruits")
    proved = repeated = 0
    for n in range(20):
        scenario = case(tmp_path / str(n), rng)
        count = rng.randint(1, 3)
        found = recruitment_of(scenario, RecruitRequest(count, None, "N0", 200))
        possible = filled(centres(scenario), scenario, "N0")
        best = best_of_all(scenario, possible, combinations_with_replacement(range(len(possible)), count))
        assert float(found.amount(found.found.bound)) >= best - 1e-9
        assert fit(found) == pytest.approx(float(found.amount(found.values[-1])))
        if found.is_exact:
            assert fit(found) == pytest.approx(best)
        proved += found.is_exact
        repeated += len(set(found.recruits.values("local_authority"))) < count
    assert proved > 15
    assert repeated


def test_without_branching_the_greedy_choice_keeps_its_guarantee_and_its_bound(tmp_path: Path) -> None:
    rng = Random("greedy")
    for n in range(12):
        scenario = case(tmp_path / str(n), rng)
        found = recruitment_of(scenario, RecruitRequest(2, None, "N1", 0))
        possible = filled(centres(scenario), scenario, "N1")
        best = best_of_all(scenario, possible, combinations_with_replacement(range(len(possible)), 2))
        base = found.before.claim.summary["metrics"]["total_fit"]
        assert found.is_submodular
        assert fit(found) - base >= (1 - 1 / 2.718281828) * (best - base) - 1e-9
        assert float(found.amount(found.found.bound)) >= best - 1e-9


def test_days_of_different_lengths_are_compared_choice_by_choice(tmp_path: Path) -> None:
    rng = Random("days")
    for n in range(6):
        scenario = case(tmp_path / str(n), rng, {"capacity": {"resources": ["days"]}}, days=[3, 5, 7])
        found = recruitment_of(scenario, RecruitRequest(2, None, "N0", 50))
        possible = filled(centres(scenario), scenario, "N0")
        best = best_of_all(scenario, possible, combinations(range(len(possible)), 2))
        assert not found.is_submodular
        assert fit(found) == pytest.approx(best)
        assert found.document()["guarantee"] is None


def test_a_least_use_binds_only_those_who_are_recruited(tmp_path: Path) -> None:
    limit = {"name": "busy", "type": "minimum_use", "of": "placements", "minimum": 1}
    scenario = case(tmp_path, Random(5), {"constraints": [limit], "geography": {"max_distance_km": 60}})
    found = recruitment_of(scenario, RecruitRequest(1, None, "N0", 50))
    assert not found.is_submodular
    assert found.after.status == "optimal"


def test_a_table_of_places_gives_each_once_with_its_own_cells(tmp_path: Path) -> None:
    scenario = case(tmp_path, Random(2))
    places = write_table(
        tmp_path / "places.csv",
        [
            {"nle_id": "P1", "easting": 450_000, "northing": 430_000, "placements": 1},
            {"nle_id": "P2", "easting": 460_000, "northing": 430_000, "placements": "", "expertise_finance": 0.1},
        ],
    )
    table = filled(listed(places, scenario), scenario, "N0")
    model = scenario.nles.take(scenario.nles.ids == "N0")
    assert table.values("placements").tolist() == [1_000_000, 2_000_000]
    assert table.values("expertise_leadership").tolist() == model.values("expertise_leadership").tolist() * 2
    assert table.values("expertise_finance").tolist()[1] == 100_000
    found = recruitment_of(scenario, RecruitRequest(2, places, "N0", 10))
    assert sorted(found.recruits.ids.tolist()) == ["P1", "P2"]


def test_the_tables_written_are_taken_by_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = case(tmp_path, Random(3))
    words = ["recruit", str(scenario.file), "--count", "2", "--like", "N0", "--out", str(tmp_path / "new")]
    capsys.readouterr()
    assert run_program([*words, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["nle_id"] for row in document["rows"]] == [
        row["nle_id"] for row in read_table(tmp_path / "new/recruits.csv")
    ]
    for table in ("nles.csv", "recruits.csv"):
        target = str(tmp_path / f"run-{table}")
        command = ["run", str(scenario.file), "--set", f"data.nles=new/{table}", "--out", target]
        assert run_program([*command, "--no-report", "--format", "json"]) == 0
        summary = json.loads(capsys.readouterr().out)
        if table == "nles.csv":
            assert summary["metrics"]["total_fit"] == pytest.approx(document["with"])
    assert run_program(words) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            RecruitRequest(1, None, None, 9),
            "recruits have no expertise_leadership; name an NLE whom they are to resemble",
        ),
        (RecruitRequest(1, None, "N00", 9), "did you mean N0?"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path: Path, asked: RecruitRequest, told: str) -> None:
    assert told in refusal(recruitment_of, case(tmp_path, Random(1)), asked)


def test_more_recruits_than_places_are_refused(tmp_path: Path) -> None:
    scenario = case(tmp_path, Random(1))
    places = write_table(tmp_path / "places.csv", [{"nle_id": "P1", "easting": 450_000, "northing": 430_000}])
    with pytest.raises(InputError, match="--count: there are 1 places"):
        recruitment_of(scenario, RecruitRequest(2, places, "N0", 9))


def test_a_rule_without_objectives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="the rule nearest has no objective"):
        recruitment_of(case(tmp_path, Random(1), {"rule": "nearest"}), RecruitRequest(1, None, "N0", 9))


def test_recruits_for_nobody_are_refused(tmp_path: Path) -> None:
    rule = {"name": "poor", "when": {"latest_grade": [4]}}
    settings = {"objectives": [{"fit": {"by": "region"}}], "eligibility": {"rules": [rule]}}
    file = write_scenario(
        tmp_path, settings, schools=[school(1, latest_grade=1, region="London", local_authority="Leeds")]
    )
    with pytest.raises(InputError, match="recruits would add nothing"):
        recruitment_of(load_scenario(file), RecruitRequest(1, None, "N1", 9))
