"""Every metric of a comparison against a plain loop over the definition, on random scenarios and random allocations."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from nle_optimizer import load_scenario
from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.preparation import prepare
from nle_optimizer.studies.benchmark.measures import Measured, preferences_in
from nle_optimizer.studies.benchmark.metrics import METRICS, figures_of
from support.random_scenarios import write_random_scenario

SEEDS = range(120)


@cache
def measured_of(seed: int) -> Measured | None:
    """A random allocation within capacities; None where the random scenario is refused or has no pairs."""
    with TemporaryDirectory() as folder:
        try:
            file = write_random_scenario(Path(folder), seed, demanding=seed % 2 == 1)
            case = prepare(load_scenario(file), lambda _: None)
        except NleOptimizerError:
            return None
    problem, random = case.problem, Random(seed)
    left = [part.capacity.tolist() for part in problem.resources]
    wanted, chosen = problem.supporters.tolist(), []
    for pair in random.sample(range(problem.size), problem.size // 2):
        nle, recipient = int(problem.nle[pair]), int(problem.recipient[pair])
        uses = [int(part.use[pair]) for part in problem.resources]
        if wanted[recipient] and all(use <= room[nle] for use, room in zip(uses, left, strict=True)):
            wanted[recipient] -= 1
            chosen.append(pair)
            for use, room in zip(uses, left, strict=True):
                room[nle] -= use
    return Measured(case, np.array(sorted(chosen), dtype=np.int64), preferences_in(case)) if chosen else None


def naive_wanted(measured: Measured) -> list[int]:
    problem, orders = measured.case.problem, measured.preferences
    matched = measured.matched.tolist()
    found = []
    for pair in range(problem.size):
        if pair in matched or orders.recipients.place[pair] < 0:
            continue
        own = [p for p in matched if problem.recipient[p] == problem.recipient[pair]]
        free = len(own) < problem.supporters[problem.recipient[pair]]
        place = orders.recipients.place
        if free or any(place[p] < 0 or place[pair] < place[p] for p in own):
            found.append(pair)
    return found


def prefers(measured: Measured, one: int, other: int) -> bool:
    place = measured.preferences.nles.place
    return bool(place[other] < 0 or place[one] < place[other])


def naive_blocks(measured: Measured, pair: int) -> bool:
    """Whether a wanted pair keeps to every limit once both sides have dropped whom they like less."""
    problem, required = measured.case.problem, set(measured.case.problem.required_pairs().tolist())
    matched = set(measured.matched.tolist())
    own = [p for p in matched if problem.recipient[p] == problem.recipient[pair]]
    likes = {p: measured.preferences.recipients.place[p] % (problem.size + 1) for p in own if p not in required}
    dropped = {p for p in matched - required if problem.nle[p] == problem.nle[pair] and prefers(measured, pair, p)}
    if len(own) >= problem.supporters[problem.recipient[pair]]:
        if not any(place > measured.preferences.recipients.place[pair] for place in likes.values()):
            return False
        dropped.add(max(likes, key=lambda p: likes[p]))
    without, instead = (
        np.array(sorted(pairs), dtype=np.int64) for pairs in (matched - dropped, matched - dropped | {pair})
    )
    for part in problem.resources:
        mine = instead[problem.nle[instead] == problem.nle[pair]]
        if part.use[mine].sum() > part.capacity[problem.nle[pair]]:
            return False
    uppers = [(row, row.upper) for row in problem.rows if row.upper is not None]
    added = [(row.total(problem, instead) - row.total(problem, without), row, upper) for row, upper in uppers]
    return all(more <= max(0, upper - row.total(problem, without)) for more, row, upper in added) and sum(
        max(0, row.total(problem, instead) - upper) for row, upper in uppers
    ) <= sum(max(0, row.total(problem, measured.matched) - upper) for row, upper in uppers)


@pytest.mark.parametrize("seed", SEEDS)
def test_blocking_pairs_and_envy_are_those_of_the_definition(seed: int) -> None:
    measured = measured_of(seed)
    if measured is None:
        return
    problem, matched = measured.case.problem, measured.matched.tolist()
    blocking, envious = 0, set()
    for pair in naive_wanted(measured):
        held = [p for p in matched if problem.nle[p] == problem.nle[pair]]
        better = [p for p in held if not prefers(measured, pair, p)]
        blocking += naive_blocks(measured, pair)
        if len(better) < len(held):
            envious.add(int(problem.recipient[pair]))
    figures = figures_of(measured)
    assert figures["blocking_pairs"] == blocking
    assert figures["justified_envy"] == len(envious)


@pytest.mark.parametrize("seed", SEEDS)
def test_fits_coverage_and_distances_are_those_of_the_definition(seed: int) -> None:
    measured = measured_of(seed)
    if measured is None:
        return
    found, figures = measured.case.candidates, figures_of(measured)
    fit = [Fraction(0)] * len(found.recipients)
    served = set()
    for pair in measured.matched.tolist():
        fit[found.recipient[pair]] += Fraction(int(found.fit[pair]), 1_000_000)
        served.add(int(found.recipient[pair]))
    assert figures["coverage"] == Fraction(len(served), len(fit))
    assert figures["total_fit"] == sum(fit)
    assert figures["min_fit"] == min(fit[n] for n in served)
    differences = sum(abs(one - other) for one in fit for other in fit)
    assert figures["gini_fit"] == (differences / (2 * len(fit) * sum(fit)) if sum(fit) else None)
    lowest = sorted(fit[n] for n in served)
    assert figures["lowest_decile_fit"] == next(x for x in lowest if 10 * sum(y <= x for y in lowest) >= len(lowest))
    every = sorted(fit)
    for tenth in range(1, 11):
        at = next(n for n in range(1, len(every) + 1) if 10 * n >= tenth * len(every))
        assert figures[f"fit_at[share={tenth * 10}%]"] == every[at - 1]
    for n, area in enumerate(("leadership", "governance", "finance")):
        need = [int(x) if known else 0 for x, known in zip(found.needs.need[n], found.needs.need_known[n], strict=True)]
        covered = [0] * len(need)
        for pair in measured.matched.tolist():
            nle = found.nle[pair]
            covered[found.recipient[pair]] += int(found.needs.expertise[n, nle]) * bool(
                found.needs.expertise_known[n, nle]
            )
        met = sum(min(one, other) for one, other in zip(need, covered, strict=True))
        assert figures[f"need_met[area={area}]"] == (Fraction(met, sum(need)) if sum(need) else None)
    metres = sorted(m for m in found.distance[measured.matched].tolist() if m >= 0)
    if metres:
        assert figures["mean_distance_km"] == Fraction(sum(metres), 1000 * len(metres))
        worst = next(x for x in metres if 10 * sum(y <= x for y in metres) >= 9 * len(metres))
        assert figures["p90_distance_km"] == Fraction(worst, 1000)


def test_many_random_scenarios_have_an_allocation_to_measure() -> None:
    assert sum(measured_of(seed) is not None for seed in SEEDS) > 20


def test_every_metric_has_a_name_of_its_own() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
