"""Every setting has its range, every unknown key its nearest, and everything that is wrong is told at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.scenario.scenario import Scenario, load_scenario
from support.scenarios import nle, refusal, school, write_scenario


def load(folder: Path, settings: Mapping[str, Any], **tables: Any) -> Scenario:
    return load_scenario(write_scenario(folder, settings, **tables))


def refused(folder: Path, settings: Mapping[str, Any], **tables: Any) -> str:
    return refusal(load, folder, settings, **tables)


def rule(**when: Any) -> dict[str, Any]:
    return {"eligibility": {"rules": [{"name": "a", "when": when}]}}


def finding(folder: Path, settings: Mapping[str, Any], **tables: Any) -> str:
    return "\n".join(str(found) for found in load(folder, settings, **tables).findings)


def test_four_settings_are_enough(tmp_path: Path) -> None:
    assert load(tmp_path, {}).settings.rule == "optimal"


@pytest.mark.parametrize("key", ["schema", "name", "data"])
def test_a_required_setting_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    import json

    file = write_scenario(tmp_path)
    document = {name: value for name, value in json.loads(file.read_text(encoding="utf-8")).items() if name != key}
    file.write_text(json.dumps(document), encoding="utf-8")
    assert f"scenario.yaml:1:1: {key}: this setting is required" in refusal(load_scenario, file)


@pytest.mark.parametrize("table", ["schools", "nles"])
def test_a_required_table_that_is_missing_is_named(tmp_path: Path, table: str) -> None:
    file = tmp_path / "scenario.yaml"
    other = "nles" if table == "schools" else "schools"
    file.write_text(f"schema: 1\nname: x\ndata: {{{other}: {other}.csv}}\n", encoding="utf-8")
    assert f"data.{table}: this setting is required" in refusal(load_scenario, file)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"geografy": {}}, "geografy: unknown key; got geografy; did you mean geography?"),
        (
            {"geography": {"max_distance": 3}},
            "geography.max_distance: unknown key; got max_distance; did you mean max_dis",
        ),
        ({"eligibility": {"polcy": "all"}}, "eligibility.polcy: unknown key; got polcy; did you mean policy?"),
        (
            {"eligibility": {"rules": [{"name": "a", "wehn": {}}]}},
            "rules.0.wehn: unknown key; got wehn; did you mean when?",
        ),
        (rule(name={"mni": 3}), "rules.0.when.name.mni: unknown key; got mni; did you mean min?"),
        (
            {"trust_first": {"high_quality": {"min_inspectd": 3}}},
            "min_inspectd: unknown key; got min_inspectd; did you mean",
        ),
        ({"trust_first": {"qualifies": {"were": {}}}}, "trust_first.qualifies.were: unknown key"),
        ({"data": {"school": "x.csv"}}, "data.school: unknown key; got school; did you mean schools?"),
        (
            {"data": {"pairs": {"file": "x", "olny": True}}},
            "data.pairs.olny: unknown key; got olny; did you mean only?",
        ),
        (
            {"fit": {"weights": {"leadrship": 1}}},
            "must be 'leadership', 'governance' or 'finance'; got leadrship; did you mean",
        ),
        ({"objectives": [{"fit": {"wihtin": "1%"}}]}, "unknown key; got wihtin; did you mean within?"),
        ({"objectives": ["fitt"]}, "objectives.0: unknown objective; got fitt; did you mean fit?"),
        (
            {"objectives": [{"blend": {"fitt": 1}}]},
            "objectives.0.blend: unknown part of a blend; got fitt; did you mean fit?",
        ),
        ({"constraints": [{"name": "a", "type": "quoat"}]}, "constraints.0.type: must be 'quota'"),
        ({"supply": {"add": [{"cuont": 3}]}}, "supply.add.0.cuont: unknown key; got cuont; did you mean count?"),
        (
            {"eligibility": {"policy": "tsio-2023"}},
            "eligibility.policy: unknown policy; got tsio-2023; did you mean tsio-2022?",
        ),
        (
            {"suitability": {"phase": "musst"}},
            "suitability.phase: must be 'must', 'prefer' or 'ignore'; got musst; did you mean must?",
        ),
        ({"version": 1}, "version: unknown key"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_at_every_level(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    assert said in refused(tmp_path, settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"schema": 2}, "schema: must be 1; got 2"),
        ({"name": "a/b"}, "name: must be letters, digits"),
        ({"name": "../up"}, "name: must be letters, digits"),
        ({"name": 2022}, "name: must be text; put it in quotation marks; got 2022"),
        ({"as_of": 20220901}, "as_of: a date is needed, written as 2022-09-01; got 20220901"),
        ({"as_of": 0}, "as_of: a date is needed"),
        ({"as_of": "01/09/2022"}, "as_of: a date is needed"),
        ({"as_of": "2022-02-30"}, "as_of: a date is needed"),
        ({"as_of": "0001-01-01"}, "as_of: must be a date from 1900-01-01 to 2199-12-31"),
        ({"seed": -1}, "seed: must be greater than or equal to 0; got -1"),
        ({"seed": 1.5}, "seed: a whole number is needed; got 1.5"),
        ({"seed": True}, "seed: a whole number is needed; got True"),
        ({"seed": 10**30}, "seed: must be less than or equal to"),
        ({"geography": 3}, "geography: must be a mapping of settings; got 3"),
        ({"geography": {"max_distance_km": "near"}}, "geography.max_distance_km.default: a number is needed; got near"),
        ({"geography": {"max_distance_km": -1}}, "must be greater than or equal to 0; got -1"),
        ({"geography": {"max_distance_km": True}}, "a number is needed; got True"),
        ({"geography": {"max_distance_km": 1e30}}, "must be less than or equal to 100000"),
        ({"geography": {"max_distance_km": 0.0000001}}, "at most six decimal places are kept; round it"),
        ({"geography": {"nle_limit": {"multiply": 1e30}}}, "must be less than or equal to 1000"),
        ({"geography": {"nle_limit": {"multply": 2}}}, "must be 'multiply'; got multply; did you mean multiply?"),
        ({"capacity": {"multiply": {"placements": 1e30}}}, "must be less than or equal to 1000"),
        ({"capacity": {"multiply": {"placements": -1}}}, "must be greater than or equal to 0"),
        ({"capacity": {"reserve": {"placements": -1}}}, "capacity.reserve.placements: must not be negative; got -1"),
        ({"capacity": {"reserve": {"placements": 1e30}}}, "must be at most"),
        (
            {"capacity": {"reserve": {"placements": "1000%"}}},
            "a number from 0 up is needed, or a percentage such as 10%",
        ),
        ({"capacity": {"reserve": {"placements": "10 percent"}}}, "or a percentage such as 10%; got 10 percent"),
        ({"capacity": {"resources": []}}, "capacity.resources: must not be empty"),
        ({"capacity": {"resources": ["placements", "placements"]}}, "a resource stands twice"),
        ({"capacity": {"resources": ["dayz"]}}, "capacity.resources.0: the nles table has no such column; got dayz"),
        ({"capacity": {"resources": ["easting"]}}, "a column with a meaning of its own is no resource; got easting"),
        ({"capacity": {"resources": ["cost"]}}, "a column with a meaning of its own is no resource; got cost"),
        ({"capacity": {"multiply": {"dayz": 1}}}, "this is no resource of the scenario; got dayz"),
        ({"offer": {"days": True}}, "offer.days must be a number"),
        ({"offer": {"override": 3}}, "offer.override must be true or false"),
        ({"offer": {"days": 1e30}}, "offer.days: must be less than or equal to"),
        ({"fit": {"weights": {"leadership": 0}}}, "fit: at least one weight must be above 0"),
        ({"fit": {"weights": {"leadership": 1, "finance": 12345678}}}, "the weights differ by too many digits"),
        ({"fit": {"weights": {"leadership": 1e-30}}}, "at most six decimal places are kept"),
        ({"fit": {"levels": {"Low": 0.1, "low": 0.2}}}, "two levels have the same name but for capital letters"),
        ({"fit": {"levels": {"0.5": 0.9}}}, "a level needs a name that is no number"),
        ({"fit": {"levels": {"low": 2}}}, "fit.levels.low: must be less than or equal to 1; got 2"),
        ({"fit": {"levels": {"low": 0.12345678}}}, "at most six decimal places are kept"),
        ({"fit": {"unknown": 2}}, "fit.unknown: must be less than or equal to 1"),
        ({"conflicts": {"declared": "maybe"}}, "conflicts.declared: must be true or false; got maybe"),
        ({"objectives": []}, "objectives: must not be empty"),
        ({"objectives": "fit"}, "objectives: must be a list; got fit"),
        ({"objectives": [{"fit": {}, "distance": {}}]}, "an objective is a name, or {name: {option: value}}"),
        ({"objectives": [{"fit": {"name": "distance"}}]}, "an objective has no settings `name` or `parts`"),
        ({"objectives": [{"blend": {}}]}, "a blend needs parts: {blend: {fit: 1, distance_km: -0.002}}"),
        (
            {"objectives": [{"fit": {"by": "regoin"}}]},
            "the schools table has no such column; got regoin; did you mean region?",
        ),
        ({"objectives": [{"fit": {"weight": "pupls"}}]}, "has no such column; got pupls; did you mean pupils?"),
        (
            {"objectives": [{"fit": {"where": {"regoin": "x"}}}]},
            "objectives.0.fit.where.regoin: the schools table has no such",
        ),
        ({"tie_break": ["arived"]}, "tie_break.0: must be 'arrived' or 'lottery'; got arived; did you mean arrived?"),
        ({"costs": {"per_match": 1e30}}, "costs.per_match: must be less than or equal to"),
        ({"eligibility": "all"}, "eligibility: must be a mapping of settings; got all"),
        ({"eligibility": {"policy": "all", "rules": []}}, "eligibility: give a policy or rules, not both"),
        ({"eligibility": {"rules": [{"name": "a", "when": {}}] * 2}}, "two rules have the same name"),
        ({"eligibility": {"policy": "tsio-2022"}}, "days_since_inspection is counted up to as_of, which is not given"),
        (rule(nmae="B"), "when.nmae: the schools table has no such column; got nmae; did you mean name?"),
        (rule(name=None), "when.name: must be a value, a list of values, or some of {min, max, not, before, missing}"),
        (rule(name={}), "must be a value, a list of values, or some of {min"),
        (rule(name=[["x"]]), "must be a value, a list of values, or some of {min"),
        (rule(latest_grade="three"), "a number is needed to compare this column with; got three"),
        (rule(easting={"min": "abc"}), "a number is needed to compare this column with; got abc"),
        (rule(name={"min": "B"}), "is needed to compare this column with; got B"),
        (rule(latest_inspected={"before": "2021-99-99"}), "a date such as 2022-09-01 is needed to compare"),
        (rule(latest_inspected={"before": 3}), "a date such as 2022-09-01 is needed to compare"),
        ({"data": {"schools": ""}}, "data.schools: a path is needed; got ''"),
        ({"data": {"schools": 3}}, "data.schools: must be a mapping of settings; got 3"),
        ({"base": 3}, "base: a path is needed; got 3"),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_what_is_needed(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    assert said in refused(tmp_path, settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"geography": {"max_distance_km": 100_000, "nle_limit": {"multiply": 1000}, "min_distance_km": 99_999}},
        {"fit": {"weights": {"leadership": 1_000_000, "finance": 1}}},
        {"capacity": {"multiply": {"placements": 1000}, "reserve": {"placements": 10**9}}},
        {"suitability": {"faith": "prefer", "prefer_bonus": 10**9}},
        {"costs": {"per_match": 10**9}},
        {"fit": {"minimum": 10**9}, "seed": 2**63 - 1},
        {"trust_first": {"capacity_default": 10**9, "max_distance_km": 100_000}},
        {"geography": {"max_travel_minutes": 10**9}},
    ],
)
def test_the_largest_values_that_are_accepted_can_be_carried_out(tmp_path: Path, settings: dict[str, Any]) -> None:
    from nle_optimizer import allocate, verify
    from nle_optimizer.errors import InputError

    scenario = load(tmp_path, settings, nles=[nle(1, max_distance_km=100_000)])
    try:
        result = allocate(scenario)
    except InputError as error:
        assert "too large to be exact" in str(error)
    else:
        assert verify(result) == []


def test_everything_that_is_wrong_in_settings_and_tables_is_told_at_once(tmp_path: Path) -> None:
    settings = {"seed": "x", "geografy": {}, "costs": {"per_match": -1}}
    said = refused(tmp_path, settings, schools=[school(1, pupils="many"), school(1)], nles=[nle(1, placements=-2)])
    assert [word in said for word in ("seed", "geografy", "per_match", "pupils", "also stands", "placements")] == [
        True
    ] * 6


def test_settings_that_are_wrong_do_not_make_the_tables_wrong(tmp_path: Path) -> None:
    settings = {"seed": "x", "fit": {"levels": {"strong": 1}}, "capacity": {"resources": ["placements"]}}
    rows = [school(1, need_leadership="strong", days="as agreed")]
    assert "\n" not in refused(tmp_path, settings, schools=rows)


def test_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    said = refused(tmp_path, {"seed": "x", "rule": 3, "engine": 4}).splitlines()
    assert [line.split(": ")[1] for line in said] == ["seed", "rule", "engine"]


def test_one_limit_is_the_default_of_limits_by_region(tmp_path: Path) -> None:
    assert load(tmp_path, {"geography": {"max_distance_km": 80}}).settings.geography.max_distance_km == {"default": 80}


def test_no_limit_is_no_entry(tmp_path: Path) -> None:
    assert load(tmp_path, {"geography": {"max_distance_km": None}}).settings.geography.max_distance_km == {}


def test_a_name_alone_is_an_objective(tmp_path: Path) -> None:
    short = load(tmp_path, {"objectives": ["fit"]}).settings
    assert short.objectives == load(tmp_path, {"objectives": [{"fit": None}]}).settings.objectives


def test_a_path_alone_is_a_table(tmp_path: Path) -> None:
    short = load(tmp_path, {"data": {"schools": "schools.csv"}}).settings
    assert short.data == load(tmp_path, {"data": {"schools": {"file": "schools.csv"}}}).settings.data


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"geography": {"max_distance_km": {"Londn": 25}}},
            "no school lies in this region; got Londn; did you mean london?",
        ),
        ({"offer": {"dyas": 3}}, "offer.dyas: this is no resource of the scenario, so the offer is not used"),
        (rule(region="Londn"), "this value stands in no row of the schools table; got Londn; did you mean london?"),
        (rule(latest_grade=[3, 4]), "this value stands in no row of the schools table; got 4"),
    ],
)
def test_a_value_that_stands_nowhere_is_a_finding(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    assert said in finding(tmp_path, settings, schools=[school(1, region="London", latest_grade=3)])


def test_a_home_school_that_is_not_listed_is_a_finding(tmp_path: Path) -> None:
    assert "home schools that the schools table does not have" in finding(
        tmp_path, {}, nles=[nle(1, home_school_id="X")]
    )


def test_a_column_that_is_nearly_a_known_one_is_a_finding(tmp_path: Path) -> None:
    assert "regoin: this column is carried but not used; did you mean region?" in finding(
        tmp_path, {}, schools=[school(1, regoin="London")]
    )


def test_a_capacity_under_another_spelling_is_a_finding(tmp_path: Path) -> None:
    rows = [{"Placements" if key == "placements" else key: cell for key, cell in nle(1).items()}]
    assert "Placements: this column is carried but not used; did you mean placements?" in finding(
        tmp_path, {}, nles=rows
    )


def test_a_table_without_placements_is_a_finding(tmp_path: Path) -> None:
    rows = [{key: cell for key, cell in nle(1, capacity=3).items() if key != "placements"}]
    said = finding(tmp_path, {}, nles=rows)
    assert "nles.csv:1: placements: there is no such column, so every NLE takes one school" in said


def test_a_policy_without_its_columns_is_a_finding(tmp_path: Path) -> None:
    said = finding(tmp_path, {"eligibility": {"policy": "two-below-good-2022"}}, schools=[school(1, latest_grade=3)])
    assert "eligibility: the schools table does not fill this column, so eligibility cannot be told" in said
    assert "got previous_grade" in said
    assert "got latest_grade" not in said


COASTING = {"school_id": "S1", "coasting": "yes", "below_floor": "no", "latest_grade": 3, "previous_grade": 3}
"""A school in a table without easting, which coasting resembles."""


def test_a_column_that_a_rule_in_force_uses_is_used(tmp_path: Path) -> None:
    assert finding(tmp_path, {"eligibility": {"policy": "sio-2018"}}, schools=[COASTING]) == ""
    assert "coasting: this column is carried but not used" in finding(tmp_path, {}, schools=[COASTING])


@pytest.mark.parametrize(
    "settings",
    [
        rule(coasting="yes"),
        {"objectives": [{"fit": {"where": {"coasting": "yes"}}}]},
        {"objectives": [{"schools_supported": {"by": "coasting"}}]},
        {"objectives": [{"schools_supported": {"weight": "coasting"}}]},
    ],
)
def test_a_column_of_a_condition_or_an_objective_is_used(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert "carried but not used" not in finding(tmp_path, settings, schools=[{**COASTING, "coasting": "1"}])


@pytest.mark.parametrize("cells", [{}, {"latest_grade": "", "priority": "", "phase": ""}])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (rule(latest_grade=3), "when.latest_grade: {}, so no school meets the condition"),
        ({"objectives": [{"fit": {"where": {"phase": "primary"}}}]}, "where.phase: {}, so no school meets the condi"),
        ({"objectives": [{"schools_supported": {"by": "priority"}}]}, "by.priority: {}, so all schools are on one le"),
        ({"objectives": [{"schools_supported": {"weight": "pupils"}}]}, "weight.pupils: {}, so every weight is 0"),
        ({"eligibility": {"policy": "sio-2018"}}, "{}, so eligibility cannot be told for anybody by it; got previous_"),
    ],
)
def test_a_column_that_no_row_fills_is_one_finding(
    tmp_path: Path, cells: dict[str, str], settings: dict[str, Any], said: str
) -> None:
    told = finding(tmp_path, settings, schools=[school(1, below_floor="no", coasting="no", **cells)]).splitlines()
    assert len([line for line in told if said.format("the schools table does not fill this column") in line]) == 1


def test_a_column_that_must_be_blank_need_not_be_filled(tmp_path: Path) -> None:
    assert finding(tmp_path, rule(trust_id={"missing": True})) == ""


def test_an_unfilled_column_is_told_once(tmp_path: Path) -> None:
    settings = {"objectives": [{"fit": {"where": {"phase": "primary"}}}, {"distance": {"where": {"phase": "special"}}}]}
    assert finding(tmp_path, settings).count("phase") == 1


@pytest.mark.parametrize("key", ["title", "geography", "eligibility", "capacity", "objectives", "sweep"])
def test_a_setting_that_is_named_and_left_empty_has_its_default(tmp_path: Path, key: str) -> None:
    assert load(tmp_path, {key: None}).settings == load(tmp_path, {}).settings


def test_an_empty_section_within_a_section_has_its_default(tmp_path: Path) -> None:
    empty = {"trust_first": {"high_quality": None}, "fit": {"weights": None}}
    assert load(tmp_path, empty).settings == load(tmp_path, {}).settings


def test_a_sound_scenario_has_no_finding(tmp_path: Path) -> None:
    assert load(tmp_path, {}).findings == ()


def test_the_schema_for_editors_knows_every_setting() -> None:
    from nle_optimizer.scenario.settings import Settings
    from nle_optimizer.scenario.validation import scenario_schema

    known = {info.alias or name for name, info in Settings.model_fields.items()}
    assert set(scenario_schema()["properties"]) == known | {"base", "overrides", "scenarios"}
