"""What one more and one fewer of everything costs to know, against one solve, certificate included.

2,500 schools and 500 NLEs; values of a sample are compared with solving again.

    python benchmarks/marginal.py
"""

from contextlib import nullcontext
from dataclasses import replace
from time import process_time

import numpy as np

from instances import instance
from measuring import print_table
from nle_optimizer.engines.engine import Stopping, engine_named
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.evidence.alternates import alternates_of
from nle_optimizer.evidence.cures import cheapest_cures
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import MILLION
from nle_optimizer.running import solve

SAMPLE = 10
TIMES = 5


def optimum(problem: Problem) -> list[int]:
    """The value of every level, by solving."""
    return [level.value for level in engine_named("network").solve(problem, 0, Stopping()).levels]


def check(problem: Problem, more: np.ndarray, fewer: np.ndarray) -> None:
    """Compare a sample with solving again, exactly."""
    before, (resource,) = np.array(optimum(problem)), problem.resources
    for nle in np.random.default_rng(0).choice(len(more), SAMPLE, replace=False).tolist():
        for unit, found in ((MILLION, more), (-MILLION, fewer)):
            capacity = resource.capacity.copy()
            capacity[nle] += unit
            after = optimum(replace(problem, resources=(replace(resource, capacity=capacity),)))
            assert (np.array(after) - before == found[nle]).all()


def main() -> None:
    """Measure and print, in seconds of processor time: the least of several turns."""
    scenario = instance(2500, 500, 60, objectives=[{"blend": {"fit": 1, "distance_km": -0.002}}])
    outcome = solve(scenario, lambda _: None, lambda _: None, nullcontext(lambda: False))
    problem, matched = outcome.problem, outcome.solution.matched
    nles, recipients = np.arange(len(problem.nle_ids)), np.arange(len(problem.recipient_ids))
    solves, values = [], []
    for _ in range(TIMES):
        start = process_time()
        optimum(problem)
        solved = process_time()
        exchanges = Exchanges(problem, matched, len(problem.levels))
        more, fewer = exchanges.one_more_place(nles), exchanges.one_fewer_place(nles)
        exchanges.one_more_supporter(recipients)
        exchanges.one_fewer_supporter(recipients)
        solves.append(solved - start)
        values.append(process_time() - solved)
    check(problem, more.values, fewer.values)
    start = process_time()
    alternates_of(outcome, exchanges)
    listed = process_time()
    cheapest_cures(outcome, np.flatnonzero(~outcome.supported))
    times = {"one solve": min(solves), "all marginal values": min(values)}
    times |= {"alternates": listed - start, "cheapest cures": process_time() - listed}
    rows = [[what, f"{seconds:.3f}", f"{seconds / min(solves):.2f}"] for what, seconds in times.items()]
    print_table(["what", "seconds", "solves"], rows)


if __name__ == "__main__":
    main()
