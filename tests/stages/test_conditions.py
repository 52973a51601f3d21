"""Conditions against a plain evaluator with three answers, on every kind of column."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nle_optimizer.records import Records
from nle_optimizer.scenario.quantities import Range, When
from nle_optimizer.stages.conditions import evaluate, holds
from support.memory import settings_of, table

SETTINGS = settings(max_examples=120, deadline=None, derandomize=True)
TEXTS = ["", "a", "A", "b", "3", "3.0", "x1"]
DAYS = ["", "2020-01-01", "2021-06-15", "2022-09-01"]

CELLS: dict[str, Any] = {
    "theme": st.sampled_from(TEXTS),
    "phase": st.sampled_from(["", "primary", "secondary"]),
    "latest_grade": st.sampled_from(["", "1", "2", "3", "4"]),
    "latest_inspected": st.sampled_from(DAYS),
    "need_finance": st.sampled_from(["", "0", "0.5", "0.333333", "1"]),
}
VALUES: dict[str, Any] = {
    "theme": st.sampled_from([*TEXTS[1:], 3, Decimal("2.5")]),
    "phase": st.sampled_from(["Primary", "secondary", "special"]),
    "latest_grade": st.sampled_from([1, 2, 3, 4, Decimal("2.5"), "3"]),
    "latest_inspected": st.sampled_from([date(2020, 1, 1), date(2021, 6, 15), "2021-06-15", date(2021, 1, 1)]),
    "need_finance": st.sampled_from([0, 1, Decimal("0.5"), Decimal("0.333333"), Decimal("0.4")]),
}


@st.composite
def conditions(draw: Any, name: str) -> Any:
    value = VALUES[name]
    if draw(st.booleans()):
        return draw(value | st.lists(value, min_size=1, max_size=3))
    parts = draw(st.lists(st.sampled_from(["min", "max", "before", "not", "missing"]), min_size=1, max_size=3))
    found: dict[str, Any] = {}
    for part in parts:
        if part == "missing":
            found[part] = draw(st.booleans())
        elif part == "not":
            found[part] = draw(value | st.lists(value, min_size=1, max_size=2))
        elif name != "phase":
            found[part] = draw(value)
    return Range.model_validate(found or {"missing": False})


@st.composite
def rows_and_when(draw: Any) -> tuple[list[dict[str, str]], When]:
    rows = draw(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=5))
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=0, max_size=3, unique=True))
    return rows, {name: draw(conditions(name)) for name in names}


def number(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text))
    except ArithmeticError:
        return None


def as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def equal(name: str, cell: str, value: Any) -> bool:
    """Whether a filled cell is the value: text without case, numbers as numbers, dates as days."""
    if name == "latest_inspected":
        return as_day(cell) == as_day(value)
    if name in ("latest_grade", "need_finance"):
        return number(cell) == number(value)
    if isinstance(value, int | Decimal) and number(cell) == value:
        return True
    return cell.casefold() == str(value).casefold()


def compared(name: str, cell: str, part: str, bound: Any) -> bool | None:
    """Whether a filled cell is within the bound; None where one of the two is no number."""
    ours, limit = (as_day(cell), as_day(bound)) if name == "latest_inspected" else (number(cell), number(bound))
    if ours is None or limit is None:
        return None
    results = {"min": ours >= limit, "max": ours <= limit, "before": ours < limit}  # type: ignore[operator]
    return bool(results[part])


def answer(name: str, cell: str, condition: Any) -> bool | None:
    """True, false, or None for undecided."""
    if not isinstance(condition, Range):
        wanted = condition if isinstance(condition, list) else [condition]
        return None if not cell else any(equal(name, cell, value) for value in wanted)
    answers: list[bool | None] = []
    for part in condition.model_fields_set:
        value = getattr(condition, part)
        if part == "missing":
            answers.append((not cell) is value)
        elif not cell:
            answers.append(None)
        elif part == "not_":
            answers.append(not any(equal(name, cell, each) for each in (value if isinstance(value, list) else [value])))
        else:
            answers.append(compared(name, cell, part, value))
    return conjunction(answers)


def conjunction(answers: list[bool | None]) -> bool | None:
    """One false makes all false; else one undecided makes all undecided."""
    return False if False in answers else None if None in answers else True


@SETTINGS
@given(rows_and_when())
def test_every_condition_has_the_answer_of_the_plain_evaluator(case: tuple[list[dict[str, str]], When]) -> None:
    rows, when = case
    verdict = evaluate(when, numbered(rows))
    for n, row in enumerate(rows):
        expected = conjunction([answer(name, row[name], condition) for name, condition in when.items()])
        assert (bool(verdict.true[n]), bool(verdict.undecided[n])) == (expected is True, expected is None)


@SETTINGS
@given(rows_and_when())
def test_no_row_is_true_and_undecided_at_once(case: tuple[list[dict[str, str]], When]) -> None:
    rows, when = case
    verdict = evaluate(when, numbered(rows))
    assert not (verdict.true & verdict.undecided).any()


def numbered(rows: list[dict[str, str]]) -> Records:
    return table("schools", [{"school_id": f"{n:03d}", **row} for n, row in enumerate(rows)])


def true_rows(cells: list[str], condition: Any, name: str = "theme") -> list[bool]:
    """Which cells meet a condition, written as in a scenario file."""
    rules = settings_of(eligibility={"rules": [{"name": "rule", "when": {name: condition}}]}).eligibility.rules
    assert rules is not None
    return holds(rules[0].when, numbered([{name: cell} for cell in cells])).tolist()


@pytest.mark.parametrize(
    ("cells", "condition", "expected"),
    [
        (["Yes", "no", ""], "yes", [True, False, False]),
        (["yes", "no", ""], True, [True, False, False]),
        (["10", "9", "x", ""], {"min": 10}, [True, False, False, False]),
        (["a", "b", "c", ""], {"not": ["a", "b"]}, [False, False, True, False]),
        (["a", ""], {"missing": True}, [False, True]),
        (["a", ""], {"missing": False}, [True, False]),
        (["3", "3.0", "03", "4"], 3, [True, True, True, False]),
        (["5", "6", "7", "8"], {"min": 6, "max": 7}, [False, True, True, False]),
    ],
)
def test_conditions_as_people_write_them(cells: list[str], condition: Any, expected: list[bool]) -> None:
    assert true_rows(cells, condition) == expected


def test_an_empty_condition_holds_for_everybody() -> None:
    assert np.all(evaluate({}, numbered([{"theme": ""}, {"theme": "a"}])).true)


def test_a_date_that_is_none_matches_nothing_and_is_no_fault() -> None:
    assert true_rows(["2021-06-15", ""], "15/06/2021", "latest_inspected") == [False, False]
