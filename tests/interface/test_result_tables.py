"""Every table of a result has a name and types: they follow from what a column means, never from its cells."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from nle_optimizer import Result, allocate, load_run, load_scenario, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.published_columns import COLUMNS
from nle_optimizer.reports.run_folder import CLAIMED, DECISIONS, DRAWN, MOVES
from nle_optimizer.tables import TEXT
from support.any_scenario import write_any_scenario
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, read_table, school, write_scenario, write_table

DIGITS_AS_TEXT = frozenset({"value", "local_authority", "region", "name", "school_name", "nle_name", "evidence"})
"""Columns of text in which figures may stand, besides identifiers."""


def test_every_csv_file_of_a_run_folder_is_an_attribute(tmp_path: Path) -> None:
    rates = {"uncertainty": {"draws": 3, "nle_withdraws": 0.4}}
    file = write_scenario(tmp_path / "s", rates, [school(1), school(2)], [nle(1), nle(2)])
    changes = write_table(tmp_path / "c.csv", [{"action": "forbid", "school_id": "S1", "nle_id": "N1", "note": "no"}])
    run, again = tmp_path / "run", tmp_path / "again"
    assert run_program(["run", str(file), "--out", str(run), "--no-report"]) == 0
    assert run_program(["replan", str(run), "--changes", str(changes), "--out", str(again), "--no-report"]) == 0
    files = {path.stem: path for folder in (run, again) for path in folder.glob("*.csv")}
    assert set(files) == {*CLAIMED, *DRAWN, *MOVES, DECISIONS} == set(COLUMNS)
    for name, path in files.items():
        table = getattr(load_run(path.parent), name)
        assert table.rows() == list(table) == read_table(path)
        assert len(table.to_pandas()) == len(table)


def test_a_run_that_is_read_again_is_the_result_that_was_written(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {}, [school(1), school(2)], [nle(1)])
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    made, read = allocate(load_scenario(file)), load_run(tmp_path / "run")
    assert {name: table.rows() for name, table in read.tables.items()} == {n: t.rows() for n, t in made.tables.items()}
    assert (read.status, read.metrics, list(read.objectives)) == (made.status, made.metrics, list(made.objectives))
    assert [name for name, _ in read.seconds] == [name for name, _ in made.seconds]
    assert verify(read) == []


def test_a_table_that_is_only_there_on_request_says_so(tmp_path: Path) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path)))
    assert set(result.tables) == set(CLAIMED)
    assert not hasattr(result, "decisions")
    with pytest.raises(AttributeError, match=r"no table pair_shares: only a run with `uncertainty.draws` has one"):
        _ = result.pair_shares


def test_types_are_the_same_whatever_is_blank(tmp_path: Path) -> None:
    full = [school(n, priority=n, arrived="2022-01-01", trust_id="T1", region="London") for n in (1, 2)]
    settings = {"as_of": "2022-09-01"}
    some = allocate(load_scenario(write_scenario(tmp_path / "a", settings, full, [nle(1, region="London")])))
    none = allocate(load_scenario(write_scenario(tmp_path / "b", settings, [school(1), school(2)], [nle(1)])))
    nobody = allocate(load_scenario(write_scenario(tmp_path / "c", settings, full, [nle(1, status="withdrawn")])))
    for name in CLAIMED:
        told = [each.tables[name].to_pandas().dtypes.to_dict() for each in (some, none, nobody)]
        assert told[0] == told[1] == told[2], name
    frame = none.allocation.to_pandas()
    assert frame["priority"].dtype == "Int64" and frame["priority"].isna().all()
    assert frame["out_of_region"].dtype == "boolean" and frame["out_of_region"].isna().all()
    assert frame["trust_id"].dtype == frame["school_id"].dtype == pd.StringDtype()
    assert frame["fit"].dtype == frame["placements"].dtype == "Float64"
    assert len(nobody.allocation.to_pandas()) == 0


def test_identifiers_and_columns_of_ones_own_stay_text_with_their_leading_zeros(tmp_path: Path) -> None:
    schools, nles = [school(1, school_id="0012", ward="007")], [nle(1, nle_id="0034")]
    frame = allocate(load_scenario(write_scenario(tmp_path, {}, schools, nles))).allocation.to_pandas()
    assert frame[["school_id", "nle_id", "ward"]].iloc[0].tolist() == ["0012", "0034", "007"]


def test_a_column_of_ones_own_may_have_the_name_of_a_share_of_draws(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {}, [school(1, share_weights="a third")], [nle(1)])
    assert allocate(load_scenario(file)).allocation.to_pandas()["share_weights"].tolist() == ["a third"]


def test_every_column_of_figures_is_one_of_numbers_and_every_cell_is_kept(tmp_path: Path) -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for result in _random_results(tmp_path):
        own = set(result.scenario.schools.extra) - set(result.scenario.resources)
        for name, table in result.tables.items():
            frame = table.to_pandas()
            for column, cells in table.columns.items():
                assert frame[column].notna().tolist() == [cell != "" for cell in cells], (name, column)
                if table.types[column] == TEXT and not (name == "allocation" and column in own):
                    seen.setdefault((name, column), set()).update(cell for cell in cells if cell)
    figures = {key for key, cells in seen.items() if cells and all(_is_number(cell) for cell in cells)}
    assert {key for key in figures if not key[1].endswith("_id") and key[1] not in DIGITS_AS_TEXT} == set()
    assert len(seen) > 30


def _random_results(folder: Path) -> list[Result]:
    found = []
    for seed in range(36):
        (folder / str(seed)).mkdir()
        try:
            write = write_random_scenario if seed % 3 == 0 else write_any_scenario
            found.append(allocate(load_scenario(write(folder / str(seed), seed))))
        except InputError:
            continue
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_objectives_and_metrics_have_types_too(tmp_path: Path) -> None:
    proved = allocate(load_scenario(write_scenario(tmp_path / "a")))
    by_rule = allocate(load_scenario(write_scenario(tmp_path / "b", {"rule": "greedy"})))
    for result in (proved, by_rule):
        frame = result.objectives.to_pandas()
        assert frame.dtypes[["name", "value", "bound", "proved"]].astype(str).tolist() == [
            *("string", "Float64", "Float64", "boolean")
        ]
        assert result.metrics.to_pandas().dtypes.astype(str).tolist() == ["string", "Float64"]


def test_without_pandas_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = allocate(load_scenario(write_scenario(tmp_path)))
    monkeypatch.setitem(sys.modules, "pandas", None)
    for each in (result.allocation, result.objectives, result.metrics):
        with pytest.raises(ImportError, match=r"pip install nle-optimizer\[pandas\]"):
            each.to_pandas()
