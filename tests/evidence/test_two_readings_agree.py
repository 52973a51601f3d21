"""The engine and the verifier share no code but the reader; on random scenarios they must agree."""

from pathlib import Path

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.errors import InputError
from support.random_scenarios import write_random_scenario

SEEDS = range(250)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_result_stands_up_to_a_second_reading_and_loses_no_school(seed: int, tmp_path: Path) -> None:
    try:
        result = allocate(load_scenario(write_random_scenario(tmp_path, seed)))
    except InputError as refusal:  # the random scenario contradicts itself
        assert refusal.problems
        return
    assert verify(result) == []
    counts = result.claim.summary["counts"]
    came = counts["schools_read"] + counts["recipients_formed"]
    assert came == counts["excluded"] + counts["supported"] + counts["unmatched"]
    assert result.status in ("optimal", "infeasible")
