"""`sweep` as people type it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.scenarios import nle, school, write_scenario

Program = Callable[..., Any]
RADIUS = "geography.max_distance_km"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    settings = {"overrides": {"near": {RADIUS: 1}}, "sweep": {"grid": {RADIUS: [1, 2]}}}
    return write_scenario(tmp_path / "in", settings, [school(n) for n in range(1, 5)], [nle(n) for n in (1, 2)])


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from nle_optimizer.studies.sweep import conduct
    from nle_optimizer.studies.sweep import workers as crews

    monkeypatch.setattr(conduct, "LocalCrew", lambda _: crews.LocalCrew(0))


def test_a_dry_run_lists_and_counts_and_writes_nothing(program: Program, scenario: Path, tmp_path: Path) -> None:
    grid = ("--grid", f"{RADIUS}=1,2", "--grid", "seed=0,1,2")
    ended = program("sweep", scenario, *grid, "--dry-run", "--out", tmp_path / "out")
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == ["1", f"{RADIUS}=1", "seed=0"]
    assert ended.out.splitlines()[-1] == "6 points; nothing was solved"
    assert not (tmp_path / "out").exists()
    listed = json.loads(program("sweep", scenario, *grid, "--dry-run", "--format", "json").out)
    assert (listed["count"], listed["cases"], len(listed["points"])) == (6, 6, 6)


def test_a_sweep_of_the_file_s_own_section(program: Program, scenario: Path, tmp_path: Path) -> None:
    ended = program("sweep", scenario, "--out", tmp_path / "out")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "2 points: 2 optimal"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["manifest.json", "report.html", "sweep.csv", "sweep.sqlite"]


def test_every_way_to_name_points(program: Program, scenario: Path, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("name,fit.minimum\nlow,0\nhigh,0.9\n", encoding="utf-8")
    zipped = ("--zip", "costs.per_match=1,2", "--zip", "tie_break=[lottery],[arrived]")
    words = ("--scenarios", "near", "--table", tmp_path / "points.csv", "--seeds", 2, *zipped, "--set", "title=T")
    ended = program(
        "sweep", scenario, *words, "--grid", "geography.within=none", "--out", tmp_path / "out", "--format", "json"
    )
    assert ended.code == 0
    document = json.loads(ended.out)
    assert (document["schema_version"], document["points"], document["statuses"]) == (1, 8, {"optimal": 8})
    assert {(row["scenario"], row["name"]) for row in document["rows"]} == {("near", "low"), ("near", "high")}


def test_resume_works_nothing_out_again(program: Program, scenario: Path, tmp_path: Path) -> None:
    first = program("sweep", scenario, "--out", tmp_path / "out")
    assert "3 cases worked out and verified, 0 were there already" in first.out
    assert program("sweep", scenario, "--out", tmp_path / "out").code == 2
    again = program("sweep", scenario, "--out", tmp_path / "out", "--resume")
    assert "0 cases worked out and verified, 3 were there already" in again.out


def test_a_point_that_fails_ends_with_1_and_says_why(program: Program, tmp_path: Path) -> None:
    rows = [school(1), school(2, need_finance="")]
    scenario = write_scenario(tmp_path / "in", {"fit": {"unknown": "exclude"}}, rows)
    ended = program("sweep", scenario, "--grid", "fit.unknown=error,exclude", "--out", tmp_path / "out")
    assert ended.code == 1
    assert "point 1: error: " in ended.err
    assert "2 points: 1 error, 1 optimal" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--grid", "geografy.within=none"], "did you mean geography?"),
        (["--grid", "geography.within"], "write KEY=VALUE,VALUE"),
        (["--workers", "2", "--scheduler", "tcp://x:1"], "give one of them"),
        (["--workers", "0"], "Invalid value for '--workers'"),
        (["--gird", "a=1"], "No such option"),
        (["--seeds", "1000000000"], "1000000000 is not in the range 1<=x<=1000000"),
    ],
)
def test_wrong_usage_ends_with_2_before_anything_is_solved(
    program: Program, scenario: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    ended = program("sweep", scenario, *words, "--out", tmp_path / "out")
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_told_and_keeps_what_is_finished(
    program: Program, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from nle_optimizer.studies.sweep.conduct import Store

    put = Store.put
    calls: list[str] = []

    def fill(store: Store, key: str, answer: Any) -> None:
        calls.append(key)
        if len(calls) == 2:
            with store._told():
                raise sqlite3.OperationalError("database or disk is full")
        put(store, key, answer)

    monkeypatch.setattr(Store, "put", fill)
    ended = program("sweep", scenario, "--out", tmp_path / "out")
    assert ended.code == 2
    assert "sweep.sqlite: database or disk is full; finished cases are kept" in ended.err
    monkeypatch.setattr(Store, "put", put)
    assert "1 were there already" in program("sweep", scenario, "--out", tmp_path / "out", "--resume").out


INTERRUPTED = """
import os, signal, sys
from nle_optimizer.cli.main import main
from nle_optimizer.studies.sweep.conduct import Store

put = Store.put

def put_and_interrupt(store, key, answer):
    Store.put = put
    put(store, key, answer)
    os.killpg(os.getpgrp(), signal.SIGINT)

Store.put = put_and_interrupt
main(sys.argv[1:])
"""
"""The program, it and its processes interrupted as on a terminal, once the first case is finished."""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a group of processes are of POSIX")
def test_ctrl_c_ends_with_130_and_leaves_a_folder_that_resumes(
    program: Program, scenario: Path, tmp_path: Path
) -> None:
    words = ["sweep", str(scenario), "--seeds", "5", "--workers", "2", "--out", str(tmp_path / "out")]
    command = [sys.executable, "-c", INTERRUPTED, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same with --resume goes on" in err
    assert "Traceback" not in err
    resumed = program(*words, "--resume").out
    assert resumed.splitlines()[0] == "10 points: 10 optimal"
    told = re.search(r"(\d+) cases worked out and verified, (\d+) were there already", resumed)
    assert told is not None
    worked_out, kept = map(int, told.groups())
    assert worked_out > 0 and kept > 0 and worked_out + kept == 11  # the points, and the scenario as it is
