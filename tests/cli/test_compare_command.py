"""`compare` on the command line: what it prints where, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.run_folders import left, pair, write_run

Program = Callable[..., Any]


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    first = write_run(tmp_path / "first", [pair("S1", "N1")], [left("S2")])
    return first, write_run(tmp_path / "second", [pair("S2", "N1")], [left("S1", "too-far")])


def test_a_difference_is_no_failure(program: Program, runs: tuple[Path, Path]) -> None:
    ended = program("compare", *runs)
    assert (ended.code, ended.err) == (0, "")
    assert "(same NLE 0, another 0, lost 1, gained 1)" in ended.out


def test_json_is_one_document_that_holds_everything(program: Program, runs: tuple[Path, Path]) -> None:
    ended = program("compare", *runs, "--format", "json", "--show", 0)
    document = json.loads(ended.out)
    assert (ended.code, document["schema_version"], document["same"]) == (0, 1, False)
    assert [entry["second"]["reason"] for entry in document["schools"]["changes"]] == ["too-far", ""]
    assert [entry["school_id"] for entry in document["pairs"]["gained"]] == ["S2"]


def test_the_same_folder_twice_is_fine(program: Program, runs: tuple[Path, Path]) -> None:
    ended = program("compare", runs[0], runs[0])
    assert (ended.code, "Nothing changed" in ended.out) == (0, True)


def test_changed_files_are_warned_of_on_stderr(program: Program, runs: tuple[Path, Path]) -> None:
    (runs[1] / "summary.json").write_text((runs[1] / "summary.json").read_text() + "\n")
    ended = program("compare", *runs, "--format", "json")
    assert ended.code == 0
    assert ended.err == f"warning: {runs[1]}: summary.json: the file was changed since the run (its hash differs)\n"
    assert json.loads(ended.out)["warnings"]


def test_what_is_no_run_folder_is_refused(program: Program, runs: tuple[Path, Path], tmp_path: Path) -> None:
    for wrong, said in ((tmp_path, "this is no run folder"), (tmp_path / "none", "there is no such run folder")):
        ended = program("compare", runs[0], wrong)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err


def test_another_schema_is_refused_with_the_remedy(program: Program, runs: tuple[Path, Path], tmp_path: Path) -> None:
    newer = write_run(tmp_path / "newer", summary={"schema_version": 7})
    ended = program("compare", runs[0], newer)
    assert (ended.code, ended.out) == (2, "")
    assert "it has schema_version 7, and only 1 can be compared here; run scenario.resolved.yaml again" in ended.err


def test_one_folder_alone_is_wrong_usage(program: Program, runs: tuple[Path, Path]) -> None:
    ended = program("compare", runs[0])
    assert (ended.code, "Missing argument 'SECOND'" in ended.err) == (2, True)


def test_help_says_what_it_does_and_how_many_entries_it_shows(program: Program) -> None:
    shown = program("compare", "--help").out
    assert "Nothing is solved or verified" in " ".join(shown.split())
    assert "default: 3" in shown
