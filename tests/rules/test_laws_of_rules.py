"""Laws that hold between rules on random scenarios, and worked examples of serial dictatorship and rank efficiency."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import load_scenario
from nle_optimizer.errors import InputError, UnsupportedError
from nle_optimizer.rules.registry import PROCEDURES, RULES, promise_of
from nle_optimizer.rules.serial import SerialDictatorship
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.benchmark.trial import trials_of
from support.markets import by_rule, market, named
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, school, write_scenario

SEEDS = range(30)
AREAS = ("leadership", "governance", "finance")
# Two schools want the same NLE first; each could do without the other's second.
WISHES = {"S1": ["N1", "N2", "N3"], "S2": ["N1", "N3", "N2"], "S3": ["N2", "N1", "N3"]}


def random_case(folder: Path, seed: int) -> Scenario | None:
    """Every other one in days of different lengths; None where it is refused."""
    if seed % 2:
        rng = Random(seed)

        def levels(prefix: str) -> dict[str, Any]:
            return {f"{prefix}_{area}": rng.choice([0, 0.3, 0.6, 1]) for area in AREAS}

        schools = [school(n, **{**levels("need"), "need_finance": 1}, days=rng.choice([1, 2, 3])) for n in range(7)]
        nles = [nle(n, **levels("expertise"), days=rng.choice([2, 3, 5])) for n in range(3)]
        days = {"capacity": {"resources": ["days"]}, "objectives": ["schools_supported", "fit"]}
        return load_scenario(write_scenario(folder, days, schools, nles))
    try:
        return load_scenario(write_random_scenario(folder, seed))
    except InputError:
        return None


def reached(scenario: Scenario, rule: str) -> tuple[int, ...] | None:
    """The scenario's objectives under a rule, more being better; None where the rule cannot be carried out."""
    try:
        summary = result_of(scenario.replace({"rule": rule}), brief=True).claim.summary
    except UnsupportedError:
        return None
    if summary["status"] == "infeasible" or summary.get("missed"):
        return None
    return tuple(
        entry["exact"]["value"] * (1 if entry["sense"] == "maximise" else -1) for entry in summary["objectives"]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_beats_the_optimal_rule_on_the_scenario_s_own_objectives(seed: int, tmp_path: Path) -> None:
    scenario = random_case(tmp_path, seed)
    if scenario is None:
        return
    try:
        best = reached(scenario, "optimal")
    except InputError:
        return
    others = [reached(scenario, rule) for rule in PROCEDURES if rule != "status-quo"]
    assert all(best is not None and other <= best for other in others if other is not None)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_leximin_is_best_for_the_first_recipient_from_the_worst_off_up_in_which_rules_differ(
    seed: int, tmp_path: Path
) -> None:
    scenario = random_case(tmp_path, seed)
    if scenario is None or (scenario.schools.column("supporters").or_else(1) > 1).any():
        return
    try:
        trials = trials_of(scenario, RULES, 1).trials
    except InputError:
        return
    vectors = {trial.rule: sorted(trial.fit.tolist()) for trial in trials if trial.fit is not None and not trial.missed}
    if "leximin" in vectors:
        assert all(other <= vectors["leximin"] for other in vectors.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_has_at_least_half_of_the_best_total_fit_in_places(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    schools = [school(n, **{f"need_{area}": rng.choice([0.1, 0.5, 1]) for area in AREAS}) for n in range(8)]
    nles = [nle(n, placements=2, **{f"expertise_{area}": rng.choice([0, 0.5, 1]) for area in AREAS}) for n in range(3)]
    quota = {"name": "south", "type": "quota", "of": "schools", "where": {"easting": {"min": 434_000}}, "maximum": 2}
    file = write_scenario(tmp_path, {"objectives": ["fit"], "constraints": [quota]}, schools, nles)
    scenario = load_scenario(file)
    greedy, best = (reached(scenario, rule) for rule in ("greedy", "optimal"))
    assert greedy is not None
    assert best is not None
    assert best[0] <= 2 * greedy[0]


def test_under_serial_dictatorship_each_takes_the_best_that_those_before_it_left(tmp_path: Path) -> None:
    agenda = market(tmp_path, WISHES, {n: list(WISHES) for n in ("N1", "N2", "N3")})
    for turns, expected in (
        ([0, 1, 2], {("S1", "N1"), ("S2", "N3"), ("S3", "N2")}),
        ([1, 0, 2], {("S2", "N1"), ("S1", "N2"), ("S3", "N3")}),
    ):
        rule = SerialDictatorship(
            "in turn",
            promise_of("by-need"),
            turns=lambda _agenda, _draw, turns=turns: np.array(turns),
            wishes=lambda agenda: agenda.preferences.recipients.lists(),
        )
        assert named(agenda, rule.match(agenda, 0).pairs.tolist()) == expected


def test_rank_minimal_gives_up_nobody_s_first_choice_for_a_second_where_both_can_be_had(tmp_path: Path) -> None:
    agenda = market(tmp_path, WISHES, {n: list(WISHES) for n in ("N1", "N2", "N3")})
    # Ranks 1 + 2 + 1; the Pareto efficient outcome of S2, S1, S3 in turn has 1 + 2 + 3.
    assert by_rule(agenda, "rank-minimal") == {("S1", "N1"), ("S2", "N3"), ("S3", "N2")}
