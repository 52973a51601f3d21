"""`compare` tells each kind of change as what it is, on run folders made by hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.errors import RunFolderError
from nle_optimizer.studies.comparison.comparison import Comparison, compare
from support.run_folders import left, nle_row, out, pair, write_run
from support.scenarios import Row

Tables = Sequence[Sequence[Row]]
Compare = Callable[..., Comparison]


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """The comparison of two runs, given as tables or as named arguments of `write_run`."""

    def of(first: Tables = (), second: Tables = (), one: Any = None, other: Any = None) -> Comparison:
        write_run(tmp_path / "first", *first, **(one or {}))
        write_run(tmp_path / "second", *second, **(other or {}))
        return compare(tmp_path / "first", tmp_path / "second")

    return of


def ids(entries: Sequence[Any]) -> list[str]:
    return [entry.school_id for entry in entries]


def test_runs_that_came_to_the_same_are_the_same(compared: Compare) -> None:
    tables = [pair("S1", "N1")], [left("S2")], [out("S3")], [nle_row("N1")]
    assert compared(tables, tables).same


def test_a_school_with_another_nle_is_moved_and_no_change_of_state(compared: Compare) -> None:
    found = compared([[pair("S1", "N1")]], [[pair("S1", "N2")]])
    (move,) = found.pairs.moved
    assert ([p.nle_id for p in move.first], [p.nle_id for p in move.second]) == (["N1"], ["N2"])
    assert (len(found.pairs.gained), len(found.pairs.lost), found.pairs.kept) == (1, 1, 0)
    assert found.schools.changes == ()
    assert not found.same


def test_a_school_with_one_more_nle_keeps_its_pair_and_is_moved_all_the_same(compared: Compare) -> None:
    found = compared([[pair("S1", "N1")]], [[pair("S1", "N1"), pair("S1", "N2")]])
    assert (found.pairs.kept, len(found.pairs.gained), found.pairs.lost) == (1, 1, ())
    assert ids(found.pairs.moved) == ["S1"]


def test_a_school_that_loses_support_has_both_reasons(compared: Compare) -> None:
    found = compared([[pair("S1", "N1")]], [[], [left("S1", "too-far")]])
    (change,) = found.schools.changes
    assert (change.school_id, change.name) == ("S1", "School S1")
    assert (change.first.state, change.first.nles, change.first.explanation) == ("supported", ("N1",), "N1 fits S1.")
    assert (change.second.state, change.second.reason) == ("unmatched", "too-far")
    assert change.second.explanation == "Because too-far."
    assert found.pairs.moved == ()


def test_a_school_that_comes_in_was_excluded_at_a_stage_on_evidence(compared: Compare) -> None:
    (change,) = compared([[], [], [out("S1")]], [[pair("S1", "N1")]]).schools.changes
    was = change.first
    assert (was.state, was.stage, was.reason) == ("excluded", "eligibility", "not-eligible")
    assert was.explanation == "latest_grade: 2"


def test_a_school_that_only_one_run_knows_is_absent_from_the_other(compared: Compare) -> None:
    found = compared([[], [left("S1")]], [[], [left("S2")]])
    assert [(c.school_id, c.first.state, c.second.state) for c in found.schools.changes] == [
        ("S1", "unmatched", "absent"),
        ("S2", "absent", "unmatched"),
    ]


def test_another_reason_in_the_same_state_is_told_apart_from_a_change_of_state(compared: Compare) -> None:
    found = compared([[], [left("S1")]], [[], [left("S1", "phase")]])
    assert (found.schools.changes, ids(found.schools.reasons)) == ((), ["S1"])


def test_another_trust_is_another_reason(compared: Compare) -> None:
    runs = [[[], [], [out("S1", "matched-to-trust", f"trust {trust}")]] for trust in ("T1", "T2")]
    assert ids(compared(*runs).schools.reasons) == ["S1"]


def test_a_kept_pair_with_another_fit_is_altered_and_a_mere_sentence_is_not(compared: Compare) -> None:
    first = [pair("S1", "N1"), pair("S2", "N1")]
    second = [pair("S1", "N1", fit="0.600000"), pair("S2", "N1", why="Otherwise said.")]
    (row,) = compared([first], [second]).pairs.altered
    assert row.key == ("S1", "N1")
    assert {name: (cell.first, cell.second) for name, cell in row.cells.items()} == {"fit": ("0.500000", "0.600000")}


def test_nles_with_another_use_or_state_are_listed_and_new_ones_too(compared: Compare) -> None:
    first = [nle_row("N1", 2, 1), nle_row("N2"), nle_row("N3")]
    second = [nle_row("N1", 2, 2), nle_row("N2", "", 0, "out", "paused"), nle_row("N4")]
    nles = compared([[], [], [], first], [[], [], [], second]).nles
    assert [(row.key, sorted(row.cells)) for row in nles.changed] == [
        (("N1",), ["used_placements"]),
        (("N2",), ["capacity_placements", "reason", "state"]),
    ]
    assert ([row["nle_id"] for row in nles.added], [row["nle_id"] for row in nles.removed]) == (["N4"], ["N3"])


def test_files_changed_since_the_run_are_warned_of(compared: Compare, tmp_path: Path) -> None:
    compared()
    (tmp_path / "second" / "unmatched.csv").write_text("school_id,reason,explanation,name\nS1,phase,,\n")
    (tmp_path / "first" / "inputs" / "nles.csv").unlink()
    assert compare(tmp_path / "first", tmp_path / "second").warnings == (
        f"{tmp_path / 'first'}: inputs/nles.csv: the file is missing",
        f"{tmp_path / 'second'}: unmatched.csv: the file was changed since the run (its hash differs)",
    )


UNPROVED = {"summary": {"status": "feasible"}}
CAUTIONS: list[tuple[Tables, dict[str, Any], dict[str, Any], str]] = [
    ([[pair("S1", "N1", firmness="some")]], {}, {}, "1 of the 1 pairs lost were ties"),
    ((), UNPROVED, {}, "The first run is not proved optimal (feasible)"),
    ((), {}, {"summary": {"status": "infeasible", "clashes": ["No."]}}, "The second run has no allocation"),
    ((), {}, {"settings": "fit:\n  measure: need-covered # --set\n"}, "Fit is measured differently (fit.measure)"),
    ((), {}, {"settings": "objectives: [distance] # --set\n"}, "The runs pursue different objectives"),
    ((), {}, {"manifest": {"versions": {"nle-optimizer": "2"}}}, "different versions of the program (1 and 2)"),
]


@pytest.mark.parametrize(("first", "one", "other", "said"), CAUTIONS, ids=[case[3] for case in CAUTIONS])
def test_what_the_figures_cannot_bear_is_said(
    compared: Compare, first: Tables, one: dict[str, Any], other: dict[str, Any], said: str
) -> None:
    assert any(said in caution for caution in compared(first, (), one, other).cautions)


def test_two_proved_runs_of_one_kind_need_no_caution(compared: Compare) -> None:
    assert compared([[pair("S1", "N1")]], [[pair("S1", "N2")]]).cautions == ()


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"summary": {"schema_version": 2}}, "schema_version 2, and only 1 can be compared here"),
    ({"manifest": {"schema_version": None}}, "it has no schema_version"),
    ({"summary": {"counts": None}}, "counts is missing, or not what a run writes"),
    ({"summary": {"metrics": {"mean_fit": "high"}}}, "metrics is missing, or not what a run writes"),
    ({"summary": {"objectives": [{"name": "fit"}]}}, "objectives is missing, or not what a run writes"),
    ({"summary": {"objectives": [{"name": "fit", "value": float("nan")}]}}, "objectives is missing"),
    ({"manifest": {"inputs": {"schools": "schools.csv"}}}, "inputs is missing, or not what a run writes"),
    ({"allocation": [pair("S1", "N1", distance_km="far")]}, "a number is needed; got far"),
    ({"settings": "- a list\n"}, "it must hold a mapping"),
    ({"settings": "a: [1\n"}, "not valid YAML"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_folder_that_cannot_be_compared_is_refused_in_words(
    compared: Compare, broken: dict[str, Any], said: str
) -> None:
    with pytest.raises(RunFolderError, match=said.replace("(", r"\(")):
        compared(other=broken)


@pytest.mark.parametrize("name", ["allocation.csv", "nles.csv", "summary.json", "scenario.resolved.yaml"])
def test_a_missing_file_is_named(compared: Compare, tmp_path: Path, name: str) -> None:
    compared()
    (tmp_path / "first" / name).unlink()
    with pytest.raises(RunFolderError, match=name):
        compare(tmp_path / "first", tmp_path / "second")


def test_a_table_without_a_column_is_refused(compared: Compare, tmp_path: Path) -> None:
    compared()
    (tmp_path / "first" / "nles.csv").write_text("nle_id,state\nN1,available\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match="the column reason is missing"):
        compare(tmp_path / "first", tmp_path / "second")
