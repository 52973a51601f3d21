"""What a spreadsheet knows of a cell, a row or a column beside its text is kept, told or refused; never lost."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from nle_optimizer.records import as_text
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.workbook import Format, read_sheet
from support.scenarios import nle, refusal, school, write_scenario

Cells = Mapping[str, Any]
Shape = Callable[[Any], object]


def unchanged(sheet: Any) -> None:
    """Leave the sheet as it is."""


def scenario(folder: Path, change: Shape = unchanged, schools: Sequence[Cells] = (), **settings: Any) -> Path:
    """A scenario whose schools stand in a workbook, the sheet changed before it is saved."""
    rows = list(schools) or [school(1), school(2)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Schools"
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
    change(sheet)
    folder.mkdir(exist_ok=True)
    book.save(folder / "schools.xlsx")
    data = {"schools": "schools.xlsx", **settings.pop("data", {})}
    return write_scenario(folder, {"data": data, **settings})


def load(folder: Path, change: Shape = unchanged, **given: Any) -> Scenario:
    return load_scenario(scenario(folder, change, **given))


def refused(folder: Path, change: Shape = unchanged, **given: Any) -> str:
    return refusal(load_scenario, scenario(folder, change, **given))


def told(folder: Path, change: Shape = unchanged, **given: Any) -> list[tuple[str, str]]:
    return [(found.code, str(found)) for found in load(folder, change, **given).findings]


def put(cell: str, value: Any, number_format: str = "General") -> Shape:
    def change(sheet: Any) -> None:
        sheet[cell] = value
        sheet[cell].number_format = number_format

    return change


@pytest.mark.parametrize("column", ["A", "B", "C", "E"])
def test_a_formula_without_a_stored_value_is_refused_in_every_column(tmp_path: Path, column: str) -> None:
    said = refused(tmp_path, put(f"{column}3", "=1+1"))
    assert f"cell {column}3 holds a formula whose value is not stored; open the workbook in" in said
    assert said.count("\n") == 0


def test_a_formula_in_a_column_of_ones_own_is_refused_too(tmp_path: Path) -> None:
    said = refused(tmp_path, schools=[school(1, theme='="x"')])
    assert "schools.xlsx:row 2: theme: cell H2 holds a formula whose value is not stored" in said


def test_a_row_of_nothing_but_formulas_is_no_blank_row(tmp_path: Path) -> None:
    assert "cell A4 holds a formula" in refused(tmp_path, put("A4", "=A3"))


def formula(folder: Path, value: Any) -> Path:
    """A scenario whose school has a formula for its pupils, with the given stored value."""
    with xlsxwriter.Workbook(str(folder / "schools.xlsx")) as book:
        sheet = book.add_worksheet("Schools")
        sheet.write_row(0, 0, ["school_id", "pupils"])
        sheet.write_row(1, 0, ["S1"])
        sheet.write_formula(1, 1, "=1+1", None, value)
    return write_scenario(folder, {"data": {"schools": "schools.xlsx"}})


def test_the_stored_value_of_a_formula_is_read(tmp_path: Path) -> None:
    assert load_scenario(formula(tmp_path, 210)).schools.values("pupils").tolist() == [210]


def test_a_zero_that_nothing_has_calculated_is_no_stored_value(tmp_path: Path) -> None:
    assert "cell B2 holds a formula whose value is not stored" in refusal(load_scenario, formula(tmp_path, 0))


def edited(folder: Path, old: bytes, new: bytes, **given: Any) -> Path:
    """A scenario whose sheet has something else in its XML, as other programs write it."""
    file = scenario(folder, **given)
    with zipfile.ZipFile(folder / "schools.xlsx") as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    with zipfile.ZipFile(folder / "schools.xlsx", "w") as book:
        for name, data in parts.items():
            book.writestr(name, data.replace(old, new) if name == sheet else data)
    return file


def test_a_formula_that_gives_no_text_is_a_blank(tmp_path: Path) -> None:
    old, new = b'<c r="H2" t="n"><v>7</v></c>', b'<c r="H2" t="str"><f>""</f><v></v></c>'
    schools = load_scenario(edited(tmp_path, old, new, schools=[school(1, own=7)])).schools
    assert not schools.given("own").any()


@pytest.mark.parametrize("column", ["A", "B", "C", "E", "H"])
@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#NAME?"])
def test_an_error_cell_is_refused_in_every_column(tmp_path: Path, column: str, error: str) -> None:
    said = refused(tmp_path, put(f"{column}2", error), schools=[school(1, theme="x"), school(2)])
    assert f"cell {column}2 holds the error {error}; mend it in the spreadsheet, or clear the cell" in said
    assert said.count("\n") == 0


def test_an_error_above_the_header_or_in_a_blank_column_does_no_harm(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "#N/A"

    assert len(load(tmp_path, change).schools) == 2


def test_an_error_in_the_header_is_refused(tmp_path: Path) -> None:
    assert "cell B1 holds the error #REF!" in refused(tmp_path, put("B1", "#REF!"))


@pytest.mark.parametrize("value", [date(2022, 3, 2), datetime(2022, 3, 2, 10, 30), True, time(10, 30)])
def test_a_date_or_a_yes_is_no_identifier(tmp_path: Path, value: Any) -> None:
    said = refused(tmp_path, schools=[school(1, trust_id=value)])
    what = "a yes or no" if value is True else "a date"
    assert f"trust_id: cell H2 holds {what}, where an identifier is needed; format it as text" in said


@pytest.mark.parametrize("column", ["pupils", "placements", "need_finance", "latest_grade"])
def test_a_date_is_no_number(tmp_path: Path, column: str) -> None:
    said = refused(tmp_path, schools=[school(1) | {column: date(2022, 3, 2)}])
    assert "holds the date 2022-03-02, where a number is needed; format it as a number" in said


def test_dates_and_yes_are_read_where_they_belong(tmp_path: Path) -> None:
    rows = [school(1, arrived=date(2022, 3, 2), visited=date(2022, 3, 1), flag=True)]
    schools = load(tmp_path, schools=rows).schools
    assert [as_text(schools.column(name)) for name in ("arrived", "visited", "flag")] == [
        ["2022-03-02"],
        ["2022-03-01"],
        ["yes"],
    ]


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("00000", 123, "00123"),
        ('"S"0', 12, "S12"),
        ("\\S000", 12, "S012"),
        ("000", 1234, "1234"),
        ("#,##0", 1234, "1234"),
    ],
)
def test_an_identifier_is_what_its_number_format_shows(tmp_path: Path, code: str, value: int, text: str) -> None:
    book = load(tmp_path, put("A2", value, code))
    assert text in book.schools.ids.tolist()
    expected = (
        []
        if text == str(value)
        else [f"schools.xlsx: school_id: 1 cell is read as what it plainly means; got {value} as {text} (row 2)"]
    )
    assert [str(found) for found in book.findings if found.code == "cells-read-as"] == expected


@pytest.mark.parametrize(("code", "value"), [("000-000", 123456), ("0%", 0.45), ('"a"0"b"0', 12), ("0.00%", 1)])
def test_an_identifier_that_its_number_format_hides_is_refused(tmp_path: Path, code: str, value: float) -> None:
    said = refused(tmp_path, put("A2", value, code))
    assert "school_id: cell A2 holds the number" in said
    assert "where an identifier is needed; format it as text and write it again" in said


@pytest.mark.parametrize(
    ("code", "value", "text"), [("0%", 0.45, "0.45"), ("0.0%", 0.455, "0.455"), ('0" km"', 12, "12")]
)
def test_a_number_is_the_number_however_it_is_shown(tmp_path: Path, code: str, value: float, text: str) -> None:
    column = "need_finance" if "%" in code else "pupils"
    row = school(1) | {column: value}
    place = openpyxl.utils.get_column_letter(list(row).index(column) + 1)
    schools = load(tmp_path, put(f"{place}2", value, code), schools=[row]).schools
    assert as_text(schools.column(column)) == [text]


def test_a_percentage_in_a_column_of_amounts_is_a_finding(tmp_path: Path) -> None:
    found = told(tmp_path, put("H2", 0.5, "0%"), schools=[school(1, placements=0.5)])
    assert found == [
        ("cells-read-as", "schools.xlsx: placements: 1 cell is read as what it plainly means; got 50% as 0.5 (row 2)")
    ]


@pytest.mark.parametrize(
    ("code", "value", "text"), [("0%", 0.45, "45%"), ("0%", 0.455, "45.5%"), ("0000", 7, "0007"), ("0.0", 7, "7")]
)
def test_a_column_of_ones_own_has_the_text_that_is_shown(tmp_path: Path, code: str, value: float, text: str) -> None:
    schools = load(tmp_path, put("H2", value, code), schools=[school(1, own=value)]).schools
    assert schools.values("own").tolist() == [text]


def test_digits_beyond_the_fifteenth_are_noise(tmp_path: Path) -> None:
    schools = load(tmp_path, schools=[school(1, own=0.1 + 0.2, placements=0.1 + 0.2)]).schools
    assert schools.values("own").tolist() == ["0.3"]
    assert as_text(schools.column("placements")) == ["0.3"]


@pytest.mark.parametrize(
    ("code", "percentage", "plain"),
    [
        ("General", False, True),
        ("0.00", False, True),
        ("#,##0.00;[Red]-#,##0.00", False, True),
        ('_-"£"* #,##0.00_-', False, True),
        ("0.0%", True, False),
        ('0"%"', False, False),
        ("0.00E+00", False, True),
        ("000-00", False, False),
        ("000 00", False, False),
        ('0.0"m"', False, False),
    ],
)
def test_a_number_format_is_told_apart(code: str, percentage: bool, plain: bool) -> None:
    assert (Format(code).is_percentage, Format(code).is_plain) == (percentage, plain)


def hide_rows(sheet: Any) -> None:
    for n in (3, 5, 6, 7, 8, 9, 10):
        sheet.row_dimensions[n].hidden = True


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    schools = [school(n) for n in range(1, 9)]
    assert len(load(tmp_path, hide_rows, schools=schools).schools) == 8
    assert told(tmp_path, hide_rows, schools=schools) == [
        (
            "hidden-rows",
            "schools.xlsx: 6 hidden rows are read like the others; got rows 3, 5, 6, 7, 8 and 1 more; "
            "show them, or delete them",
        )
    ]


def test_a_row_of_no_height_is_hidden(tmp_path: Path) -> None:
    found = load_scenario(edited(tmp_path, b'<row r="2">', b'<row r="2" ht="0" customHeight="1">')).findings
    assert [str(each) for each in found] == [
        "schools.xlsx: 1 hidden row is read like the others; got row 2; show it, or delete it"
    ]


def test_a_hidden_row_without_cells_is_nothing(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[9].hidden = True

    assert told(tmp_path, change) == []


def test_hidden_columns_are_read_and_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.column_dimensions.group("B", "C", hidden=True)
        sheet.column_dimensions["Z"].hidden = True

    assert told(tmp_path, change) == [
        ("hidden-columns", "schools.xlsx: 2 hidden columns are read like the others; got B (name), C (easting)")
    ]


def test_the_first_sheet_that_is_shown_is_read(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.parent.create_sheet("Old", 0).sheet_state = "hidden"

    assert len(load(tmp_path, change).schools) == 2


def test_a_hidden_sheet_that_is_named_is_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.parent.create_sheet("Shown")
        sheet.sheet_state = "veryHidden"

    found = told(tmp_path, change, data={"schools": {"file": "schools.xlsx", "sheet": "Schools"}})
    assert found == [("hidden-sheet", "schools.xlsx[Schools]: the sheet is hidden, and is read all the same")]


def test_merged_cells_in_a_key_column_are_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, lambda sheet: sheet.merge_cells("A2:A3"))
    assert said == (
        "schools.xlsx:row 3: school_id: cells A2:A3 are merged, so this one is blank; got S1; "
        "unmerge them, and fill each"
    )


def test_merged_cells_elsewhere_are_told(tmp_path: Path) -> None:
    assert told(tmp_path, lambda sheet: sheet.merge_cells("B2:B3")) == [
        (
            "merged-cells",
            "schools.xlsx:row 2: name: cells B2:B3 are merged: only the first has the value, the others are "
            "blank; got School 1; unmerge them, and fill each",
        )
    ]


def test_merged_cells_that_lose_nothing_are_nothing(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "Schools of the north"
        sheet.merge_cells("A1:E1")
        sheet.merge_cells("B8:B9")
        sheet.merge_cells("AB2:AC3")

    assert [code for code, _ in told(tmp_path, change)] == ["rows-above-header"]


def test_a_workbook_under_a_password_is_said_to_be(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    magic, name = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
    (tmp_path / "schools.xlsx").write_bytes(magic + bytes(2_000_000) + name + bytes(100))
    assert "schools.xlsx: the workbook is protected with a password; open it" in refusal(load_scenario, file)
    (tmp_path / "schools.xlsx").write_bytes(magic + bytes(1000))
    assert "a workbook of a kind that is not read here; save it as XLSX or CSV" in refusal(load_scenario, file)
    (tmp_path / "schools.xls").write_bytes(magic + bytes(1000))
    said = refusal(load_scenario, file, sets=["data.schools=schools.xls"])
    assert "a workbook of a kind that is not read here; save it as XLSX or CSV" in said


def test_a_workbook_that_is_called_something_else_is_read(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    (tmp_path / "schools.xlsx").rename(tmp_path / "schools.csv")
    assert len(load_scenario(file, sets=["data.schools=schools.csv"]).schools) == 2


def test_a_reader_that_marks_cells_leaves_the_workbook_as_it_was(tmp_path: Path) -> None:
    file = scenario(tmp_path, put("H2", 0.5, "0%"), schools=[school(1, placements=0.5)])
    one, other = load_scenario(file), load_scenario(file)
    assert one.findings == other.findings
    assert read_sheet(tmp_path / "schools.xlsx").rows[1][7] == "50%"


def settings_book(folder: Path, *rows: Sequence[Any], change: Shape = unchanged) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    tables = {"Settings": [["key", "value"], ["schema", 1], ["name", "t"], *rows]}
    for title, table in (("Schools", [school(1)]), ("NLEs", [nle(1)])):
        tables[title] = [list(table[0]), *(list(row.values()) for row in table)]
    for title, cells in tables.items():
        sheet = book.create_sheet(title)
        for row in cells:
            sheet.append(row)
    change(book["Settings"])
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_settings_of_a_workbook_are_read_as_shown(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        for n in (4, 5, 6):
            sheet[f"B{n}"].number_format = "0%"

    rows = [["capacity.reserve.placements", 0.1], ["uncertainty.needs", 0.2], ["capacity.multiply.placements", 1.2]]
    settings = load_scenario(settings_book(tmp_path, *rows, change=change)).settings
    assert settings.capacity.reserve == {"placements": "10%"}
    assert str(settings.uncertainty.needs) == "0.2"
    assert str(settings.capacity.multiply["placements"]) == "1.2"


@pytest.mark.parametrize(
    ("value", "said"),
    [("=40", "holds a formula whose value is not stored"), ("#N/A", "holds the error #N/A")],
)
def test_a_setting_that_is_no_value_is_refused_at_its_cell(tmp_path: Path, value: str, said: str) -> None:
    file = settings_book(tmp_path, ["geography.max_distance_km", value])
    assert f"t.xlsx[Settings]:row 4: value: cell B4 {said}" in refusal(load_scenario, file)


def test_a_hidden_setting_is_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[4].hidden = True

    found = load_scenario(settings_book(tmp_path, ["seed", 3], change=change)).findings
    assert "t.xlsx[Settings]: 1 hidden row is read like the others; got row 4; show it, or delete it" in map(str, found)
