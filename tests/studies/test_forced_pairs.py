"""What forcing a pair costs, and who moves, is what a run with that pair required gives: every level, every priority.

`NLE_FORCED_PAIRS=5000 pytest tests/studies/test_forced_pairs.py` tries so many cases; each asks about one pair.
"""

import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.limits_left import breaches
from nle_optimizer.records import as_text
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.explaining.prices import ChangePrices
from support.scenarios import nle, school, write_scenario
from support.solving import solved

CASES = int(os.environ.get("NLE_FORCED_PAIRS", "40"))
AREAS = ("leadership", "governance", "finance")
TIERS = {"schools_supported": {"by": "priority"}}
OBJECTIVES: list[list[Any]] = [
    ["fit"],
    ["fit", "distance"],
    [TIERS, "fit"],
    [TIERS, "fit", "distance"],
    ["schools_supported", "fit", "distance"],
    [{"blend": {"fit": 1, "distance_km": -0.02}}],
    [{"blend": {"fit": 1, "distance_km": -0.02, "schools_supported": 0.3}}, "cost"],
    [TIERS, {"blend": {"fit": 1, "distance_km": -0.02}}, "fit_finance"],
    ["fit", "kept_pairs"],
    ["schools_supported", "min_fit", "fit"],
    ["leximin_fit", "fit"],
    ["fit", "region_gap"],
    ["schools_supported", "load_balance", "fit"],
    [{"fit": {"within": "5%"}}, "distance"],
]
RULES = ["greedy", "by-need", "nearest", "first-come", "deferred-acceptance", "immediate-acceptance", "max-min"]
Case = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]


def case(rng: Random) -> Case:
    """Settings and tables of a few schools and NLEs, whose fits tie now and then."""
    regions = ["London", "Leeds"]
    measure = rng.choice(["need-met", "need-covered", "weighted-expertise", "weakest-area"])
    several = measure in ("need-covered", "weighted-expertise") and rng.random() < 0.5
    step = rng.choice([2, 4, 1000])
    settings: dict[str, Any] = {
        "seed": rng.randint(0, 9),
        "fit": {"measure": measure, "minimum": rng.choice([0, 0, 0.3])},
        "objectives": rng.choice(OBJECTIVES[: rng.choice([9, 9, len(OBJECTIVES)])]),
        "geography": rng.choice([{}, {}, {"max_distance_km": 12}]),
        "costs": {"per_match": 100},
    }
    schools = [
        school(
            n,
            **{f"need_{area}": rng.randint(1, step) / step for area in AREAS},
            priority=rng.choice([1, 1, 2, 3, ""]),
            region=rng.choice(regions),
            supporters=rng.choice([1, 2]) if several else 1,
            easting=430_000 + rng.randint(0, 8) * 1000,
            arrived=rng.choice(["2020-01-01", "2021-01-01", ""]),
        )
        for n in range(1, rng.randint(3, 8))
    ]
    nles = [
        nle(
            n,
            **{f"expertise_{area}": rng.randint(0, step) / step for area in AREAS},
            placements=rng.randint(0, 3),
            region=rng.choice(regions),
            easting=430_000 + rng.randint(0, 8) * 1000,
        )
        for n in range(1, rng.randint(3, 6))
    ]
    tables = {"schools": schools, "nles": nles}
    if rng.random() < 0.3:
        settings["capacity"] = {"resources": rng.choice([["days"], ["placements", "days"]])}
        for row in schools:
            row["days"] = rng.choice([2, 3, 5])
        for row in nles:
            row["days"] = rng.randint(3, 9)
    if rng.random() < 0.3:
        limit = rng.choice([{"maximum": rng.randint(1, 3)}, {"minimum": 1}, {"maximum_share": 0.5}])
        of = rng.choice(["schools", "pairs"])
        settings["constraints"] = [
            {"name": "london", "type": "quota", "of": of, "where": {REGION[of]: "London"}, **limit}
        ]
    if rng.random() < 0.3 or "kept_pairs" in settings["objectives"]:
        tables["current"] = [
            {"school_id": one["school_id"], "nle_id": rng.choice(nles)["nle_id"], "state": "proposed"}
            for one in schools
        ]
        settings["data"] = {"current": "current.csv"}
    if rng.random() < 0.1:
        settings["rule"] = rng.choice(RULES)
    return settings, tables


REGION = {"schools": "region", "pairs": "school.region"}


def outcome_of(folder: Path, asked: Case, required: tuple[str, str] | None = None) -> Outcome | None:
    """The outcome, with a pair required or without; None where no allocation has it."""
    settings, tables = asked
    more = {}
    if required is not None:
        more = {"pairs": [{"nle_id": required[0], "school_id": required[1], "relation": "require"}]}
    try:
        outcome = solved(load_scenario(write_scenario(folder, settings, **tables, **more)))  # type: ignore[arg-type]
    except InputError:
        return None
    return None if outcome.status in ("infeasible", "unknown") else outcome


def candidates(outcome: Outcome) -> list[int]:
    matched = set(outcome.solution.matched.tolist())
    return [pair for pair in range(outcome.problem.size) if pair not in matched]


def cases(folder: Path, wanted: int) -> Iterator[tuple[int, Outcome, int, Outcome | None, Any]]:
    """So many cases: each an outcome, a pair that it does not have, the outcome with it required, and the price."""
    told = 0
    for number in count():
        rng = Random(f"forced {number}")
        asked = case(rng)
        outcome = outcome_of(folder / "base", asked)
        if outcome is None or not candidates(outcome):
            continue
        pair = rng.choice(candidates(outcome))
        problem = outcome.problem
        ids = str(problem.nle_ids[problem.nle[pair]]), str(problem.recipient_ids[problem.recipient[pair]])
        after = outcome_of(folder / "after", asked, ids)
        yield number, outcome, pair, after, ChangePrices(outcome).forced_alone(pair, Stopping())
        told += 1
        if told == wanted:
            return


def plan_after(outcome: Outcome, pair: int, sentences: list[str]) -> np.ndarray:
    """The pairs of a plan when the forced pair is matched and those who move have moved."""
    problem = outcome.problem
    of = {
        (str(problem.recipient_ids[problem.recipient[n]]), str(problem.nle_ids[problem.nle[n]])): n
        for n in range(problem.size)
    }
    pairs = {*outcome.solution.matched.tolist(), pair}
    if problem.supporters[problem.recipient[pair]] == 1:
        pairs -= {n for n in pairs if problem.recipient[n] == problem.recipient[pair] and n != pair}
    for sentence in sentences:
        who, verb, *rest = sentence.split()
        assert verb in ("loses", "gets", "goes")
        left = None if verb == "gets" else rest[1] if verb == "goes" else rest[0]
        joined = None if verb == "loses" else rest[-1]
        assert left is None or of[who, left] in pairs
        pairs -= {of[who, left]} if left is not None else set()
        pairs |= {of[who, joined]} if joined is not None else set()
    return np.array(sorted(pairs), dtype=np.int64)


def values(outcome: Outcome, matched: np.ndarray) -> list[int]:
    return [level.value(outcome.problem, matched) for level in outcome.problem.levels]


def counts(outcome: Outcome, matched: np.ndarray) -> dict[str, int]:
    """How many of each priority are supported under some pairs."""
    told = [cell or "blank" for cell in as_text(outcome.recipients.column("priority"))]
    if set(told) == {"blank"}:
        return {}
    served = Counter(told[n] for n in set(outcome.problem.recipient[matched].tolist()))
    return {name: served[name] for name in sorted(set(told))}


def is_kept(outcome: Outcome, matched: np.ndarray) -> bool:
    """Whether some pairs keep every limit, the lower ones too."""
    problem = outcome.problem
    low = any(row.lower is not None and row.total(problem, matched) < row.lower for row in problem.rows)
    return not breaches(problem, matched) and not low


def test_the_price_of_a_forced_pair_and_who_moves_are_those_of_a_run_with_it_required(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for number, outcome, pair, after, price in cases(tmp_path, CASES):
        assert price["possible"] == (after is not None), number
        seen[f"{price['method']}, {'possible' if after else 'impossible'}"] += 1
        if after is None:
            continue
        matched = plan_after(outcome, pair, price["who_moves"])
        now, then = values(outcome, outcome.solution.matched), values(after, after.solution.matched)
        scales = [level.sense * level.scale for level in outcome.problem.levels]
        changes = [Decimal(new - old) / scale for new, old, scale in zip(then, now, scales, strict=True)]
        assert [Decimal(each["change"]) for each in price["levels"]] == changes, number
        assert (price["exact"], Decimal(price["change"])) == (True, changes[0]), number
        assert values(after, matched) == then, number
        floors = outcome.solution.completed or is_kept(after, matched)
        assert floors and pair in matched, number
        tiers = counts(after, matched)
        assert {name: own["then"] for name, own in price["by_priority"].items()} == tiers, number
        assert {name: own["now"] for name, own in price["by_priority"].items()} == counts(
            outcome, outcome.solution.matched
        ), number
        if any("priority=" in level.name for level in outcome.problem.levels):
            assert tiers == counts(after, after.solution.matched), number
        found = outcome.candidates
        assert Decimal(price["total_fit"]) * 10**6 == int(
            found.fit[matched].sum() - found.fit[outcome.solution.matched].sum()
        ), number
        if outcome.solution.engine in ("network", "none"):  # ties are settled there: the very same plan
            assert matched.tolist() == after.solution.matched.tolist(), number
            seen["the same plan"] += 1
        if price["method"] == "network":
            assert ChangePrices(outcome).forced(np.array([pair, pair])) == [price, price], number
    assert seen["network, possible"] > CASES / 8, seen
    assert seen["the same plan"] > CASES / 8, seen


@pytest.mark.parametrize("several", [False, True])
def test_where_the_first_objective_stays_the_counts_by_priority_tell_who_pays(several: bool, tmp_path: Path) -> None:
    """One place: to force the school of priority 2 takes it from the one of priority 1, and as many are supported."""
    schools = [school(1, priority=1, supporters=1 + several), school(2, priority=2)]
    settings = {"objectives": ["schools_supported", "fit"], "fit": {"measure": "need-covered"}}
    outcome = outcome_of(tmp_path, (settings, {"schools": schools, "nles": [nle(1, easting=431_000)]}))
    assert outcome is not None
    (pair,) = candidates(outcome)
    mine = str(outcome.problem.recipient_ids[outcome.problem.recipient[pair]])
    price = ChangePrices(outcome).forced_alone(pair, Stopping())
    assert price is not None
    assert [each["change"] for each in price["levels"]] == ["0", "0"]
    gains, pays = ("1", "2") if mine == "S1" else ("2", "1")
    assert price["by_priority"] == dict(sorted({gains: {"now": 0, "then": 1}, pays: {"now": 1, "then": 0}}.items()))


@pytest.mark.parametrize(
    "narrower",
    [
        {"constraints": [{"name": "q", "type": "quota", "of": "schools", "maximum": 0}]},
        {"capacity": {"reserve": {"placements": 1}}},
        {"capacity": {"multiply": {"placements": 0}}},
    ],
)
def test_to_force_a_pair_that_stands_today_lifts_the_limits_that_a_run_lifts_for_it(
    narrower: dict[str, Any], tmp_path: Path
) -> None:
    settings = {"objectives": ["fit"], "data": {"current": "current.csv"}, **narrower}
    tables = {
        "schools": [school(1), school(2)],
        "nles": [nle(1, placements=1)],
        "current": [{"school_id": "S1", "nle_id": "N1", "state": "proposed"}],
    }
    outcome = outcome_of(tmp_path / "base", (settings, tables))
    assert outcome is not None
    assert not len(outcome.solution.matched)
    for pair in candidates(outcome):
        name = str(outcome.problem.recipient_ids[outcome.problem.recipient[pair]])
        after = outcome_of(tmp_path / name, (settings, tables), ("N1", name))
        price = ChangePrices(outcome).forced_alone(pair, Stopping())
        assert price is not None
        assert price["possible"] == (after is not None) == (name == "S1")
        if after is not None:
            assert Decimal(price["change"]) == Decimal(after.solution.levels[0].value) / 10**6
