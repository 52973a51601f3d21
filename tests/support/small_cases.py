"""Small scenarios of schools, NLEs and fits at random, solved, for tests that change them and solve anew."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.scenario.scenario import load_scenario
from support.scenarios import nle, school, write_scenario
from support.solving import solved

Tables = dict[str, list[dict[str, Any]]]
REGIONS = ["London", "Leeds"]
OBJECTIVES: list[list[Any]] = [
    ["fit", "distance"],
    ["schools_supported", "fit"],
    [{"schools_supported": {"by": "priority"}}, "fit"],
    [{"blend": {"fit": 1, "distance_km": -0.02, "schools_supported": 0.3}}, "fit"],
]


def tables(rng: Random, least: int = 1) -> Tables:
    """A few schools and NLEs of at least so many places, and a pairs table of fits that tie now and then."""
    schools = [school(n, priority=rng.randint(1, 2), region=rng.choice(REGIONS)) for n in range(1, rng.randint(3, 6))]
    nles = [nle(n, placements=rng.randint(least, 2), region=rng.choice(REGIONS)) for n in range(1, rng.randint(3, 4))]
    pairs = [
        {"nle_id": one["nle_id"], "school_id": other["school_id"], "fit": rng.randint(0, 4) / 4}
        for one, other in product(nles, schools)
        if rng.random() < 0.6
    ] or [{"nle_id": "N1", "school_id": "S1", "fit": 1}]
    return {"schools": schools, "nles": nles, "pairs": pairs}


def outcome_of(folder: Path, given: Tables, settings: dict[str, Any]) -> Outcome | None:
    """The outcome; None where no allocation is possible."""
    chosen = {"data": {"pairs": {"file": "pairs.csv", "only": True}}, **settings}
    outcome = solved(load_scenario(write_scenario(folder, chosen, **given)))
    return None if outcome.status == "infeasible" else outcome


def changed(given: Tables, table: str, number: int, **cells: Any) -> Tables:
    rows = [{**row, **cells} if n == number else row for n, row in enumerate(given[table])]
    return {**given, table: rows}


def values(outcome: Outcome) -> list[Decimal]:
    levels = zip(outcome.problem.levels, outcome.solution.levels, strict=True)
    return [Decimal(level.sense * found.value) / level.scale for level, found in levels]


def difference(after: Outcome | None, before: Outcome) -> list[Decimal] | None:
    return None if after is None else [new - old for new, old in zip(values(after), values(before), strict=True)]


def cases(
    folder: Path, name: str, count: int, settings: Callable[[Random], dict[str, Any]], least: int = 1
) -> Iterator[tuple[Path, Tables, dict[str, Any], Outcome]]:
    rng = Random(name)
    for n in range(count):
        given, chosen = tables(rng, least), {"objectives": rng.choice(OBJECTIVES), **settings(rng)}
        place = folder / str(n)
        try:
            outcome = outcome_of(place / "base", given, chosen)
        except NleOptimizerError:
            continue
        if outcome is not None:
            yield place, given, chosen, outcome


def plain(rng: Random) -> dict[str, Any]:
    return {}


def with_quotas(rng: Random) -> dict[str, Any]:
    quota = {"name": "london", "type": "quota", "of": "pairs", "where": {"school.region": "London"}}
    limit = rng.choice([{"maximum": rng.randint(0, 2)}, {"minimum": 1}, {"minimum": 1, "maximum": 2}])
    return {
        "constraints": [quota | limit, {"name": "all", "type": "quota", "of": "pairs", "maximum": rng.randint(2, 4)}]
    }
