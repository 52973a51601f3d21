"""The schools table as it stood on a day, and every derived column."""

from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from nle_optimizer.stages.eligibility import as_it_stood
from support.memory import rows_of, table

DAY = date(2022, 9, 1)
SCHOOL = {
    "school_id": "S",
    "latest_grade": "3",
    "latest_inspected": "2022-01-10",
    "previous_grade": "2",
    "previous_inspected": "2018-05-05",
    "inspections": "4",
    "leadership_grade": "3",
    "education_grade": "4",
    "best_grade_since_2005": "1",
}


def stood(as_of: date | None = DAY, **cells: Any) -> dict[str, Any]:
    (row,) = rows_of(as_it_stood(table("schools", [{**SCHOOL, **cells}]), as_of))
    return row


def test_an_inspection_on_the_day_itself_counts() -> None:
    assert stood(latest_inspected="2022-09-01")["latest_grade"] == 3


def test_an_inspection_after_the_day_gives_way_to_the_one_before() -> None:
    row = stood(latest_inspected="2022-09-02")
    assert (row["latest_grade"], row["latest_inspected"]) == (2, date(2018, 5, 5).toordinal())
    assert row["previous_grade"] is row["previous_inspected"] is None
    assert row["inspections"] == 3


@pytest.mark.parametrize("column", ["leadership_grade", "education_grade", "best_grade_since_2005"])
def test_what_only_the_later_inspection_could_tell_is_blank(column: str) -> None:
    assert stood(latest_inspected="2022-09-02")[column] is None
    assert stood()[column] is not None


def test_two_inspections_after_the_day_leave_none() -> None:
    row = stood(latest_inspected="2023-01-01", previous_inspected="2022-10-01")
    assert [row[name] for name in ("latest_grade", "latest_inspected", "previous_grade")] == [None] * 3
    assert row["inspections"] == 2


def test_the_number_of_inspections_never_falls_below_nought() -> None:
    assert stood(latest_inspected="2023-01-01", previous_inspected="2022-10-01", inspections="1")["inspections"] == 0


def test_a_blank_number_of_inspections_stays_blank() -> None:
    assert stood(latest_inspected="2023-01-01", inspections="")["inspections"] is None


def test_without_a_day_everything_counts() -> None:
    assert stood(None, latest_inspected="2090-01-01")["latest_grade"] == 3


def test_a_school_that_joins_its_trust_later_is_in_none() -> None:
    assert stood(trust_id="T", trust_joined="2022-09-02")["trust_id"] is None
    assert stood(trust_id="T", trust_joined="2022-09-01")["trust_id"] == "T"
    assert stood(trust_id="T")["trust_id"] == "T"


@pytest.mark.parametrize(
    ("cells", "same"),
    [
        ({}, True),
        ({"trust_id": "T", "trust_joined": "2018-05-05"}, True),
        ({"trust_id": "T", "trust_joined": "2018-05-06"}, False),
        ({"trust_id": "T"}, None),
        ({"trust_id": "T", "trust_joined": "2018-05-05", "previous_inspected": ""}, None),
        ({"previous_inspected": ""}, True),
        ({"trust_id": "T", "trust_joined": "2022-09-02"}, True),
    ],
)
def test_the_same_structure_means_no_trust_or_joined_before_the_previous_inspection(
    cells: dict[str, str], same: bool | None
) -> None:
    assert stood(**cells)["same_structure"] is same


def test_days_are_counted_to_the_day() -> None:
    row = stood(latest_inspected="2022-08-31", arrived="2022-08-01")
    assert (row["days_since_inspection"], row["days_waiting"]) == (1, 31)


def test_days_are_blank_where_the_date_is() -> None:
    row = stood(latest_inspected="")
    assert row["days_since_inspection"] is row["days_waiting"] is None


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2023, 3, 1)])
def test_three_years_before_a_leap_day_is_a_day_of_february(day: date) -> None:
    school = {"trust_id": "T", "trust_joined": f"{day.year - 3}-02-28", "latest_inspected": "2022-01-10"}
    assert stood(day, **school)["trust_long_held"] == 1


def random_school(rng: Random, n: int) -> dict[str, Any]:
    return {
        "school_id": f"S{n:02d}",
        "kind": rng.choice(["", "school", "trust"]),
        "trust_id": rng.choice(["", "T1", "T2"]),
        "trust_joined": rng.choice(["", "2015-01-01", "2019-09-01", "2019-09-02", "2021-01-01"]),
        "latest_inspected": rng.choice(["", "2014-01-01", "2019-09-01", "2022-01-01"]),
        "latest_grade": rng.choice(["", "1", "2", "3", "4"]),
        "previous_grade": rng.choice(["", "1", "2", "3", "4"]),
        "previous_inspected": rng.choice(["", "2012-01-01"]),
        "establishment_status": rng.choice(["Open", "Open", "CLOSED in 2020"]),
        "left_out": rng.choice(["", "", "", "not-in-england"]),
    }


def trust_record(schools: list[dict[str, Any]], trust: str) -> tuple[int, Fraction | None, bool | None]:
    """Schools long held and inspected since, the share of them below Good, and whether more fell than rose."""
    held = [
        school
        for school in schools
        if school["trust_id"] == trust
        and school["kind"] != "trust"
        and not school["left_out"]
        and not school["establishment_status"].casefold().startswith("closed")
        and "" < school["trust_joined"] <= "2019-09-01"
        and school["latest_inspected"] >= school["trust_joined"]
    ]
    if not held:
        return 0, None, None
    graded = [school for school in held if school["latest_grade"]]
    changes = [
        int(school["latest_grade"]) - int(school["previous_grade"]) for school in graded if school["previous_grade"]
    ]
    below = sum(school["latest_grade"] in "34" for school in graded)
    return len(held), Fraction(below, len(held)), sum(c > 0 for c in changes) > sum(c < 0 for c in changes)


def test_the_record_of_every_trust_is_that_of_the_rule_book() -> None:
    rng = Random("trust records")
    for _ in range(200):
        schools = [random_school(rng, n) for n in range(rng.randint(1, 9))]
        for school, row in zip(schools, rows_of(as_it_stood(table("schools", schools), DAY)), strict=True):
            names = ("trust_long_held", "trust_share_below_good", "trust_declining")
            number, share, declining = (row[name] for name in names)
            if not school["trust_id"]:
                assert (number, share, declining) == (None, None, None)
                continue
            expected = trust_record(schools, school["trust_id"])
            assert (number, declining) == (expected[0], expected[2])
            assert (share is None) == (expected[1] is None)
            assert share is None or abs(Fraction(share, 1_000_000) - (expected[1] or 0)) < Fraction(1, 1_000_000)
