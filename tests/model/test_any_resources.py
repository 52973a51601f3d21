"""Resources of any names: money and days by area, exact to the millionth, from the tables to the result."""

import os
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.preparation import prepare
from nle_optimizer.scenario.scenario import Scenario
from support.memory import Row, scenario_of
from support.scenarios import nle, refusal, school, write_scenario

RESOURCES = ["placements", "money", "days_finance"]
RULES = {
    "rules": [
        {"name": "double", "when": {"latest_grade": 4}, "offer": {"days_finance": 7.5}},
        {"name": "single", "when": {"latest_grade": 3}},
    ]
}


def written(folder: Path, settings: dict[str, Any] | None = None, *, uniform: bool = False) -> Path:
    """Two schools in reach of two NLEs; the first school's money is its own cell, the second's is the offer."""
    schools = [school(1, latest_grade=4, money="" if uniform else "100.25"), school(2, latest_grade=3)]
    nles = [
        nle(1, placements=2, money="1000.000001", days_finance="20"),
        nle(2, placements=1, money="99.999999", days_finance="7.5"),
    ]
    pairs = [{"nle_id": "N2", "school_id": "S2", "days_finance": "" if uniform else "0.000001"}]
    chosen = {
        "capacity": {"resources": RESOURCES},
        "eligibility": RULES,
        "offer": {"money": 99.999999, "days_finance": 7.5 if uniform else 5},
        **(settings or {}),
    }
    return write_scenario(folder, chosen, schools=schools, nles=nles, pairs=pairs)


def case(folder: Path, **settings: Any) -> Case:
    return prepare(load_scenario(written(folder, settings)), lambda _: None)


def test_what_pairs_take_and_nles_have_is_exact(tmp_path: Path) -> None:
    found = case(tmp_path)
    assert {resource.name: resource.use.tolist() for resource in found.problem.resources} == {
        "placements": [1_000_000] * 4,
        "money": [100_250_000, 99_999_999] * 2,
        "days_finance": [7_500_000, 5_000_000, 7_500_000, 1],
    }
    assert [resource.capacity.tolist() for resource in found.problem.resources[1:]] == [
        [1_000_000_001, 99_999_999],
        [20_000_000, 7_500_000],
    ]


def test_an_offer_that_overrides_beats_the_cell_but_not_the_pair(tmp_path: Path) -> None:
    found = case(tmp_path, offer={"money": 50, "days_finance": 1, "override": True})
    assert found.problem.resources[1].use.tolist() == [50_000_000] * 4
    assert found.problem.resources[2].use.tolist() == [7_500_000, 1_000_000, 7_500_000, 1]


def test_each_resource_is_multiplied_and_reserved_by_its_name(tmp_path: Path) -> None:
    capacity = {"resources": RESOURCES, "multiply": {"money": 1.5}, "reserve": {"days_finance": "10%", "money": 0.5}}
    found = case(tmp_path, capacity=capacity)
    assert [resource.capacity.tolist() for resource in found.problem.resources[1:]] == [
        [1_499_500_001, 149_499_998],
        [18_000_000, 6_750_000],
    ]


def test_the_result_has_a_column_for_each_and_stands_up_to_a_second_reading(tmp_path: Path) -> None:
    result = allocate(load_scenario(written(tmp_path, uniform=True)))
    assert verify(result) == []
    rows = {
        row["school_id"]: (row["placements"], row["money"], row["days_finance"]) for row in result.allocation.rows()
    }
    assert rows["S1"] == ("1", "99.999999", "7.5")
    assert set(result.claim.summary["capacity"]) == set(RESOURCES)


@pytest.mark.parametrize(("table", "cell"), [("schools", "1.0000001"), ("nles", "-1"), ("pairs", "many")])
def test_an_amount_that_is_not_exact_is_refused(tmp_path: Path, table: str, cell: str) -> None:
    tables: dict[str, Any] = {
        "schools": [school(1, money=1)],
        "nles": [nle(1, money=5)],
        "pairs": [{"nle_id": "N1", "school_id": "S1", "money": 1}],
    }
    tables[table][0]["money"] = cell
    file = write_scenario(tmp_path, {"capacity": {"resources": ["money"]}}, **tables)
    assert f"{table}.csv:row 2: money: must " in refusal(load_scenario, file)


SPARE = ("placements", "days", "finance_days")
MANY = int(os.environ.get("NLE_OPTIMIZER_CASES", "1"))
"""By how much the cases of the tests below are multiplied."""
Tables = tuple[list[Row], list[Row], list[Row]]


def sparse_tables(rng: Random) -> Tables:
    """Schools, NLEs and fits: of this or that resource a school takes nought, or an NLE has nought; the last of all."""
    schools = [
        {"school_id": f"S{n}", "placements": 1, **{name: rng.choice([0, 0, 1, 2]) for name in SPARE[1:]}}
        for n in range(4)
    ]
    nles = [{"nle_id": f"N{n}", **{name: rng.choice([0, 0, 1, 2, 3]) for name in SPARE}} for n in range(2)]
    nles.append({"nle_id": "N2", **dict.fromkeys(SPARE, 0)})
    every = product((row["nle_id"] for row in nles), (row["school_id"] for row in schools))
    pairs = [{"nle_id": one, "school_id": other, "fit": rng.randint(1, 9)} for one, other in every]
    return schools, nles, [pair for pair in pairs if rng.random() < 0.8] or pairs[:1]


def sparse(given: Tables, **settings: Any) -> Scenario:
    only = {"pairs": {"file": "pairs.csv", "only": True}}
    chosen = {"objectives": ["fit"], "data": only, **settings}
    return scenario_of(given[0], given[1], pairs=given[2], resources=SPARE, **chosen)


def best_fit(given: Tables) -> int:
    """The greatest total fit of all allocations, one by one."""
    schools, nles, pairs = given
    takes = {row["school_id"]: row for row in schools}
    options = [[None, *(pair for pair in pairs if pair["school_id"] == school)] for school in takes]
    best = 0
    for choice in product(*options):
        taken = [pair for pair in choice if pair is not None]
        spent = [
            sum(takes[pair["school_id"]][name] for pair in taken if pair["nle_id"] == row["nle_id"]) <= row[name]
            for row in nles
            for name in SPARE
        ]
        best = max(best, sum(pair["fit"] for pair in taken)) if all(spent) else best
    return best


@pytest.mark.parametrize(("engine", "count"), [("auto", 5), ("decomposition", 3), ("cp-sat", 1), ("highs", 10)])
def test_nought_of_a_resource_shuts_out_only_who_needs_it(engine: str, count: int) -> None:
    for seed in range(count * MANY):
        given = sparse_tables(Random(seed))
        result = allocate(sparse(given, engine=engine))
        assert (result.status, result.objectives[0]["value"]) == ("optimal", best_fit(given))
        assert verify(result) == []


@pytest.mark.parametrize("rule", ["greedy", "nearest", "deferred-acceptance", "top-trading-cycles", "rank-minimal"])
def test_a_rule_matches_nobody_beyond_nought_and_an_nle_with_nothing_changes_nothing(rule: str) -> None:
    for seed in range(5 * MANY):
        given = sparse_tables(Random(seed))
        without = given[0], given[1][:-1], [pair for pair in given[2] if pair["nle_id"] != "N2"]
        result = allocate(sparse(given, rule=rule))
        assert verify(result) == []
        assert list(result.allocation.rows()) == list(allocate(sparse(without, rule=rule)).allocation.rows())


def test_capacity_of_one_resource_more_never_hurts() -> None:
    for seed in range(4 * MANY):
        rng = Random(seed)
        given = sparse_tables(rng)
        more = given[0], [dict(row) for row in given[1]], given[2]
        more[1][rng.randrange(3)][rng.choice(SPARE)] += 1  # type: ignore[index]
        found = [allocate(sparse(each, engine="highs")).objectives[0]["value"] for each in (given, more)]
        assert found[0] <= found[1]
