"""By need, by priority, by arrival: who chooses first, which line of a summary says something, and what it lacks."""

import re
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.errors import InputError, UnsupportedError
from nle_optimizer.preparation import prepare
from nle_optimizer.reports.terminal import summary_text
from nle_optimizer.result import Beside, Result
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.scenario import Scenario
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, school, write_scenario

AREAS = ("leadership", "governance", "finance")
DAYS = ("2026-01-01", "2026-02-01", "")


def agenda_of(scenario: Scenario) -> Agenda:
    case = prepare(scenario, lambda _: None)
    return Agenda(case.problem, case.candidates, scenario.settings)


def lines_of(result: Result) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", summary_text(result, Path("run")))


def served(scenario: Scenario, rule: str) -> list[str]:
    return list(allocate(scenario.replace({"rule": rule})).allocation.columns["school_id"])


@pytest.mark.parametrize("seed", range(40))
def test_by_need_is_the_order_of_the_weighted_sums_then_of_arrival_with_the_unknown_last(
    seed: int, tmp_path: Path
) -> None:
    rng = Random(seed)
    cells = [{f"need_{area}": rng.choice([0.25, 0.5, 1, ""]) for area in AREAS} for _ in range(7)]
    cells[0] = {f"need_{area}": 0.5 for area in AREAS}
    schools = [school(n, **own, arrived=rng.choice(DAYS)) for n, own in enumerate(cells, start=1)]
    weights = {area: rng.choice([0, 1, 1.5, 2]) for area in AREAS[:2]} | {"finance": 1}
    ties = rng.choice([["arrived", "lottery"], ["lottery"]])
    settings = {"fit": {"weights": weights, "unknown": "exclude"}, "as_of": "2026-06-01", "tie_break": ties}
    agenda = agenda_of(load_scenario(write_scenario(tmp_path, settings, schools, [nle(1, placements=7)])))

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        needs = [(Decimal(str(weights[area])), row[f"need_{area}"]) for area in AREAS]
        known = all(need != "" for weight, need in needs if weight)
        total = sum(weight * Decimal(str(need)) for weight, need in needs if weight) if known else Decimal(-1)
        return (-total, *([row["arrived"] == "", row["arrived"]] if "arrived" in ties else []))

    by_id = {row["school_id"]: row for row in schools}
    ordered = [place(by_id[agenda.problem.recipient_ids[n]]) for n in agenda.by_need]
    assert ordered == sorted(ordered)


def test_the_greatest_need_is_served_first_whatever_its_priority(tmp_path: Path) -> None:
    needs = [{f"need_{area}": need for area in AREAS} for need in (0.25, 1, 0.5)]
    schools = [school(n, **own, priority=n, arrived=f"2026-01-0{4 - n}") for n, own in enumerate(needs, start=1)]
    settings = {"as_of": "2026-06-01", "objectives": ["fit"]}
    scenario = load_scenario(write_scenario(tmp_path, settings, schools))
    assert served(scenario, "by-need") == ["S2"]
    assert served(scenario, "by-priority") == ["S1"]
    assert served(scenario, "first-come") == ["S3"]


def test_without_known_needs_there_is_no_order_by_need_and_no_line_of_it(tmp_path: Path) -> None:
    schools = [{"school_id": f"S{n}", "priority": n} for n in (1, 2)]
    pairs = [{"nle_id": "N1", "school_id": f"S{n}", "fit": n} for n in (1, 2)]
    data = {"data": {"pairs": {"file": "pairs.csv", "only": True}}}
    scenario = load_scenario(write_scenario(tmp_path, data, schools, [{"nle_id": "N1", "placements": 1}], pairs=pairs))
    with pytest.raises(UnsupportedError, match="nobody comes first by need; by-priority needs none"):
        allocate(scenario.replace({"rule": "by-need"}))
    text = lines_of(allocate(scenario))
    assert "Greatest need first" not in text
    assert "Nearest NLE first" not in text
    assert "By priority, arrival" in text


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({}, {"Nearest NLE first"}),
        ({"priority": [1, 2]}, {"Nearest NLE first", "By priority, arrival"}),
        ({"priority": [1, 1], "arrived": ["2026-01-01", "2026-02-01"]}, {"Nearest NLE first", "By arrival"}),
        (
            {"need_finance": [0.5, 1], "priority": [2, 1]},
            {"Nearest NLE first", "By priority, arrival", "Greatest need first"},
        ),
    ],
)
def test_a_line_stands_only_where_its_order_says_something(
    cells: dict[str, list[Any]], shown: set[str], tmp_path: Path
) -> None:
    schools = [school(n, **{name: own[n - 1] for name, own in cells.items()}) for n in (1, 2)]
    text = lines_of(allocate(load_scenario(write_scenario(tmp_path, {"as_of": "2026-06-01"}, schools))))
    known = {"Nearest NLE first", "By priority, arrival", "By arrival", "Greatest need first"}
    assert {name for name in known if name in text} == shown


def test_a_simple_rule_with_more_fit_is_told_with_what_it_lacks(tmp_path: Path) -> None:
    schools = [school(1, priority=1, need_governance=1, need_finance=1), school(2, priority=2)]
    nles = [nle(1, easting=432_000, expertise_governance=0, expertise_finance=0)]
    pairs = [{"nle_id": "N1", "school_id": "S2", "fit": 0.9}, {"nle_id": "N1", "school_id": "S1", "fit": 0.1}]
    settings = {"objectives": [{"schools_supported": {"by": "priority"}}, "fit"]}
    result = allocate(load_scenario(write_scenario(tmp_path, settings, schools, nles, pairs=pairs)))
    by_fit = Beside("nearest", 1, 0.9, ahead=False, behind=("schools_supported[priority=1]", 0, 1), missed=())
    result = Result(result.scenario, result.claim, beside=lambda: [by_fit])
    text = " ".join(lines_of(result).split())
    assert "total fit 0.9, 800.0% more but schools supported, priority 1: 0 against 1" in text


def test_a_simple_rule_that_misses_a_minimum_says_so(tmp_path: Path) -> None:
    schools = [school(1, region="London"), school(2, region="South West")]
    nles = [nle(1, northing=430_000)]
    limit = {"name": "west", "type": "quota", "where": {"region": "South West"}, "minimum": 1}
    result = allocate(load_scenario(write_scenario(tmp_path, {"constraints": [limit]}, schools, nles)))
    (nearest, *_) = result.beside()
    assert (nearest.rule, len(nearest.missed)) == ("nearest", 1)
    assert "but it breaks a limit: west" in " ".join(lines_of(result).split())


@pytest.mark.parametrize("status", ["feasible", "completed"])
def test_a_simple_rule_that_is_better_by_the_objectives_says_why_the_plan_may_be_beaten(
    status: str, tmp_path: Path
) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path, {"objectives": ["fit"]})))
    level = {**result.claim.summary["objectives"][0], "proved": False, "gap": 0.152}
    result.claim.summary.update(status=status, objectives=[level], rule="greedy")  # type: ignore[attr-defined]
    better = Beside("by-need", 2, 1.36, ahead=True, behind=("distance", 12.5, 3.0), missed=())
    text = " ".join(lines_of(Result(result.scenario, result.claim, beside=lambda: [better])).split())
    why = {
        "feasible": "yours is not proved, and has a gap of 15.20%",
        "completed": "the rule greedy does not look for the best plan",
    }
    assert f"36.0% more better by your objectives: {why[status]}; but distance: 12.5 km against 3.0 km" in text


@pytest.mark.parametrize("seed", range(25))
def test_no_simple_rule_has_more_without_a_word_of_what_it_lacks(seed: int, tmp_path: Path) -> None:
    try:
        result = allocate(load_scenario(write_random_scenario(tmp_path, seed)))
    except InputError:
        return
    summary, text = result.claim.summary, lines_of(result)
    for beside in result.beside():
        if beside.total_fit > summary["metrics"]["total_fit"] or beside.supported > summary["counts"]["supported"]:
            assert beside.missed or beside.behind or beside.ahead
            assert re.search(r"% more\n    (but|better)|supported.*\n    (but|better)", text)
        if summary["status"] == "optimal" and not beside.missed:
            assert not beside.ahead or any("within" in str(aim) for aim in result.scenario.settings.objectives or ())
