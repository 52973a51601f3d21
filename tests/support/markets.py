"""Markets written as preference lists, and how they look to a rule."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from random import Random

import numpy as np

from nle_optimizer import load_scenario
from nle_optimizer.model.preferences import PreferenceOrders
from nle_optimizer.model.problem import Problem
from nle_optimizer.preparation import prepare
from nle_optimizer.rules.registry import procedure_named
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.scenario import Scenario
from support.scenarios import nle, school, write_scenario

Lists = Mapping[str, Sequence[str]]
Matched = set[tuple[str, str]]


def agenda_of(scenario: Scenario) -> Agenda:
    """A scenario as rules see it."""
    case = prepare(scenario, lambda _: None)
    return Agenda(case.problem, case.candidates, scenario.settings)


def market(
    folder: Path,
    schools: Lists,
    nles: Lists,
    places: Mapping[str, int] | None = None,
    supporters: Mapping[str, int] | None = None,
    **settings: object,
) -> Agenda:
    """A market from the lists of both sides, best first; who is not listed is unacceptable."""
    places, supporters = places or {}, supporters or {}
    pairs = [
        {
            "nle_id": n,
            "school_id": s,
            "fit": 1,
            "school_rank": schools[s].index(n) + 1,
            "nle_rank": nles[n].index(s) + 1,
        }
        for n, s in product(nles, schools)
        if n in schools[s] and s in nles[n]
    ]
    file = write_scenario(
        folder,
        {"data": {"pairs": {"file": "pairs.csv", "only": True}}, **settings},
        [school(n, school_id=s, supporters=supporters.get(s, 1)) for n, s in enumerate(schools)],
        [nle(n, nle_id=i, placements=places.get(i, 1)) for n, i in enumerate(nles)],
        pairs=pairs,
    )
    return agenda_of(load_scenario(file))


def named(agenda: Agenda, pairs: Sequence[int]) -> Matched:
    """Pairs by the identifiers of recipient and NLE."""
    problem = agenda.problem
    return {(problem.recipient_ids[problem.recipient[n]], problem.nle_ids[problem.nle[n]]) for n in pairs}


def by_rule(agenda: Agenda, rule: str, draw: int = 0) -> Matched:
    """What a rule gives."""
    procedure = procedure_named(rule)
    assert procedure is not None
    return named(agenda, procedure.match(agenda, draw).pairs.tolist())


def random_market(folder: Path, rng: Random, *, schools: int = 4, nles: int = 3, most: int = 1) -> Agenda:
    """A random market with lists that are not complete."""
    ours, theirs = [f"S{n}" for n in range(rng.randint(1, schools))], [f"N{n}" for n in range(rng.randint(1, nles))]
    kept = {(s, n) for s, n in product(ours, theirs) if rng.random() < 0.8} or {(ours[0], theirs[0])}
    lists = [
        {agent: [other for other in rng.sample(others, len(others)) if pair(agent, other) in kept] for agent in agents}
        for agents, others, pair in (
            (ours, theirs, lambda agent, other: (agent, other)),
            (theirs, ours, lambda agent, other: (other, agent)),
        )
    ]
    places = {n: rng.randint(1, 2) for n in theirs}
    return market(folder, lists[0], lists[1], places, {s: rng.randint(1, most) for s in ours})


def every_matching(problem: Problem) -> Iterator[np.ndarray]:
    """Every matching within capacities and supporters."""
    for chosen in product((False, True), repeat=problem.size):
        pairs = np.flatnonzero(chosen)
        served = np.bincount(problem.recipient[pairs], minlength=len(problem.recipient_ids))
        if (served > problem.supporters).any():
            continue
        used = [
            np.bincount(problem.nle[pairs], resource.use[pairs], len(problem.nle_ids)) for resource in problem.resources
        ]
        if all((use <= resource.capacity).all() for use, resource in zip(used, problem.resources, strict=True)):
            yield pairs


def blocks(problem: Problem, wishes: PreferenceOrders, matched: set[int], pair: int) -> bool:
    """Whether a pair blocks a matching: the definition, spelt out for one pair, without rows."""
    likes, ranks = wishes.recipients.place, wishes.nles.place
    if pair in matched or likes[pair] < 0 or ranks[pair] < 0:
        return False
    theirs = [other for other in matched if problem.recipient[other] == problem.recipient[pair]]
    if len(theirs) >= problem.supporters[problem.recipient[pair]] and all(
        likes[other] < likes[pair] for other in theirs
    ):
        return False
    better = [other for other in matched if problem.nle[other] == problem.nle[pair] and ranks[other] < ranks[pair]]
    return all(
        sum(int(resource.use[other]) for other in [*better, pair]) <= resource.capacity[problem.nle[pair]]
        for resource in problem.resources
    )
