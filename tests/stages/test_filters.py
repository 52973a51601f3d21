"""Every filter of every pair: a pair that none removes is a candidate, and no other is."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.model.build import distance_asked
from nle_optimizer.preparation import prepare
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.stages.filters import FilterContext
from support.random_scenarios import write_random_scenario


@pytest.mark.parametrize("seed", range(60))
def test_a_pair_that_no_filter_removes_is_a_candidate_and_no_other_is(seed: int, tmp_path: Path) -> None:
    try:
        scenario = load_scenario(write_random_scenario(tmp_path, seed, demanding=seed % 2 == 1))
        case = prepare(scenario, lambda _: None)
    except InputError:
        return
    found = case.candidates
    rows = np.flatnonzero(np.array([Random(f"{seed} {n}").random() < 0.7 for n in range(len(found.recipients))]))
    asked = distance_asked(scenario.settings)
    sides = found.recipients, found.nles, scenario.schools
    context = FilterContext(*sides, found.given, scenario.settings, distance_needed=asked)
    some = context.of(*np.ix_(np.arange(len(found.nles)), rows))
    nle, recipient = np.nonzero(some.count == 0)
    mine = set(zip(nle.tolist(), rows[recipient].tolist(), strict=True))
    own = np.isin(found.recipient, rows)
    assert mine == set(zip(found.nle[own].tolist(), found.recipient[own].tolist(), strict=True))
    at = {pair: n for n, pair in enumerate(zip(found.nle.tolist(), found.recipient.tolist(), strict=True))}
    here = np.array([at[pair] for pair in zip(nle.tolist(), rows[recipient].tolist(), strict=True)], dtype=np.int64)
    assert (some.fit[nle, recipient] == found.fit[here]).all()
    assert (some.distance[nle, recipient] == found.distance[here]).all()
