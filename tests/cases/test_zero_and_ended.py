"""Cases of the field in which something is nought, used up, or has ended."""

from itertools import product
from pathlib import Path

import pytest

from nle_optimizer.cli.main import run_program
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.studies.marginal.marginal import marginal
from support.scenarios import nle, school, write_scenario

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


def test_case_35_nought_of_one_resource_shuts_out_only_who_needs_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run_program(["run", str(CASES / "35-zero-of-one-resource" / "scenario.yaml"), "--out", str(out)]) == 0
    assert pairs(out) == [("S1", "N1"), ("S2", "N1")]
    left, nles = tables(out)["unmatched"], tables(out)["nles"]
    assert (left["reason"], left["cure_kind"], left["cure_id"]) == (["no-room"], ["finance_days"], ["N1"])
    assert left["explanation"] == [
        "All 2 NLEs who could support it are too small: NLE N1, which lacks least, has 0 finance_days in all, and it "
        "takes 2."
    ]
    assert (nles["state"], nles["reason"], nles["capacity_days"]) == (["available"] * 2, [""] * 2, ["10", "0"])
    rows = marginal(out, by="nle").rows
    assert {(row.id, row.resource) for row in rows} == set(product(["N1", "N2"], ["days", "finance_days"]))
    assert read_run_folder(out).claim.summary["counts"]["nles_without_capacity"] == 1


def test_case_44_whoever_needs_none_of_what_is_used_up_is_supported(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run_program(["run", str(CASES / "44-days-used-up" / "scenario.yaml"), "--out", str(out)]) == 0
    assert pairs(out) == [("S2", "N1")]
    left = tables(out)["exclusions"]
    assert (left["school_id"], left["reason"]) == (["S1"], ["support-finished"])
    assert run_program(["verify", str(out)]) == 0


def test_case_37_too_small_is_not_full_and_not_a_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert run_program(["run", str(CASES / "37-too-small-not-full" / "scenario.yaml"), "--out", str(out)]) == 0
    left = tables(out)["unmatched"]
    assert dict(zip(left["school_id"], left["reason"], strict=True)) == {"S2": "constraint", "S3": "no-room"}
    assert "NLE N2, which lacks least, has 20 days in all, and it takes 25" in left["explanation"][1]
    capsys.readouterr()
    assert run_program(["explain", str(out), "S3", "N2"]) == 0
    said = capsys.readouterr().out
    assert "is too small, even with nobody else" in said and "full" not in said


def test_an_nle_with_nothing_has_a_worth_of_one_more_and_supports_nobody(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(1), school(2)], nles=[nle(1), nle(2, placements=0)])
    out = tmp_path / "run"
    assert run_program(["run", str(file), "--out", str(out)]) == 0
    table = tables(out)["nles"]
    assert (table["state"], table["used_placements"]) == (["available", "available"], ["1", "0"])
    assert (table["one_more"], table["one_fewer"]) == (["1", "1"], ["-1", ""])
    assert tables(out)["unmatched"]["explanation"] == [
        "Of the 2 NLEs who could support it 1 has as much in all as it takes, and is full, and no exchange would be "
        "better."
    ]


def test_where_no_nle_has_anything_that_is_said(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(1)], nles=[nle(n, placements=0) for n in (1, 2)])
    out = tmp_path / "run"
    assert run_program(["run", str(file), "--out", str(out)]) == 0
    left = tables(out)["unmatched"]
    assert (left["reason"], left["cure_kind"], left["cure_id"], left["cure_amount"]) == (
        ["no-room"],
        ["placements"],
        ["N1"],
        ["1"],
    )
    assert left["explanation"] == ["All 2 NLEs who could support it have no capacity at all."]
