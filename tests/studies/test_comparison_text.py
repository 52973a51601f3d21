"""The text of a comparison: a screen for people, the rest counted, and nothing that harms a terminal."""

from pathlib import Path
from typing import Any

import pytest
from click import unstyle

from nle_optimizer.studies.comparison.comparison import compare
from nle_optimizer.studies.comparison.text import comparison_text
from support.run_folders import SETTINGS, left, nle_row, out, pair, write_run

MANY = range(100, 150)
SCREEN = 80


def text(folder: Path, first: dict[str, Any], second: dict[str, Any], most: int = 3) -> str:
    one, other = write_run(folder / "a", **first), write_run(folder / "b", **second)
    return unstyle(comparison_text(compare(one, other), most))


@pytest.fixture
def much(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two runs with fifty changes of every kind."""
    first = {
        "allocation": [pair(f"M{n}", "N1") for n in MANY] + [pair(f"L{n}", "N1") for n in MANY],
        "unmatched": [left(f"G{n}") for n in MANY] + [left(f"R{n}") for n in MANY],
        "exclusions": [out(f"X{n}") for n in MANY],
        "nles": [nle_row(f"N{n}", 1, 0) for n in MANY],
        "inputs": {"schools": [{"school_id": f"S{n}", "pupils": n, "region": ""} for n in MANY]},
        "settings": SETTINGS,
    }
    second = {
        "allocation": [pair(f"M{n}", "N2") for n in MANY] + [pair(f"G{n}", "N1") for n in MANY],
        "unmatched": [left(f"L{n}", f"reason-{n}") for n in MANY] + [left(f"R{n}", "phase") for n in MANY],
        "exclusions": [],
        "nles": [nle_row(f"N{n}", 1, 1) for n in MANY],
        "inputs": {"schools": [{"school_id": f"S{n}", "pupils": n + 1, "region": "London"} for n in MANY]},
        "settings": "".join(f"key-{n}: {n} # --set\n" for n in MANY),
    }
    return first, second


def test_much_fits_a_screen_and_is_counted(tmp_path: Path, much: tuple[dict[str, Any], dict[str, Any]]) -> None:
    lines = text(tmp_path, *much).splitlines()
    assert len(lines) <= SCREEN
    assert max(len(line) for line in lines) <= 78
    for title in ("Another NLE: 50", "Support gained: 50", "Support lost: 50", "Settings that differ: 54"):
        assert title in lines
    assert "Without support in either run, for another reason: 100" in lines
    assert "NLEs with another state, capacity or use: 50" in lines
    assert lines.count("  ... and 47 more") >= 4


def test_asked_for_more_it_shows_more(tmp_path: Path, much: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shown = text(tmp_path, *much, most=60)
    assert all(f"M{n} School M{n}" in shown for n in MANY)
    assert "... and" not in shown


def test_asked_for_none_it_counts_all(tmp_path: Path, much: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shown = text(tmp_path, *much, most=0)
    assert "Support lost: 50" in shown
    assert "School" not in shown.replace("Schools", "")


def test_the_first_lines_say_it_all_in_two_sentences(tmp_path: Path) -> None:
    first = {"allocation": [pair("S1", "N1"), pair("S2", "N1"), pair("S3", "N1")], "unmatched": [left("S4")]}
    second = {"allocation": [pair("S1", "N1"), pair("S2", "N2"), pair("S4", "N1")], "unmatched": [left("S3")]}
    shown = text(tmp_path, first, second)
    assert "Schools supported: 3 → 3 (same NLE 1, another 1, lost 1, gained 1)" in shown
    assert "Matched pairs: 3 → 3 (kept 1, lost 2, gained 2)" in shown


def test_a_moved_school_is_shown_with_both_nles_fits_and_distances(tmp_path: Path) -> None:
    first = {"allocation": [pair("S1", "N1", fit="0.9", distance_km="5.4")]}
    second = {"allocation": [pair("S1", "N2", fit="0.85", distance_km="")]}
    assert "S1 School S1                N1 → N2        0.900 → 0.850  5.4 → - km" in text(tmp_path, first, second)


def test_a_school_that_lost_support_is_told_why_in_a_sentence(tmp_path: Path) -> None:
    shown = text(tmp_path, {"allocation": [pair("S1", "N1")]}, {"unmatched": [left("S1", "too-far")]})
    assert "now: left out, too-far 1" in shown
    assert "Because too-far." in shown


def test_settings_and_inputs_that_differ_are_shown_with_both_values(tmp_path: Path) -> None:
    second = {
        "settings": SETTINGS.replace("none                 # default", "region # --set"),
        "inputs": {"schools": [{"school_id": "S2"}]},
    }
    shown = text(tmp_path, {}, second)
    assert "geography.within: none → region   (default → --set)" in shown
    assert "schools: rows 1 → 1, added 1, removed 1" in shown
    assert ("added: S2" in shown, "removed: S1" in shown) == (True, True)


def test_inputs_that_were_not_kept_are_not_called_the_same(tmp_path: Path) -> None:
    shown = text(tmp_path, {}, {"keep_inputs": False, "inputs": {"nles": [{"nle_id": "N2"}]}})
    assert "Inputs that differ: not known" in shown
    assert "Cannot be compared: nles." in shown


def test_a_run_that_is_not_proved_shows_its_bound(tmp_path: Path) -> None:
    level = {"name": "fit", "value": 1.5, "bound": 2.5, "proved": False}
    shown = text(tmp_path, {}, {"summary": {"status": "feasible", "objectives": [level]}})
    assert "at best" in shown
    assert "2.500" in shown


def test_what_clashes_in_a_run_without_an_allocation_is_shown(tmp_path: Path) -> None:
    clashes = [f"Requirement {n} clashes." for n in range(5)]
    shown = text(tmp_path, {}, {"summary": {"status": "infeasible", "clashes": clashes}})
    assert "no allocation is possible; Made by hand" in shown
    assert ("  - In the second run: Requirement 2 clashes." in shown, "  - ... and 2 more" in shown) == (True, True)


def test_a_constraint_that_changed_is_shown_with_its_limits(tmp_path: Path) -> None:
    def row(value: int, maximum: int) -> dict[str, Any]:
        return {"summary": {"constraints": [{"label": "london", "value": value, "minimum": None, "maximum": maximum}]}}

    assert "london: 38 (at most 40) → 30 (at most 30)" in text(tmp_path, row(38, 40), row(30, 30))


def test_a_difference_too_small_to_show_is_not_called_none(tmp_path: Path) -> None:
    first, second = ({"summary": {"metrics": {"mean_fit": fit}}} for fit in (0.5, 0.500001))
    assert "+1e-06" in text(tmp_path, first, second)


def test_names_cannot_control_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;Gone\x07\nNext"
    first = {"allocation": [pair("S1", "N1", school_name=evil)], "summary": {"title": evil}}
    second = {"unmatched": [{**left("S1", evil), "name": evil, "explanation": evil}], "settings": f"a: '{evil[-4:]}'\n"}
    shown = text(tmp_path, first, second)
    assert ("\x1b" in shown, "\x07" in shown, "Gone" in shown) == (False, False, True)


def test_nothing_changed_is_said_in_one_sentence(tmp_path: Path) -> None:
    shown = text(tmp_path, {}, {})
    assert shown.splitlines()[-1] == "  Nothing changed: the same inputs, settings, pairs, reasons and figures."
