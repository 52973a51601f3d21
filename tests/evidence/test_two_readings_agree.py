"""The engines and the verifier share no code but the reader; on random scenarios they must agree."""

from pathlib import Path

import pytest

from nle_optimizer import Result, allocate, load_scenario, verify
from nle_optimizer.errors import InputError
from support.random_scenarios import write_random_scenario

SEEDS = range(250)
DEMANDING = range(150)
STOPPED = range(40)


def _allocated(folder: Path, seed: int, *sets: str, demanding: bool) -> Result | None:
    """A random result; None where the random scenario contradicts itself."""
    try:
        return allocate(load_scenario(write_random_scenario(folder, seed, demanding=demanding), sets=sets))
    except InputError as refusal:
        assert refusal.problems
        return None


def _check(result: Result | None) -> None:
    if result is None:
        return
    assert verify(result) == []
    counts = result.claim.summary["counts"]
    came = counts["schools_read"] + counts["recipients_formed"]
    assert came == counts["excluded"] + counts["supported"] + counts["unmatched"]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_result_stands_up_to_a_second_reading_and_loses_no_school(seed: int, tmp_path: Path) -> None:
    result = _allocated(tmp_path, seed, demanding=False)
    _check(result)
    assert result is None or result.status in ("optimal", "infeasible")


@pytest.mark.parametrize("seed", DEMANDING)
def test_days_constraints_and_fairness_are_read_alike(seed: int, tmp_path: Path) -> None:
    _check(_allocated(tmp_path, seed, demanding=True))


@pytest.mark.parametrize("setting", ["stop.seconds=0.000001", "stop.work=1", "stop.gap=0.5"])
@pytest.mark.parametrize("seed", STOPPED)
def test_what_was_stopped_claims_no_more_than_it_proves(seed: int, setting: str, tmp_path: Path) -> None:
    _check(_allocated(tmp_path, seed, setting, demanding=True))
