"""Cases of the field in which something is nought, used up, or has ended."""

from pathlib import Path

from nle_optimizer.cli.main import run_program
from nle_optimizer.reports.run_folder import read_run_folder

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


def tables(folder: Path) -> dict[str, dict[str, list[str]]]:
    return read_run_folder(folder).claim.tables


def pairs(folder: Path) -> list[tuple[str, str]]:
    found = tables(folder)["allocation"]
    return list(zip(found["school_id"], found["nle_id"], strict=True))


def test_case_38_a_school_whose_support_has_finished_leaves_unless_it_is_put_back(tmp_path: Path) -> None:
    case, first, second = CASES / "38-finished-school", tmp_path / "first", tmp_path / "second"
    assert run_program(["run", str(case / "scenario.yaml"), "--out", str(first), "--no-report"]) == 0
    assert pairs(first) == [("S1", "N1")]
    changes = str(case / "changes.csv")
    assert run_program(["replan", str(first), "--changes", changes, "--out", str(second), "--no-report"]) == 0
    assert pairs(second) == []
    left = tables(second)["exclusions"]
    assert (left["school_id"], left["stage"], left["reason"]) == (["S1"], ["listing"], ["support-finished"])
    assert run_program(["verify", str(second)]) == 0
    current = tmp_path / "current.csv"
    current.write_text("school_id,nle_id,state\nS1,N1,reopened\n")
    again = ["--set", f"data.current={current}", "--allow-outside", "--out", str(tmp_path / "third"), "--no-report"]
    assert run_program(["run", str(case / "scenario.yaml"), *again]) == 0
    assert pairs(tmp_path / "third") == [("S1", "N1")]
