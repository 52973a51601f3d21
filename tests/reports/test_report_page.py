"""`report.html` holds what the run holds, is the same from the run and from its folder, and is safe to open."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from support.report_data import cells, data_of
from support.scenarios import nle, read_table, school, write_scenario

EVIL = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def run(tmp_path: Path, program: Callable[..., Any]) -> Path:
    schools = [
        school(1, region="London", name=EVIL),
        school(2, region="London", name=FORMULA),
        school(3, establishment_status="closed"),
    ]
    scenario = write_scenario(tmp_path, schools=schools, nles=[nle(1, name="Ann O'Neill & Söhne", region="London")])
    assert program("run", scenario, "--out", tmp_path / "run").code == 0
    return tmp_path / "run"


def test_every_school_stands_in_one_table_of_the_page(run: Path) -> None:
    tables = data_of(run / "report.html")["tables"]
    ids = [identifier for name in ("pairs", "left-out", "excluded") for identifier in cells(tables[name], "school_id")]
    assert sorted(ids) == ["S1", "S2", "S3"]


def test_figures_of_the_page_are_those_of_the_files(run: Path) -> None:
    pairs = data_of(run / "report.html")["tables"]["pairs"]
    row = read_table(run / "allocation.csv")[0]
    assert cells(pairs, "fit") == [float(row["fit"])]
    assert cells(pairs, "distance") == [float(row["distance_km"])]
    assert cells(pairs, "why") == [row["why"]]


def test_the_page_made_again_from_the_folder_is_the_same_to_the_byte(run: Path, program: Callable[..., Any]) -> None:
    before, manifest = (run / "report.html").read_bytes(), (run / "manifest.json").read_bytes()
    (run / "report.html").unlink()
    assert program("report", run).code == 0
    assert (run / "report.html").read_bytes() == before
    assert (run / "manifest.json").read_bytes() == manifest
    assert program("verify", run).code == 0


def test_the_order_of_rows_does_not_change_the_page(tmp_path: Path, program: Callable[..., Any]) -> None:
    pages = []
    for name, step in (("a", 1), ("b", -1)):
        schools, nles = [school(n) for n in range(1, 6)][::step], [nle(n) for n in (1, 2)][::step]
        write_scenario(tmp_path / name, schools=schools, nles=nles)
        program("run", tmp_path / name / "scenario.yaml", "--out", tmp_path / name / "run")
        pages.append((tmp_path / name / "run" / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_markup_in_a_name_is_text(run: Path) -> None:
    text = (run / "report.html").read_text()
    assert EVIL not in text
    assert text.count("<script") == text.count("</script>") == 2


def test_without_a_report_none_is_written(tmp_path: Path, program: Callable[..., Any]) -> None:
    scenario = write_scenario(tmp_path)
    assert program("run", scenario, "--out", tmp_path / "run", "--no-report").code == 0
    assert not (tmp_path / "run" / "report.html").exists()


def test_an_infeasible_run_has_a_page_that_says_why(tmp_path: Path, program: Callable[..., Any]) -> None:
    limit = {"name": "all", "type": "quota", "of": "schools", "minimum": 2}
    scenario = write_scenario(tmp_path, {"constraints": [limit]})
    assert program("run", scenario, "--out", tmp_path / "run").code == 1
    assert "No allocation meets every requirement" in (tmp_path / "run" / "report.html").read_text()


def test_a_folder_of_another_version_is_refused_and_told_what_to_do(run: Path, program: Callable[..., Any]) -> None:
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps({**summary, "schema_version": 9}))
    ended = program("report", run)
    assert ended.code == 2
    assert "schema_version 9" in ended.err and "run scenario.resolved.yaml again" in ended.err


def test_a_column_that_is_missing_is_named_and_the_rest_is_written(run: Path, program: Callable[..., Any]) -> None:
    rows = [line.split(",", 2) for line in (run / "nles.csv").read_text().splitlines()]
    (run / "nles.csv").write_text("".join(f"{nle_id},{rest}\n" for nle_id, _, rest in rows))
    ended = program("report", run)
    assert ended.code == 0
    assert "nles.csv has no column state" in ended.err
    assert cells(data_of(run / "report.html")["tables"]["nles"], "nle_id") == ["N1"]


def test_a_table_that_only_some_runs_have_is_shown_with_names(run: Path, program: Callable[..., Any]) -> None:
    (run / "alternates.csv").write_text("school_id,rank,nle_id,fit\nS1,1,N1,0.5\n")
    assert program("report", run).code == 0
    table = data_of(run / "report.html")["tables"]["alternates"]
    assert [cells(table, key) for key in ("school", "nle", "rank", "fit")] == [
        [EVIL],
        ["Ann O'Neill & Söhne"],
        [1],
        [0.5],
    ]


def test_what_draws_gave_is_on_the_page_of_the_run_and_on_that_made_again(
    tmp_path: Path, program: Callable[..., Any]
) -> None:
    rates = {"draws": 3, "needs": 0.1, "school_refuses": 0.3}
    file = write_scenario(tmp_path, {"uncertainty": rates}, schools=[school(n) for n in range(1, 6)], nles=[nle(1)])
    assert program("run", file, "--out", tmp_path / "run").code == 0
    page = tmp_path / "run" / "report.html"
    tables, before = data_of(page)["tables"], page.read_bytes()
    assert cells(tables["uncertainty"], "figure")[0] == "Schools supported"
    assert set(cells(tables["pair_shares"], "nle_id")) == {"N1"}
    assert set(cells(tables["school_shares"], "in_plan")) <= {"yes", "no"}
    assert tables["this_plan"]["size"] == len(json.loads((tmp_path / "run" / "summary.json").read_text())["objectives"])
    assert cells(tables["weights"], "area") == ["Leadership", "Governance", "Finance"]
    assert {"This plan in draws", "New plans in draws", "Weights"} <= set(
        load_workbook(tmp_path / "run" / "workbook.xlsx").sheetnames
    )
    assert b"3 draws were made" in before and b"Kept as it is, this plan would reach" in before
    assert b"the pairs stand like this: " in before
    assert cells(tables["pairs"], "stands")[0] in ("Firm", "Likely", "Open", "Toss up")
    assert program("report", tmp_path / "run").code == 0
    assert page.read_bytes() == before


def test_the_page_of_a_plan_made_again_tells_who_moves(run: Path, program: Callable[..., Any]) -> None:
    changes = run.parent / "changes.csv"
    supported = read_table(run / "allocation.csv")[0]["school_id"]
    changes.write_text(f"action,school_id\nschool-withdraws,{supported}\n")
    assert program("replan", run, "--changes", changes, "--out", run.parent / "new").code == 0
    page = run.parent / "new" / "report.html"
    before = page.read_bytes()
    assert supported in cells(data_of(page)["tables"]["moves"], "school_id")
    assert program("report", run.parent / "new").code == 0
    assert page.read_bytes() == before


SQUARE = [[-0.1, 51.4], [0.1, 51.4], [0.1, 51.6], [-0.1, 51.6], [-0.1, 51.4]]


def outlines_file(folder: Path, ring: list[list[float]]) -> Path:
    file = folder / "regions.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return file


def test_outlines_in_degrees_and_in_grid_metres_are_drawn_in_one_place(run: Path, program: Callable[..., Any]) -> None:
    drawn = []
    grid = [[532000, 169000], [546000, 169000], [545000, 191500], [531700, 191200], [532000, 169000]]
    for ring in (SQUARE, grid):
        assert program("report", run, "--boundaries", outlines_file(run.parent, ring)).code == 0
        drawn.append(data_of(run / "report.html")["map"]["outlines"][0])
    assert all(abs(a - b) < 1000 for a, b in zip(drawn[0][:4], drawn[1][:4], strict=True))


def test_outlines_are_kept_by_every_later_plan_until_others_are_given(
    tmp_path: Path, program: Callable[..., Any]
) -> None:
    scenario, square = write_scenario(tmp_path), outlines_file(tmp_path, SQUARE)
    assert program("run", scenario, "--out", tmp_path / "0", "--boundaries", square).code == 0
    given = square.read_bytes()
    square.unlink()
    for n, words in enumerate(([], ["--no-report"], [], ["--set", "seed=2"]), start=1):
        assert program("replan", tmp_path / str(n - 1), "--out", tmp_path / str(n), *words).code == 0
        assert (tmp_path / str(n) / "inputs" / "boundaries.geojson").read_bytes() == given
        assert program("verify", tmp_path / str(n)).code == 0
    assert data_of(tmp_path / "4" / "report.html")["map"]["outlines"]
    other = outlines_file(tmp_path, [[-0.2, 51.4], *SQUARE[1:4], [-0.2, 51.4]])
    assert program("replan", tmp_path / "4", "--out", tmp_path / "5", "--boundaries", other).code == 0
    assert (tmp_path / "5" / "inputs" / "boundaries.geojson").read_bytes() == other.read_bytes() != given


def test_outlines_that_were_given_once_are_drawn_again(run: Path, program: Callable[..., Any]) -> None:
    program("report", run, "--boundaries", outlines_file(run.parent, SQUARE))
    program("report", run)
    assert data_of(run / "report.html")["map"]["outlines"]
    assert program("verify", run).code == 0


@pytest.mark.parametrize(
    ("ring", "told"),
    [
        ([[y, x] for x, y in SQUARE], "swapped"),
        ([[-11000, 6700000], [11000, 6700000], [11000, 6720000], [-11000, 6700000]], "EPSG:27700"),
        ([[2.2, 48.8], [2.4, 48.8], [2.4, 48.9], [2.2, 48.8]], "not in Great Britain"),
    ],
)
def test_outlines_of_another_projection_are_told_and_the_rest_is_written(
    ring: list[list[float]], told: str, run: Path, program: Callable[..., Any]
) -> None:
    before = (run / "report.html").read_bytes()
    ended = program("report", run, "--boundaries", outlines_file(run.parent, ring))
    assert ended.code == 0
    assert told in ended.err
    assert (run / "report.html").read_bytes() == before


def test_a_missing_file_of_outlines_does_not_lose_the_run(tmp_path: Path, program: Callable[..., Any]) -> None:
    scenario = write_scenario(tmp_path)
    ended = program("run", scenario, "--out", tmp_path / "run", "--boundaries", tmp_path / "none.geojson")
    assert ended.code == 0
    assert "none.geojson" in ended.err and "without outlines" in ended.err
    assert (tmp_path / "run" / "report.html").exists()


def test_a_cell_that_is_no_number_is_told_and_the_rest_is_written(run: Path, program: Callable[..., Any]) -> None:
    for file, column in ((run / "allocation.csv", "fit"), (run / "inputs" / "schools.csv", "easting")):
        header, first, *rest = file.read_text().splitlines()
        row = dict(zip(header.split(","), first.split(",", header.count(",")), strict=True)) | {column: "far"}
        file.write_text("\n".join((header, ",".join(row.values()), *rest)) + "\n")
    ended = program("report", run)
    assert ended.code == 0
    assert "allocation.csv: row 2: fit: a number is needed; got far" in ended.err
    assert "schools.csv: row 2: easting: a number is needed; got far" in ended.err


@pytest.mark.parametrize("part", ["status", "counts", "metrics", "objectives", "capacity"])
@pytest.mark.parametrize("value", [None, "x", [1], {"a": "b"}])
def test_a_summary_that_no_run_wrote_is_refused_not_stumbled_over(
    part: str, value: Any, run: Path, program: Callable[..., Any]
) -> None:
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps({**summary, part: value}))
    ended = program("report", run)
    assert (ended.code, f"{part}: missing, or not" in ended.err) in ((2, True), (0, False))
    assert value is None or part != "counts" or ended.code == 2
