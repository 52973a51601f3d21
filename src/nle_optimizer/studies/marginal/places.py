"""One unit more and one fewer of every resource at every NLE."""

from dataclasses import replace
from functools import partial

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.model.places import places
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.studies.marginal.answers import NETWORK, Answer, from_exchanges, impossible, unchanged
from nle_optimizer.studies.marginal.changed_problems import with_capacity
from nle_optimizer.studies.marginal.questions import Question, Study, Subject


def place_subjects(study: Study) -> list[Subject]:
    """Every available NLE with every resource, NLEs in order."""
    problem = study.outcome.problem
    by_resource = [_of_resource(study, n) for n in range(len(problem.resources))]
    return [subject for together in zip(*by_resource, strict=True) for subject in together]


def _of_resource(study: Study, number: int) -> list[Subject]:
    resource, outcome = study.outcome.problem.resources[number], study.outcome
    more, fewer = (_questions(study, number, unit) for unit in (MILLION, -MILLION))
    return [
        Subject(str(identifier), resource.name, more[nle], fewer[nle], nle)
        for nle, identifier in enumerate(outcome.problem.nle_ids.tolist())
    ]


def _questions(study: Study, number: int, unit: int) -> list[Question]:
    problem, outcome = study.outcome.problem, study.outcome
    resource = problem.resources[number]
    known = _by_network(study, number, unit) if isinstance(study.exchanges, Exchanges) else _plain(study, number, unit)
    below = (resource.capacity + unit < 0).tolist()
    return [
        Question(
            unit > 0, impossible() if below[nle] else answer, partial(with_capacity, outcome, resource.name, nle, unit)
        )
        for nle, answer in enumerate(known)
    ]


def _by_network(study: Study, number: int, unit: int) -> list[Answer | None]:
    """What the residual network tells; None where a unit is more than one place."""
    problem, exchanges = study.outcome.problem, study.exchanges
    assert isinstance(exchanges, Exchanges)
    change = places(with_unit(problem, number, unit)) - places(problem)
    nles = np.flatnonzero(np.abs(change) == 1)
    worth = exchanges.one_more_place(nles) if unit > 0 else exchanges.one_fewer_place(nles)
    known: list[Answer | None] = [unchanged(exchanges.levels, NETWORK) if not n else None for n in change.tolist()]
    for nle, answer in zip(nles.tolist(), from_exchanges(worth, study.outcome), strict=True):
        known[nle] = answer
    return known


def with_unit(problem: Problem, number: int, unit: int) -> Problem:
    """The problem where every NLE has a unit more, or fewer."""
    resources = list(problem.resources)
    resource = resources[number]
    resources[number] = Resource(resource.name, resource.use, np.maximum(resource.capacity + unit, 0))
    return replace(problem, resources=tuple(resources))


def _plain(study: Study, number: int, unit: int) -> list[Answer | None]:
    """Where it is plain that nothing changes: no more pairs fit, or those matched still do."""
    if not study.is_sum or not study.levels:
        return [None] * len(study.outcome.problem.nle_ids)
    same = same_sets(study.outcome.problem, number, unit)
    if unit < 0:
        same |= study.outcome.used[number] <= study.outcome.problem.resources[number].capacity + unit
    return [unchanged(study.levels) if nothing else None for nothing in same.tolist()]


def same_sets(problem: Problem, number: int, unit: int) -> Flags:
    """NLEs that could take the same sets of recipients: their pairs take multiples of an amount that says no more."""
    resource = problem.resources[number]
    common: Integers = np.zeros(len(problem.nle_ids), dtype=np.int64)
    np.gcd.at(common, problem.nle, resource.use)
    step = np.maximum(common, 1)
    same = resource.capacity // step == np.maximum(resource.capacity + unit, 0) // step
    return np.asarray(same | (common == 0), dtype=bool)
