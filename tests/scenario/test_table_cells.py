"""A cell is an exact value of its column's kind, or an error that says what is needed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nle_optimizer.records import MILLION, ColumnSpec, Kind, as_text
from nle_optimizer.scenario.cells import count_rounded, parse_column, read_from_other_words
from nle_optimizer.scenario.columns import NLES, PHASE_ALIASES, PHASES, REGIONS, SCHOOLS, TRUSTS
from nle_optimizer.scenario.identifiers import normalise

LEVELS = {"none": 0, "low": 330_000, "medium": 670_000, "high": 1_000_000}


def read(kind: Kind, cell: str, **spec: Any) -> Any:
    column, errors = parse_column([cell], ColumnSpec("x", kind, "", **spec), LEVELS)
    return str(errors[0]) if errors else column.values[0] if column.given[0] else None


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Kind.TEXT, "  à Becket ", "à Becket"),
        (Kind.TEXT, "-5", "-5"),
        (Kind.IDENTIFIER, "007", "007"),
        (Kind.IDENTIFIER, "e\u0301", "é"),
        (Kind.IDENTIFIER, "\u00a0A\u200b", "A"),
        (Kind.IDENTIFIER, "\ufeffA", "A"),
        (Kind.COUNT, "12", 12),
        (Kind.COUNT, "12.0", 12),
        (Kind.LEVEL, "HIGH", 1_000_000),
        (Kind.LEVEL, "0.333333", 333_333),
        (Kind.SHARE, "1", 1_000_000),
        (Kind.AMOUNT, "2.5", 2_500_000),
        (Kind.AMOUNT, "0.000001", 1),
        (Kind.AMOUNT, "0.1000000000", 100_000),
        (Kind.KILOMETRES, "12.345", 12_345),
        (Kind.METRES, "430100", 430_100),
        (Kind.YES_NO, "Yes", True),
        (Kind.YES_NO, "0", False),
        (Kind.NAMES, " a | b||a ", ("a", "b")),
        (Kind.DATE, "2022-09-01", date(2022, 9, 1).toordinal()),
        (Kind.DATE, "01/09/2022", date(2022, 9, 1).toordinal()),
        (Kind.DATE, "1/9/2022", date(2022, 9, 1).toordinal()),
        (Kind.DATE, "2022-09-01T00:00:00", date(2022, 9, 1).toordinal()),
        (Kind.DATE, "2022-09-01 00:00", date(2022, 9, 1).toordinal()),
    ],
)
def test_a_cell_is_read_exactly(kind: Kind, cell: str, value: Any) -> None:
    assert read(kind, cell) == value


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("cell", ["", "  ", "\u00a0", "\u200b"])
def test_a_blank_is_no_value_of_any_kind(kind: Kind, cell: str) -> None:
    assert read(kind, cell) is None


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        (Kind.COUNT, "1.5", "must be a whole number from 0 up"),
        (Kind.COUNT, "-1", "must be a whole number from 0 up"),
        (Kind.COUNT, "1,000", "must be a number"),
        (Kind.COUNT, "1_000", "must be a number"),
        (Kind.COUNT, "٣", "must be a number"),
        (Kind.COUNT, "NE", "must be a number"),
        (Kind.COUNT, "nan", "must be a finite number"),
        (Kind.COUNT, "1e-99", "must be a whole number from 0 up"),
        (Kind.AMOUNT, "inf", "must be a finite number"),
        (Kind.AMOUNT, "-0.5", "must not be negative"),
        (Kind.AMOUNT, "1000000001", "must be at most 1,000,000,000"),
        (Kind.AMOUNT, "1e999999999999", "must be at most 1,000,000,000"),
        (Kind.SHARE, "1.01", "must be from 0 to 1"),
        (Kind.LEVEL, "hgih", "must be from 0 to 1 or one of none, low, medium, high"),
        (Kind.LEVEL, "50%", "must be from 0 to 1 or one of none, low, medium, high"),
        (Kind.KILOMETRES, "-1", "must not be negative"),
        (Kind.KILOMETRES, "100001", "must be at most 100,000"),
        (Kind.DEGREES, "181", "must be degrees from -180 to 180"),
        (Kind.YES_NO, "maybe", "must be yes or no"),
        (Kind.DATE, "2022-02-30", "must be a date"),
        (Kind.DATE, "09/30/2022", "must be a date"),
        (Kind.DATE, "01/09/22", "must be a date"),
        (Kind.DATE, "44805", "must be a date"),
        (Kind.DATE, "20220901", "must be a date"),
        (Kind.DATE, "2022-09-01 or later", "must be a date"),
        (Kind.DATE, "September 2022", "must be a date"),
    ],
)
def test_a_wrong_cell_says_what_is_needed(kind: Kind, cell: str, said: str) -> None:
    assert read(kind, cell) == said


@pytest.mark.parametrize("cell", ["0.1234567", "0.1" + "0" * 40 + "1"])
def test_an_exact_amount_has_at_most_six_decimal_places(cell: str) -> None:
    assert read(Kind.AMOUNT, cell, exact=True) == "must have at most six decimal places"


@pytest.mark.parametrize("kind", [Kind.LEVEL, Kind.SHARE, Kind.AMOUNT])
@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.30000000000000004", 300_000),
        ("0.3333333333333333", 333_333),
        ("0.1234565", 123_457),
        ("0.12345649999", 123_456),
        ("1.0000000000000002", 1_000_000),
        ("-1e-17", 0),
        ("0.1" + "0" * 40 + "1", 100_000),
    ],
)
def test_what_spreadsheets_compute_is_rounded_half_up(kind: Kind, cell: str, value: int) -> None:
    assert read(kind, cell) == value


def test_the_cells_that_were_rounded_are_counted() -> None:
    cells = ["0.30000000000000004", "0.1234567", "0.1234567", "0.5", "high", "", "2.0000001", "0.1000000000"]
    spec = ColumnSpec("x", Kind.LEVEL, "")
    column, errors = parse_column(cells, spec, LEVELS)
    assert (count_rounded(cells, column, spec), list(errors)) == (3, [6])


@pytest.mark.parametrize("kind", [Kind.LEVEL, Kind.SHARE])
@pytest.mark.parametrize(
    ("cell", "hint"), [("80%", "write 0.8"), ("12.5 %", "write 0.125"), ("100%", "write 1"), ("130%", None)]
)
def test_a_percentage_gets_the_share_to_write(kind: Kind, cell: str, hint: str | None) -> None:
    _, errors = parse_column([cell], ColumnSpec("x", kind, ""), LEVELS)
    assert errors[0].hint == hint


@pytest.mark.parametrize("cell", ["1,200", "1 200", "1\u00a0200", "1\u202f200"])
def test_thousands_separators_are_named(cell: str) -> None:
    _, errors = parse_column([cell], ColumnSpec("x", Kind.COUNT, ""), LEVELS)
    assert errors[0].hint == "write it without thousands separators"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Not applicable", None),
        ("Middle deemed primary", "primary"),
        ("MIDDLE DEEMED SECONDARY", "secondary"),
        ("16 plus", "post-16"),
        ("All-through", "all-through"),
        ("Nursery", "nursery"),
        ("PRIMARY", "primary"),
        ("Secondary", "secondary"),
    ],
)
def test_phases_of_gias_are_understood(cell: str, value: str | None) -> None:
    column, errors = parse_column([cell], SCHOOLS.columns["phase"], LEVELS)
    assert not errors
    assert (column.values[0] if column.given[0] else None) == value
    for table in (NLES, TRUSTS):
        column, errors = parse_column([f"special|{cell}"], table.columns["phases"], LEVELS)
        assert not errors
        assert column.values[0] == (("special", value) if value else ("special",))


@pytest.mark.parametrize("cell", ["None", "none", "Does not apply", "DOES NOT APPLY"])
def test_no_faith_of_gias_is_a_blank(cell: str) -> None:
    for spec in (SCHOOLS.columns["faith"], NLES.columns["faiths"], TRUSTS.columns["faiths"]):
        column, errors = parse_column([cell, "Church of England"], spec, LEVELS)
        assert not errors
        assert column.given.tolist() == [False, True]


@pytest.mark.parametrize("cell", ["0", "5", "Not judged", "2.5", "-1"])
def test_a_grade_is_from_one_to_four(cell: str) -> None:
    assert read(Kind.COUNT, cell, unit="1 to 4") == "must be a grade from 1 (Outstanding) to 4 (Inadequate)"


@pytest.mark.parametrize(
    ("cell", "grade"),
    [("Outstanding", 1), ("good", 2), ("Requires improvement", 3), ("RI", 3), ("Satisfactory", 3), ("INADEQUATE", 4)],
)
def test_a_grade_may_be_in_words(cell: str, grade: int) -> None:
    assert read(Kind.COUNT, cell, unit="1 to 4") == grade
    assert read(Kind.COUNT, cell) == "must be a number"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("primary, secondary", ("primary", "secondary")),
        ("Primary; PRU", ("primary", "alternative-provision")),
        ("primary/secondary|special", ("primary", "secondary", "special")),
        ("primary and secondary", ("primary", "secondary")),
        ("primary\nsecondary", ("primary", "secondary")),
        ("Primary & Secondary", ("primary", "secondary")),
    ],
)
def test_phases_may_be_listed_with_other_signs(cell: str, words: tuple[str, ...]) -> None:
    assert read(Kind.NAMES, cell, choices=PHASES, aliases=PHASE_ALIASES) == words


def test_a_phase_that_is_none_in_such_a_list_is_named() -> None:
    _, errors = parse_column(["primary, secondry"], ColumnSpec("x", Kind.NAMES, "", choices=PHASES), LEVELS)
    assert errors[0].hint == "did you mean secondary?"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("North East, London", ("North East", "London")),
        ("Yorkshire and the Humber", ("Yorkshire and the Humber",)),
        ("South East and south west", ("South East", "south west")),
        ("South East, Yorkshire and the Humber", ("South East", "Yorkshire and the Humber")),
        ("Cornwall, Devon", ("Cornwall, Devon",)),
        ("North East, Wales", ("North East, Wales",)),
    ],
)
def test_names_that_are_free_are_listed_with_other_signs_only_where_each_is_known(
    cell: str, words: tuple[str, ...]
) -> None:
    assert read(Kind.NAMES, cell, known=REGIONS) == words


@pytest.mark.parametrize(("cell", "value"), [("✓", True), ("Tick", True), ("✗", False), ("T", True), (" Yes ", True)])
def test_a_tick_is_a_yes(cell: str, value: bool) -> None:
    assert read(Kind.YES_NO, cell) == value


def test_what_was_read_otherwise_is_told_with_each_cell_and_only_that() -> None:
    spec = ColumnSpec("x", Kind.COUNT, "", unit="1 to 4")
    cells = ["RI", "2", "", "Good", "RI", "what"]
    column, _ = parse_column(cells, spec, LEVELS)
    assert read_from_other_words(cells, column, spec) == {0: "RI as 3", 3: "Good as 2", 4: "RI as 3"}
    faiths = ColumnSpec("x", Kind.NAMES, "")
    column, _ = parse_column(["Church of England/Methodist"], faiths, LEVELS)
    assert read_from_other_words(["Church of England/Methodist"], column, faiths) == {}


def test_a_rank_is_from_one() -> None:
    assert read(Kind.COUNT, "0", unit="from 1") == "must be a whole number from 1 up"


def test_a_choice_is_read_without_case() -> None:
    assert read(Kind.CHOICE, "Primary", choices=("primary", "secondary")) == "primary"


def test_a_word_beyond_the_choices_is_refused_with_the_nearest() -> None:
    spec = ColumnSpec("x", Kind.NAMES, "", choices=("primary", "secondary"))
    _, errors = parse_column(["primary|secondry"], spec, LEVELS)
    assert errors[0].hint == "did you mean secondary?"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.sampled_from(list(Kind)), st.text())
def test_any_text_is_a_value_a_blank_or_an_error_in_words(kind: Kind, cell: str) -> None:
    column, errors = parse_column([cell], ColumnSpec("x", kind, ""), LEVELS)
    assert not (errors and column.given[0])


@given(st.sampled_from([kind for kind in Kind if kind is not Kind.DEGREES]), st.text())
def test_what_is_written_of_a_cell_is_read_back_as_the_same(kind: Kind, cell: str) -> None:
    spec = ColumnSpec("x", kind, "")
    column, _ = parse_column([cell], spec, LEVELS)
    again, errors = parse_column(as_text(column), spec, LEVELS)
    assert not errors
    assert (again.values[0], again.given[0]) == (column.values[0], column.given[0])


@given(st.integers(0, 10**9 * MILLION))
def test_every_amount_in_millionths_survives_writing_and_reading(amount: int) -> None:
    text = f"{Decimal(amount) / MILLION:f}"
    assert read(Kind.AMOUNT, text) == amount
    column, _ = parse_column([text], ColumnSpec("x", Kind.AMOUNT, ""), LEVELS)
    assert read(Kind.AMOUNT, as_text(column)[0]) == amount


@given(st.dates())
def test_every_day_survives_writing_and_reading(day: date) -> None:
    assert read(Kind.DATE, day.isoformat()) == day.toordinal()
    assert read(Kind.DATE, f"{day.day}/{day.month}/{day.year:04d}") == day.toordinal()
