"""The workbook holds what the run holds, runs nobody's formula, and the decisions written in it are read back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from nle_optimizer.files import sha256
from nle_optimizer.reports.workbook_front import ACTIONS
from support.scenarios import nle, read_table, school, write_scenario

SHEETS = [
    "Read me",
    "Summary",
    "Allocation",
    "By NLE",
    "By authority",
    "Left out",
    "Alternates",
    "Excluded",
    "NLEs",
    "Settings",
    "Decisions",
]
EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture
def run(tmp_path: Path, program: Callable[..., Any]) -> Path:
    schools = [school(n, local_authority="Leeds", region="Yorkshire") for n in range(1, 6)]
    schools[0]["name"] = EVIL
    nles = [nle(1, name="+SUM(A1)", placements=2), nle(2, name="<b>Bob</b>")]
    file = write_scenario(tmp_path, {}, schools=schools, nles=nles)
    assert program("run", file, "--out", tmp_path / "run").code == 0
    return tmp_path / "run"


def rows(run: Path, sheet: str) -> list[dict[str, Any]]:
    page = load_workbook(run / "workbook.xlsx")[sheet]
    header, *body = page.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def test_it_has_every_sheet_with_frozen_headings_and_filters(run: Path) -> None:
    book = load_workbook(run / "workbook.xlsx")
    assert book.sheetnames == SHEETS
    for name in SHEETS[2:]:
        assert book[name].freeze_panes
        assert book[name].auto_filter.ref
    assert len(book["Summary"]._charts) >= 3


def test_its_cells_are_those_of_the_tables(run: Path) -> None:
    told, written = rows(run, "Allocation"), read_table(run / "allocation.csv")
    assert [(row["School id"], row["NLE id"]) for row in told] == [(row["school_id"], row["nle_id"]) for row in written]
    assert [row["Fit"] for row in told] == [float(row["fit"]) for row in written]
    assert len(rows(run, "Left out")) == len(read_table(run / "unmatched.csv"))
    assert len(rows(run, "Alternates")) == len(read_table(run / "alternates.csv"))
    assert sum(row["Schools"] for row in rows(run, "By NLE")) == len(written)


def test_the_first_sheet_leads_to_every_other_one(run: Path) -> None:
    page = load_workbook(run / "workbook.xlsx")["Read me"]
    targets = [cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink]
    assert targets == [f"'{name}'!A1" for name in SHEETS[1:]]
    assert "3 of 5 eligible schools would be supported" in page["A2"].value


def test_figures_are_written_in_words_and_whole_amounts_without_decimal_places(run: Path) -> None:
    book = load_workbook(run / "workbook.xlsx")
    figures = {row["Figure"]: row["Value"] for row in rows(run, "Summary") if row["Figure"]}
    assert (figures["Schools supported"], figures["NLEs available"]) == (3, 2)
    columns = {cell.value: cell.column for cell in book["NLEs"][1]}
    assert book["NLEs"].cell(2, columns["Placements used"]).number_format.startswith("#,##0_")
    assert book["Allocation"]["E2"].number_format.startswith("0.000")


def test_a_decision_is_one_of_those_that_replan_knows(run: Path) -> None:
    (rule,) = load_workbook(run / "workbook.xlsx")["Decisions"].data_validations.dataValidation
    assert rule.formula1.strip('"').split(",") == list(ACTIONS)
    assert str(rule.sqref) == "A2:A504"


def test_no_cell_is_a_formula_whatever_names_say(run: Path) -> None:
    book = load_workbook(run / "workbook.xlsx")
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    values = {cell.value for cell in cells}
    assert EVIL in values
    assert "+SUM(A1)" in values


def test_the_same_run_has_the_same_bytes(run: Path, program: Callable[..., Any]) -> None:
    again = run.parent / "again"
    assert program("run", run.parent / "scenario.yaml", "--out", again).code == 0
    for name in ("workbook.xlsx", "map.geojson", "report.html"):
        assert sha256((again / name).read_bytes()) == sha256((run / name).read_bytes())


def test_decisions_written_in_it_are_carried_out_by_replan(run: Path, program: Callable[..., Any]) -> None:
    book = load_workbook(run / "workbook.xlsx")
    page = book["Decisions"]
    first, second = (page.cell(row, 2).value for row in (2, 3))
    page.cell(2, 1).value, page.cell(2, 5).value = "agree", "regional director"
    page.cell(3, 1).value, page.cell(3, 6).value = "school-objects", "knows the NLE"
    nle_of = {row["school_id"]: row["nle_id"] for row in read_table(run / "allocation.csv")}
    book.save(run.parent / "decided.xlsx")
    new = run.parent / "new"
    ended = program("replan", run, "--changes", run.parent / "decided.xlsx", "--out", new)
    assert ended.code == 0, ended.err
    states = {row["school_id"]: row["state"] for row in read_table(new / "allocation.csv")}
    assert states[first] == "agreed"
    assert (second, nle_of[second]) not in {
        (row["school_id"], row["nle_id"]) for row in read_table(new / "allocation.csv")
    }


def test_a_note_without_an_action_is_refused_in_its_row(run: Path, program: Callable[..., Any]) -> None:
    book = load_workbook(run / "workbook.xlsx")
    book["Decisions"].cell(3, 6).value = "what now?"
    book.save(run.parent / "decided.xlsx")
    ended = program("replan", run, "--changes", run.parent / "decided.xlsx", "--out", run.parent / "new")
    assert ended.code == 2
    assert "decided.xlsx[Decisions]:row 3: action: an action is needed" in ended.err


def decided_in(run: Path) -> str:
    """The school that `agree` was written beside in the workbook of a run, where it lies."""
    book = load_workbook(run / "workbook.xlsx")
    book["Decisions"].cell(2, 1).value = "agree"
    book.save(run / "workbook.xlsx")
    return str(book["Decisions"].cell(2, 2).value)


def test_decisions_may_be_written_in_the_workbook_where_it_lies(run: Path, program: Callable[..., Any]) -> None:
    school_id, new = decided_in(run), run.parent / "new"
    ended = program("replan", run, "--changes", run / "workbook.xlsx", "--out", new)
    assert ended.code == 0, ended.err
    assert {row["school_id"]: row["state"] for row in read_table(new / "allocation.csv")}[school_id] == "agreed"


def test_verify_stands_by_a_run_whose_workbook_people_have_written_in_or_taken_away(
    run: Path, program: Callable[..., Any]
) -> None:
    decided_in(run)
    ended = program("verify", run)
    assert ended.code == 0, ended.err
    assert "workbook.xlsx: somebody has written in it since it was made, so it is not checked" in ended.err
    (run / "workbook.xlsx").rename(run.parent / "mine.xlsx")
    ended = program("verify", run)
    assert ended.code == 0, ended.err
    assert "workbook.xlsx: it is no longer there" in ended.err


def test_a_page_that_was_changed_is_no_file_people_write_in(run: Path, program: Callable[..., Any]) -> None:
    (run / "report.html").write_text("changed")
    ended = program("verify", run)
    assert ended.code == 1
    assert "report.html: the file was changed since the run" in ended.out + ended.err


def test_the_report_keeps_what_people_wrote_unless_it_is_forced(run: Path, program: Callable[..., Any]) -> None:
    assert program("report", run, "--record").code == 0
    decided_in(run)
    log = run / "record" / "decisions.md"
    log.write_text(log.read_text(encoding="utf-8").replace("[to be filled in]", "Ms Smith"), encoding="utf-8")
    before = {file: file.read_bytes() for file in (run / "workbook.xlsx", log)}
    ended = program("report", run, "--record")
    assert ended.code == 0
    assert {file: file.read_bytes() for file in before} == before
    for file in before:
        assert f"{file}: somebody has written in it, so it was kept as it is" in ended.err
        assert str(file) not in ended.out.splitlines()
    assert program("report", run, "--record", "--force").code == 0
    assert all(file.read_bytes() != content for file, content in before.items())
    assert program("verify", run).err.count("written in it") == 0


def test_a_file_that_cannot_be_replaced_is_named_and_the_rest_is_written(
    run: Path, program: Callable[..., Any]
) -> None:
    before = (run / "report.html").read_bytes()
    (run / "workbook.xlsx").unlink()
    (run / "workbook.xlsx").mkdir()
    (run / "report.html").write_text("old")
    ended = program("report", run)
    assert ended.code == 2
    assert "workbook.xlsx: the file cannot be written" in ended.err
    assert "close it where it is open" in ended.err
    assert (run / "report.html").read_bytes() == before


def test_the_map_holds_a_point_for_each_side_and_a_line_for_each_pair_in_degrees(run: Path) -> None:
    features = json.loads((run / "map.geojson").read_text())["features"]
    kinds = [feature["properties"]["kind"] for feature in features]
    assert (kinds.count("school"), kinds.count("NLE"), kinds.count("pair")) == (5, 2, 3)
    for feature in features:
        flat = feature["geometry"]["coordinates"]
        points = flat if feature["geometry"]["type"] == "LineString" else [flat]
        assert all(-2 < x < -1 and 53 < y < 54.5 for x, y in points)


def test_images_and_the_record_are_written_on_request(run: Path, program: Callable[..., Any]) -> None:
    assert program("report", run, "--images", "--record").code == 0
    pictures = sorted((run / "images").iterdir())
    assert {picture.suffix for picture in pictures} == {".png", ".svg"}
    assert all(picture.stat().st_size > 1000 for picture in pictures)
    assert {"map.svg", "map.png", "fit.svg", "fit.png"} <= {picture.name for picture in pictures}
    record = {page.name: page.read_text(encoding="utf-8") for page in (run / "record").iterdir()}
    assert set(record) == {"assumptions.md", "data.md", "decisions.md", "verification.md", "transparency-record.md"}
    assert all("[to be filled in]" in page for page in record.values())
    assert "Proved best" in record["verification.md"]
    assert sha256((run.parent / "schools.csv").read_bytes()) in record["data.md"]
    assert program("verify", run).code == 0


def test_the_shared_workbook_and_map_name_no_nle(run: Path, program: Callable[..., Any]) -> None:
    copy = run.parent / "copy"
    assert program("report", run, "--share", copy).code == 0
    book = load_workbook(copy / "workbook.xlsx")
    assert book.sheetnames == [name for name in SHEETS if name not in ("Alternates", "Decisions")]
    told = {str(cell.value) for page in book for row in page.iter_rows() for cell in row}
    assert not [cell for cell in told if "Bob" in cell or cell in ("N1", "N2")]
    assert "Bob" not in (copy / "map.geojson").read_text()
