"""Trade-off curves are complete and undominated, checked against every allocation; each point's command gives it."""

import json
import shlex
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate
from nle_optimizer.cli.main import run_program
from nle_optimizer.model.levels import LeastFit, Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.studies.frontier import Frontier, command_of, frontier_of
from nle_optimizer.studies.frontier_points import Searches, roundest, supported_points
from support.problems import every_allocation, random_problem
from support.scenarios import nle, read_table, refusal, school, write_scenario

Values = tuple[int, int]
AREAS = ("leadership", "governance", "finance")


def undominated(values: set[Values]) -> list[Values]:
    return sorted((a, b) for a, b in values if not any((c >= a and d >= b and (c, d) != (a, b)) for c, d in values))


def extreme(values: set[Values]) -> list[Values]:
    """The undominated values that lie on no line between two others, nor below one."""
    best = undominated(values)
    return [
        point
        for point in best
        if not any(
            left[0] < point[0] < right[0]
            and (point[1] - left[1]) * (right[0] - left[0]) <= (right[1] - left[1]) * (point[0] - left[0])
            for left in best
            for right in best
        )
    ]


def allocations_of(problem: Problem) -> list[Integers]:
    """Every allocation of a problem of two levels; none of any other."""
    if len(problem.levels) < 2 or not problem.size:
        return []
    return [np.flatnonzero(chosen) for chosen in every_allocation(problem)]


def two(problem: Problem) -> tuple[Level, Level]:
    first, second = problem.levels
    assert isinstance(first, Level) and isinstance(second, Level)
    return first, second


def test_all_extreme_supported_points_are_found_and_no_others() -> None:
    rng = Random("supported")
    several = 0
    for _ in range(300):
        problem = random_problem(rng, low=-9, high=9, most_pairs=12)
        allocations = allocations_of(problem)
        if not allocations:
            continue
        first, second = two(problem)
        values = {(first.value(problem, found), second.value(problem, found)) for found in allocations}
        search = Searches(problem, (), first, second)
        points, complete = supported_points(search.best_first(), search.best_second(), search.weighted, 99)
        assert complete
        assert sorted(point.values for point in points) == extreme(values)
        several += len(points) > 2
    assert several > 12


def least_fit(problem: Problem, rng: Random) -> LeastFit:
    fits = np.array([rng.randint(1, 5) for _ in range(problem.size)], np.int64)
    return LeastFit("min_fit", fits, np.ones(problem.size, bool))


def test_every_undominated_least_fit_is_found() -> None:
    rng = Random("least fits")
    several = 0
    for _ in range(200):
        problem = random_problem(rng, low=1, high=5, required=rng.choice([0, 0, 1]))
        allocations = [found for found in allocations_of(problem) if len(found)]
        if not allocations:
            continue
        least, second = least_fit(problem, rng), two(problem)[1]
        values = {(least.value(problem, found), second.value(problem, found)) for found in allocations}
        from nle_optimizer.studies.frontier import LEAST, _points

        points, complete = _points(Searches(problem, (), least, second), LEAST, 99, lambda _: None)
        assert complete
        assert sorted(point.values for point in points) == undominated(values)
        several += len(points) > 1
    assert several > 20


def case(folder: Path, rng: Random, **settings: Any) -> Scenario:
    def cells(prefix: str) -> dict[str, Any]:
        return {f"{prefix}_{area}": rng.choice([0.2, 0.5, 0.7, 1]) for area in AREAS}

    schools = [school(n, **cells("need"), easting=430_000 + rng.randint(0, 40_000)) for n in range(6)]
    nles = [nle(n, **cells("expertise"), easting=430_000 + rng.randint(0, 40_000), placements=2) for n in range(3)]
    return load_scenario(write_scenario(folder, settings, schools=schools, nles=nles))


def outcome(found: Frontier, n: int) -> tuple[float, ...]:
    """What running a point's settings gives on both objectives."""
    result = allocate(found.case.scenario.replace(found.settings[n]))
    metrics, counts = result.claim.summary["metrics"], result.claim.summary["counts"]
    told = {
        "fit": metrics["total_fit"],
        "distance": metrics["total_distance_km"],
        "min_fit": metrics["min_fit"],
        "schools_supported": counts["supported"],
    }
    return tuple(told[name] for name in found.between)


@pytest.mark.parametrize(
    "between", ["fit,distance", "schools_supported,fit", "schools_supported,distance", "min_fit,fit"]
)
@pytest.mark.parametrize("most", [99, 5])
def test_the_settings_of_each_point_give_that_point(tmp_path: Path, between: str, most: int) -> None:
    found = frontier_of(case(tmp_path, Random(between), fit={"measure": "need-covered"}), between.split(","), most)
    assert len(found.points) <= most
    assert found.complete or most == 5
    run = 0
    for n, point in enumerate(found.points):
        if found.settings[n]:
            assert outcome(found, n) == pytest.approx([float(found.value(point, which)) for which in (0, 1)], abs=1e-9)
            run += 1
    assert run >= len(found.points) - 1


def test_fewer_points_are_some_of_all(tmp_path: Path) -> None:
    scenario = case(tmp_path, Random("some"))
    every, some = (frontier_of(scenario, ["fit", "distance"], most) for most in (99, 4))
    assert len(some.points) == 4
    assert not some.complete
    assert {point.values for point in some.points} < {point.values for point in every.points}


def test_objectives_that_come_before_are_kept_at_their_best(tmp_path: Path) -> None:
    scenario = case(
        tmp_path, Random("held"), objectives=["schools_supported", {"blend": {"fit": 1, "distance_km": -0.1}}]
    )
    found = frontier_of(scenario, ["fit", "distance"], 99)
    assert [level.name for level in found.held] == ["schools_supported"]
    assert {len(point.matched) for point in found.points} == {6}


def test_the_scenario_as_it_is_lies_on_or_below_the_curve(tmp_path: Path) -> None:
    found = frontier_of(case(tmp_path, Random("own")), ["fit", "distance"], 99)
    assert found.own is not None
    assert all(point.first >= found.own.first or point.second >= found.own.second for point in found.points)


def test_the_roundest_decimal_lies_between_and_none_is_shorter() -> None:
    rng = Random("round")
    for _ in range(300):
        low = Fraction(rng.randint(1, 10**6), rng.randint(1, 10**6))
        high = low + Fraction(rng.randint(1, 10**3), rng.randint(1, 10**6))
        found = roundest(low, high)
        assert low < Fraction(found) < high
        exponent = found.as_tuple().exponent
        assert isinstance(exponent, int)
        coarser = Fraction(10) ** (exponent + 1)
        assert low // coarser == high // coarser or (high / coarser).denominator == 1


@pytest.mark.parametrize(
    ("between", "told"),
    [
        ("fit", "two different objectives are needed"),
        ("fit,fit", "two different objectives are needed"),
        ("fit,distence", "did you mean distance?"),
        ("fit,leximin_fit", "there is no trade-off curve of this objective; got leximin_fit"),
        ("min_fit,distance", "supporting nobody is best on distance"),
        ("fit,kept_pairs", "kept_pairs counts pairs that stand today"),
    ],
)
def test_what_has_no_curve_is_refused(tmp_path: Path, between: str, told: str) -> None:
    scenario = case(tmp_path, Random(1), objectives=["fit"])
    assert told in refusal(frontier_of, scenario, between.split(","), 9)


def test_the_command_writes_a_table_whose_commands_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = case(tmp_path, Random(7))
    words = ["frontier", str(scenario.file), "--between", "distance,fit", "--out", str(tmp_path / "curve")]
    capsys.readouterr()
    assert run_program([*words, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = read_table(tmp_path / "curve" / "frontier.csv")
    assert document["between"] == ["fit", "distance"]
    assert [row["run"] for row in rows] == [row["run"] for row in document["rows"]]
    assert (tmp_path / "curve" / "report.html").stat().st_size > 10_000
    program, *command = shlex.split(rows[1]["run"].replace("SCENARIO", str(scenario.file)))
    assert program == "nle-optimizer"
    assert run_program([*command, "--out", str(tmp_path / "run"), "--no-report", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["total_fit"] == pytest.approx(float(rows[1]["fit"]))
    assert run_program(words) == 2


def test_no_settings_make_no_command() -> None:
    assert command_of({}) == ""


def test_a_scenario_whose_own_aim_counts_schools_of_several_supporters_lies_on_its_curve(tmp_path: Path) -> None:
    blend = {"blend": {"fit": 1, "schools_supported": 0.25, "distance_km": -0.004}}
    schools = [school(n, supporters=2, need_finance=n / 4) for n in range(1, 4)]
    nles = [nle(n, placements=2, expertise_leadership=n / 4) for n in range(1, 4)]
    settings = {"objectives": [blend], "engine": "highs", "fit": {"measure": "weighted-expertise"}}
    scenario = load_scenario(write_scenario(tmp_path, settings, schools=schools, nles=nles))
    found = frontier_of(scenario, ["fit", "distance"], 9)
    assert found.own is not None
    assert all(point.first >= found.own.first or point.second >= found.own.second for point in found.points)
