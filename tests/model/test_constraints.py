"""Every constraint, as rows and as counts of matched pairs, against the rule book read one pair at a time."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
from nle_optimizer.model.constraints.rows import standings, violations
from nle_optimizer.preparation import prepare
from nle_optimizer.scenario.setting_sections import Constraint, faults_of
from support.constraint_oracle import AUTHORITIES, REGIONS, STRATEGIES, Group, World, limits
from support.memory import scenario_of

AREAS = ("leadership", "governance", "finance")
CASES = 110


def _school(rng: Random, n: int) -> dict[str, Any]:
    return {
        "school_id": f"S{n}",
        **{f"need_{area}": "0.5" for area in AREAS},
        "region": rng.choice(REGIONS),
        "local_authority": rng.choice(AUTHORITIES),
        "trust_id": rng.choice(["", "T1", "T2"]),
        "tier": rng.choice(["", "1", "2", "3"]),
        "supporters": rng.choice(["", "1", "2", "3"]),
        "days": rng.choice(["1", "2.5", "0.000001"]),
    }


def _nle(rng: Random, n: int) -> dict[str, Any]:
    return {
        "nle_id": f"N{n}",
        **{f"expertise_{area}": "1" for area in AREAS},
        "region": rng.choice(REGIONS),
        "local_authority": rng.choice(AUTHORITIES),
        "tier": rng.choice(["", "1", "2"]),
        "placements": rng.randint(1, 4),
        "days": rng.choice([5, 12.5]),
    }


def _listed(rng: Random, nle: str, school: str) -> dict[str, Any]:
    return {
        "nle_id": nle,
        "school_id": school,
        "band": rng.choice(["a", "b", ""]),
        "days": rng.choice(["", "", "3.25"]),
        "relation": rng.choice(["", "", "previous", "forbid"]),
    }


def _case(rng: Random, kind: str) -> tuple[dict[str, Any], World, Case | InputError]:
    asked = {"name": "limit", "type": kind, **STRATEGIES[kind][0](rng)}
    while list(faults_of(Constraint.model_validate(asked))):
        asked = {"name": "limit", "type": kind, **STRATEGIES[kind][0](rng)}
    schools = [_school(rng, n) for n in range(rng.randint(1, 5))]
    nles = [_nle(rng, n) for n in range(rng.randint(1, 4))]
    every = [(nle["nle_id"], school["school_id"]) for nle in nles for school in schools]
    listed = {pair: _listed(rng, *pair) for pair in rng.sample(every, rng.randint(0, len(every)))}
    standing = rng.sample(every, rng.choice([0, 1, 2]) if len(every) > 1 else 0)
    scenario = scenario_of(
        schools,
        nles,
        pairs=list(listed.values()) or [{"nle_id": "X", "school_id": "X", "band": ""}],
        current=[{"school_id": school, "nle_id": nle} for nle, school in standing],
        resources=("placements", "days"),
        conflicts={"own_trust": False},
        fit={"measure": "need-covered"},
        costs={"per_match": 100, "per_day": 7},
        objectives=["fit"],
        constraints=[asked],
    )
    candidates = [
        (nle, school)
        for nle in nles
        for school in schools
        if listed.get((nle["nle_id"], school["school_id"]), {}).get("relation") != "forbid"
    ]
    world = World(schools, nles, listed, frozenset(standing), candidates)
    try:
        return asked, world, prepare(scenario, lambda _: None)
    except InputError as error:
        return asked, world, error


@cache
def cases(kind: str) -> list[tuple[dict[str, Any], World, Case | InputError]]:
    rng = Random(kind)
    return [_case(rng, kind) for _ in range(CASES)]


def expected(
    asked: dict[str, Any], world: World, pairs: Sequence[Any]
) -> list[tuple[str, Fraction, Fraction | None, Fraction | None]]:
    """Label, count and limits of every row."""
    rows = STRATEGIES[asked["type"]][1](asked, world)
    whole = _whole(asked, world, pairs)
    return [
        (label, group.count(pairs), lower, upper)
        for group in rows
        for label, lower, upper in limits(asked, group, whole)
    ]


def _whole(asked: dict[str, Any], world: World, pairs: Sequence[Any]) -> Fraction:
    bare = {key: value for key, value in asked.items() if key not in ("where", "by")}
    groups: list[Group] = STRATEGIES[asked["type"]][1](bare, world)
    return groups[0].count(pairs) if asked["type"] in ("quota", "budget") else Fraction(0)


def drawn(rng: Random, case: Case, world: World) -> tuple[np.ndarray, list[Any]]:
    """Some candidate pairs, at most as many a recipient as it may have: their indices, and their rows."""
    order = rng.sample(range(case.problem.size), case.problem.size)
    left = case.problem.supporters.copy()
    chosen = []
    for pair in order[: rng.randint(0, len(order))]:
        if left[case.problem.recipient[pair]] > 0:
            left[case.problem.recipient[pair]] -= 1
            chosen.append(pair)
    return np.array(sorted(chosen), dtype=np.int64), [world.candidates[pair] for pair in sorted(chosen)]


def test_every_type_of_constraint_has_a_strategy() -> None:
    assert set(STRATEGIES) == set(CONSTRAINTS)


@pytest.mark.parametrize("kind", STRATEGIES)
def test_the_counts_and_limits_of_a_constraint_are_those_of_the_rule_book(kind: str) -> None:
    rng = Random(f"counts {kind}")
    for asked, world, case in cases(kind):
        if isinstance(case, InputError):
            continue
        for _ in range(6):
            matched, pairs = drawn(rng, case, world)
            found = [
                (
                    standing.label,
                    Fraction(standing.value, standing.scale),
                    None if standing.minimum is None else standing.minimum / standing.scale,
                    None if standing.maximum is None else standing.maximum / standing.scale,
                )
                for standing in standings(case.requirements[0], matched)
            ]
            assert found == expected(asked, world, pairs), asked


@pytest.mark.parametrize("kind", STRATEGIES)
def test_rows_hold_exactly_where_nothing_is_violated(kind: str) -> None:
    rng, verdicts = Random(f"rows {kind}"), []
    for asked, world, case in cases(kind):
        if isinstance(case, InputError):
            continue
        for _ in range(6):
            matched, pairs = drawn(rng, case, world)
            told = violations(case.requirements[0], matched)
            broken = []
            for row in case.problem.rows:
                total = row.total(case.problem, matched)
                if (row.lower is not None and total < row.lower) or (row.upper is not None and total > row.upper):
                    broken.append(row.label)
            assert [text.split(": ")[0] for text in told] == broken, asked
            figures = expected(asked, world, pairs)
            by_book = [
                label
                for label, count, lower, upper in figures
                if (lower is not None and count < lower) or (upper is not None and count > upper)
            ]
            assert broken == by_book, asked
            verdicts.append(bool(broken))
    assert 20 < sum(verdicts) < len(verdicts) - 20


@pytest.mark.parametrize("kind", STRATEGIES)
def test_a_limit_is_refused_exactly_where_all_candidate_pairs_together_miss_it(kind: str) -> None:
    for asked, world, case in cases(kind):
        figures = [] if asked["type"] not in ("quota", "budget", "minimum_use") else _fixed(asked, world)
        hopeless = [label for label, count, lower, upper in figures if lower is not None and count < lower]
        crossed = [
            label for label, _, lower, upper in figures if lower is not None and upper is not None and lower > upper
        ]
        refused = isinstance(case, InputError)
        assert refused == bool(hopeless or crossed), (asked, str(case))
        if refused:
            assert all(any(label in problem.what for problem in case.problems) for label in hopeless)
            assert all(problem.path.startswith("constraints.limit.minimum") for problem in case.problems)


def _fixed(asked: dict[str, Any], world: World) -> list[tuple[str, Fraction, Fraction | None, Fraction | None]]:
    """The rows with limits that do not depend on what is matched, where every candidate pair is."""
    fixed = dict(asked)
    if asked["type"] != "minimum_use" and asked.get("share_of") != "eligible":
        fixed = {key: value for key, value in asked.items() if not key.endswith("_share")}
    return expected(fixed, world, world.candidates)
