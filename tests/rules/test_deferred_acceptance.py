"""Deferred acceptance: published instances, enumeration on random ones, and sizes."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from nle_optimizer import load_scenario
from nle_optimizer.model.preferences import blocking_pairs
from nle_optimizer.rules.registry import procedure_named
from nle_optimizer.rules.rule import Agenda
from support.markets import agenda_of, blocks, by_rule, every_matching, market, named, random_market
from support.scenarios import nle, school, write_scenario

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/data/instances/stable/small_expected.json"
CASES = json.loads(PUBLISHED.read_text(encoding="utf-8"))["HR"] if PUBLISHED.exists() else []
SIDES = ("deferred-acceptance", "deferred-acceptance-nles")


def stable_matchings(agenda: Agenda) -> list[np.ndarray]:
    problem, wishes = agenda.problem, agenda.preferences
    return [
        pairs
        for pairs in every_matching(problem)
        if (wishes.recipients.place[pairs] >= 0).all()
        and not any(blocks(problem, wishes, set(pairs.tolist()), pair) for pair in range(problem.size))
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_cases_come_out_as_published(case: dict, tmp_path: Path) -> None:
    agenda = market(tmp_path, case["residents"], case["hospitals"], case["capacities"])
    for rule, key in zip(SIDES, ("resident_optimal", "hospital_optimal"), strict=True):
        if key in case:
            expected = {(resident, hospital) for resident, hospital in case[key].items() if hospital}
            assert by_rule(agenda, rule) == expected
    if case["n_stable_bruteforce"] == 1:
        assert by_rule(agenda, SIDES[0]) == by_rule(agenda, SIDES[1])
    if agenda.problem.size <= 16:
        assert len(stable_matchings(agenda)) == case["n_stable_bruteforce"]


@pytest.mark.parametrize("seed", range(40))
def test_each_side_gets_the_stable_matching_it_likes_best(seed: int, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed))
    stable = stable_matchings(agenda)
    orders = (agenda.preferences.recipients, agenda.preferences.nles)
    for rule, order in zip(SIDES, orders, strict=True):
        procedure = procedure_named(rule)
        assert procedure is not None
        mine = procedure.match(agenda, 0).pairs
        assert any(np.array_equal(mine, other) for other in stable)
        for other in stable:
            for agent in range(order.agents):
                own, theirs = (sorted(order.place[pairs[order.agent[pairs] == agent]]) for pairs in (mine, other))
                assert len(own) == len(theirs)
                assert all(a <= b for a, b in zip(own, theirs, strict=True))


@pytest.mark.parametrize("seed", range(40))
def test_nobody_blocks_where_schools_may_have_several_nles(seed: int, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed), schools=7, nles=5, most=3)
    for rule in SIDES:
        procedure = procedure_named(rule)
        assert procedure is not None
        matched = set(procedure.match(agenda, 0).pairs.tolist())
        assert not any(blocks(agenda.problem, agenda.preferences, matched, n) for n in range(agenda.problem.size))


def sized(folder: Path, rng: Random) -> Agenda:
    schools = [school(n, days=rng.choice([1, 2, 3, 5]), priority=rng.choice([1, 2])) for n in range(rng.randint(2, 9))]
    nles = [
        nle(n, days=rng.choice([3, 5, 7]), expertise_finance=rng.choice([0, 0.2])) for n in range(rng.randint(1, 4))
    ]
    return agenda_of(load_scenario(write_scenario(folder, {"capacity": {"resources": ["days"]}}, schools, nles)))


@pytest.mark.parametrize("seed", range(30))
def test_with_sizes_what_blocks_is_counted_as_the_definition_has_it(seed: int, tmp_path: Path) -> None:
    agenda = sized(tmp_path, Random(seed))
    problem, wishes = agenda.problem, agenda.preferences
    for rule in SIDES:
        procedure = procedure_named(rule)
        assert procedure is not None
        found = procedure.match(agenda, 0)
        matched = set(found.pairs.tolist())
        expected = [n for n in range(problem.size) if blocks(problem, wishes, matched, n)]
        assert blocking_pairs(problem, wishes, found.pairs).tolist() == expected
        if said := (*found.missed, *found.remarks):
            words = "no pair" if not expected else f"{len(expected)} pair"
            assert words in said[0]


@pytest.mark.parametrize("seed", range(30))
def test_with_sizes_nobody_is_left_out_where_there_is_room(seed: int, tmp_path: Path) -> None:
    agenda = sized(tmp_path, Random(seed))
    problem = agenda.problem
    for rule in SIDES:
        procedure = procedure_named(rule)
        assert procedure is not None
        pairs = procedure.match(agenda, 0).pairs
        used = np.bincount(problem.nle[pairs], problem.resources[0].use[pairs], len(problem.nle_ids))
        spare = problem.resources[0].capacity - used
        left = ~np.isin(problem.recipient, problem.recipient[pairs])
        assert not (left & (problem.resources[0].use <= spare[problem.nle])).any()


@pytest.mark.parametrize("seed", range(20))
def test_random_matchings_block_as_the_definition_has_it(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    agenda = random_market(tmp_path, rng, most=2)
    matchings = list(every_matching(agenda.problem))
    for pairs in rng.sample(matchings, min(20, len(matchings))):
        matched = set(pairs.tolist())
        expected = [n for n in range(agenda.problem.size) if blocks(agenda.problem, agenda.preferences, matched, n)]
        assert blocking_pairs(agenda.problem, agenda.preferences, pairs).tolist() == expected


def test_with_a_quota_the_limit_holds_and_what_blocks_is_said(tmp_path: Path) -> None:
    quota = {"name": "london", "type": "quota", "of": "schools", "where": {"region": "London"}, "maximum": 1}
    schools = [school(n, region="London" if n < 3 else "York") for n in range(5)]
    file = write_scenario(tmp_path, {"constraints": [quota]}, schools, [nle(n, placements=2) for n in range(3)])
    agenda = agenda_of(load_scenario(file))
    for rule in SIDES:
        procedure = procedure_named(rule)
        assert procedure is not None
        found = procedure.match(agenda, 0)
        assert len({s for s, _ in named(agenda, found.pairs.tolist()) if s in ("S0", "S1", "S2")}) == 1
        assert len(found.pairs) == 3
        assert "a stable matching need not exist" in (*found.missed, *found.remarks)[0]
