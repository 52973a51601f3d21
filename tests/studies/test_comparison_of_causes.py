"""What two runs were given and what they reached: settings, input rows and figures, one kind of change at a time."""

from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import load_scenario
from nle_optimizer.errors import InputError
from nle_optimizer.reports.resolved_scenario import inputs_of, read_settings, resolved_text, settings_of
from nle_optimizer.studies.comparison.comparison import Comparison, SettingChange, compare
from support.any_scenario import write_any_scenario
from support.run_folders import SETTINGS, write_run


def compared(folder: Path, first: dict[str, Any], second: dict[str, Any]) -> Comparison:
    return compare(write_run(folder / "first", **first), write_run(folder / "second", **second))


def settings(folder: Path, first: str, second: str) -> tuple[SettingChange, ...]:
    return compared(folder, {"settings": first}, {"settings": second}).settings


def test_a_setting_that_differs_has_both_values_and_origins(tmp_path: Path) -> None:
    (change,) = settings(tmp_path, SETTINGS, SETTINGS.replace("none                 # default", "region # --set"))
    assert change.key == "geography.within"
    assert change.first is not None
    assert change.second is not None
    assert (change.first.value, change.first.origin) == ("none", "default")
    assert (change.second.value, change.second.origin) == ("region", "--set")


def test_the_same_value_from_another_place_is_no_difference(tmp_path: Path) -> None:
    assert settings(tmp_path, SETTINGS, SETTINGS.replace("# default", "# other.yaml:9")) == ()


def test_one_and_one_point_nought_are_the_same(tmp_path: Path) -> None:
    assert settings(tmp_path, "a: 1 # default\n", "a: 1.0 # default\n") == ()


def test_a_setting_that_only_one_run_has_is_not_set_in_the_other(tmp_path: Path) -> None:
    (change,) = settings(tmp_path, SETTINGS, f"{SETTINGS}as_of: 2022-09-01  # s.yaml:3\n")
    assert change.first is None
    assert change.second is not None
    assert (change.key, change.second.value, change.second.origin) == ("as_of", "2022-09-01", "s.yaml:3")


def test_constraints_are_addressed_by_their_name_whatever_their_order(tmp_path: Path) -> None:
    london, north = "{name: london, maximum: 4}", "{name: north, maximum: 2}"
    first, second = (f"constraints: [{one}, {other}]\n" for one, other in ((london, north), (north, london)))
    assert settings(tmp_path / "order", first, second) == ()
    (change,) = settings(tmp_path / "limit", first, second.replace("4", "5"))
    assert change.key == "constraints.london.maximum"


def test_a_list_without_names_is_one_value_with_the_origin_of_its_first_entry(tmp_path: Path) -> None:
    file = tmp_path / "scenario.resolved.yaml"
    file.write_text("objectives:\n- blend:\n    fit: 1    # s.yaml:3\n    distance_km: -0.002  # s.yaml:4\n")
    read = read_settings(file)
    assert read["objectives"].value == [{"blend": {"fit": 1, "distance_km": -0.002}}]
    assert read["objectives"].origin == "s.yaml:3"


def test_a_list_over_several_lines_keeps_its_origin(tmp_path: Path) -> None:
    file = tmp_path / "scenario.resolved.yaml"
    file.write_text("tie_break: [arrived,\n  lottery]   # s.yaml:3\nseed: 0  # default\n")
    assert {key: setting.origin for key, setting in read_settings(file).items()} == {
        "tie_break": "s.yaml:3",
        "seed": "default",
    }


def test_the_settings_of_a_result_are_those_that_its_folder_tells(tmp_path: Path) -> None:
    told = 0
    for seed in range(30):
        try:
            scenario = load_scenario(write_any_scenario(tmp_path / str(seed), seed))
        except InputError:
            continue
        file = tmp_path / str(seed) / "scenario.resolved.yaml"
        file.write_text(resolved_text(scenario, inputs_of(scenario), {}), encoding="utf-8")
        assert list(read_settings(file).items()) == list(settings_of(scenario, {}).items())
        told += 1
    assert told > 20


def schools(folder: Path, first: list[dict[str, Any]], second: list[dict[str, Any]]) -> Any:
    runs = ({"inputs": {"schools": rows}} for rows in (first, second))
    return compared(folder, *runs).inputs.tables[0]


def test_rows_added_removed_and_changed_are_told_with_their_columns(tmp_path: Path) -> None:
    first = [{"school_id": "S1", "region": "London", "pupils": 9}, {"school_id": "S2", "region": "", "pupils": 7}]
    second = [{"school_id": "S1", "region": "London", "pupils": 8}, {"school_id": "S3", "region": "", "pupils": 7}]
    table = schools(tmp_path, first, second)
    difference = table.difference
    assert (table.table, table.same) == ("schools", False)
    assert ([r["school_id"] for r in difference.added], [r["school_id"] for r in difference.removed]) == (
        ["S3"],
        ["S2"],
    )
    assert [(row.key, {n: (c.first, c.second) for n, c in row.cells.items()}) for row in difference.changed] == [
        (("S1",), {"pupils": ("9", "8")})
    ]
    assert difference.columns == {"pupils": 1}


def test_a_column_that_came_is_named_once_and_no_change_of_every_row(tmp_path: Path) -> None:
    difference = schools(tmp_path, [{"school_id": "S1"}], [{"school_id": "S1", "pupils": 8}]).difference
    assert (difference.columns_added, difference.columns_removed, difference.changed) == (("pupils",), (), ())
    assert not difference.same


def test_the_order_of_rows_and_columns_is_no_difference(tmp_path: Path) -> None:
    first = [{"school_id": "S1", "pupils": 8}, {"school_id": "S2", "pupils": 9}]
    second = [{"pupils": 9, "school_id": "S2"}, {"pupils": 8, "school_id": "S1"}]
    assert schools(tmp_path, first, second).same


def test_two_rows_of_one_key_are_both_compared(tmp_path: Path) -> None:
    def current(*states: str) -> dict[str, Any]:
        return {"inputs": {"current": [{"school_id": "S1", "nle_id": "N1", "state": state} for state in states]}}

    table = compared(tmp_path, current("stopped", "started"), current("stopped", "finished", "offered")).inputs.tables
    difference = table[-1].difference
    assert difference is not None
    assert (len(difference.changed), len(difference.added), len(difference.removed)) == (1, 1, 0)


def test_a_table_that_only_one_run_read_differs_as_a_whole(tmp_path: Path) -> None:
    table = compared(tmp_path, {}, {"inputs": {"trusts": [{"trust_id": "T1"}]}}).inputs.tables[-1]
    assert (table.table, table.first, table.same, table.difference) == ("trusts", None, False, None)


def test_without_kept_inputs_equal_hashes_tell_and_others_do_not(tmp_path: Path) -> None:
    bare = {"keep_inputs": False, "inputs": {"nles": [{"nle_id": "N2"}]}}
    found = compared(tmp_path, {}, bare)
    assert found.inputs.not_kept == (str(tmp_path / "second"),)
    assert {table.table: table.same for table in found.inputs.tables} == {"schools": True, "nles": None}
    assert not found.same


def figures(folder: Path, first: dict[str, Any], second: dict[str, Any]) -> Any:
    return compared(folder, {"summary": first}, {"summary": second}).figures


def test_a_difference_is_exact_where_floats_are_not(tmp_path: Path) -> None:
    found = figures(tmp_path, {"metrics": {"mean_fit": 0.1}}, {"metrics": {"mean_fit": 0.3}})
    assert found.metrics[0].difference == 0.2 != 0.3 - 0.1


def test_objectives_are_compared_by_their_integers(tmp_path: Path) -> None:
    def fit(value: int) -> dict[str, Any]:
        return {"objectives": [{"name": "fit", "value": float(value), "exact": {"value": value, "scale": 1}}]}

    assert figures(tmp_path, fit(2**60), fit(2**60 + 1)).objectives[0].difference == 1.0


def test_a_figure_that_a_run_lacks_has_no_difference(tmp_path: Path) -> None:
    found = figures(tmp_path, {"metrics": {"mean_fit": None}}, {"metrics": {"mean_fit": 0.5, "min_fit": 0.25}})
    assert [(f.name, f.first, f.second, f.difference) for f in found.metrics] == [
        ("mean_fit", None, 0.5, None),
        ("min_fit", None, 0.25, None),
    ]


def test_objectives_of_one_name_are_compared_one_by_one(tmp_path: Path) -> None:
    def supported(*values: int) -> dict[str, Any]:
        return {"objectives": [{"name": "schools_supported", "value": value} for value in values]}

    found = figures(tmp_path, supported(3, 5), supported(4, 4)).objectives
    assert [entry.difference for entry in found] == [1, -1]


def test_rows_of_constraints_are_compared_by_label(tmp_path: Path) -> None:
    def row(label: str, value: float, maximum: float) -> dict[str, Any]:
        return {"label": label, "value": value, "minimum": None, "maximum": maximum, "binding": value == maximum}

    first = {"constraints": [row("london", 38, 40), row("north", 2, 3)]}
    found = figures(tmp_path, first, {"constraints": [row("north", 2, 3), row("london", 30, 30)]}).constraints
    assert {entry.name: entry.difference for entry in found} == {"london": -8.0, "north": 0.0}


@pytest.mark.parametrize("status", ["infeasible", "unknown"])
def test_a_run_without_an_allocation_is_compared_as_any_other(tmp_path: Path, status: str) -> None:
    empty = {"summary": {"status": status, "objectives": [], "metrics": {"mean_fit": None}, "clashes": ["A clash."]}}
    found = compared(tmp_path, {}, empty)
    assert (found.second.status, found.second.clashes) == (status, ("A clash.",))
    assert found.figures.objectives[0].second is None
