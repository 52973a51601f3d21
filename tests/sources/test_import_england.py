"""The import of England's official extracts, on small files made here."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.sources.england.importer import EnglandFiles, ImportSummary, england_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "england"

GIAS_HEADER = (
    "URN", "LA (name)", "EstablishmentName", "TypeOfEstablishment (name)", "EstablishmentStatus (name)",
    "PhaseOfEducation (name)", "ReligiousCharacter (name)", "Trusts (code)", "Trusts (name)", "PercentageFSM",
    "Easting", "Northing", "GOR (name)", "OfstedRating (name)",
)  # fmt: skip
DEFAULTS = {
    "LA (name)": "Kent",
    "TypeOfEstablishment (name)": "Community school",
    "EstablishmentStatus (name)": "Open",
    "PhaseOfEducation (name)": "Primary",
    "Easting": "600000",
    "Northing": "150000",
    "GOR (name)": "South East",
}
OFSTED_HEADER = (
    "URN", "Overall effectiveness", "Inspection start date", "Previous full inspection overall effectiveness",
    "Previous inspection start date",
)  # fmt: skip
LINKS_HEADER = ("URN", "Group UID", "Group Name", "Group Type", "Group Status", "Joined date")
MULTI = "Multi-academy trust"

Rows = Sequence[Sequence[object]]


def write(path: Path, header: Sequence[str], rows: Rows, encoding: str = "utf-8", before: str = "") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    path.write_bytes((before + text.getvalue()).encode(encoding))
    return path


def gias(folder: Path, *schools: dict[str, object], header: Sequence[str] = GIAS_HEADER) -> Path:
    rows = [{"EstablishmentName": f"School {school['URN']}", **DEFAULTS, **school} for school in schools]
    return write(folder / "gias.csv", header, [[row.get(name, "") for name in header] for row in rows], "cp1252")


def ofsted(folder: Path, *rows: Sequence[object]) -> Path:
    return write(folder / "ofsted.csv", OFSTED_HEADER, rows, "latin-1")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def import_into(out: Path, files: EnglandFiles, *, force: bool = False, **more: Any) -> ImportSummary:
    made = england_of(files, **more)
    made.write(out, force=force)
    return made.summary


def imported(
    folder: Path,
    files: EnglandFiles,
    regions: Sequence[str] = (),
    authorities: Sequence[str] = (),
    **more: object,
) -> tuple[ImportSummary, dict[str, dict[str, str]]]:
    out = folder / "out"
    summary = import_into(out, files, regions=regions, local_authorities=authorities, **more)
    return summary, {row["school_id"]: row for row in table(out / "schools.csv")}


def problems_of(files: EnglandFiles, folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        import_into(folder / "out", files)
    assert not (folder / "out").exists()
    return [str(problem) for problem in caught.value.problems]


def reasons(rows: dict[str, dict[str, str]]) -> dict[str, str]:
    return {urn: row["left_out"] for urn, row in rows.items()}


# -- who is left out ----------------------------------------------------------------------------------------


def test_a_school_without_a_region_is_left_out_as_not_in_england(tmp_path: Path) -> None:
    welsh = {"URN": 1, "GOR (name)": "", "LA (name)": "Cardiff"}
    offshore = {"URN": 2, "GOR (name)": "", "LA (name)": ""}
    wide = {"URN": 3, "GOR (name)": "Wales (pseudo)", "LA (name)": "Powys"}
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, welsh, offshore, wide)))
    assert set(reasons(rows).values()) == {"not-in-england"}
    assert rows["1"]["left_out_evidence"] == "GIAS: no region, local authority 'Cardiff'"
    assert rows["2"]["left_out_evidence"] == "GIAS: no region, no local authority"
    assert rows["3"]["left_out_evidence"] == "GIAS: region 'Wales (pseudo)', local authority 'Powys'"


def test_closed_and_proposed_schools_are_left_out_and_those_about_to_close_stay(tmp_path: Path) -> None:
    statuses = ("Closed", "Proposed to open", "Open, but proposed to close", "Open", "")
    schools = [{"URN": n, "EstablishmentStatus (name)": status} for n, status in enumerate(statuses)]
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, *schools)))
    assert list(reasons(rows).values()) == ["closed", "not-yet-open", "", "", "closed"]


def test_a_school_without_coordinates_is_left_out(tmp_path: Path) -> None:
    places = (("", ""), ("0", "0"), ("600000", ""), ("150000", "600000"), ("600000.4", "150,000"))
    schools = [{"URN": n, "Easting": e, "Northing": m} for n, (e, m) in enumerate(places)]
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, *schools)))
    assert list(reasons(rows).values()) == ["no-coordinates"] * 3 + ["", ""]
    assert (rows["4"]["easting"], rows["4"]["northing"]) == ("600000", "150000")


def test_a_school_is_state_funded_if_a_trust_a_type_or_a_school_phase_says_so(tmp_path: Path) -> None:
    bare = {"TypeOfEstablishment (name)": "", "PhaseOfEducation (name)": "Not applicable"}
    schools = [
        {"URN": 1, "TypeOfEstablishment (name)": "Other independent school"},
        {"URN": 2, **bare},
        {"URN": 3, **bare, "Trusts (code)": "77"},
        {"URN": 4, **bare, "TypeOfEstablishment (name)": "Pupil referral unit"},
        {"URN": 5, **bare, "PhaseOfEducation (name)": "16 plus"},
        {"URN": 6, **bare, "PhaseOfEducation (name)": "Nursery"},
    ]
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, *schools)))
    assert [urn for urn, reason in reasons(rows).items() if reason == "not-state-funded"] == ["1", "2", "5"]
    assert [row["state_funded"] for row in rows.values()] == ["no", "no", "yes", "yes", "no", "yes"]


def test_the_first_reason_counts(tmp_path: Path) -> None:
    school = {"URN": 1, "GOR (name)": "", "EstablishmentStatus (name)": "Closed", "Easting": ""}
    closed = {
        **school,
        "URN": 2,
        "GOR (name)": "London",
        "TypeOfEstablishment (name)": "Other independent school",
    }
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, school, closed)))
    assert reasons(rows) == {"1": "not-in-england", "2": "closed"}


# -- what cells say -----------------------------------------------------------------------------------------


def test_cp1252_names_and_names_like_formulas_survive(tmp_path: Path) -> None:
    schools = ({"URN": 1, "EstablishmentName": "St Thomas à Becket"}, {"URN": 2, "EstablishmentName": "=1+1"})
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, *schools)))
    assert [row["name"] for row in rows.values()] == ["St Thomas à Becket", "'=1+1"]


def test_regions_and_faiths_are_spelt_as_the_tables_spell_them(tmp_path: Path) -> None:
    school = {
        "URN": 1,
        "GOR (name)": "Yorkshire and The Humber",
        "ReligiousCharacter (name)": "Does not apply",
    }
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, school)))
    assert (rows["1"]["region"], rows["1"]["faith"]) == ("Yorkshire and the Humber", "")


def test_suppression_codes_are_blank_and_counted(tmp_path: Path) -> None:
    codes = ("z", "c", "x", "SUPP", "NE", "NA", "", "..")
    schools = [{"URN": n, "PercentageFSM": code} for n, code in enumerate(codes)]
    summary, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, *schools)))
    assert {row["percentage_fsm"] for row in rows.values()} == {""}
    assert len(summary.suppressed) == len(codes) - 1
    assert {"file": "gias.csv", "column": "PercentageFSM", "code": "SUPP", "count": 1} in summary.suppressed


def test_every_wrong_cell_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1, "Easting": "far"}, {"URN": 2, "PercentageFSM": "a lot"})
    grades = ofsted(tmp_path, [1, 2, "31/02/2019", 2, "2012"])
    money = write(tmp_path / "finance.csv", ("URN", "Income", "In-year balance"), [[1, "1,000", "(50)"]])
    told = problems_of(EnglandFiles(schools, grades, finance=money, nles=tmp_path / "nles.xlsx"), tmp_path)
    assert told[:4] == [
        f"{schools}:row 2: Easting: must be a number; got far",
        f"{schools}:row 3: PercentageFSM: must be a number; got a lot",
        f"{grades}:row 2: Inspection start date: there is no such day; got 31/02/2019",
        f"{grades}:row 2: Previous inspection start date: must be a date: dd/mm/yyyy or yyyy-mm-dd; got 2012",
    ]
    assert told[4:] == [
        f"{money}:row 2: In-year balance: must be a number; got (50)",
        f"{tmp_path / 'nles.xlsx'}: workbooks are not read here; save the sheet as CSV UTF-8",
    ]


def test_a_fault_in_thousands_of_rows_is_told_in_a_few_lines(tmp_path: Path) -> None:
    told = problems_of(EnglandFiles(gias(tmp_path, *({"URN": n, "Easting": "?"} for n in range(500)))), tmp_path)
    assert len(told) == 21
    assert told[-1].endswith("Easting: must be a number: and in 480 more rows")


def test_a_missing_column_a_double_urn_and_a_wrong_file_are_faults(tmp_path: Path) -> None:
    header = [name.replace("GOR (name)", "Region") for name in GIAS_HEADER]
    told = problems_of(EnglandFiles(gias(tmp_path, {"URN": 1}, {"URN": 1}, header=header)), tmp_path)
    assert any("GOR (name): the column is missing" in line for line in told)
    assert any("row 3: URN: the identifier already stands in row 2; got 1" in line for line in told)
    wrong = write(tmp_path / "wrong.csv", ("Name", "Age"), [["a", 1]])
    assert "no header row with a column URN was found; got Name, Age" in problems_of(EnglandFiles(wrong), tmp_path)[0]


# -- grades -------------------------------------------------------------------------------------------------


def test_ofsteds_file_is_read_with_lines_before_its_header_and_old_words(tmp_path: Path) -> None:
    header = (
        "Web link", "URN", "School name", "Overall effectiveness", "Inspection start date",
        "Effectiveness of leadership and management", "Quality of education",
        "Previous full inspection overall effectiveness", "Previous inspection start date",
    )  # fmt: skip
    rows = [
        ["x", 1, "à", "Requires improvement", "03-09-2019", "3", "9", "Satisfactory", "2010-01-05 00:00:00"],
        ["x", 2, "b", "Special Measures", "03/09/2019", "NULL", "0", "NULL", "NULL"],
        ["x", 3, "c", "Not judged", "03/09/2024", "2", "3", "Splendid", ""],
    ]
    before = "State-funded schools in England\nData as at 31 August 2024, with, commas\n"
    grades = write(tmp_path / "ofsted.csv", header, rows, "latin-1", before)
    schools = gias(tmp_path, {"URN": 1}, {"URN": 2}, {"URN": 3})
    summary, tables = imported(tmp_path, EnglandFiles(schools, grades))
    names = ("latest_grade", "latest_inspected", "leadership_grade", "education_grade", "previous_grade")
    assert [tuple(row[name] for name in names) for row in tables.values()] == [
        ("3", "2019-09-03", "3", "", "3"),
        ("4", "2019-09-03", "", "", ""),
        ("", "2024-09-03", "2", "3", ""),
    ]
    assert tables["1"]["previous_inspected"] == "2010-01-05"
    assert [code["code"] for code in summary.unexpected] == ["Splendid"]
    assert summary.as_of == date(2024, 9, 3)


def urn_links(folder: Path, *rows: Sequence[object]) -> Path:
    return write(folder / "links.csv", ("URN", "LinkURN", "LinkName", "LinkType"), rows, "cp1252")


def test_a_school_without_grades_takes_those_of_its_single_predecessors(tmp_path: Path) -> None:
    schools = gias(tmp_path, *({"URN": n} for n in (1, 2, 3, 4)))
    grades = ofsted(tmp_path, [90, 3, "01/01/2018", 4, "01/01/2015"], [3, 2, "01/01/2019", "", ""])
    links = urn_links(
        tmp_path,
        [1, 80, "", "Predecessor"], [90, 80, "", "Successor"],
        [2, 90, "", "Predecessor"], [2, 91, "", "Predecessor"],
        [3, 90, "", "Predecessor"],
        [4, 90, "", "Predecessor - merged"],
    )  # fmt: skip
    summary, rows = imported(tmp_path, EnglandFiles(schools, grades, urn_links=links))
    assert [row["latest_grade"] for row in rows.values()] == ["3", "", "2", ""]
    assert [row["inspected_as"] for row in rows.values()] == ["90", "", "", ""]
    assert rows["3"]["previous_grade"] == ""
    assert summary.history_followed == 1


def test_predecessors_in_a_circle_end(tmp_path: Path) -> None:
    links = urn_links(tmp_path, [1, 2, "", "Predecessor"], [2, 1, "", "Predecessor"])
    grades = ofsted(tmp_path, [7, 3, "01/01/2018", "", ""])
    summary, _ = imported(tmp_path, EnglandFiles(gias(tmp_path, {"URN": 1}), grades, urn_links=links))
    assert summary.history_followed == 0


# -- phases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "kind", "name", "expected", "source"),
    [
        ("Middle deemed secondary", "Academy converter", "A", "secondary", "gias"),
        ("16 plus", "Sixth form college", "A", "post-16", "gias"),
        ("Not applicable", "Academy special converter", "A", "special", "derived-from-type"),
        (
            "Not applicable",
            "Free schools alternative provision",
            "A",
            "alternative-provision",
            "derived-from-type",
        ),
        ("Not applicable", "Pupil referral unit", "Primary", "alternative-provision", "derived-from-type"),
        ("Not applicable", "Specialist designated college", "A", "post-16", "derived-from-type"),
        ("", "", "Kent Primary Pupil Referral Unit", "alternative-provision", "derived-from-name"),
        ("", "Community school", "Ash Primary School and Nursery", "primary", "derived-from-name"),
        ("", "", "Elm Primary and Secondary School", "", "unknown"),
        ("Not applicable", "", "The Willows", "", "unknown"),
    ],
)
def test_a_phase_comes_from_gias_then_type_then_name(
    tmp_path: Path, phase: str, kind: str, name: str, expected: str, source: str
) -> None:
    school = {
        "URN": 1,
        "PhaseOfEducation (name)": phase,
        "TypeOfEstablishment (name)": kind,
        "EstablishmentName": name,
    }
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, school)))
    assert (rows["1"]["phase"], rows["1"]["phase_source"]) == (expected, source)


# -- cutting ------------------------------------------------------------------------------------------------


def test_authorities_and_regions_are_found_whatever_their_case_and_punctuation(tmp_path: Path) -> None:
    helens = {"URN": 1, "LA (name)": "St. Helens", "GOR (name)": "North West"}
    files = EnglandFiles(gias(tmp_path, helens, {"URN": 2}, {"URN": 3, "GOR (name)": "London"}))
    summary, rows = imported(tmp_path, files, authorities=["st helens"], regions=["NORTH-WEST"])
    assert list(rows) == ["1"]
    assert summary.not_written == 2
    scenario = (tmp_path / "out" / "scenario.yaml").read_text(encoding="utf-8")
    assert "name: st-helens-north-west\n" in scenario


def test_an_unknown_area_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    files = EnglandFiles(
        gias(tmp_path, {"URN": 1, "LA (name)": "Bristol, City of"}, {"URN": 2, "LA (name)": "County Durham"})
    )
    with pytest.raises(InputError) as caught:
        import_into(tmp_path / "out", files, regions=["Nroth East"], local_authorities=["Bristol", "Durhm"])
    hints = [problem.hint for problem in caught.value.problems]
    assert hints == [
        "did you mean North East?",
        "did you mean Bristol, City of?",
        "did you mean County Durham?",
    ]


# -- full width --------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared extracts are not beside the project")
def test_the_official_layouts_at_full_width_are_read(tmp_path: Path) -> None:
    header = (SHARED / "gias_full_header.csv").read_text(encoding="ascii").strip().split(",")
    wide = {
        "URN": 1, "NumberOfPupils": "210", "Diocese (name)": "Diocese of Kent", "Trusts (code)": "77",
        "TrustSchoolFlag (name)": "Supported by a multi-academy trust", "EstablishmentName": "à Becket",
    }  # fmt: skip
    names = (SHARED / "ofsted_mi_columns.txt").read_text(encoding="ascii").split()
    names = list(dict.fromkeys(names[: names.index("provider_urn")]))
    cells = {"urn": 1, "overall_effectiveness": 3, "inspection_start_date": "2019-09-03"}
    grades = write(tmp_path / "o.csv", names, [[cells.get(name, "") for name in names]], "latin-1", "é\nto 2024\n")
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, wide, header=header), grades))
    expected = {
        "pupils": "210",
        "diocese": "Diocese of Kent",
        "trust_id": "77",
        "latest_grade": "3",
        "name": "à Becket",
    }
    assert {name: rows["1"][name] for name in expected} == expected


@pytest.mark.parametrize("column", [name for name in GIAS_HEADER if name != "URN"])
def test_an_extract_without_a_column_is_read_or_refused_by_name(column: str, tmp_path: Path) -> None:
    narrow = gias(tmp_path, {"URN": 1}, header=[name for name in GIAS_HEADER if name != column])
    try:
        imported(tmp_path, EnglandFiles(narrow))
    except InputError as refused:
        assert any(word in str(refused) for word in (column, "no school is left"))
