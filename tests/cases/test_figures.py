"""Figures that answer what their label says: cases from the field, and what they stand for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.verification.checker import check_claim
from support.scenarios import nle, school, write_scenario

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"

ROW = "supporters: under fit.measure need-met the fits of several supporters would add up past the need; got 2"
TWO = [school(1, supporters=2), school(2)]
PAIR = [{"nle_id": f"N{n}", "school_id": f"S{s}", "fit": 0.4} for n in (1, 2) for s in (1, 2)]


def test_case_39_two_supporters_are_refused_where_their_fits_would_pass_the_need(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(CASES / "39-two-supporters-no-cap" / "scenario.yaml")
    assert run_program(["validate", file]) == 1
    assert f"schools.csv:row 2: {ROW}; set fit.measure to need-covered" in capsys.readouterr().out
    assert run_program(["run", file, "--out", str(tmp_path / "run")]) == 2
    assert f"schools.csv:row 2: {ROW}" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    for measure in ("need-covered", "weighted-expertise"):
        words = ["--set", f"fit.measure={measure}", "--out", str(tmp_path / measure), "--no-report"]
        assert run_program(["run", file, *words, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["status"] == "optimal"


@pytest.mark.parametrize("measure", ["need-met", "weakest-area"])
@pytest.mark.parametrize(
    ("tables", "is_refused"),
    [
        ({}, True),
        ({"pairs": PAIR}, False),
        ({"pairs": PAIR[2:]}, True),  # N1 and S1 have no fit given
        ({"pairs": [{**row, "relation": "forbid", "fit": ""} for row in PAIR]}, False),  # no candidates
        ({"schools": [school(1, supporters=2, left_out="closed"), school(2)]}, False),
        ({"schools": [school(1, supporters=1), school(2)]}, False),
    ],
)
def test_shares_of_a_need_are_added_up_nowhere_and_fits_that_are_given_are(
    measure: str, tables: Mapping[str, Any], is_refused: bool, tmp_path: Path
) -> None:
    given = {"schools": TWO, "nles": [nle(1), nle(2)], **tables}
    scenario = load_scenario(write_scenario(tmp_path, {"fit": {"measure": measure}}, **given))
    if is_refused:
        with pytest.raises(InputError, match=r"schools.csv:row 2: supporters"):
            allocate(scenario)
    else:
        assert verify(allocate(scenario)) == []


def test_the_second_reading_refuses_a_sum_of_shares_by_itself(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"fit": {"measure": "need-covered"}}, TWO, [nle(1), nle(2)])
    result = allocate(load_scenario(file))
    assert check_claim(result.scenario, result.claim) == []
    (sentence,) = check_claim(result.scenario.replace({"fit.measure": "need-met"}), result.claim)
    assert "several supporters" in sentence
