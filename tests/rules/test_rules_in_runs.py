"""Every rule on random scenarios: what it gives stands up to a second reading, and never depends on the row order."""

import csv
from pathlib import Path
from random import Random

import pytest

from nle_optimizer import Result, allocate, load_scenario, verify
from nle_optimizer.errors import InputError, NleOptimizerError, UnsupportedError
from nle_optimizer.rules.registry import PROCEDURES, RULES
from nle_optimizer.scenario.scenario import Scenario
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, school, write_scenario

SEEDS = range(28)


def allocated(scenario: Scenario, rule: str) -> Result | None:
    """What a rule gives; None where it says that it cannot be carried out."""
    try:
        return allocate(scenario.replace({"rule": rule}))
    except UnsupportedError as refusal:
        assert "cannot be carried out" in str(refusal)
        return None


def scenario_of(folder: Path, seed: int) -> Scenario | None:
    try:
        return load_scenario(write_random_scenario(folder, seed, demanding=seed % 2 == 1))
    except InputError:
        return None


@pytest.mark.parametrize("seed", SEEDS)
def test_what_every_rule_gives_stands_up_to_a_second_reading(seed: int, tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, seed)
    for rule in RULES if scenario is not None else ():
        try:
            result = allocated(scenario, rule)
        except NleOptimizerError as refusal:
            assert isinstance(refusal, InputError)
            return
        if result is not None:
            assert verify(result) == [], rule
            proves = rule not in PROCEDURES
            assert result.status in (("optimal", "infeasible") if proves else ("completed", "infeasible")), rule


@pytest.mark.parametrize("seed", range(8))
def test_no_rule_depends_on_the_order_of_the_rows(seed: int, tmp_path: Path) -> None:
    first = scenario_of(tmp_path, seed)
    if first is None:
        return
    for name in ("schools", "nles", "pairs", "trusts"):
        _shuffle(tmp_path / f"{name}.csv", seed)
    second = load_scenario(tmp_path / "scenario.yaml")
    for rule in RULES:
        try:
            results = [allocated(scenario, rule) for scenario in (first, second)]
        except InputError:
            return
        tables = [None if result is None else result.claim.tables["allocation"] for result in results]
        assert tables[0] == tables[1], rule


def _shuffle(path: Path, seed: int) -> None:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    Random(seed).shuffle(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def test_a_rule_that_required_pairs_keep_from_a_share_is_refused_in_words_and_no_fault_of_ours(tmp_path: Path) -> None:
    """At most half of the pairs may be of theme a; the required one is, and the other school fits nobody well."""
    share = {"name": "half", "type": "quota", "of": "pairs", "where": {"school.theme": "a"}, "maximum_share": 0.5}
    pairs = [{"nle_id": "N1", "school_id": "S1", "relation": "require"}]
    schools, nles = [school(1, theme="a"), school(2, theme="b")], [nle(1), nle(2, placements=0)]
    settings = {"rule": "deferred-acceptance", "constraints": [share], "objectives": ["fit"]}
    scenario = load_scenario(write_scenario(tmp_path, settings, schools, nles, pairs=pairs))
    with pytest.raises(UnsupportedError, match="cannot be carried out: beside the required pairs half is above"):
        allocate(scenario)
    schools[1]["theme"] = "a"
    enough = {**settings, "constraints": [{**share, "maximum_share": 1}]}
    assert allocate(load_scenario(write_scenario(tmp_path, enough, schools, nles, pairs=pairs))).status == "completed"
