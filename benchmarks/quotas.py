"""Nested quotas, ordered objectives and leximin in the network engine, against the same problem with fit alone.

24,000 schools, 2,000 NLEs, 3 to 4 million candidate pairs; an overall maximum, a minimum and a maximum for each of 9
regions, and a minimum or a maximum for most of their 144 authorities, set so that many of them bind. Times are of the
engine alone, from the finished problem to the certificate and the lottery. Leximin runs on 2,500 schools x 500 NLEs.

    python benchmarks/quotas.py
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, process_time
from typing import Any

import numpy as np

from instances import instance, limit_for
from measuring import here, in_a_child, peak_mebibytes, print_table
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.model.problem import Problem, Resource, Row
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.stages.candidates import find_candidates

NATIONAL = (24_000, 2_000, 3_500_000)
SMALLER = (2_500, 500, 67_000)
REGIONS, AUTHORITIES = 3, 4
"""Squares across and up: of the country, and within each region."""

Made = tuple[Problem, Integers, Integers]


def made(size: tuple[int, int, int], measure: str) -> Made:
    """The problem with fit alone, and the region and the authority of each school."""
    schools, nles, pairs = size
    scenario = instance(schools, nles, limit_for(pairs, schools, nles), measure=measure)
    found = find_candidates(
        scenario.schools, scenario.nles, scenario.schools, None, scenario.settings, distance_needed=False
    )
    ones = np.ones(len(found), dtype=np.int64)
    places = Resource("placements", ones * MILLION, np.asarray(scenario.nles.values("placements")))
    levels = (
        Level("fit", 1, MILLION, found.fit),
        Level("schools_supported", 1, 1, ones),
        Level("distance", -1, 1000, -found.distance),
    )
    problem = Problem(
        scenario.schools.ids,
        scenario.nles.ids,
        found.recipient,
        found.nle,
        np.ones(schools, dtype=np.int64),
        (places,),
        None,
        levels,
    )
    east, north = (scenario.schools.values(name) for name in ("easting", "northing"))
    region = squares(east, north, REGIONS)
    authority = np.zeros(schools, dtype=np.int64)
    for square in range(REGIONS**2):
        own = region == square
        authority[own] = square * AUTHORITIES**2 + squares(east[own], north[own], AUTHORITIES)
    return problem, region, authority


def squares(east: Integers, north: Integers, count: int) -> Integers:
    """The square of each place, of so many across and up that hold about equally many places."""
    cuts = np.arange(1, count) / count
    columns, rows = (np.searchsorted(np.quantile(axis, cuts), axis) for axis in (east, north))
    return np.asarray(columns * count + rows)


def with_quotas(made_before: Made, matched: Integers) -> Problem:
    """The problem under quotas around what is matched without them."""
    problem, region, authority = made_before
    rows = [row(problem, "all", np.arange(problem.size), None, len(matched) * 95 // 100)]
    for square, count in enumerate(counts(region, problem, matched)):
        pairs = np.flatnonzero(region[problem.recipient] == square)
        rows.append(row(problem, f"region {square}", pairs, count * 8 // 10, count))
    for square, count in enumerate(counts(authority, problem, matched)):
        pairs = np.flatnonzero(authority[problem.recipient] == square)
        least, most = ((count * 11 // 10, None), (None, count * 9 // 10), (None, None))[square % 3]
        rows.append(row(problem, f"authority {square}", pairs, least, most))
    return replace(problem, rows=tuple(rows))


def counts(of_school: Integers, problem: Problem, matched: Integers) -> list[int]:
    """How many matched schools each square has."""
    return list(np.bincount(of_school[problem.recipient[matched]], minlength=int(of_school.max()) + 1).tolist())


def row(problem: Problem, label: str, pairs: Integers, least: int | None, most: int | None) -> Row:
    """A row that counts pairs, with a minimum and a maximum."""
    assert len(pairs) <= problem.size
    return Row("quota", label, pairs, np.ones(len(pairs), dtype=np.int64), least, most)


def with_levels(problem: Problem, *names: str) -> Problem:
    """The problem with some of its levels, in that order."""
    of_name = {level.name: level for level in problem.levels}
    return replace(problem, levels=tuple(of_name[name] for name in names))


def with_thresholds(problem: Problem, kind: Callable[..., LeastFit | Leximin]) -> Problem:
    """Number, least fit or leximin, then distance."""
    fit, number, distance = problem.levels
    assert isinstance(fit, Level)
    return replace(problem, levels=(number, kind("thresholds", fit.amounts, fit.amounts >= 0), distance))


def timed(problem: Problem) -> dict[str, Any]:
    """The quicker of two runs of the engine: seconds, CPU seconds, and what it found."""
    return min((once(problem) for _ in range(2)), key=lambda run: float(run["worked"]))


def once(problem: Problem) -> dict[str, Any]:
    """One run of the engine."""
    engine = NetworkEngine()
    start, worked = perf_counter(), process_time()
    assert engine.refuses(problem) is None
    solution = engine.solve(problem, 1, Stopping())
    seconds, worked = perf_counter() - start, process_time() - worked
    assert all(level.proved for level in solution.levels)
    return {
        "seconds": seconds,
        "worked": worked,
        "matched": solution.matched.tolist(),
        "steps": len(solution.steps),
        "mebibytes": peak_mebibytes(),
    }


def child(measure: str) -> dict[str, Any]:
    """Every case of one fit measure."""
    national = made(NATIONAL, measure)
    alone = with_levels(national[0], "fit")
    first = timed(alone)
    found = {
        "fit": first,
        "fit under 154 nested quotas": timed(with_levels(with_quotas(national, np.array(first["matched"])), "fit")),
        "schools_supported, fit, distance": timed(with_levels(national[0], "schools_supported", "fit", "distance")),
    }
    smaller = made(SMALLER, measure)[0]
    found["2,500 schools: schools_supported, min_fit, distance"] = timed(with_thresholds(smaller, LeastFit))
    found["2,500 schools: schools_supported, leximin_fit, distance"] = timed(with_thresholds(smaller, Leximin))
    return {name: {**case, "matched": len(case["matched"])} for name, case in found.items()}


ALLOWED = {"fit under 154 nested quotas": 1.5, "schools_supported, fit, distance": 2}


def main() -> None:
    """Run both fit measures and print the table."""
    rows = []
    for measure in ("need-met", "weighted-expertise"):
        found = in_a_child(here("quotas.py"), "--child", measure)
        if "failed" in found:
            rows.append([measure, found["failed"], *[""] * 6])
            continue
        for name, case in found.items():
            ratio = case["worked"] / found["fit"]["worked"] if name in ALLOWED else None
            rows.append(
                [
                    measure,
                    name,
                    "" if ratio is None else f"**{ratio:.2f}**",
                    ALLOWED.get(name, ""),
                    f"{case['seconds']:.2f}",
                    f"{case['matched']:,}",
                    f"{case['steps']:,}",
                    f"{case['mebibytes']:.0f}",
                ]
            )
    columns = ["fit measure", "case", "of CPU time", "allowed", "seconds", "matched", "steps", "peak so far, MiB"]
    print_table(columns, rows)


if __name__ == "__main__":
    if "--child" in sys.argv:
        print(json.dumps(child(sys.argv[2])))
    else:
        main()
