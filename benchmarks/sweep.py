"""What-ifs a second: with and without the memory of what a setting does not touch, on one worker and on two.

Every what-if is solved and verified. *In one process* the sweep runs without and with its memory; then the same
sweep goes from the command to the finished table, processes started and tables handed out included.

    python benchmarks/sweep.py [--points 200]
"""

import argparse
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from measuring import print_table
from nle_optimizer.recall import Recall, plainly
from nle_optimizer.studies.sweep.conduct import carry_out
from nle_optimizer.studies.sweep.crews import LocalCrew
from nle_optimizer.studies.sweep.desk import Desk
from nle_optimizer.studies.sweep.memory import Memory
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.wanted import Wanted

SCENARIOS = Path(__file__).parents[1] / "scenarios"
POINTS = 200
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


def here(plan: Plan, recall: Recall) -> float:
    """Points a second in this process, the first one left out."""
    desk = Desk(plan.bases, None, recall)
    desk(plan.base)
    some = list(islice(plan.points, AT_MOST_HERE))
    start = perf_counter()
    for planned in some:
        assert not desk(planned.task).has_failed
    return len(some) / (perf_counter() - start)


def whole(name: str, kind: str, points: int, workers: int) -> float:
    """Seconds from the scenario file to the finished table."""
    with TemporaryDirectory() as folder:
        start = perf_counter()
        swept = carry_out(plan_of(name, kind, points), Path(folder) / "sweep", LocalCrew(workers))
        assert swept.statuses == {"optimal": points}
        return perf_counter() - start


def main(points: int = POINTS) -> None:
    """Measure and print."""
    rows = []
    for name in ("region", "england"):
        for kind in KINDS:
            plan = plan_of(name, kind, points)
            without, remembering = here(plan, plainly), here(plan, Memory())
            one, two = (whole(name, kind, points, workers) for workers in (1, 2))
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
