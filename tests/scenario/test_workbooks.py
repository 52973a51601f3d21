"""XLSX as tables and as a whole scenario: the same as CSV and YAML, and no small file that eats the machine."""

import csv
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from nle_optimizer.scenario import workbook
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.workbook import read_sheet, sheet_names
from nle_optimizer.sources.example import write_example, write_example_workbook
from support.scenarios import nle, refusal, school, write_scenario

Sheets = Mapping[str, Sequence[Sequence[Any]]]
SETTINGS = [["key", "value"], ["schema", 1], ["name", "test"]]


def save(path: Path, sheets: Sheets) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def grid(*rows: Mapping[str, Any]) -> list[list[Any]]:
    names = list(rows[0])
    return [names, *([row[name] for name in names] for row in rows)]


def scenario_book(folder: Path, *settings: Sequence[Any], **sheets: Any) -> Path:
    tables = {"Schools": grid(school(1), school(2)), "NLEs": grid(nle(1)), **sheets}
    return save(folder / "scenario.xlsx", {"Settings": [*SETTINGS, *settings], **tables})


def same_tables(one: Scenario, other: Scenario) -> bool:
    return all(
        np.array_equal(mine.values(name), theirs.values(name)) and np.array_equal(mine.given(name), theirs.given(name))
        for mine, theirs in ((one.schools, other.schools), (one.nles, other.nles), (one.trusts, other.trusts))
        if mine is not None and theirs is not None
        for name in (*mine, *theirs)
    )


def test_the_workbook_of_the_example_equals_its_folder(tmp_path: Path) -> None:
    write_example(tmp_path / "folder")
    write_example_workbook(tmp_path / "book.xlsx")
    one, other = load_scenario(tmp_path / "folder" / "scenario.yaml"), load_scenario(tmp_path / "book.xlsx")
    assert one.settings.model_copy(update={"data": None}) == other.settings.model_copy(update={"data": None})
    assert same_tables(one, other)


def test_the_example_workbook_and_folder_give_the_same_allocation(tmp_path: Path) -> None:
    from nle_optimizer import allocate

    write_example(tmp_path / "folder")
    write_example_workbook(tmp_path / "book.xlsx")
    results = [allocate(load_scenario(tmp_path / path)) for path in ("folder/scenario.yaml", "book.xlsx")]
    assert results[0].claim.tables == results[1].claim.tables
    assert results[0].claim.summary == results[1].claim.summary


def test_a_sheet_of_a_workbook_gives_the_records_of_the_same_csv(tmp_path: Path) -> None:
    rows = [school(1, arrived="2022-05-02", region="à"), school(2, arrived="", region="")]
    file = write_scenario(tmp_path, schools=rows)
    with (tmp_path / "schools.csv").open(encoding="utf-8", newline="") as stream:
        save(tmp_path / "tables.xlsx", {"Other": [["x"]], "Schools": list(csv.reader(stream))})
    book = load_scenario(file, sets=["data.schools={file: tables.xlsx, sheet: schools}"])
    assert same_tables(load_scenario(file), book)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (430100, "430100"),
        (430100.0, "430100"),
        (0.1, "0.1"),
        (True, "yes"),
        (False, "no"),
        (date(2022, 9, 1), "2022-09-01"),
        (datetime(2022, 9, 1, 10, 30), "2022-09-01"),
        ("007", "007"),
        (None, ""),
        ("a\nb", "a\nb"),
    ],
)
def test_a_cell_is_the_text_a_person_sees(tmp_path: Path, cell: Any, text: str) -> None:
    assert read_sheet(save(tmp_path / "b.xlsx", {"S": [["head"], [cell], ["end"]]})).rows[1] == [text]


def test_the_first_sheet_is_read_where_none_is_named(tmp_path: Path) -> None:
    assert read_sheet(save(tmp_path / "b.xlsx", {"One": [["1"]], "Two": [["2"]]})).rows == [["1"]]


def test_sheets_are_found_without_case(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"One": [["1"]], "Two": [["2"]]})
    assert read_sheet(path, "TWO").rows == [["2"]]
    assert sheet_names(path) == ["One", "Two"]


def test_an_unknown_sheet_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"Schools": [["1"]]})
    assert "there is no such sheet; got Shools; did you mean Schools?" in refusal(read_sheet, path, "Shools")


def test_blank_rows_and_columns_at_the_end_are_left_off(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"S": [["a", "b", None], ["1", None, ""], [None, None], ["", ""]]})
    assert read_sheet(path).rows == [["a", "b"], ["1", ""]]


def test_a_workbook_that_changed_is_read_again(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"S": [["old"]]})
    assert read_sheet(path).rows == [["old"]]
    save(path, {"S": [["new"]]})
    assert read_sheet(path).rows == [["new"]]


def test_settings_of_a_workbook_are_those_of_a_file(tmp_path: Path) -> None:
    keys = [
        ("title", "England: autumn"),
        ("as_of", date(2022, 9, 1)),
        ("geography.max_distance_km", 40),
        ("geography.max_distance_km.London", 25),
        ("suitability.faith", "prefer"),
        ("conflicts.same_authority", True),
        ("objectives", "[{blend: {fit: 1, distance_km: -0.002}}]"),
        ("fit.weights", "{leadership: 2, finance: 1}"),
    ]
    book = load_scenario(scenario_book(tmp_path, *keys)).settings
    settings = {
        "title": "England: autumn",
        "as_of": "2022-09-01",
        "geography": {"max_distance_km": {"default": 40, "London": 25}},
        "suitability": {"faith": "prefer"},
        "conflicts": {"same_authority": True},
        "objectives": [{"blend": {"fit": 1, "distance_km": -0.002}}],
        "fit": {"weights": {"leadership": 2, "finance": 1}},
    }
    file = load_scenario(write_scenario(tmp_path, settings)).settings
    assert book.model_copy(update={"data": None}) == file.model_copy(update={"data": None})


def test_a_region_called_no_stays_text(tmp_path: Path) -> None:
    assert load_scenario(scenario_book(tmp_path, ("title", "NO"))).settings.title == "NO"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([("seed", "x")], "scenario.xlsx[Settings]:row 4: seed: a whole number is needed; got x"),
        (
            [("geografy.within", "none")],
            "[Settings]:row 4: geografy: unknown key; got geografy; did you mean geog",
        ),
        ([("seed", 1), ("seed", 2)], "[Settings]:row 5: seed: the key stands twice"),
        ([("objectives", "[fit")], "[Settings]:row 4"),
        ([("data.schools", "../x.csv")], "the path leaves the folder of the scenario file"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_at_its_row(tmp_path: Path, settings: list[Any], said: str) -> None:
    assert said in refusal(load_scenario, scenario_book(tmp_path, *settings))


def test_a_cell_that_is_wrong_is_refused_with_its_sheet_and_row(tmp_path: Path) -> None:
    file = scenario_book(tmp_path, Schools=grid(school(1, pupils="many")))
    assert "scenario.xlsx[Schools]:row 2: pupils: must be a number; got many" in refusal(load_scenario, file)


def test_a_workbook_without_settings_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"Setings": [["key", "value"]]})
    assert "the workbook needs a sheet Settings; did you mean Setings?" in refusal(load_scenario, path)


def test_settings_need_their_header(tmp_path: Path) -> None:
    path = save(tmp_path / "b.xlsx", {"Settings": [["schema", 1]]})
    assert "b.xlsx[Settings]:row 1: the header must be key, value; got schema, 1" in refusal(load_scenario, path)


def test_a_workbook_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario_book(tmp_path / "sub")
    monkeypatch.chdir(tmp_path)
    assert len(load_scenario("sub/scenario.xlsx").schools) == 2
    monkeypatch.chdir(tmp_path / "sub")
    assert len(load_scenario("scenario.xlsx").schools) == 2


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    path.write_text("school_id\nS1\n", encoding="utf-8")
    assert "b.xlsx: the workbook cannot be read: it is not an XLSX file; save it again as XLSX or CSV" in refusal(
        read_sheet, path
    )


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "the workbook cannot be read" in refusal(read_sheet, tmp_path / "b.xlsx")


def test_a_missing_workbook_is_named(tmp_path: Path) -> None:
    assert "b.xlsx: the workbook cannot be read: No such file or directory" in refusal(read_sheet, tmp_path / "b.xlsx")


def test_a_folder_is_no_workbook(tmp_path: Path) -> None:
    (tmp_path / "b.xlsx").mkdir()
    assert "the workbook cannot be read" in refusal(read_sheet, tmp_path / "b.xlsx")


@pytest.mark.parametrize("cut", [10, 200, 2000])
def test_a_workbook_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = scenario_book(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    assert "the workbook cannot be read" in refusal(load_scenario, path)


def rebuilt(folder: Path, data: bytes) -> Path:
    """A workbook whose only sheet holds the given rows of XML."""
    plain = save(folder / "plain.xlsx", {"S": [["x"]]})
    path = folder / "rebuilt.xlsx"
    rows = b"<sheetData>" + data + b"</sheetData>"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = re.sub(rb"<sheetData>.*</sheetData>", lambda _: rows, content, flags=re.S)
            new.writestr(name, content)
    return path


def test_a_small_file_that_unpacks_to_much_is_refused_unopened(tmp_path: Path) -> None:
    path = rebuilt(tmp_path, b"<row><c><v>1</v></c></row>" + b" " * 30_000_000)
    assert path.stat().st_size < 100_000
    assert "it would unpack to 30 MB" in refusal(read_sheet, path)


def test_a_sheet_with_a_row_beyond_every_sheet_is_refused(tmp_path: Path) -> None:
    path = rebuilt(tmp_path, b'<row r="999999999"><c r="A999999999"><v>1</v></c></row>')
    assert "larger than 1,048,576 rows" in refusal(read_sheet, path)


def test_a_sheet_of_few_but_very_wide_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_CELLS", 1_000_000)
    rows = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 100))
    assert "larger than" in refusal(read_sheet, rebuilt(tmp_path, rows))


def test_formatting_far_to_the_right_does_no_harm(tmp_path: Path) -> None:
    path = rebuilt(tmp_path, b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row>')
    assert read_sheet(path).rows == [["1"]]
