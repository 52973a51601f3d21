"""Published generalised assignment instances: the published optimum, proved by leaves that are evaluated anew."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION
from support.assignments import bound_of, solve_days

INSTANCES = Path(__file__).parents[2] / ".." / "shared" / "data" / "instances"
SMALL = ("gap2-",)

pytestmark = pytest.mark.skipif(not INSTANCES.is_dir(), reason="the published instances are not beside this project")


def published() -> list[tuple[str, str, int]]:
    """File, sense and optimum of the small instances."""
    if not INSTANCES.is_dir():
        return []
    with (INSTANCES / "optima.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(tuple(f"gap/{name}" for name in SMALL))]
    return [(row["file"], row["sense"], int(row["optimum"])) for row in rows]


def read(name: str, sense: str) -> tuple[Problem, int]:
    """The problem, and what a cost was taken from; 0 where profits are maximised."""
    agents, tasks, *numbers = (int(word) for word in (INSTANCES / name).read_text(encoding="ascii").split())
    size = agents * tasks
    cost, use, capacity = np.split(np.array(numbers, dtype=np.int64), [size, 2 * size])
    most = int(cost.max()) + 1 if sense == "minimise" else 0
    agent, task = np.divmod(np.arange(size), tasks)
    fit = most - cost if most else cost
    problem = Problem(
        np.array([f"S{n:03d}" for n in range(tasks)], dtype=object),
        np.array([f"N{n:03d}" for n in range(agents)], dtype=object),
        task,
        agent,
        np.ones(tasks, dtype=np.int64),
        (Resource("days", use * MILLION, capacity * MILLION),),
        None,
        (Level("schools_supported", 1, 1, np.ones(size, dtype=np.int64)), Level("fit", 1, 1, fit)),
    )
    return problem, most


@pytest.mark.parametrize(("name", "sense", "optimum"), published())
def test_the_published_optimum_is_found_and_proved_by_leaves(name: str, sense: str, optimum: int) -> None:
    problem, most = read(name, sense)
    solution = solve_days(problem)
    assigned, fit = (level.value for level in solution.levels)
    assert assigned == len(problem.recipient_ids)
    assert (most * assigned - fit if most else fit) == optimum
    assert bound_of(problem, solution, 1) == fit
