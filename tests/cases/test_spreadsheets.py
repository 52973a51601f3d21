"""Cases from the field: what a spreadsheet holds, hides, or writes in its own way (16, 18, 19, 33)."""

from pathlib import Path

import pytest

from nle_optimizer import allocate, verify
from nle_optimizer.errors import InputError
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from support.scenarios import refusal

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
REFUSALS = CASES / "33-unhelpful-refusals"


def case_33(**tables: str) -> Scenario:
    sets = [f"data.{table}={file}" for table, file in tables.items()]
    return load_scenario(REFUSALS / "scenario.yaml", sets=sets)


def test_case_16_formulas_without_a_stored_value_are_errors_that_name_the_cell() -> None:
    said = refusal(load_scenario, CASES / "16-formula-without-value" / "t.xlsx")
    cells = ["[Schools]:row 2: phase: cell E2", "[Schools]:row 2: trust_id: cell F2"]
    cells += ["[NLEs]:row 2: status: cell C2", "[NLEs]:row 2: max_distance_km: cell H2"]
    for cell in cells:
        assert f"t.xlsx{cell} holds a formula whose value is not stored; open the workbook" in said
    assert said.count("\n") == 3


def test_case_18_a_hidden_row_is_planned_for_and_told() -> None:
    found = load_scenario(CASES / "18-hidden-row" / "scenario.yaml")
    assert found.schools.ids.tolist() == ["S0", "S1", "S2"]
    assert [(each.code, each.got) for each in found.findings] == [("hidden-rows", "row 3")]


@pytest.mark.parametrize(
    ("file", "hint"),
    [("a.csv", "its header is row 3"), ("b.csv", None), ("c.csv", None)],
    ids=["title", "sep", "pipes"],
)
def test_case_33_a_header_is_found_below_a_title_a_stated_separator_and_between_bars(file: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        case_33(schools=file)
    assert [(each.what, each.hint) for each in refused.value.problems] == [("the table has no rows", hint)]


def test_case_33_grades_and_phases_in_words_are_read() -> None:
    found = case_33(schools="d.csv")
    assert found.schools.values("latest_grade").tolist() == [3]
    assert found.schools.values("phase").tolist() == ["alternative-provision"]
    assert [str(each) for each in found.findings if each.code == "cells-read-as"] == [
        "d.csv: latest_grade: 1 cell is read as what it plainly means; got Requires improvement as 3 (row 2)"
    ]


def test_case_33_phases_by_comma_are_read() -> None:
    found = case_33(nles="nles2.csv")
    assert found.nles.values("phases").tolist() == [("primary", "secondary")]
    assert [str(each) for each in found.findings if each.code == "cells-read-as"] == [
        "nles2.csv: phases: 1 cell is read as what it plainly means; "
        "got primary, secondary as primary|secondary (row 2)"
    ]


def test_case_33_a_number_in_quotation_marks_is_told_what_to_do() -> None:
    said = refusal(load_scenario, REFUSALS / "q.yaml")
    assert said.endswith("schema: must be 1; got 1; it is written as text: take the quotation marks off")


def test_case_19_a_percentage_is_an_error_in_its_place() -> None:
    said = refusal(load_scenario, CASES / "19-own-column-percent-quota" / "scenario.yaml")
    assert said == (
        "schools.csv:row 2: fsm: must be a number: constraints.0.where.fsm compares it; got 45%; "
        "write 45 or 0.45, whichever is meant, in every row"
    )


def test_case_19_thousands_are_read_so_the_quota_limits_the_school(tmp_path: Path) -> None:
    case = CASES / "19-own-column-percent-quota"
    for file in case.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes().replace(b"45%", b"29"))
    found = load_scenario(tmp_path / "scenario.yaml")
    assert [str(each) for each in found.findings if each.code == "cells-read-as"] == [
        "schools.csv: fsm: 1 cell is read as what it plainly means; got 1,200 as 1200 (row 3)"
    ]
    result = allocate(found)
    assert [row["school_id"] for row in result.allocation.rows()] == ["S1"]
    assert verify(result) == []
