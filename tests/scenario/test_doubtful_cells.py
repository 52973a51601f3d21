"""Tables that can be read and yet look wrong: rounded cells, places, columns without a name."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from nle_optimizer.scenario.scenario import load_scenario
from support.scenarios import nle, refusal, school, write_scenario

IN_LONDON = {"easting": 530_000, "northing": 180_000, "region": "London"}


def findings(folder: Path, **tables: Any) -> list[str]:
    return [str(found) for found in load_scenario(write_scenario(folder, **tables)).findings]


def test_cells_that_were_rounded_are_one_finding_a_column(tmp_path: Path) -> None:
    schools = [school(n, need_finance="0.30000000000000004") for n in range(3)]
    pairs = [{"nle_id": "N1", "school_id": "S1", "fit": "0.1234567", "travel_minutes": "1.00000001"}]
    assert findings(tmp_path, schools=schools, pairs=pairs) == [
        "schools.csv: need_finance: 3 cells have more than six decimal places and were rounded to a millionth",
        "pairs.csv: fit: 1 cell has more than six decimal places and was rounded to a millionth",
        "pairs.csv: travel_minutes: 1 cell has more than six decimal places and was rounded to a millionth",
    ]


@pytest.mark.parametrize("table", ["schools", "nles"])
def test_an_amount_of_a_resource_is_never_rounded(tmp_path: Path, table: str) -> None:
    row = school(1, days="0.1234567") if table == "schools" else nle(1, days="0.1234567")
    said = refusal(findings, tmp_path, **{table: [row]})
    assert "days: must have at most six decimal places; got 0.1234567; round it" in said


def test_places_far_outside_their_region_are_one_finding(tmp_path: Path) -> None:
    schools = [school(n, region="London") for n in range(5)]
    assert findings(tmp_path, schools=schools) == [
        "schools.csv: region: 5 places lie far outside the region given; got S0, S1, S2 and 2 more"
    ]


def test_a_place_in_its_region_or_without_one_is_no_finding(tmp_path: Path) -> None:
    schools = [school(1, **IN_LONDON), school(2, region="Wales"), school(3), school(4, **IN_LONDON | {"easting": ""})]
    schools[3]["northing"] = ""
    assert findings(tmp_path, schools=schools) == []


def test_the_middle_of_a_trust_may_lie_outside_its_region(tmp_path: Path) -> None:
    trusts = [{"trust_id": "T1", "easting": 430_000, "northing": 430_000, "region": "London"}]
    assert findings(tmp_path, trusts=trusts) == []


@pytest.mark.parametrize("place", [{"easting": 530, "northing": 180}, {"easting": 1, "northing": 52}])
def test_kilometres_and_degrees_in_place_of_metres_are_one_finding(tmp_path: Path, place: dict[str, int]) -> None:
    assert findings(tmp_path, nles=[nle(1, **place), nle(2, **place), nle(3)]) == [
        "nles.csv: easting: 2 places have both coordinates under 1,000; metres are needed; got N1, N2"
    ]


def test_a_single_place_near_the_origin_is_no_finding(tmp_path: Path) -> None:
    schools = [school(1, easting=0, northing=100), school(2, easting=0, northing=5000)]
    assert findings(tmp_path, schools=schools) == []


@pytest.mark.parametrize("text", ["school_id,,pupils,,\nS1,,7,,\nS2, ,8,,\n", ",school_id,pupils\n,S1,7\n,S2,8\n"])
def test_an_empty_column_without_a_name_is_ignored(tmp_path: Path, text: str) -> None:
    file = write_scenario(tmp_path)
    (tmp_path / "schools.csv").write_text(text, encoding="utf-8")
    schools = load_scenario(file).schools
    assert list(schools) == ["school_id", "pupils"]
    assert schools.values("pupils").tolist() == [7, 8]


@pytest.mark.parametrize("stray", [None, "x"])
def test_a_column_without_a_name_is_the_same_in_a_workbook(tmp_path: Path, stray: str | None) -> None:
    book = openpyxl.Workbook()
    for row in (["school_id", None, "pupils"], ["S1", stray, 7]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "schools.xlsx")
    file = write_scenario(tmp_path, {"data": {"schools": "schools.xlsx"}})
    if stray:
        assert "column B has no name" in refusal(load_scenario, file)
    else:
        assert list(load_scenario(file).schools) == ["school_id", "pupils"]
