"""Which row names the columns, and what separates them: found where that is safe, else said what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from nle_optimizer.records import as_text
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from support.scenarios import refusal, write_scenario

HEADER = ["school_id", "name", "pupils"]
ROWS = [["S1", "Ash, Old", "7"], ["S2", "Beech", "8"]]


def text_of(rows: Sequence[Sequence[Any]], separator: str = ",") -> str:
    return "".join(separator.join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in rows)


def load(folder: Path, text: str, *sets: str) -> Scenario:
    file = write_scenario(folder)
    (folder / "schools.csv").write_text(text, encoding="utf-8")
    return load_scenario(file, sets=sets)


def book(folder: Path, *sheets: tuple[str, Sequence[Sequence[Any]]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    folder.mkdir(exist_ok=True)
    made.save(folder / "schools.xlsx")
    return write_scenario(folder, {"data": {"schools": "schools.xlsx"}})


NOTES: list[list[list[str]]] = [
    [["Schools of the North", "", ""], ["", "", ""]],
    [["Schools of the North"]],
    [["", "", ""]],
    [["Date", "2026-09-01", ""], ["Made by", "A. Person", ""]],
    [["x", "", ""]] * 19,
]


@pytest.mark.parametrize("notes", NOTES)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_notes_above_a_header_are_left_aside_and_told(tmp_path: Path, notes: Any, kind: str) -> None:
    rows = [*notes, HEADER, *ROWS]
    found = load(tmp_path, text_of(rows)) if kind == "csv" else load_scenario(book(tmp_path, ("Schools", rows)))
    first = len(notes) + 1
    assert found.schools.ids.tolist() == ["S1", "S2"]
    assert found.schools.rows.tolist() == [first + 1, first + 2]
    got = next((row[0] for row in notes if row[0]), "blank rows")
    assert [str(each) for each in found.findings] == [
        f"schools.{kind}:{first}: the header is row {first}; what stands above it is left aside; got {got}"
    ]


def test_a_header_in_the_first_row_is_never_looked_for_further_down(tmp_path: Path) -> None:
    rows = [["school_id", "name"], ["school_id", "name"], ["S2", "x"]]
    assert load(tmp_path, text_of(rows)).schools.ids.tolist() == ["S2", "school_id"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Column", "Meaning"], ["school_id", "URN of the school"], ["name", "Name"]],
        [["URN", "Title", "Roll"], ["A", "B", "C"], ["school_id", "name", "x"], ["S1", "x", "y"]],
    ],
)
def test_a_header_below_what_may_be_more_than_notes_is_refused_with_the_remedy(tmp_path: Path, rows: Any) -> None:
    said = refusal(load, tmp_path, text_of(rows))
    n = next(n for n, row in enumerate(rows, start=1) if row[0] == "school_id")
    assert f"schools.csv:1: this row does not name the columns, and row {n} seems to; got " in said
    assert f"if it does, write `header: {n}` beside `file` under `data`; else delete it" in said
    assert load(tmp_path, text_of(rows), f"data.schools.header={n}").findings == ()


def test_a_header_beyond_the_twentieth_row_is_named_by_its_row(tmp_path: Path) -> None:
    rows = [*[["x", "", ""]] * 20, HEADER, *ROWS]
    assert "schools.csv:1: school_id: this column is required" in refusal(load, tmp_path, text_of(rows))
    assert len(load(tmp_path, text_of(rows), "data.schools.header=21").schools) == 2


def test_the_named_row_is_the_header_and_nothing_else(tmp_path: Path) -> None:
    said = refusal(load, tmp_path, text_of([["x", "", ""], HEADER, *ROWS]), "data.schools.header=1")
    assert "schools.csv:1: school_id: this column is required" in said
    assert "row 9 must hold the names" in refusal(load, tmp_path, text_of([HEADER, *ROWS]), "data.schools.header=9")


def test_a_header_is_found_by_the_names_it_is_mapped_from(tmp_path: Path) -> None:
    text = text_of([["Cases"], ["URN", "School"], ["S1", "x"]])
    sets = ["data.schools.columns={school_id: URN, name: School}"]
    assert load(tmp_path, text, *sets).schools.values("name").tolist() == ["x"]
    said = refusal(load, tmp_path, text, "data.schools.columns={school_id: URN, name: Schol}")
    assert "schools.csv:2: name: the mapped column is not there; got Schol; did you mean School?" in said


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "first", "true", "1048577"])
def test_a_header_that_is_no_row_is_refused(tmp_path: Path, value: str) -> None:
    said = refusal(load, tmp_path, text_of([HEADER, *ROWS]), f"data.schools.header={value}")
    assert f"data.schools.header: auto is needed, or the number of a row from 1 to 1,048,576; got {value.title()}" in (
        said if value == "true" else said.replace(f"got {value}", f"got {value.title()}")
    )
    assert said.count("\n") == 0


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_another_separator_is_found_and_told(tmp_path: Path, separator: str, name: str) -> None:
    found = load(tmp_path, text_of([HEADER, *ROWS], separator))
    assert found.schools.values("name").tolist() == ["Ash, Old", "Beech"]
    assert [str(each) for each in found.findings] == [f"schools.csv: the columns are separated by {name}"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stated_separator_is_taken_and_its_line_counts_as_no_row(tmp_path: Path, first: str, end: str) -> None:
    found = load(tmp_path, first + end + text_of([HEADER, *ROWS], ";"))
    assert found.schools.rows.tolist() == [2, 3]
    assert [str(each) for each in found.findings] == [
        "schools.csv: the columns are separated by semicolons, as the file states above them"
    ]


def test_a_separator_and_notes_together(tmp_path: Path) -> None:
    found = load(tmp_path, text_of([["Cases; all of them"], HEADER, *ROWS], "|"))
    assert len(found.schools) == 2
    assert sorted(each.code for each in found.findings) == ["other-separator", "rows-above-header"]


def test_commas_win_where_the_header_is_found_by_them(tmp_path: Path) -> None:
    found = load(tmp_path, "school_id,a;b,c|d\nS1,x;y,z\n")
    assert list(found.schools) == ["school_id", "a;b", "c|d"]


def test_a_row_that_its_separator_parts_otherwise_is_refused(tmp_path: Path) -> None:
    said = refusal(load, tmp_path, "school_id|phases\nS1|primary|secondary\n")
    assert "schools.csv:row 2: the row must have 2 cells as the header has; got 3" in said


def test_the_only_sheet_that_has_the_columns_is_named(tmp_path: Path) -> None:
    file = book(tmp_path, ("Notes", [["Read me first"]]), ("Cases", [HEADER, *ROWS]))
    said = refusal(load_scenario, file)
    assert "schools.xlsx:1: the first sheet does not have the columns of this table; got Notes" in said
    assert "write `sheet: Cases` beside `file` under `data`, if that is the one" in said


def test_the_folder_of_a_run_has_plain_tables(tmp_path: Path, program: Any) -> None:
    rows = [["Cases"], [*HEADER, "own"], *([*row, "1,200"] for row in ROWS)]
    file = write_scenario(tmp_path / "in", {"fit": {"unknown": "exclude"}})
    (tmp_path / "in" / "schools.csv").write_text(text_of(rows, ";"), encoding="utf-8")
    assert program("run", file, "--out", tmp_path / "out").code == 0
    again = load_scenario(tmp_path / "out" / "scenario.resolved.yaml")
    assert {finding.code for finding in again.findings} <= {"nobody-has-a-place"}
    assert as_text(again.schools.column("own")) == ["1,200", "1,200"]
    assert "header" not in (tmp_path / "out" / "scenario.resolved.yaml").read_text(encoding="utf-8")
