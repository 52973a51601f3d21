"""Instances with days: drawn ones of the design, and the published ones with known optima."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Integers, Texts

PUBLISHED = Path(__file__).resolve().parents[2] / "shared" / "data" / "instances"


@dataclass(frozen=True)
class Drawn:
    """What to draw: towns uniform over an area, schools and NLEs normally spread around them (15 km).

    Attributes:
        schools, nles, towns: how many of each.
        days: what a school may take, each as likely.
        width, height: of the area, km.
        limit: between an NLE and a school, km.
        seed: of everything drawn.
    """

    schools: int
    nles: int
    towns: int
    days: tuple[int, ...]
    width: float
    height: float
    limit: float
    seed: int = 1


FIVE, TWO = (3, 5, 7, 10, 15), (3, 10)
INSTANCES = {
    "national-5": Drawn(2500, 500, 60, FIVE, 300, 550, 50),
    "national-2": Drawn(2500, 500, 60, TWO, 300, 550, 50),
    **{
        f"sparse-{kind}.{seed}": Drawn(300, 60, 7, days, 75, 75, 12, seed)
        for kind, days in ((1, FIVE), (2, TWO))
        for seed in range(1, 7)
    },
    "dense-1": Drawn(300, 60, 7, FIVE, 75, 75, 33),
    "dense-2": Drawn(300, 60, 7, TWO, 75, 75, 33),
}


def made(name: str) -> Problem:
    """A drawn instance: capacities of 10 to 40 days, weighted expertise as fit, the single level `fit`."""
    drawn = INSTANCES[name]
    rng = np.random.default_rng(drawn.seed)
    towns = rng.uniform((0, 0), (drawn.width, drawn.height), size=(drawn.towns, 2))
    schools, nles = (
        towns[rng.integers(0, drawn.towns, count)] + rng.normal(0, 15, (count, 2))
        for count in (drawn.schools, drawn.nles)
    )
    needs = rng.dirichlet((1, 1, 1), drawn.schools)
    expertise = rng.uniform(size=(drawn.nles, 3))
    days = np.array(drawn.days)[rng.integers(0, len(drawn.days), drawn.schools)] * MILLION
    capacity = rng.integers(10, 41, drawn.nles) * MILLION
    squares = ((nles[:, None, :] - schools[None, :, :]) ** 2).sum(axis=2)
    nle, school = np.nonzero(squares <= drawn.limit**2)
    fit = np.rint((needs[school] * expertise[nle]).sum(axis=1) * MILLION).astype(np.int64)
    return _problem(school, nle, days[school], capacity, drawn.schools, (Level("fit", 1, MILLION, fit),))


def published() -> Iterator[tuple[str, str, int, Problem, Callable[[int], int]]]:
    """Name, sense, optimum, problem, and what turns a value of its last level into the published unit."""
    with (PUBLISHED / "optima.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["problem"] == "generalised assignment"]
    for row in rows:
        problem, restored = assignment(PUBLISHED / row["file"], row["sense"])
        yield row["file"], row["sense"], int(row["optimum"]), problem, restored


def assignment(file: Path, sense: str) -> tuple[Problem, Callable[[int], int]]:
    """A published instance: as many tasks assigned as can be, then the greatest profit or the least cost."""
    numbers = np.array(file.read_text().split(), dtype=np.int64)
    agents, tasks = numbers[:2].tolist()
    cost, use, capacity = np.split(numbers[2:], [agents * tasks, 2 * agents * tasks])
    most = int(cost.max()) + 1
    fit = most - cost if sense == "minimise" else cost
    agent, task = np.divmod(np.arange(agents * tasks), tasks)
    levels = (Level("schools_supported", 1, 1, np.ones(len(fit), np.int64)), Level("fit", 1, MILLION, fit * MILLION))
    problem = _problem(task, agent, use * MILLION, capacity * MILLION, tasks, levels)
    return problem, lambda value: most * tasks - value // MILLION if sense == "minimise" else value // MILLION


def _problem(
    school: Integers, nle: Integers, days: Integers, capacity: Integers, schools: int, levels: tuple[Level, ...]
) -> Problem:
    return Problem(
        _ids("S", schools),
        _ids("N", len(capacity)),
        school.astype(np.int64),
        nle.astype(np.int64),
        np.ones(schools, dtype=np.int64),
        (Resource("days", days, capacity),),
        None,
        levels,
    )


def _ids(letter: str, count: int) -> Texts:
    return np.array([f"{letter}{n:05d}" for n in range(count)], dtype=object)
