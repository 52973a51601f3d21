"""The points of a sweep: what options and the scenario's own section say, and how both are refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.points import Wanted, parse_axis
from support.scenarios import refusal, write_scenario

RADIUS, PLACES = "geography.max_distance_km", "capacity.multiply.placements"


def points(plan: Plan) -> list[tuple[str, ...]]:
    """Each point as words."""
    return [
        tuple(word for word in (p.point.choice, p.point.label, *(str(c.value) for c in p.point.changes)) if word)
        for p in plan.points
    ]


def planned(tmp_path: Path, wanted: Wanted | None = None, settings: dict[str, Any] | None = None) -> Plan:
    return plan_sweep(write_scenario(tmp_path, settings), wanted)


def test_a_grid_is_every_combination_and_its_last_key_varies_fastest(tmp_path: Path) -> None:
    plan = planned(tmp_path, Wanted(grid={RADIUS: [20, 40], PLACES: [1, 2, 3]}))
    assert points(plan) == [("20", "1"), ("20", "2"), ("20", "3"), ("40", "1"), ("40", "2"), ("40", "3")]
    assert plan.keys == [RADIUS, PLACES]


def test_zip_pairs_first_with_first(tmp_path: Path) -> None:
    assert points(planned(tmp_path, Wanted(zip={RADIUS: [20, 40], PLACES: [1, 2]}))) == [("20", "1"), ("40", "2")]


def test_a_table_has_a_row_a_point_and_a_blank_changes_nothing(tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text(f'name,{RADIUS},objectives\nnear,20,\nfar,,"[fit, distance]"\n', encoding="utf-8")
    plan = planned(tmp_path, Wanted(table=table))
    assert points(plan) == [("near", "20"), ("far", "['fit', 'distance']")]


def test_named_scenarios_and_seeds_are_axes(tmp_path: Path) -> None:
    settings = {
        "seed": 7,
        "overrides": {"near": {RADIUS: 10}, "more": {PLACES: 2}},
        "scenarios": {"both": ["near", "more"]},
    }
    plan = planned(tmp_path, Wanted(scenarios=["near", "both"], seeds=2), settings)
    assert points(plan) == [("near", "7"), ("near", "8"), ("both", "7"), ("both", "8")]
    assert len({p.task.key for p in plan.points}) == 4


def test_the_scenario_s_own_section_is_swept(tmp_path: Path) -> None:
    settings = {"sweep": {"grid": {RADIUS: [20, 40]}, "zip": {PLACES: [1, 2], "fit.minimum": [0, 0.5]}, "seeds": 2}}
    assert len(planned(tmp_path, None, settings).points) == 8


def test_options_beat_the_same_part_of_the_section_and_leave_the_others(tmp_path: Path) -> None:
    settings = {"sweep": {"grid": {RADIUS: [20, 40]}, "seeds": 3}}
    assert points(planned(tmp_path, Wanted(grid={PLACES: [2]}), settings)) == [("2", "0"), ("2", "1"), ("2", "2")]


def test_the_table_of_the_section_lies_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(f"{RADIUS}\n20\n", encoding="utf-8")
    assert points(planned(tmp_path, None, {"sweep": {"table": "points.csv"}})) == [("20",)]
    assert "leaves the folder" in refusal(planned, tmp_path / "in", None, {"sweep": {"table": "../points.csv"}})


def test_equal_settings_are_one_case_however_they_are_written(tmp_path: Path) -> None:
    wanted = Wanted(grid={RADIUS: [40, Decimal("40.0"), 40.0, {"default": 40}]})
    plan = planned(tmp_path, wanted, {"geography": {"max_distance_km": 40}})
    assert {p.task.key for p in plan.points} == {plan.base.key}


def test_a_key_tells_true_from_one_and_text_from_number(tmp_path: Path) -> None:
    rule = {"name": "rule", "when": {"phase": 1}}
    rules = [[{**rule, "when": {"phase": value}}] for value in (1, "1", True, [1])]
    plan = planned(tmp_path, Wanted(grid={"eligibility.rules": rules}))
    assert len({p.task.key for p in plan.points}) == 4


def test_a_key_depends_on_the_content_of_the_tables_and_not_on_its_order_or_place(tmp_path: Path) -> None:
    from support.scenarios import school

    wanted, rows = Wanted(seeds=1), [school(1), school(2)]
    keys = [
        plan_sweep(write_scenario(tmp_path / name, {"name": name}, schools), wanted).points[0].task.key
        for name, schools in (("a", rows), ("b", rows[::-1]), ("c", [school(1), school(2, need_finance=0.4)]))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_points_may_read_other_tables(tmp_path: Path) -> None:
    import shutil

    file = write_scenario(tmp_path)
    shutil.copy(tmp_path / "nles.csv", tmp_path / "same.csv")
    (tmp_path / "two.csv").write_text((tmp_path / "nles.csv").read_text() + "N2,Second,,,,,,1\n", encoding="utf-8")
    plan = plan_sweep(file, Wanted(grid={"data.nles": ["nles.csv", "same.csv", "two.csv"], "seed": [0, 1]}))
    assert len({p.task.key for p in plan.points}) == 4
    assert [len(base.nles) for base in plan.bases] == [1, 1, 2]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            Wanted(grid={"geografy.max_distance_km": [1]}),
            "--grid: geografy: unknown key; got geografy; did you mean geography?",
        ),
        (Wanted(grid={RADIUS: [1, -1]}), "--grid: geography.max_distance_km.default"),
        (Wanted(grid={"geography.within": ["regoin"]}), "did you mean region?"),
        (Wanted(zip={RADIUS: [1], PLACES: [1, 2]}), "the keys need equally many values"),
        (Wanted(grid={RADIUS: [1]}, zip={RADIUS: [2]}), "varied in two parts"),
        (Wanted(grid={"seed": [1]}, seeds=2), "seed: the key is varied in two parts"),
        (Wanted(scenarios=["near"]), "there is no such override"),
        (Wanted(), "nothing to sweep over"),
        (Wanted(table="nowhere.csv"), "nowhere.csv: the file cannot be read"),
        (Wanted(grid={"data.nles": ["nowhere.csv"]}), "nowhere.csv"),
        (
            Wanted(grid={RADIUS: range(1001), PLACES: range(1000)}),
            "1,001,000 points, and the limit is 1,000,000; give --yes",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_a_remedy(tmp_path: Path, wanted: Wanted, words: str) -> None:
    assert words in refusal(planned, tmp_path, wanted)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"gird": {}}, "sweep.gird: unknown key; got gird; did you mean grid?"),
        ({"grid": {RADIUS: 5}}, "must be a list"),
        ({"grid": {RADIUS: []}}, "must not be empty"),
        ({"zip": {RADIUS: [1], PLACES: [1, 2]}}, "the keys of zip need equally many values"),
        ({"seeds": 0}, "sweep.seeds"),
        ({"grid": {"geography.max_distance": [5]}}, "did you mean max_distance_km?"),
    ],
)
def test_a_wrong_section_is_told_by_file_and_line(tmp_path: Path, section: dict[str, Any], words: str) -> None:
    told = refusal(planned, tmp_path, None, {"sweep": section})
    assert words in told
    assert "scenario.yaml:" in told.split(": ")[0]


def test_a_wrong_cell_of_the_table_is_told_by_its_row(tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text(f"{RADIUS}\n20\nfar\n", encoding="utf-8")
    assert f"{table}:row 3: {RADIUS}" in refusal(planned, tmp_path, Wanted(table=table))
    table.write_text(f"{RADIUS},seed\n20\n", encoding="utf-8")
    assert f"{table}:row 2: the row has 1 cells, and the header 2" in refusal(planned, tmp_path, Wanted(table=table))


def test_everything_wrong_is_told_at_once_and_once(tmp_path: Path) -> None:
    wanted = Wanted(grid={RADIUS: ["a", "b"], PLACES: [1, 2, 3]})
    assert len(refusal(planned, tmp_path, wanted).splitlines()) == 2


def test_values_are_written_as_in_a_scenario_file() -> None:
    words = ["geography.within=none, region", "objectives=[fit, distance],[fit]", "capacity.reserve.days=10%,0.5"]
    assert parse_axis(words, "--grid") == {
        "geography.within": ["none", "region"],
        "objectives": [["fit", "distance"], ["fit"]],
        "capacity.reserve.days": ["10%", Decimal("0.5")],
    }


@pytest.mark.parametrize("word", ["geography", "=1", "a.=1", "a=", "a=[1", "a..b=1"])
def test_a_malformed_option_is_refused(word: str) -> None:
    with pytest.raises(InputError, match=r"--grid: .*write KEY=VALUE,VALUE"):
        parse_axis([word], "--grid")


def test_a_key_given_twice_is_refused() -> None:
    assert "the key is given twice" in refusal(parse_axis, ["a=1", "a=2"], "--zip")
