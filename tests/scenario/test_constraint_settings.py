"""Constraints and objectives that cannot mean anything are refused before solving, in their place, with a remedy."""

import re
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.scenario.setting_sections import CONSTRAINT_TYPES, KEYS
from support.scenarios import nle, refusal, school, write_scenario

LEAST: dict[str, dict[str, Any]] = {
    "quota": {"maximum": 3},
    "budget": {"of": "cost", "maximum": 3},
    "minimum_use": {"minimum": 1},
    "keep_together": {"by": "region"},
    "new_to_area": {"by": "region", "maximum": 1},
}
"""The least that a constraint of each type needs."""
HERE = "Yorkshire and the Humber"
SCHOOLS = [school(1, region=HERE, theme="a", days=3), school(2, region=HERE, theme="b", days=3)]
NLES = [nle(1, region=HERE, days=9)]
PAIRS = [{"nle_id": "N1", "school_id": "S1", "band": "b"}]


def scenario_file(folder: Path, constraint: dict[str, Any], **settings: Any) -> Path:
    document = {"constraints": [{"name": "limit", **constraint}], **settings}
    return write_scenario(folder, document, schools=SCHOOLS, nles=NLES, pairs=PAIRS)


def refused(folder: Path, constraint: dict[str, Any], **settings: Any) -> str:
    return refusal(load_scenario, scenario_file(folder, constraint, **settings))


def findings(folder: Path, constraint: dict[str, Any]) -> list[str]:
    return [str(found) for found in load_scenario(scenario_file(folder, constraint, costs={"per_match": 1})).findings]


def test_every_type_has_its_keys() -> None:
    assert set(KEYS) == set(CONSTRAINT_TYPES) == set(LEAST)


@pytest.mark.parametrize("kind", CONSTRAINT_TYPES)
def test_the_least_constraint_of_a_type_is_accepted_without_a_finding(tmp_path: Path, kind: str) -> None:
    assert findings(tmp_path, {"type": kind, **LEAST[kind]}) == []


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        ({"type": "quota"}, "constraints.limit: it limits nothing; give minimum or maximum or minimum_share"),
        ({"type": "budget", "of": "days"}, "constraints.limit: it limits nothing"),
        ({"type": "minimum_use"}, "it limits nothing; give minimum or minimum_share"),
        ({"type": "new_to_area"}, "it limits nothing; give maximum"),
        ({"type": "minimum_use", "minimum": 1, "by": "region"}, "limit.by: a minimum_use has no such setting; it tak"),
        ({"type": "minimum_use", "minimum": 1, "maximum": 2}, "limit.maximum: a minimum_use has no such setting"),
        ({"type": "keep_together", "minimum": 1}, "limit.minimum: a keep_together has no such setting"),
        ({"type": "keep_together", "of": "schools"}, "limit.of: a keep_together has no such setting"),
        ({"type": "new_to_area", "maximum_share": 0.5}, "limit.maximum_share: a new_to_area has no such setting"),
        ({"type": "minimum_use", "minimum_share": 0.5, "share_of": "matched"}, "limit.share_of: a minimum_use has no"),
        (
            {"type": "quota", "minimum": 5, "maximum": 3},
            "limit.minimum: the lower limit is above the upper: 5 to 3; go",
        ),
        ({"type": "quota", "minimum": 1.2, "maximum": 1.8}, "limit.minimum: no whole number lies from 1.2 to 1.8"),
        ({"type": "quota", "minimum_share": 0.5, "maximum_share": 0.2}, "the lower share is above the upper"),
        (
            {"type": "quota", "of": "school", "maximum": 1},
            "limit.of: a quota counts schools, nles or pairs; got school",
        ),
        ({"type": "quota", "of": "nle", "maximum": 1}, "got nle; did you mean nles?"),
        ({"type": "budget", "maximum": 1}, "constraints.limit: a budget must say what it is `of`"),
        ({"type": "quota", "maximum": 1, "share_of": "eligible"}, "limit.share_of: there is no share"),
        (
            {"type": "quota", "of": "pairs", "maximum_share": 0.5, "share_of": "eligible"},
            "limit.share_of: only a quota of schools or nles can be a share of the eligible",
        ),
        ({"type": "quota", "maximum": -1}, "constraints.0.maximum: must be greater than or equal to 0; got -1"),
        ({"type": "quota", "maximum_share": 1.5}, "constraints.0.maximum_share: must be less than or equal to 1"),
        ({"type": "quota", "maximum": 0.0000001}, "at most six decimal places are kept"),
        ({"type": "quota", "maximun": 1}, "unknown key; got maximun; did you mean maximum?"),
        (
            {"type": "budget", "of": "dayz", "maximum": 1},
            "constraints.0.of: this is no resource of the scenario; got da",
        ),
        ({"type": "minimum_use", "of": "cost", "minimum": 1}, "this is no resource of the scenario; got cost"),
        (
            {"type": "quota", "where": {"regoin": "x"}, "maximum": 1},
            "where.regoin: the schools table has no such column; got regoin; did you mean region?",
        ),
        ({"type": "quota", "by": "regoin", "maximum": 1}, "0.by: the schools table has no such column; got regoin"),
        ({"type": "quota", "of": "nles", "by": "theme", "maximum": 1}, "the nles table has no such column; got theme"),
        ({"type": "quota", "of": "pairs", "where": {"nle.theme": "a"}, "maximum": 1}, "the nles table has no such"),
        (
            {"type": "quota", "of": "pairs", "where": {"bnad": "a"}, "maximum": 1},
            "the schools table has no such column",
        ),
        ({"type": "quota", "of": "pairs", "where": {"distance_km": "far"}, "maximum": 1}, "a number is needed to com"),
        ({"type": "quota", "where": {"days_waiting": 3}, "maximum": 1}, "this is counted up to as_of"),
    ],
)
def test_a_constraint_that_means_nothing_is_refused_with_a_remedy(
    tmp_path: Path, constraint: dict[str, Any], said: str
) -> None:
    assert said in refused(tmp_path, constraint)


def test_a_refusal_names_the_line_and_the_column(tmp_path: Path) -> None:
    file = scenario_file(tmp_path, {"type": "quota"})
    text = file.read_text(encoding="utf-8").replace('"constraints": [', '"constraints": [\n')
    file.write_text(text.replace('"type": "quota"', '"type": "quota",\n  "minimum": 5, "maximum": 3'), encoding="utf-8")
    line = next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "minimum" in line)
    assert f"scenario.yaml:{line}:3: constraints.limit.minimum: the lower limit" in refusal(load_scenario, file)


def test_everything_wrong_with_several_constraints_is_told_at_once(tmp_path: Path) -> None:
    wrong = [{"name": "a", "type": "quota"}, {"name": "b", "type": "budget", "maximum": 1}]
    said = refusal(load_scenario, write_scenario(tmp_path, {"constraints": wrong, "objectives": ["fit", "fit"]}))
    assert [word in said for word in ("constraints.a", "constraints.b", "fit stands twice")] == [True] * 3


def test_two_constraints_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = [{"name": "a", "type": "quota", "maximum": n} for n in (1, 2)]
    said = refusal(load_scenario, write_scenario(tmp_path, {"constraints": twice}))
    assert "constraints.1.name: another constraint has this name (line " in said
    assert "got a; rename one" in said


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        (
            {"type": "quota", "where": {"region": "Londn"}, "maximum": 1},
            "stands in no row of the schools table; got Lon",
        ),
        ({"type": "quota", "of": "nles", "where": {"region": "Londn"}, "maximum": 1}, "in no row of the nles table"),
        ({"type": "quota", "of": "pairs", "where": {"band": "c"}, "maximum": 1}, "in no row of the pairs table; got c"),
        ({"type": "budget", "of": "cost", "where": {"nle.region": "x"}, "maximum": 1}, "in no row of the nles table"),
        ({"type": "quota", "where": {"phase": "primary"}, "maximum": 1}, "phase: the schools table does not fill this"),
        (
            {"type": "keep_together"},
            "by: the schools table does not fill this column, so the constraint limits nothing",
        ),
    ],
)
def test_a_condition_that_nothing_meets_is_a_finding(tmp_path: Path, constraint: dict[str, Any], said: str) -> None:
    assert [said in found for found in findings(tmp_path, constraint)] == [True]


def test_where_nles_are_at_home_is_looked_for_in_the_nle_table(tmp_path: Path) -> None:
    found = findings(tmp_path, {"type": "new_to_area", "by": "trust_id", "maximum": 1})
    assert any("by: the nles table does not fill this column, so every NLE is new everywhere" in told for told in found)


@pytest.mark.parametrize(
    "settings",
    [
        {"constraints": [{"name": "limit", "type": "budget", "of": "cost", "maximum": 1}]},
        {"objectives": ["fit", "cost"]},
        {"objectives": [{"blend": {"fit": 1, "cost": -1}}]},
    ],
)
def test_costs_that_are_nowhere_given_are_a_finding(tmp_path: Path, settings: dict[str, Any]) -> None:
    (found,) = load_scenario(write_scenario(tmp_path, settings, schools=SCHOOLS, nles=NLES)).findings
    assert "scenario.yaml:" in str(found)
    assert "no costs are given, so every pair costs 0; set costs.per_day or costs.per_match" in str(found)


def test_a_cost_by_the_day_needs_days(tmp_path: Path) -> None:
    told = refusal(load_scenario, write_scenario(tmp_path, {"costs": {"per_day": 600}}))
    assert re.search(r"scenario.yaml:\d+:\d+: costs.per_day: a cost by the day needs the resource days", told)


def test_travel_times_that_are_nowhere_given_cannot_be_minimised(tmp_path: Path) -> None:
    told = refusal(load_scenario, write_scenario(tmp_path, {"objectives": ["fit", "travel_minutes"]}))
    assert re.search(r"scenario.yaml:\d+:\d+: objectives.1: travel times stand in the column travel_minutes", told)


def test_a_column_of_a_constraint_is_used(tmp_path: Path) -> None:
    rows = [school(1, prioritty="a"), school(2, prioritty="b")]
    limit = {"name": "limit", "type": "quota", "by": "prioritty", "maximum": 1}
    assert load_scenario(write_scenario(tmp_path, {"constraints": [limit]}, schools=rows)).findings == ()


@pytest.mark.parametrize("sets", [["constraints.limit.maximum=50"], ["constraints.0.maximum=50"]])
def test_a_constraint_is_addressed_by_its_name_or_number(tmp_path: Path, sets: list[str]) -> None:
    file = scenario_file(tmp_path, {"type": "quota", "maximum": 3})
    assert load_scenario(file, sets=sets).settings.constraints[0].maximum == 50


def test_an_override_addresses_a_constraint_by_its_name(tmp_path: Path) -> None:
    overrides = {"more": {"constraints.limit.maximum": 9, "constraints.limit.where": {"region": "London"}}}
    file = scenario_file(tmp_path, {"type": "quota", "maximum": 3}, overrides=overrides)
    (limit,) = load_scenario(file, choose=("more",)).settings.constraints
    assert (limit.maximum, limit.where) == (9, {"region": "London"})


def test_a_constraint_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = scenario_file(tmp_path, {"type": "quota", "maximum": 3})
    said = refusal(load_scenario, file, sets=["constraints.limmit.maximum=5"])
    assert "there is no entry 'limmit'; did you mean limit?" in said


def test_an_override_that_contradicts_is_told_though_it_was_not_chosen(tmp_path: Path) -> None:
    overrides = {"odd": {"constraints.limit.minimum": 9}}
    said = refused(tmp_path, {"type": "quota", "maximum": 3}, overrides=overrides)
    assert "overrides.odd: constraints.limit.minimum: the lower limit is above the upper" in said


def objectives_refused(folder: Path, *objectives: Any, **settings: Any) -> str:
    return refusal(load_scenario, write_scenario(folder, {"objectives": list(objectives), **settings}))


@pytest.mark.parametrize(
    ("objectives", "said"),
    [
        (["fit", {"min_fit": {"weight": "pupils"}}], "1.min_fit: min_fit is no sum over pairs and has no such option"),
        (["fit", {"leximin_fit": {"step": 1}}], "got step; it takes where and by"),
        (["fit", {"load_balance": {"where": {"region": "x"}}}], "got where; it takes none"),
        (["fit", {"region_gap": {"within": 1}}], "got within; it takes where"),
        ([{"blend": {"fit": 1, "min_fit": 1}}], "no sum over pairs, so no blend can weigh it; got min_fit"),
        ([{"blend": {"fit": 1, "load_balance": 1}}], "no sum over pairs, so no blend can weigh it; got load_balance"),
        (["fit", "schools_supported", "fit"], "objectives.2: fit stands twice (line "),
        (["distance"], "objectives.0: distance cannot come first: supporting nobody would be best; put fit before"),
        (["travel_minutes"], "travel_minutes cannot come first"),
        (["cost"], "cost cannot come first"),
        (["load_balance"], "load_balance cannot come first"),
        (["region_gap"], "region_gap cannot come first"),
        (["min_fit"], "min_fit cannot come first: supporting only the best pair would be best"),
        ([{"blend": {"distance_km": -1, "cost": -0.1}}], "blend cannot come first"),
        (
            ["kept_pairs"],
            "objectives.0: kept_pairs counts pairs that stand today, and there are none; name their table",
        ),
        ([{"blend": {"fit": 1, "kept_pairs": 1}}], "kept_pairs counts pairs that stand today"),
    ],
)
def test_an_objective_that_means_nothing_is_refused_with_a_remedy(
    tmp_path: Path, objectives: list[Any], said: str
) -> None:
    assert said in objectives_refused(tmp_path, *objectives)


@pytest.mark.parametrize("objective", ["leximin_fit", "schools_supported", {"blend": {"fit": 1, "distance_km": -1}}])
def test_what_gains_by_supporting_more_may_come_first(tmp_path: Path, objective: Any) -> None:
    assert load_scenario(write_scenario(tmp_path, {"objectives": [objective]})).settings.objectives


@pytest.mark.parametrize(
    ("limit", "accepted"),
    [
        ({"type": "quota", "minimum": 1}, True),
        ({"type": "quota", "minimum": 0}, False),
        ({"type": "quota", "maximum": 1}, False),
        ({"type": "quota", "minimum_share": 0.5, "share_of": "eligible"}, True),
        ({"type": "quota", "minimum_share": 0.5}, False),
        ({"type": "minimum_use", "minimum_share": 0.5}, True),
    ],
)
def test_what_is_best_of_nobody_may_come_first_where_somebody_must_be_matched(
    tmp_path: Path, limit: dict[str, Any], accepted: bool
) -> None:
    settings = {"objectives": ["distance"], "constraints": [{"name": "limit", **limit}]}
    file = write_scenario(tmp_path, settings)
    if accepted:
        assert load_scenario(file).settings.objectives
    else:
        assert "cannot come first" in refusal(load_scenario, file)


@pytest.mark.parametrize(("state", "accepted"), [("agreed", True), ("started", True), ("offered", False)])
def test_a_pinned_pair_is_somebody_who_must_be_matched(tmp_path: Path, state: str, accepted: bool) -> None:
    current = [{"school_id": "S1", "nle_id": "N1", "state": state}]
    file = write_scenario(tmp_path, {"objectives": ["distance"]}, current=current)
    if accepted:
        assert load_scenario(file).settings.objectives
    else:
        assert "cannot come first" in refusal(load_scenario, file)


def test_a_required_pair_is_somebody_who_must_be_matched(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": "S1", "relation": "require"}]
    assert load_scenario(write_scenario(tmp_path, {"objectives": ["cost"]}, pairs=pairs)).settings.objectives
