"""Cases from the field about plans that are made again."""

import shlex
import shutil
from pathlib import Path

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program
from support.scenarios import read_table, write_table

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


def case(tmp_path: Path, name: str) -> Path:
    """A copy of a case, in which runs can be written."""
    return Path(shutil.copytree(CASES / name, tmp_path / name))


def replanned(folder: Path) -> Path:
    """The plan after the changes of a case."""
    run, new = folder / "run", folder / "new"
    assert run_program(["run", str(folder / "scenario.yaml"), "--out", str(run), "--no-report"]) == 0
    command = ["replan", str(run), "--changes", str(folder / "changes.csv"), "--out", str(new), "--no-report"]
    assert run_program(command) == 0
    assert verify(new) == []
    return new


def test_38_a_school_whose_support_finished_leaves_until_it_is_put_back(tmp_path: Path) -> None:
    new = replanned(case(tmp_path, "38-finished-school"))
    assert [row["reason"] for row in read_table(new / "exclusions.csv")] == ["support-finished"]
    assert read_table(new / "allocation.csv") == []
    changes = write_table(tmp_path / "reopen.csv", [{"action": "reopen", "school_id": "S1"}])
    back = tmp_path / "back"
    assert run_program(["replan", str(new), "--changes", str(changes), "--out", str(back), "--no-report"]) == 0
    assert verify(back) == []
    assert [(row["school_id"], row["nle_id"]) for row in read_table(back / "allocation.csv")] == [("S1", "N2")]


def test_43_a_condition_that_a_replan_writes_back_is_read_again(tmp_path: Path) -> None:
    new = replanned(case(tmp_path, "43-replan-where-not"))
    assert [row["school_id"] for row in read_table(new / "allocation.csv")] == ["S2"]
    resolved = (new / "scenario.resolved.yaml").read_text(encoding="utf-8")
    assert "not: special" in resolved and "not_" not in resolved and "null" not in resolved


def test_43_a_command_that_a_trade_off_prints_means_what_the_scenario_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case(tmp_path, "43-replan-where-not")
    assert run_program(["frontier", str(folder / "scenario.yaml"), "--between", "fit,distance"]) == 0
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("  nle-optimizer run"))
    assert "where: {phase: {not: special}}" in printed
    words = [str(folder / "scenario.yaml") if word == "SCENARIO" else word for word in shlex.split(printed)]
    assert run_program([*words[1:], "--out", str(folder / "point"), "--no-report"]) == 0
