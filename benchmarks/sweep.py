"""What-ifs a second: with and without the memory of what a setting does not touch, on one worker and on two.

Every what-if is solved and verified. *In one process* the sweep runs without and with its memory; then the command
`sweep` runs whole, from its start to its end, imports, tables and processes included.

    python benchmarks/sweep.py [--points 200]
"""

import argparse
import json
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from measuring import print_table
from nle_optimizer.memory import Memory
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.points import Wanted
from nle_optimizer.studies.sweep.workers import WorkerContext

SCENARIOS = Path(__file__).parents[1] / "scenarios"
POINTS = 200
TURNS = 3
"""Times that each command is run, one worker and two in turn; medians are told."""
AT_MOST_HERE = 60
"""Points of the comparison in one process."""
KINDS: dict[str, Callable[[int], tuple[str, list[Any]]]] = {
    "more places": lambda n: ("capacity.multiply.placements", [f"1.{k:04d}" for k in range(1, n + 1)]),
    "another radius": lambda n: ("geography.max_distance_km", [f"{20 + 60 * k / n:.3f}" for k in range(n)]),
}


def plan_of(name: str, kind: str, points: int) -> Plan:
    """So many points of one kind."""
    from decimal import Decimal

    key, values = KINDS[kind](points)
    return plan_sweep(SCENARIOS / name / "scenario.yaml", Wanted(grid={key: [Decimal(value) for value in values]}))


def here(plan: Plan, memory: Memory | None) -> float:
    """Points a second in this process, the first one left out."""
    context = WorkerContext(plan.bases, None, memory)
    context(plan.base)
    some = list(islice(plan.points, AT_MOST_HERE))
    start = perf_counter()
    for planned in some:
        assert not context(planned.task).has_failed
    return len(some) / (perf_counter() - start)


def whole(name: str, kind: str, points: int, workers: int) -> float:
    """Seconds of the command `sweep`, from its start to its end."""
    key, values = KINDS[kind](points)
    with TemporaryDirectory() as folder:
        words = ["sweep", SCENARIOS / name / "scenario.yaml", "--grid", f"{key}={','.join(values)}"]
        words += ["--workers", str(workers), "--out", Path(folder) / "sweep", "--no-report", "--format", "json"]
        start = perf_counter()
        done = run([sys.executable, "-m", "nle_optimizer", *words], capture_output=True, text=True, check=True)
        seconds = perf_counter() - start
        assert json.loads(done.stdout)["statuses"] == {"optimal": points}
        return seconds


def main(points: int = POINTS) -> None:
    """Measure and print."""
    rows = []
    for name in ("region", "england"):
        for kind in KINDS:
            plan = plan_of(name, kind, points)
            without, remembering = here(plan, None), here(plan, Memory())
            turns = [[whole(name, kind, points, workers) for workers in (1, 2)] for _ in range(TURNS)]
            one, two = (median(seconds) for seconds in zip(*turns, strict=True))
            rows.append(
                [
                    name,
                    kind,
                    *(f"{rate:.1f}" for rate in (without, remembering)),
                    f"{remembering / without:.2f}",
                    *(f"{points / seconds:.1f}" for seconds in (one, two)),
                    f"{one / two:.2f}",
                ]
            )
    columns = ["scenario", "what-ifs", "without memory, 1/s", "with, 1/s", "ratio"]
    print_table([*columns, "1 worker, 1/s", "2 workers, 1/s", "ratio"], rows)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--points", type=int, default=POINTS)
    main(arguments.parse_args().points)
