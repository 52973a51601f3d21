"""Cases in which `validate` said valid and `run`, or `verify` of the untouched folder, said otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.engines.engine import ENGINES
from nle_optimizer.errors import UnsupportedError
from support.carried_through import Carried, carried_through
from support.scenarios import read_table

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


def scenario_of(number: str) -> Path:
    (folder,) = CASES.glob(f"{number}-*")
    return folder / "scenario.yaml"


@pytest.mark.parametrize("number", ["01", "03", "04", "06", "07", "27", "41"])
def test_a_case_that_is_valid_runs_and_its_folder_means_the_same(number: str, tmp_path: Path) -> None:
    assert carried_through(scenario_of(number), tmp_path) == Carried("optimal")


def test_a_school_without_a_place_is_left_out_for_its_phase_in_the_run_and_in_its_folder(tmp_path: Path) -> None:
    carried_through(scenario_of("01"), tmp_path)
    assert [row["nle_id"] for row in read_table(tmp_path / "run" / "allocation.csv")] == ["N1"]
    assert [row["reason"] for row in read_table(tmp_path / "run" / "unmatched.csv")] == ["phase"]


@pytest.mark.parametrize("number", ["03", "04"])
def test_yes_in_any_spelling_and_numbers_before_a_number_choose_the_school_they_say(number: str) -> None:
    result = allocate(load_scenario(scenario_of(number)))
    assert [row["school_id"] for row in result.allocation.rows()] == ["S1"]


def test_where_nobody_is_eligible_nobody_is_supported_and_no_region_is_ahead() -> None:
    result = allocate(load_scenario(scenario_of("06")))
    assert len(result.allocation) == 0
    assert {row["reason"] for row in result.exclusions.rows()} == {"not-eligible"}
    assert [level["value"] for level in result.objectives] == [0]


def test_a_blend_that_rewards_distance_is_a_finding() -> None:
    findings = load_scenario(scenario_of("27")).findings
    (found,) = (finding for finding in findings if finding.code == "blend-wrong-sign")
    assert str(found).endswith(
        "objectives.0.blend.distance_km: more distance_km makes this blend better; got 0.002; "
        "write distance_km: -0.002 if less of it is wanted"
    )


@pytest.mark.parametrize("choose", [(), ("range",)])
@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_shares_of_what_is_matched_stand_under_every_engine_that_can_state_them(
    choose: tuple[str, ...], engine: str
) -> None:
    scenario = load_scenario(scenario_of("41"), choose=choose, sets=[f"engine={engine}"])
    if engine == "network":
        with pytest.raises(UnsupportedError, match="is a share of everything that is matched"):
            allocate(scenario)
        return
    result = allocate(scenario)
    assert verify(result) == []
    assert [row["school_id"] for row in result.allocation.rows()] == (["S1", "S2"] if choose else ["S2"])


def test_validate_refuses_what_no_engine_can_state(program: Callable[..., object]) -> None:
    ended = program("validate", scenario_of("41"), "--set", "engine=network")
    assert "is a share of everything that is matched" in ended.out  # type: ignore[attr-defined]
