"""Required pairs that clash are an answer: exit code 1, and a verified run folder that says why."""

import json
from pathlib import Path

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program

PAIRS = "nle_id,school_id,relation\nN3,E002,require\nN3,E004,require\n"


@pytest.fixture
def clashing(tmp_path: Path) -> Path:
    assert run_program(["init", str(tmp_path / "case")]) == 0
    (tmp_path / "case" / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    return tmp_path / "case"


def test_clashing_requirements_end_with_1_and_a_folder_that_names_them(
    clashing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(clashing / "scenario.yaml"), "--set", "data.pairs=pairs.csv", "--out", str(clashing / "run")]
    capsys.readouterr()
    assert run_program([*words, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "infeasible"
    assert [clash.split(": drop")[0] for clash in document["clashes"]] == [
        "NLE N3 has 1 placement, and its required pairs take 2 (E002 required, E004 required)"
    ]
    assert verify(clashing / "run") == []


def test_an_allocation_that_is_possible_cannot_be_called_infeasible(clashing: Path) -> None:
    words = ["run", str(clashing / "scenario.yaml"), "--out", str(clashing / "run")]
    assert run_program([*words, "--set", "data.pairs=pairs.csv"]) == 1
    pairs = clashing / "run" / "inputs" / "pairs.csv"
    pairs.write_text("nle_id,school_id,relation\nN3,E002,require\n", encoding="utf-8")
    assert any("do not clash" in finding for finding in verify(clashing / "run"))


def test_validate_names_the_clash_without_solving(clashing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run_program(["validate", str(clashing / "scenario.yaml"), "--set", "data.pairs=pairs.csv"]) == 1
    assert (
        "NLE N3 has 1 placement, and its required pairs take 2 (E002 required, E004 required)"
        in capsys.readouterr().out
    )
