"""Two halves put together: nothing better is missed in small problems, and the hard published one is reached."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.decomposition.case import KnapsackCase, case_of
from nle_optimizer.engines.decomposition.meet_in_the_middle import meet
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource
from support.assignments import days_problem, every_assignment

D05100 = Path(__file__).parents[2] / ".." / "shared" / "data" / "instances" / "gap" / "d05100"
OPTIMUM = 6353


@pytest.mark.parametrize("seed", range(300))
def test_two_halves_make_the_best_allocation_of_a_small_problem_and_nothing_beyond(seed: int) -> None:
    rng = Random(seed)
    problem = days_problem(rng, resources=rng.randint(1, 2), rows=rng.randint(0, 2))
    if not problem.size:
        return
    case = case_of(problem, problem.levels[0].amounts, [])
    values = [case.worth(np.flatnonzero(one)) for one in every_assignment(problem)]
    if not values:
        assert meet(case, -1) is None
        return
    step = int(np.gcd.reduce(case.value)) or 1
    found = meet(case, max(values) - step)
    assert found is not None
    assert case.allows(found)
    assert case.worth(found) == max(values)
    assert meet(case, max(values)) is None


@pytest.mark.skipif(not D05100.is_file(), reason="the published instances are not beside this project")
def test_d05100_comes_out_at_its_optimum_in_another_order_with_costs_taken_from_another_number() -> None:
    case, most = shuffled_d05100(np.random.default_rng(1))
    found = meet(case, case.supporters.sum() * most - 2 * OPTIMUM)
    assert found is not None
    assert len(found) == len(case.supporters)
    assert most * len(found) - case.worth(found) == OPTIMUM


def shuffled_d05100(rng: np.random.Generator) -> tuple[KnapsackCase, int]:
    """The instance with its agents and tasks in another order, everybody to be matched, and what costs are from."""
    agents, tasks, *numbers = (int(word) for word in D05100.read_text(encoding="ascii").split())
    cost, use, capacity = np.split(np.array(numbers, dtype=np.int64), [agents * tasks, 2 * agents * tasks])
    agent, task = rng.permutation(agents), rng.permutation(tasks)
    cost, use = (table.reshape(agents, tasks)[agent][:, task].ravel() for table in (cost, use))
    most = int(cost.max()) + int(rng.integers(0, 1000))
    nle, recipient = np.divmod(np.arange(agents * tasks), tasks)
    everybody = Level("schools_supported", 1, 1, np.ones(agents * tasks, dtype=np.int64))
    problem = Problem(
        np.array([f"S{n:03d}" for n in range(tasks)], dtype=object),
        np.array([f"N{n:03d}" for n in range(agents)], dtype=object),
        recipient,
        nle,
        np.ones(tasks, dtype=np.int64),
        (Resource("days", use, capacity[agent]),),
        None,
        (everybody, Level("fit", 1, 1, most - cost)),
    )
    return case_of(problem, problem.levels[1].amounts, [(everybody, tasks)]), most
