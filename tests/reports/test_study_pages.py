"""Charts of a sweep answer what was tried: curves over one setting, heat maps over two, bars over more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.reports.charts import Chart, Kind, svg
from nle_optimizer.reports.page.sweep_page import sweep_page
from support.scenarios import nle, school, write_scenario


def point(number: int, supported: int, **settings: object) -> dict[str, str]:
    tried = {key.replace("__", "."): str(value) for key, value in settings.items()}
    return {"point": str(number), **tried, "status": "optimal", "error": "", "supported": str(supported)}


def text_of(rows: list[dict[str, str]]) -> str:
    return sweep_page("test", rows).decode()


def test_over_one_setting_there_is_a_curve() -> None:
    text = text_of([point(n, 10 * n, fit__minimum=n / 10) for n in (1, 2, 3)])
    assert 'id="chart-supported"' in text and "mark-line" in text


def test_over_two_settings_there_is_a_heat_map() -> None:
    rows = [point(n, n, fit__minimum=n % 2, seed=n // 2) for n in range(4)]
    assert "mark-rect" in text_of(rows)


def test_over_three_settings_there_are_curves_over_the_longest() -> None:
    rows = [point(n, n, fit__minimum=n % 3, rule=f"r{n // 3 % 2}", seed=n // 6) for n in range(12)]
    text = text_of(rows)
    assert "mark-line" in text and "the rule r1, seed 0" in text and 'class="bar"' not in text


def test_over_more_settings_than_curves_can_tell_apart_there_is_a_bar_a_point() -> None:
    rows = [point(n, n, seed=n, rule=f"r{n % 2}", a=f"a{n // 2 % 2}", b=f"b{n // 4}") for n in range(8)]
    text = text_of(rows)
    assert text.count('class="bar"') == 8 and "7: 7 · r1 · a1 · b1" in text


def test_over_a_setting_that_is_no_number_there_is_a_bar_a_point() -> None:
    text = text_of([point(n, n, rule=f"r{n}") for n in range(3)])
    assert text.count('class="bar"') == 3 and "mark-line" not in text


def test_the_best_and_the_worst_are_told_in_words() -> None:
    text = text_of([point(1, 10, fit__minimum=0), point(2, 4, fit__minimum=0.9)])
    assert "Between 4 and 10 schools would be supported." in text
    assert "Fewest with a least fit of 0.9." in text
    assert "Most with a least fit of 0." in text


def test_points_without_an_answer_are_named() -> None:
    failed = {"point": "2", "fit.minimum": "0.9", "status": "error", "error": "no"}
    assert "Points 2 could not be carried out" in text_of([point(1, 10, fit__minimum=0), failed])


def test_a_sweep_in_which_nothing_differs_has_a_page_without_charts() -> None:
    text = text_of([point(n, 3, fit__minimum=n) for n in (1, 2)])
    assert "Every what-if supports 3 schools." in text and "<figure" not in text


KINDS: list[Kind] = ["bars", "lines", "heat", "intervals", "points"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_chart_can_be_drawn_for_slides(kind: Kind) -> None:
    rows = [{"x": f"r{n}", "y": n, "z": n / 2, "low": n - 1, "high": n + 1} for n in range(3)]
    columns = {"x": "Rule", "y": "Schools", "z": "Fit", "low": "Low", "high": "High"}
    places = ("y", "z", "x") if kind == "points" else ("x", "y", "z" if kind == "heat" else "")
    drawn = svg(Chart("test", "Test", kind, columns, rows, *places))
    assert drawn.startswith("<svg") and "r2" in drawn


def test_a_comparison_of_runs_without_inputs_has_a_page_without_a_map(
    tmp_path: Path, program: Callable[..., Any]
) -> None:
    file = write_scenario(tmp_path, schools=[school(1), school(2)], nles=[nle(1)])
    for name in ("a", "b"):
        assert program("run", file, "--out", tmp_path / name, "--no-inputs").code == 0
    assert program("compare", tmp_path / "a", tmp_path / "b", "--page", tmp_path / "c.html").code == 0
    text = (tmp_path / "c.html").read_text()
    assert "Nothing changed" in text and "<canvas" not in text
